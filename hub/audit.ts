/** The audit log as it is read: pages, single entries, and the whole of it in batches, so that memory stays flat. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql } from 'kysely'
import type { AuditEntry, AuditQuery } from './api/audit.ts'
import { isUuid } from './api/fields.ts'
import type { ChainEntry, Checkpoint, Link } from './audit-chain.ts'
import type { Row, Tables } from './db/tables.ts'
import { invalidCursor, pageAfter, pageOfRows } from './pages.ts'

type Db = Kysely<Tables>

/** Rows that are held in memory at once when the whole log is read. */
const BATCH = 1_000

export interface Span {
  /** Entries after this one. */
  readonly after: number
  /** Up to and including this one. */
  readonly to: number
}

/** @throws Failure REQUEST_INVALID for a cursor that is none */
export async function listAuditEntries(db: Db, query: AuditQuery) {
  const { limit, cursor, order, actor, action, target, targetKind, since, until, requestId } = query
  const isOldestFirst = order === 'oldest'
  const place = pageAfter(cursor)
  if (place !== undefined && !/^\d{1,15}$/.test(place)) throw invalidCursor()
  let rows = entryRows(db)
  if (place !== undefined) rows = rows.where('seq', isOldestFirst ? '>' : '<', Number(place))
  if (actor !== undefined) {
    rows = isUuid(actor)
      ? rows.where('actor_id', '=', actor)
      : rows.where(sql<string>`lower(actor_name)`, '=', actor.trim().toLowerCase())
  }
  if (target !== undefined) {
    rows = isUuid(target)
      ? rows.where('target_id', '=', target.toLowerCase())
      : rows.where(sql<string>`lower(target_name)`, '=', target.trim().toLowerCase())
  }
  if (targetKind !== undefined) rows = rows.where('target_kind', '=', targetKind)
  if (action !== undefined) rows = rows.where('action', '=', action)
  if (requestId !== undefined) rows = rows.where('request_id', '=', requestId)
  if (since !== undefined) rows = rows.where('at', '>=', new Date(since))
  if (until !== undefined) rows = rows.where('at', '<', new Date(until))
  const found = await rows
    .orderBy('seq', isOldestFirst ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute()
  return pageOfRows(found, limit, toAuditEntry, (row) => String(row.seq))
}

/**
 * @param idOrSeq id of an entry, or its number
 * @throws Failure NOT_FOUND
 */
export async function showAuditEntry(db: Db, idOrSeq: string): Promise<AuditEntry> {
  const isSeq = /^\d{1,15}$/.test(idOrSeq)
  const row =
    isSeq || isUuid(idOrSeq)
      ? await entryRows(db)
          .$call((rows) => (isSeq ? rows.where('seq', '=', Number(idOrSeq)) : rows.where('id', '=', idOrSeq)))
          .executeTakeFirst()
      : undefined
  if (!row) throw new Failure('NOT_FOUND', { auditEntry: idOrSeq })
  return toAuditEntry(row)
}

/** The newest entry, as the chain knows it. */
export async function auditHead(db: Db): Promise<{ readonly seq: number; readonly hash: string }> {
  const { seq, hash } = await db.selectFrom('audit_heads').select(['seq', 'hash']).executeTakeFirstOrThrow()
  return { seq, hash: hash.toString('hex') }
}

/** Entries of a time, as a span of the chain: times never go back in it. */
export async function auditSpan(db: Db, since?: string, until?: string): Promise<Span> {
  const first = await db
    .selectFrom('audit_entries')
    .select('seq')
    .where('at', '>=', since === undefined ? sql<Date>`'-infinity'::timestamptz` : new Date(since))
    .orderBy('at')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  const { seq: head } = await auditHead(db)
  if (until === undefined) return { after: first ? first.seq - 1 : head, to: head }
  const last = await db
    .selectFrom('audit_entries')
    .select('seq')
    .where('at', '<', new Date(until))
    .orderBy('at', 'desc')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return { after: first ? first.seq - 1 : head, to: last?.seq ?? 0 }
}

/** Entries of a span in their order, each followed by the checkpoint at it, if there is one. */
export async function* auditLinks(
  db: Db,
  { after, to }: Span,
): AsyncGenerator<Link | { readonly checkpoint: Checkpoint }> {
  for (let place = after; place < to; ) {
    const rows = await entryRows(db)
      .where('seq', '>', place)
      .where('seq', '<=', to)
      .orderBy('seq')
      .limit(BATCH)
      .execute()
    const reached = rows.length < BATCH ? to : (rows.at(-1)?.seq ?? to)
    const points = await checkpointRows(db)
      .where('seq', '>', place)
      .where('seq', '<=', reached)
      .orderBy('seq')
      .execute()
    let next = 0
    for (const row of rows) {
      yield { entry: toChainEntry(row), hash: row.hash.toString('hex') }
      for (let point = points[next]; point && point.seq <= row.seq; point = points[next]) {
        yield { checkpoint: toCheckpoint(point) }
        next += 1
      }
    }
    for (const point of points.slice(next)) yield { checkpoint: toCheckpoint(point) }
    place = reached
  }
}

export async function lastCheckpoint(db: Db, upTo = Number.MAX_SAFE_INTEGER): Promise<Checkpoint | undefined> {
  const row = await checkpointRows(db).where('seq', '<=', upTo).orderBy('seq', 'desc').limit(1).executeTakeFirst()
  return row && toCheckpoint(row)
}

function checkpointRows(db: Db) {
  return db.selectFrom('audit_checkpoints').selectAll()
}

function entryRows(db: Db) {
  // Dates of JavaScript end at milliseconds; what was hashed has microseconds.
  const moment = sql<string>`to_char(audit_entries.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
  return db.selectFrom('audit_entries').selectAll().select(moment.as('moment'))
}

function toCheckpoint({ seq, hash, at, key_id, signature }: Row<'audit_checkpoints'>): Checkpoint {
  const signed = new Date(at).toISOString()
  return { seq, hash: hash.toString('hex'), at: signed, keyId: key_id, signature: signature.toString('base64url') }
}

type EntryRow = Row<'audit_entries'> & { readonly moment: string }

export function toAuditEntry(row: EntryRow): AuditEntry {
  return { ...toChainEntry(row), hash: row.hash.toString('hex') }
}

function toChainEntry(row: EntryRow): ChainEntry {
  const { target_kind: kind } = row
  return {
    seq: row.seq,
    id: row.id,
    at: row.moment,
    action: row.action,
    actor: {
      kind: row.actor_kind,
      id: row.actor_id,
      name: row.actor_name,
      address: row.address,
      via: row.via,
      requestId: row.request_id,
    },
    target: kind === null ? null : { kind, id: row.target_id, name: row.target_name },
    before: row.before,
    after: row.after,
    details: row.details,
    prevHash: row.prev_hash.toString('hex'),
  }
}
