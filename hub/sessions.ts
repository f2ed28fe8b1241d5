/**
 * Sessions: one login and all the tokens that come of it. A refresh token is used once and replaced by the next; when one comes back
 * later than a moment after, somebody else has a copy, and the whole session ends. All times are the database's.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { type Actor, anonymousActor } from './actor.ts'
import { inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'

/** Channel of NOTIFY: payload `session ID`, `user ID`, `token ID`, `keys` or `all`; what is remembered of it is forgotten everywhere. */
export const ACCESS_CHANNEL = 'netraven_access'

const REFRESH_TOKEN = /^nrr_[A-Za-z0-9_-]{43}$/

/** Two tabs of one browser may use the same token at once. */
export const REFRESH_GRACE_SECONDS = 10

export interface NewSession {
  readonly userId: string
  /** What the login asked for; null: all that the user may do. */
  readonly scopes: readonly string[] | null
  readonly address: string | null
  readonly via: string | null
  readonly requestId?: string | null
  /** By single sign-on. */
  readonly isSignedOn?: boolean
}

export interface OpenedSession {
  readonly sessionId: string
  readonly userId: string
  readonly refreshToken: string
  readonly refreshExpiresAt: Date
}

/** Opens a session, and writes down that somebody logged in. @param lifetimeMs of a session that is not used */
export async function openSession(db: Kysely<Tables>, wanted: NewSession, lifetimeMs: number): Promise<OpenedSession> {
  const { userId, scopes, address, via, requestId = null, isSignedOn = false } = wanted
  return db.transaction().execute(async (trx) => {
    const { id } = await trx
      .insertInto('sessions')
      .values({
        id: newId(),
        user_id: userId,
        scopes: scopes && [...scopes],
        address,
        via,
        is_signed_on: isSignedOn,
        expires_at: fromNow(lifetimeMs),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    const name = await usernameOf(trx, userId)
    const actor: Actor = { kind: 'user', id: userId, name, address, via, requestId }
    const details = { session: id, ...(scopes && { scopes }), ...(isSignedOn && { by: 'single sign-on' }) }
    await recordEvent(trx, { kind: 'login', actor, details, target: { kind: 'user', id: userId, name } })
    return { sessionId: id, userId, ...(await addRefreshToken(trx, id, lifetimeMs)) }
  })
}

/**
 * Takes a refresh token, and gives the next.
 * @param forget what this hub remembers of a session that ends here
 * @param from where it came from: of a copy, that is worth knowing
 * @throws Failure REFRESH_INVALID; the session is over when the token had been used before
 */
export async function refreshSession(
  db: Kysely<Tables>,
  token: string,
  lifetimeMs: number,
  forget: (what: string) => void,
  from?: Pick<Actor, 'address' | 'via' | 'requestId'>,
): Promise<OpenedSession> {
  if (!REFRESH_TOKEN.test(token)) throw new Failure('REFRESH_INVALID', { reason: 'malformed' })
  const outcome = await inTransaction(db, (trx) => takeRefreshToken(trx, token, lifetimeMs, from))
  if ('copied' in outcome) forget(`session ${outcome.copied}`)
  if ('reason' in outcome) throw new Failure('REFRESH_INVALID', { reason: outcome.reason })
  return outcome
}

async function takeRefreshToken(
  trx: Transaction<Tables>,
  token: string,
  lifetimeMs: number,
  from: Pick<Actor, 'address' | 'via' | 'requestId'> = { address: null, via: null, requestId: null },
): Promise<OpenedSession | { reason: string } | { reason: string; copied: string }> {
  const row = await trx
    .selectFrom('refresh_tokens as token')
    .innerJoin('sessions', 'sessions.id', 'token.session_id')
    .select(['token.id', 'token.session_id', 'sessions.user_id', 'sessions.ended_at', 'token.used_at'])
    .select(sql<boolean>`least(token.expires_at, sessions.expires_at) <= now()`.as('isExpired'))
    .select(sql<boolean>`token.used_at < now() - ${REFRESH_GRACE_SECONDS} * interval '1 second'`.as('isReused'))
    .where('token.token_hash', '=', hashOf(token))
    .forUpdate()
    .executeTakeFirst()
  if (!row) return { reason: 'unknown' }
  if (row.ended_at) return { reason: 'ended' }
  if (row.isReused) {
    await endSessions(trx, { sessionId: row.session_id }, 'a refresh token was used twice')
    const user = await usernameOf(trx, row.user_id)
    const target = { kind: 'user', id: row.user_id, name: user }
    const details = { user, session: row.session_id }
    await recordEvent(trx, { kind: 'refresh token used twice', actor: anonymousActor(from), details, target })
    return { reason: 'used before', copied: row.session_id }
  }
  if (row.isExpired) return { reason: 'expired' }
  await trx
    .updateTable('refresh_tokens')
    .set({ used_at: sql`coalesce(used_at, now())` })
    .where('id', '=', row.id)
    .execute()
  await trx
    .updateTable('sessions')
    .set({ last_used_at: sql`now()`, expires_at: fromNow(lifetimeMs) })
    .where('id', '=', row.session_id)
    .execute()
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    ...(await addRefreshToken(trx, row.session_id, lifetimeMs)),
  }
}

async function addRefreshToken(trx: Transaction<Tables>, sessionId: string, lifetimeMs: number) {
  const refreshToken = `nrr_${randomBytes(32).toString('base64url')}`
  const { expires_at } = await trx
    .insertInto('refresh_tokens')
    .values({ id: newId(), session_id: sessionId, token_hash: hashOf(refreshToken), expires_at: fromNow(lifetimeMs) })
    .returning('expires_at')
    .executeTakeFirstOrThrow()
  return { refreshToken, refreshExpiresAt: expires_at }
}

/**
 * Ends one session, or all of a user, for every hub at once.
 * @param because shown to whoever uses a token of it: `logged out`, `revoked`, `the password was changed` …
 * @returns how many were live
 */
export async function endSessions(
  db: Kysely<Tables> | Transaction<Tables>,
  which: { readonly sessionId: string } | { readonly userId: string; readonly except?: string },
  because: string,
): Promise<number> {
  const ended = await db
    .updateTable('sessions')
    .set({ ended_at: sql`now()`, ended_because: because })
    .where('ended_at', 'is', null)
    .$call((query) =>
      'sessionId' in which
        ? query.where('id', '=', which.sessionId)
        : query
            .where('user_id', '=', which.userId)
            .$if(which.except !== undefined, (one) => one.where('id', '<>', which.except ?? '')),
    )
    .returning('id')
    .execute()
  await forgetAccess(db, 'sessionId' in which ? `session ${which.sessionId}` : `user ${which.userId}`)
  return ended.length
}

/** Tells every hub that what it remembers of somebody's access no longer holds. */
export async function forgetAccess(
  db: Kysely<Tables> | Transaction<Tables>,
  what: `session ${string}` | `user ${string}` | `token ${string}` | 'keys' | 'all',
): Promise<void> {
  await sql`select pg_notify(${ACCESS_CHANNEL}, ${what})`.execute(db)
}

/** Deletes what ended more than a week ago: until then a user is told that it ended and why, not that it never was. */
export async function forgetEndedSessions(db: Kysely<Tables>): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where(sql<boolean>`coalesce(ended_at, expires_at) < now() - interval '7 days'`)
    .execute()
}

async function usernameOf(trx: Transaction<Tables>, userId: string): Promise<string> {
  const user = trx.selectFrom('users').select('username').where('id', '=', userId)
  return (await user.executeTakeFirstOrThrow()).username
}

const fromNow = (ms: number) => sql<Date>`now() + ${ms} * interval '1 millisecond'`

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
