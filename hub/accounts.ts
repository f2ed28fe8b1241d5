/** Who may use the hub. One role is enough for now; no account exists until the first start makes `admin`. */
import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Tables } from './db/tables.ts'
import { newId } from './ids.ts'
import { hashPassword, isPassword, NOBODYS_HASH } from './passwords.ts'

export interface User {
  readonly id: string
  readonly username: string
  readonly role: 'admin'
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
  const made = await db
    .insertInto('users')
    .values({ id: newId(), username: 'admin', password_hash: await hashPassword(chosen), role: 'admin' })
    .onConflict((conflict) => conflict.column('username').doNothing())
    .returning('id')
    .executeTakeFirst()
  return made && password === undefined ? chosen : undefined
}

/**
 * The user of this name and password; undefined when either is wrong, which can't be told apart by the time it takes.
 * @param username trimmed and lowered here; the password is taken as it is
 */
export async function findByPassword(
  db: Kysely<Tables>,
  username: string,
  password: string,
): Promise<User | undefined> {
  const row = await db
    .selectFrom('users')
    .select(['id', 'username', 'role', 'password_hash'])
    .where('username', '=', username.trim().toLowerCase())
    .executeTakeFirst()
  const isRight = await isPassword(row?.password_hash ?? NOBODYS_HASH, password)
  return row && isRight ? { id: row.id, username: row.username, role: row.role } : undefined
}
