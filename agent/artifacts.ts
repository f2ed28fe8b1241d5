/** The files that a driver asks for beside its text, or instead of it: fetched, checked for their end, signed. */
import {
  ARTIFACT_NAME_MAX,
  type Artifact,
  artifactStatementBytes,
  MAX_ARTIFACT_BYTES,
  MAX_ARTIFACTS,
} from '@netraven/protocol/artifact.ts'
import type { Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { SigningKey } from '@netraven/protocol/keys.ts'
import { doubtsAbout } from './artifact-check.ts'
import type { ArtifactSpool } from './artifact-spool.ts'
import { reasonOf } from './conversation.ts'
import type { Command, Driver } from './driver.ts'
import type { Session } from './session.ts'

/** One that lies in the spool, under its place in this list. */
export interface StoredArtifact {
  readonly source: string
  readonly name: string
  readonly contentHash: string
  readonly sizeBytes: number
  readonly verdict: 'complete' | 'suspect'
  readonly reasons: readonly string[]
}

export type ReadArtifact = StoredArtifact | { readonly source: string; readonly failure: Failure }

export interface ArtifactParts {
  readonly session: Pick<Session, 'fetch'>
  readonly spool: ArtifactSpool
  readonly signal: AbortSignal
}

/** Whether this driver keeps a text. */
export function hasText({ commands }: Driver): boolean {
  return commands.some(({ as }) => as === 'config')
}

/**
 * Reads all of a driver's artifacts. One that fails does not take the others, or the text, with it. Where secrets must not leave the
 * site none is read: nothing in them can be masked.
 * @throws the signal's reason
 */
export async function readArtifacts(task: Task, driver: Driver, parts: ArtifactParts): Promise<ReadArtifact[]> {
  const read: ReadArtifact[] = []
  for (const command of driver.commands.filter(({ as }) => as === 'artifact').slice(0, MAX_ARTIFACTS)) {
    const source = sourceOf(command)
    if (task.secrets === 'strip') {
      read.push({ source, failure: new Failure('ARTIFACT_UNMASKABLE', { name: nameOf(source) }) })
      continue
    }
    try {
      const artifact = await parts.spool.turn.pass(parts.signal, () => readTwice(task, command, read.length, parts))
      if (artifact) read.push(artifact)
    } catch (error) {
      if (parts.signal.aborted) throw reasonOf(parts.signal)
      if (!(error instanceof Failure)) throw error
      read.push({ source, failure: error })
    }
  }
  return read
}

/** A suspect is fetched once more: the device may have been writing it. */
async function readTwice(task: Task, command: Command, place: number, parts: ArtifactParts) {
  const first = await readOne(task, command, place, parts)
  if (first?.verdict !== 'suspect') return first
  const again = await readOne(task, command, place, parts)
  if (again?.verdict !== 'suspect') return again
  const note =
    again.contentHash === first.contentHash
      ? 'a second read brought the same'
      : 'a second read differed and is no better'
  return { ...again, reasons: [...again.reasons, note] }
}

async function readOne(
  task: Task,
  command: Command,
  place: number,
  { session, spool }: ArtifactParts,
): Promise<StoredArtifact | undefined> {
  const owner = { task: task.id, attempt: task.attempt }
  const writer = spool.begin(owner, place)
  let stored: StoredArtifact | undefined
  try {
    const fetched = await session.fetch(command, (bytes) => writer.write(bytes), MAX_ARTIFACT_BYTES)
    if (!fetched) return undefined
    const { contentHash, sizeBytes } = await writer.end()
    if (sizeBytes === 0) throw new Failure('EMPTY_READ', { command: sourceOf(command) })
    const doubts = await doubtsAbout(spool.content(owner, place), command.complete)
    const reasons = [...(fetched.doubt === undefined ? [] : [fetched.doubt]), ...doubts]
    const verdict = reasons.length === 0 ? 'complete' : 'suspect'
    stored = { source: sourceOf(command), name: nameOf(fetched.path), contentHash, sizeBytes, verdict, reasons }
    return stored
  } finally {
    writer.close()
    if (!stored) spool.discard(owner, place)
  }
}

/** As it crosses the link. @param where names the agent and the site, for failures */
export function signedArtifacts(
  key: SigningKey,
  { id, attempt, device }: Task,
  capturedAtMs: number,
  read: readonly ReadArtifact[],
  where: object,
): Artifact[] {
  return read.map((one) => {
    if ('failure' in one) {
      const { code, details } = one.failure.toJSON()
      return { source: one.source, failure: { code, details: { ...where, ...details } } }
    }
    const { reasons, ...facts } = one
    const statement = artifactStatementBytes({ device: device.id, task: id, attempt, capturedAtMs, ...facts })
    return {
      ...facts,
      ...(reasons.length > 0 ? { reasons: reasons.slice(0, 8).map((reason) => reason.slice(0, 300)) } : {}),
      signature: Buffer.from(key.sign(statement)).toString('base64url'),
    }
  })
}

function sourceOf({ run }: Command): string {
  return plain(typeof run === 'string' ? run : (run[0] ?? ''), 300)
}

/** What stands behind the last slash; it becomes the name of a file on somebody's disk, so nothing in it may lead elsewhere. */
function nameOf(path: string): string {
  return plain(path.split(/[/\\]/).at(-1) ?? '', ARTIFACT_NAME_MAX).replace(/^\.*$/, 'artifact')
}

function plain(text: string, max: number): string {
  return text
    .slice(0, max)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
}
