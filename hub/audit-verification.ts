/** Checks the audit log in the database, a piece at a time, and writes it out so that others can check it. */
import { keyFingerprint } from '@netraven/protocol/keys.ts'
import type { AuditVerification } from './api/audit.ts'
import { auditHead, auditLinks, auditSpan, lastCheckpoint } from './audit.ts'
import { canonical } from './audit-chain.ts'
import { type CheckpointParts, checkpointKeys, hashAfter, writeCheckpoint } from './audit-checkpoints.ts'
import { AuditVerifier } from './audit-verifier.ts'

/**
 * Walks along a piece of the log.
 * @param after entry behind which the piece begins
 * @param limit entries at most
 */
export async function verifyAudit(
  { db, keyring, installation }: Pick<CheckpointParts, 'db' | 'keyring' | 'installation'>,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<AuditVerification> {
  const head = await auditHead(db)
  const signed = await lastCheckpoint(db)
  const last = await db.selectFrom('audit_entries').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst()
  const keys = await checkpointKeys(db, keyring)
  const before = await db.selectFrom('audit_entries').select('hash').where('seq', '=', after).executeTakeFirst()
  const verifier = new AuditVerifier({
    hub: installation.id,
    keys,
    from: { seq: after, hash: before?.hash.toString('hex') ?? (await hashAfter(db, after)) },
  })
  // What a superuser put behind the head is part of the log too.
  const newest = Math.max(head.seq, last?.seq ?? 0)
  const to = Math.min(after + limit, newest)
  for await (const link of auditLinks(db, { after, to })) {
    if ('checkpoint' in link) verifier.check(link.checkpoint)
    else verifier.take(link)
  }
  const done = to >= newest
  if (done) {
    if (verifier.position.seq === head.seq) verifier.reach(head, 'the head of the chain says so')
    else verifier.end(head.seq, 'the head of the chain is there')
    if (signed && signed.seq > newest) verifier.end(signed.seq, `the hub signed entry ${signed.seq} on ${signed.at}`)
    if (newest > head.seq) verifier.surplus(head.seq + 1, newest)
  }
  return {
    verified: verifier.problemCount === 0,
    entries: verifier.entries,
    checkpoints: verifier.checkpoints,
    problems: [...verifier.problems],
    problemCount: verifier.problemCount,
    checkedTo: Math.max(to, after),
    head: head.seq,
    done,
    headHash: head.hash,
    signedBy: [...keys.values()].map((key) => keyFingerprint(key.publicKey)),
  }
}

/** Lines of an export; see `audit-chain.ts`. Its head is signed on the spot, so that a file that was cut short shows. */
export async function* exportAudit(
  parts: CheckpointParts,
  { since, until }: { readonly since?: string | undefined; readonly until?: string | undefined },
): AsyncGenerator<string> {
  const { db, keyring, installation } = parts
  const head = await auditHead(db)
  const checkpoint = (await writeCheckpoint(parts, head)) ?? null
  const span = await auditSpan(db, since, until)
  const to = Math.min(span.to, head.seq)
  const keys = [...(await checkpointKeys(db, keyring)).values()].map(({ id, publicKey }) => ({ id, publicKey }))
  yield line({ export: { hub: installation.id, after: span.after, to, head, checkpoint, keys } })
  let entries = 0
  for await (const link of auditLinks(db, { after: span.after, to })) {
    yield line(link)
    if ('entry' in link) entries += 1
  }
  yield line({ end: { entries } })
}

const line = (value: unknown) => `${canonical(value)}\n`
