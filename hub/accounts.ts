/** Who may use the hub. No account exists until the first start makes `admin`. */
import { randomBytes } from 'node:crypto'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import { newId } from './ids.ts'
import { hashPassword, NOBODYS_HASH } from './passwords.ts'

export interface NewAccount {
  /** Lower case, trimmed. */
  readonly username: string
  /** argon2id, PHC format; null: nobody can log in with a password. */
  readonly hash: string | null
  readonly roles: readonly string[]
  readonly mustChange?: boolean
  readonly createdBy: string | null
}

/** @returns the id; undefined when there is such a user already */
export async function addAccount(trx: Transaction<Tables>, account: NewAccount): Promise<string | undefined> {
  const { username, hash, roles, mustChange = false, createdBy } = account
  const user = await trx
    .insertInto('users')
    .values({
      id: newId(),
      username,
      // A hub of the release before takes every user for an administrator: to it, nobody else has a password.
      password_hash: roles.includes('admin') && hash !== null ? hash : NOBODYS_HASH,
      role: 'admin',
      roles: [...roles],
      created_by: createdBy,
    })
    .onConflict((conflict) => conflict.column('username').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!user) return undefined
  if (hash !== null) {
    await trx.insertInto('passwords').values({ user_id: user.id, hash, must_change: mustChange }).execute()
  }
  return user.id
}

/**
 * Makes the user `admin` when there is no user at all. Hubs that start together make one.
 * @param password for the new user; absent: a random one
 * @returns the random password, to be printed once; undefined when nothing was made, or when the password was given
 */
export async function ensureAdmin(
  db: Kysely<Tables>,
  password: string | undefined,
  random: (size: number) => Buffer = randomBytes,
): Promise<string | undefined> {
  if (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) return undefined
  const chosen = password ?? random(18).toString('base64url')
  const hash = await hashPassword(chosen)
  const made = await db
    .transaction()
    .execute((trx) => addAccount(trx, { username: 'admin', hash, roles: ['admin'], createdBy: null }))
  return made && password === undefined ? chosen : undefined
}

export interface Account {
  readonly id: string
  readonly username: string
  readonly isActive: boolean
  readonly expiresAt: Date | null
  readonly isExpired: boolean
  readonly mustChangePassword: boolean
  /** argon2id, PHC format; null: nobody can log in with a password. */
  readonly hash: string | null
}

/** @param username trimmed and lowered here */
export async function findAccount(db: Kysely<Tables>, username: string): Promise<Account | undefined> {
  const row = await db
    .selectFrom('users')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .select(['users.id', 'users.username', 'users.is_active', 'users.expires_at'])
    .select(['passwords.hash', 'passwords.must_change'])
    .select(sql<boolean>`users.expires_at is not null and users.expires_at <= now()`.as('is_expired'))
    .where('users.username', '=', username.trim().toLowerCase())
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      username: row.username,
      isActive: row.is_active,
      expiresAt: row.expires_at,
      isExpired: row.is_expired,
      mustChangePassword: row.must_change ?? false,
      hash: row.hash,
    }
  )
}
