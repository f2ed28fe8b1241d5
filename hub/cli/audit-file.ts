/** Checks an exported audit log without any hub, line by line, in flat memory. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Failure } from '@netraven/protocol/failure.ts'
import { keyFingerprint, verifyKey } from '@netraven/protocol/keys.ts'
import { z } from 'zod'
import { type ChainEntry, NO_HASH } from '../audit-chain.ts'
import { type AuditProblem, AuditVerifier } from '../audit-verifier.ts'

const Point = z.object({
  seq: z.number().int(),
  hash: z.string(),
  at: z.string(),
  keyId: z.string(),
  signature: z.string(),
})
const Head = z.object({
  export: z.object({
    hub: z.string(),
    after: z.number().int(),
    to: z.number().int(),
    head: z.object({ seq: z.number().int(), hash: z.string() }),
    checkpoint: Point.nullable(),
    keys: z.array(z.object({ id: z.string(), publicKey: z.string() })),
  }),
})
const Entry = z.object({
  entry: z.looseObject({ seq: z.number().int(), action: z.string(), prevHash: z.string() }),
  hash: z.string(),
})
const Line = z.union([
  Entry,
  z.object({ checkpoint: Point }),
  z.object({ end: z.object({ entries: z.number().int() }) }),
])

export interface FileVerification {
  readonly verified: boolean
  readonly entries: number
  readonly checkpoints: number
  readonly problems: AuditProblem[]
  readonly problemCount: number
  readonly from: number
  readonly to: number
  /** Fingerprints of the keys that the signatures were checked with. */
  readonly signedBy: string[]
}

/**
 * @param trusted fingerprint of the hub's key, from elsewhere; absent: the keys in the file are believed
 * @param progress told how many entries were checked, now and then
 * @throws Failure USAGE when the file can't be read or is no export
 */
export async function verifyAuditFile(
  file: string,
  trusted: string | undefined,
  progress: (entries: number, total: number) => void,
): Promise<FileVerification> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
  const odd = (number: number) =>
    new Failure('USAGE', { option: '--file', value: file, reason: `line ${number} is none of an export` })
  let number = 0
  let head: z.infer<typeof Head>['export'] | undefined
  let verifier: AuditVerifier | undefined
  let isEnded = false
  const keys = new Map<string, ReturnType<typeof verifyKey>>()
  try {
    for await (const text of lines) {
      number += 1
      if (text === '') continue
      const value = parsed(text)
      if (!head) {
        const first = Head.safeParse(value)
        if (!first.success) throw odd(number)
        head = first.data.export
        for (const { publicKey } of head.keys) {
          if (trusted !== undefined && keyFingerprint(publicKey) !== trusted) continue
          const key = verifyKey(publicKey)
          keys.set(key.id, key)
        }
        continue
      }
      const line = Line.safeParse(value)
      if (!line.success) throw odd(number)
      if ('entry' in line.data) {
        const entry = line.data.entry as unknown as ChainEntry
        const start = head.after === 0 ? NO_HASH : entry.prevHash
        verifier ??= new AuditVerifier({ hub: head.hub, keys, from: { seq: head.after, hash: start } })
        verifier.take({ entry, hash: line.data.hash })
        if (verifier.entries % 1_000 === 0) progress(verifier.entries, head.to - head.after)
      } else if ('checkpoint' in line.data) verifier?.check(line.data.checkpoint)
      else isEnded = true
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure('USAGE', { option: '--file', value: file, expected: 'a file that can be read' }, { cause })
  }
  if (!head) throw odd(1)
  verifier ??= new AuditVerifier({ hub: head.hub, keys, from: { seq: head.after, hash: NO_HASH } })
  const { checkpoint, to } = head
  if (checkpoint && checkpoint.seq >= verifier.position.seq && checkpoint.seq !== verifier.position.seq)
    verifier.check(checkpoint)
  verifier.end(to, isEnded ? 'the first line of the file announces them' : 'the file was cut short')
  return {
    verified: verifier.problemCount === 0,
    entries: verifier.entries,
    checkpoints: verifier.checkpoints,
    problems: [...verifier.problems],
    problemCount: verifier.problemCount,
    from: head.after + 1,
    to: verifier.position.seq,
    signedBy: [...keys.values()].map(({ publicKey }) => keyFingerprint(publicKey)),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
