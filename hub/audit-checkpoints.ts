/**
 * Signatures of the hub over the head of the audit log. They make a chain that was cut or written anew differ from what the hub signed;
 * each goes to the log of the hub too, so that a copy lies outside of the database.
 *
 * A hub signs only what it has walked along since the last checkpoint, and remembers the head that it saw: when that entry is gone or has
 * another hash, it signs nothing and says so in its log every time.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { signingKey, type VerifyKey } from '@netraven/protocol/keys.ts'
import { type Kysely, sql } from 'kysely'
import { auditHead, auditLinks, lastCheckpoint } from './audit.ts'
import { type Checkpoint, checkpointBytes, NO_HASH } from './audit-chain.ts'
import { AuditVerifier, type Position } from './audit-verifier.ts'
import type { Tables } from './db/tables.ts'
import type { Installation } from './installation.ts'
import type { Keyring } from './keyring.ts'
import type { Log } from './log.ts'

type Db = Kysely<Tables>

/** A checkpoint is due after so many entries … */
export const CHECKPOINT_ENTRIES = 1_000
/** … or so long after the last one, when there are new entries, seconds. */
export const CHECKPOINT_SECONDS = 3_600

export interface CheckpointParts {
  readonly db: Db
  readonly keyring: Keyring
  readonly installation: Pick<Installation, 'id' | 'signingKey'>
  readonly log: Log
}

/**
 * Keys whose checkpoints count, former ones among them. Each is opened under the master key: the public halves in the database prove
 * nothing, since whoever rewrites the chain can rewrite them too.
 */
export async function checkpointKeys(db: Db, keyring: Keyring): Promise<Map<string, VerifyKey>> {
  const rows = await db.selectFrom('hub_keys').select(['id', 'sealed_seed']).execute()
  return new Map(rows.flatMap((row) => openKey(keyring, row)).map((key) => [key.id, key]))
}

/** A key that does not open is none of ours. */
function openKey(keyring: Keyring, { id, sealed_seed }: { id: string; sealed_seed: Buffer }): VerifyKey[] {
  try {
    return [signingKey(keyring.openBytes('hub-keys', sealed_seed, id).toString('base64url'))]
  } catch (error) {
    if (error instanceof Failure || error instanceof RangeError) return []
    throw error
  }
}

/** Looks after the log, for a hub's clockwork. @returns a tick */
export function auditKeeper(parts: CheckpointParts): () => Promise<void> {
  let seen: Position | undefined
  return async () => {
    const head = await auditHead(parts.db)
    if (seen && !(await stillThere(parts.db, seen))) {
      parts.log.error({ entry: seen.seq, hash: seen.hash, head: head.seq }, 'the audit log was tampered with')
      return
    }
    if (await isDue(parts.db, head.seq)) await writeCheckpoint(parts, head)
    seen = head.seq > 0 ? head : undefined
  }
}

async function stillThere(db: Db, { seq, hash }: Position): Promise<boolean> {
  const row = await db.selectFrom('audit_entries').select('hash').where('seq', '=', seq).executeTakeFirst()
  return row?.hash.toString('hex') === hash
}

async function isDue(db: Db, head: number): Promise<boolean> {
  const { rows } = await sql<{ due: boolean }>`
    select coalesce(max(seq), 0) < ${head} and (
      ${head} - coalesce(max(seq), 0) >= ${CHECKPOINT_ENTRIES}
      or coalesce(max(at), '-infinity') < now() - ${CHECKPOINT_SECONDS} * interval '1 second') as due
    from audit_checkpoints`.execute(db)
  return rows[0]?.due === true
}

/**
 * Signs the head of the log, unless it is signed already.
 * @returns the checkpoint at `head`; undefined when the log is empty, or was touched since the last one, which the log of the hub then says
 */
export async function writeCheckpoint(
  { db, keyring, installation, log }: CheckpointParts,
  head: Position,
): Promise<Checkpoint | undefined> {
  const last = await lastCheckpoint(db, head.seq)
  if (head.seq === 0 || last?.seq === head.seq) return last
  const keys = await checkpointKeys(db, keyring)
  const after = last ? last.seq - 1 : 0
  const verifier = new AuditVerifier({
    hub: installation.id,
    keys,
    from: { seq: after, hash: await hashAfter(db, after) },
  })
  for await (const link of auditLinks(db, { after, to: head.seq })) {
    if ('checkpoint' in link) verifier.check(link.checkpoint)
    else verifier.take(link)
  }
  verifier.end(head.seq, 'its head was there a moment ago')
  if (verifier.problemCount > 0 || verifier.position.hash !== head.hash) {
    log.error({ problems: verifier.problems, problemCount: verifier.problemCount }, 'the audit log was tampered with')
    return undefined
  }
  const { rows } = await sql<{ at: Date }>`select date_trunc('milliseconds', clock_timestamp()) as at`.execute(db)
  const at = (rows[0]?.at ?? new Date(0)).toISOString()
  const key = installation.signingKey
  const signature = key.sign(checkpointBytes(installation.id, { ...head, at }))
  const point: Checkpoint = { ...head, at, keyId: key.id, signature: Buffer.from(signature).toString('base64url') }
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('audit_checkpoints')
    .values({
      seq: head.seq,
      hash: Buffer.from(head.hash, 'hex'),
      at,
      key_id: key.id,
      signature: Buffer.from(signature),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows === 0n) return lastCheckpoint(db, head.seq)
  log.info({ checkpoint: point }, 'audit checkpoint')
  return point
}

/** What the entry behind `seq` says that its predecessor has: where a walk that begins in the middle starts from. */
export async function hashAfter(db: Db, seq: number): Promise<string> {
  if (seq === 0) return NO_HASH
  const row = await db
    .selectFrom('audit_entries')
    .select('prev_hash')
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  return row?.prev_hash.toString('hex') ?? NO_HASH
}
