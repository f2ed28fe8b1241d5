/**
 * Sessions and service tokens as their owners and administrators see and end them. A service token acts for one account, for a
 * program: it is named, scoped, shown once, kept as a hash, and ends by itself within a year.
 *
 * Who may make one: anybody for themselves, out of a session, with scopes that this session has; for others, and with a service token
 * in hand, only who has `admin:tokens`, and again no scope that they lack. So a service token that leaks can't outlive its end by
 * making another.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { isUuid } from './api/fields.ts'
import type { NewServiceToken, Revoked, RevokeQuery, Token, TokenQuery } from './api/token.ts'
import { inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { invalidCursor, pageAfter, pageOfRows } from './pages.ts'
import { missingScope, type Principal, requireScopes } from './principal.ts'
import { hashOfToken, newServiceToken } from './service-token.ts'
import { endSessions, forgetAccess } from './sessions.ts'

type Db = Kysely<Tables>

export interface Asker {
  readonly principal: Principal
  readonly actor: Actor
}

/**
 * Makes a service token.
 * @returns it, and the token itself, which is nowhere else from then on
 * @throws Failure MISSING_SCOPE, NOT_FOUND for an unknown user, ALREADY_EXISTS
 */
export async function addServiceToken(db: Db, { principal, actor }: Asker, wanted: NewServiceToken) {
  const { name, scopes, validDays } = wanted
  const owner = await ownerFor(db, principal, wanted.user)
  if (principal.kind === 'service token') requireScopes(principal, 'admin:tokens')
  const lacking = principal.scopes.lacking(scopes)
  // Nobody grants what they lack.
  if (lacking.length > 0) throw missingScope(principal, scopes, lacking)
  const token = newServiceToken()
  const id = newId()
  await inTransaction(db, async (trx) => {
    await freeName(trx, owner.id, name)
    const made = await trx
      .insertInto('service_tokens')
      .values({
        id,
        user_id: owner.id,
        name,
        token_hash: hashOfToken(token),
        scopes: [...scopes],
        created_by: actor.name,
        expires_at: sql<Date>`now() + ${validDays} * interval '1 day'`,
      })
      .onConflict((conflict) =>
        conflict.expression(sql`user_id, lower(name)`).where(sql<boolean>`revoked_at is null`).doNothing(),
      )
      .returning('expires_at')
      .executeTakeFirst()
    if (!made) throw new Failure('ALREADY_EXISTS', { serviceToken: name, user: owner.username })
    const details = { token: id, name, user: owner.username, scopes, expiresAt: made.expires_at.toISOString() }
    await recordEvent(trx, { kind: 'service token made', actor, details })
  })
  const row = await serviceTokenRows(db).where('token.id', '=', id).executeTakeFirstOrThrow()
  return { ...toToken(row, principal), token }
}

/** A token that expired does not hold its name. */
async function freeName(trx: Transaction<Tables>, userId: string, name: string): Promise<void> {
  await trx
    .updateTable('service_tokens')
    .set({ revoked_at: sql`expires_at` })
    .where('user_id', '=', userId)
    .where(sql<boolean>`lower(name) = lower(${name}) and revoked_at is null and expires_at <= now()`)
    .execute()
}

/**
 * Sessions and service tokens, the newest first, a page at a time.
 * @throws Failure MISSING_SCOPE, NOT_FOUND for an unknown user
 */
export async function listTokens(db: Db, principal: Principal, query: TokenQuery) {
  const { kind, limit, cursor } = query
  if (query.everyone === 'true') requireScopes(principal, 'admin:tokens')
  const owner = query.everyone === 'true' ? undefined : await ownerFor(db, principal, query.user)
  const before = pageAfter(cursor)
  if (before !== undefined && !isUuid(before)) throw invalidCursor()
  const withEnded = query.ended === 'true'
  const [sessions, tokens] = await Promise.all([
    kind === 'service token'
      ? []
      : sessionRows(db)
          .$if(owner !== undefined, (rows) => rows.where('token.user_id', '=', owner?.id ?? ''))
          .$if(before !== undefined, (rows) => rows.where('token.id', '<', before ?? ''))
          .$if(!withEnded, (rows) => rows.where(sql<boolean>`token.ended_at is null and token.expires_at > now()`))
          .orderBy('token.id', 'desc')
          .limit(limit + 1)
          .execute(),
    kind === 'session'
      ? []
      : serviceTokenRows(db)
          .$if(owner !== undefined, (rows) => rows.where('token.user_id', '=', owner?.id ?? ''))
          .$if(before !== undefined, (rows) => rows.where('token.id', '<', before ?? ''))
          .$if(!withEnded, (rows) => rows.where(sql<boolean>`token.revoked_at is null and token.expires_at > now()`))
          .orderBy('token.id', 'desc')
          .limit(limit + 1)
          .execute(),
  ])
  const newest = [...sessions, ...tokens].sort((one, other) => (one.id < other.id ? 1 : -1))
  return pageOfRows(
    newest,
    limit,
    (row) => toToken(row, principal),
    (row) => row.id,
  )
}

/**
 * Ends one session or service token, for every hub at once. Ending one that ended is no failure.
 * @returns what those who remember it must forget
 * @throws Failure NOT_FOUND, also for one of somebody else that the asker may not end
 */
