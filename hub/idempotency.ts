/**
 * Requests that are done once however often they are sent (draft-ietf-httpapi-idempotency-key-header). A key belongs to whoever sends it:
 * the first request takes it, works, and leaves its answer; the same request later has that answer. What was refused leaves nothing, since
 * nothing was done. All hubs share the table; all times are the database's.
 */
import { createHash } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql } from 'kysely'
import type { Tables } from './db/tables.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'

/** A request that is worked on for longer, by a hub that does not say so, was lost with its hub. */
const HELD_SECONDS = 60
export const RENEW_HELD_MS = 20_000
const KEPT = sql`interval '24 hours'`
/** Of an answer; larger ones are not kept. */
const MAX_ANSWER_BYTES = 1024 * 1024
const FORGOTTEN_AT_ONCE = 20

export interface IdempotencyParts {
  readonly db: Kysely<Tables>
  readonly keyring: Pick<Keyring, 'sealBytes' | 'openBytes'>
}

export interface KeyedRequest {
  readonly principal: string
  readonly key: string
  readonly hash: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** @returns what tells one request from another */
export function requestHash(method: string, url: URL, contentType: string, body: Uint8Array): Buffer {
  const head = JSON.stringify([method, url.pathname, url.search, contentType])
  return createHash('sha256').update(head).update('\n').update(body).digest()
}

/**
 * Takes the key for a request.
 * @returns the holder to work as, or the answer that an earlier request had
 * @throws Failure IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_ANSWER_GONE
 */
export async function takeKey(
  { db, keyring }: IdempotencyParts,
  { principal, key, hash }: KeyedRequest,
): Promise<{ holder: string } | { answer: Answer }> {
  const holder = newId()
  await sql`
    delete from idempotency_keys where (principal, key) in (
      select principal, key from idempotency_keys where created_at < now() - ${KEPT}
      order by created_at limit ${FORGOTTEN_AT_ONCE} for update skip locked)`.execute(db)
  const taken = await sql<{ holder: string }>`
    insert into idempotency_keys as old (principal, key, request_hash, holder, held_until)
    values (${principal}, ${key}, ${hash}, ${holder}, now() + ${HELD_SECONDS} * interval '1 second')
    on conflict (principal, key) do update set request_hash = excluded.request_hash, holder = excluded.holder,
      held_until = excluded.held_until, created_at = now(), status = null, headers = null, sealed_body = null
    where old.created_at < now() - ${KEPT} or old.held_until < now()
    returning old.holder`.execute(db)
  if (taken.rows.length > 0) return { holder }
  const row = await db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('principal', '=', principal)
    .where('key', '=', key)
    .executeTakeFirst()
  if (row && !row.request_hash.equals(hash)) throw new Failure('IDEMPOTENCY_KEY_REUSED', { key })
  // Gone between the two looks: what held it was refused.
  if (!row || row.status === null) throw new Failure('IDEMPOTENCY_IN_PROGRESS', { key, retryAfterSeconds: 1 })
  if (row.sealed_body === null) throw new Failure('IDEMPOTENCY_ANSWER_GONE', { key })
  const body = openAnswer(keyring, row.sealed_body, row.holder, key)
  return { answer: { status: row.status, headers: row.headers ?? {}, body } }
}

function openAnswer(keyring: IdempotencyParts['keyring'], sealed: Buffer, holder: string, key: string): Buffer {
  try {
    return keyring.openBytes('answers', sealed, holder)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure('IDEMPOTENCY_ANSWER_GONE', { key }, { cause: error })
  }
}

/** Says that the request is still worked on. */
export async function holdKey(
  { db }: IdempotencyParts,
  { principal, key }: KeyedRequest,
  holder: string,
): Promise<void> {
  await sql`
    update idempotency_keys set held_until = now() + ${HELD_SECONDS} * interval '1 second'
    where principal = ${principal} and key = ${key} and holder = ${holder} and held_until is not null`.execute(db)
}

/** Leaves the answer for the next who asks. */
export async function leaveAnswer(
  { db, keyring }: IdempotencyParts,
  { principal, key }: KeyedRequest,
  holder: string,
  answer: Answer,
): Promise<void> {
  const isKept = answer.body.length <= MAX_ANSWER_BYTES
  await db
    .updateTable('idempotency_keys')
    .set({
      held_until: null,
      status: answer.status,
      headers: JSON.stringify(answer.headers),
      sealed_body: isKept ? keyring.sealBytes('answers', answer.body, holder) : null,
    })
    .where('principal', '=', principal)
    .where('key', '=', key)
    .where('holder', '=', holder)
    .execute()
}

/** Nothing was done: the key is free again. */
export async function freeKey(
  { db }: IdempotencyParts,
  { principal, key }: KeyedRequest,
  holder: string,
): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where('principal', '=', principal)
    .where('key', '=', key)
    .where('holder', '=', holder)
    .execute()
}
