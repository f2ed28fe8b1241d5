/** Access tokens: 32 random bytes that only their holder knows; the database has a hash. All times are the database's. */
import { createHash, randomBytes } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql } from 'kysely'
import type { User } from './accounts.ts'
import type { Tables } from './db/tables.ts'
import { newId } from './ids.ts'

const TOKEN = /^nra_[A-Za-z0-9_-]{43}$/

export interface Bearer {
  readonly user: User
  readonly tokenId: string
  readonly expiresAt: Date
}

/** Makes a token for a user. */
export async function issueToken(db: Kysely<Tables>, user: User, lifetimeMs: number): Promise<string> {
  const token = `nra_${randomBytes(32).toString('base64url')}`
  await db
    .insertInto('access_tokens')
    .values({
      id: newId(),
      user_id: user.id,
      token_hash: hashOf(token),
      expires_at: sql<Date>`now() + ${lifetimeMs} * interval '1 millisecond'`,
    })
    .execute()
  return token
}

/**
 * Who sends this `Authorization` header.
 * @throws Failure TOKEN_MISSING, TOKEN_BAD_SCHEME, TOKEN_MALFORMED, TOKEN_UNKNOWN or TOKEN_EXPIRED
 */
export async function bearerOf(db: Kysely<Tables>, header: string | undefined): Promise<Bearer> {
  if (header === undefined || header.trim() === '') throw new Failure('TOKEN_MISSING')
  const [scheme = '', token = '', ...rest] = header.trim().split(/ +/)
  if (scheme.toLowerCase() !== 'bearer') throw new Failure('TOKEN_BAD_SCHEME')
  if (rest.length > 0 || !TOKEN.test(token)) throw new Failure('TOKEN_MALFORMED')
  const row = await db
    .selectFrom('access_tokens as token')
    .innerJoin('users', 'users.id', 'token.user_id')
    .select(['token.id as tokenId', 'token.expires_at as expiresAt', 'users.id', 'users.username', 'users.role'])
    .select(sql<boolean>`token.expires_at <= now()`.as('isExpired'))
    .where('token.token_hash', '=', hashOf(token))
    .executeTakeFirst()
  if (!row) throw new Failure('TOKEN_UNKNOWN')
  if (row.isExpired) throw new Failure('TOKEN_EXPIRED', { expiredAt: row.expiresAt.toISOString() })
  const { id, username, role, tokenId, expiresAt } = row
  return { user: { id, username, role }, tokenId, expiresAt }
}

/** Ends a token for every hub, at once. */
export async function revokeToken(db: Kysely<Tables>, tokenId: string): Promise<void> {
  await db.deleteFrom('access_tokens').where('id', '=', tokenId).execute()
}

/** Deletes what expired more than a week ago: until then a user is told that the token expired, not that it never was. */
export async function forgetExpiredTokens(db: Kysely<Tables>): Promise<void> {
  await db.deleteFrom('access_tokens').where('expires_at', '<', sql<Date>`now() - interval '7 days'`).execute()
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