export async function revokeToken(db: Db, { principal, actor }: Asker, id: string): Promise<string> {
  const found = isUuid(id) ? await kindOf(db, id) : undefined
  const isTheirs = found?.userId === principal.user.id || principal.scopes.has('admin:tokens')
  if (!found || !isTheirs) throw new Failure('NOT_FOUND', { token: id })
  const details = { token: id, user: found.username, ...(found.name !== null && { name: found.name }) }
  await inTransaction(db, async (trx) => {
    if (found.kind === 'session') {
      const ended = await endSessions(trx, { sessionId: id }, revokedBy(actor))
      if (ended > 0) await recordEvent(trx, { kind: 'session ended', actor, details })
    } else {
      const ended = await endServiceTokens(trx, { id })
      if (ended > 0) await recordEvent(trx, { kind: 'service token revoked', actor, details })
    }
  })
  return found.kind === 'session' ? `session ${id}` : `token ${id}`
}

/**
 * Ends all of somebody's, for every hub at once.
 * @returns how many were live, and what those who remember them must forget
 * @throws Failure MISSING_SCOPE, NOT_FOUND for an unknown user
 */
export async function revokeTokens(
  db: Db,
  { principal, actor }: Asker,
  { user, kind }: RevokeQuery,
): Promise<Revoked & { forget: string }> {
  const owner = await ownerFor(db, principal, user)
  return inTransaction(db, async (trx) => {
    const sessions = kind === 'service token' ? 0 : await endSessions(trx, { userId: owner.id }, revokedBy(actor))
    const serviceTokens = kind === 'session' ? 0 : await endServiceTokens(trx, { userId: owner.id })
    const details = { user: owner.username, sessions, serviceTokens }
    await recordEvent(trx, { kind: 'tokens revoked', actor, details })
    return { sessions, serviceTokens, forget: `user ${owner.id}` }
  })
}

/** Ends service tokens; also what deleting or disabling an account may call. @returns how many were live */
export async function endServiceTokens(
  trx: Transaction<Tables>,
  which: { readonly id: string } | { readonly userId: string },
): Promise<number> {
  const ended = await trx
    .updateTable('service_tokens')
    .set({ revoked_at: sql`now()` })
    .where('revoked_at', 'is', null)
    .$call((rows) => ('id' in which ? rows.where('id', '=', which.id) : rows.where('user_id', '=', which.userId)))
    .returning('id')
    .execute()
  await forgetAccess(trx, 'id' in which ? `token ${which.id}` : `user ${which.userId}`)
  return ended.length
}

const revokedBy = (actor: Actor) => `revoked by ${actor.name}`

/** Whose tokens it is about. Who may not look at those of others does not learn who there is. */
async function ownerFor(db: Db, principal: Principal, user: string | undefined) {
  const own = principal.user
  if (user === undefined || user === own.id || user.trim().toLowerCase() === own.username) return own
  requireScopes(principal, 'admin:tokens')
  const found = await db
    .selectFrom('users')
    .select(['id', 'username'])
    .where(isUuid(user) ? 'id' : 'username', '=', isUuid(user) ? user : user.trim().toLowerCase())
    .executeTakeFirst()
  if (!found) throw new Failure('NOT_FOUND', { user })
  return found
}

async function kindOf(db: Db, id: string) {
  const session = await sessionRows(db).where('token.id', '=', id).executeTakeFirst()
  const row = session ?? (await serviceTokenRows(db).where('token.id', '=', id).executeTakeFirst())
  return row && { kind: row.kind, userId: row.userId, username: row.username, name: row.name }
}

function sessionRows(db: Db) {
  return db
    .selectFrom('sessions as token')
    .innerJoin('users', 'users.id', 'token.user_id')
    .select(['token.id', 'token.user_id as userId', 'users.username', 'token.scopes', 'token.created_at as createdAt'])
    .select(['token.expires_at as expiresAt', 'token.last_used_at as lastUsedAt', 'token.address', 'token.via'])
    .select(['token.ended_at as endedAt', 'token.ended_because as endedBecause', 'users.username as createdBy'])
    .select([sql<'session'>`'session'`.as('kind'), sql<string | null>`null::text`.as('name')])
}

function serviceTokenRows(db: Db) {
  return db
    .selectFrom('service_tokens as token')
    .innerJoin('users', 'users.id', 'token.user_id')
    .select(['token.id', 'token.user_id as userId', 'users.username', 'token.scopes', 'token.created_at as createdAt'])
    .select(['token.expires_at as expiresAt', 'token.last_used_at as lastUsedAt', 'token.last_used_from as address'])
    .select(['token.revoked_at as endedAt', 'token.created_by as createdBy', 'token.name'])
    .select([sql<'service token'>`'service token'`.as('kind'), sql<string | null>`null::text`.as('via')])
    .select(sql<string | null>`case when token.revoked_at < token.expires_at then 'revoked' end`.as('endedBecause'))
}

interface TokenRow {
  readonly id: string
  readonly kind: Token['kind']
  readonly username: string
  readonly name: string | null
  readonly scopes: readonly string[] | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
  readonly address: string | null
  readonly via: string | null
  readonly endedAt: Date | null
  readonly endedBecause: string | null
}

function toToken(row: TokenRow, principal: Principal): Token {
  const { id, kind, username: user, name, scopes, createdBy, address, via, endedBecause } = row
  return {
    ...{ id, kind, user, name, createdBy, address, via, endedBecause },
    scopes: scopes && [...scopes],
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    isCurrent: id === principal.tokenId,
  }
}
