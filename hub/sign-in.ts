/** Logging in with a password, what happens before a session is opened and the same for whoever is asked for it again; logging out. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql } from 'kysely'
import type { Account } from './accounts.ts'
import { findAccount } from './accounts.ts'
import type { Actor } from './actor.ts'
import { inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { type AttemptFrom, beginLogin, recordRefusal } from './login-locks.ts'
import { NOBODYS_HASH, type Passwords } from './passwords.ts'
import type { Principal } from './principal.ts'
import { endSessions } from './sessions.ts'

export interface SignInParts {
  readonly db: Kysely<Tables>
  readonly passwords: Passwords
}

/**
 * The account of this name and password. A name that nobody has takes as long as a wrong password: one hash is computed, and the
 * same is written down.
 * @throws Failure INVALID_CREDENTIALS; LOGIN_LOCKED; LOGIN_BUSY; only after the right password: ACCOUNT_DISABLED, ACCOUNT_EXPIRED;
 * DB_… when failures can't be counted: then nobody logs in
 */
export async function signIn(parts: SignInParts, from: AttemptFrom, password: string): Promise<Account> {
  const account = await checkPassword(parts, from, password)
  const { expiresAt } = account
  const refused = account.isActive
    ? account.isExpired
      ? 'the account has expired'
      : undefined
    : 'the account is disabled'
  if (refused !== undefined) await recordRefusal(parts.db, from, refused)
  if (!account.isActive) throw new Failure('ACCOUNT_DISABLED')
  if (account.isExpired) throw new Failure('ACCOUNT_EXPIRED', { ...(expiresAt && { at: expiresAt.toISOString() }) })
  return account
}

/**
 * Whether this is the password of this name; counted like a login.
 * @throws Failure INVALID_CREDENTIALS, LOGIN_LOCKED, LOGIN_BUSY, DB_…
 */
export async function checkPassword(
  { db, passwords }: SignInParts,
  from: AttemptFrom,
  password: string,
): Promise<Account> {
  const attempt = await beginLogin(db, from)
  let account: Account | undefined
  let isRight = false
  try {
    account = await findAccount(db, from.username)
    isRight = await passwords.matches(account?.hash ?? NOBODYS_HASH, password)
  } catch (error) {
    await attempt.withdrawn()
    throw error
  }
  if (!account || !isRight) {
    await attempt.failed()
    throw new Failure('INVALID_CREDENTIALS')
  }
  await attempt.succeeded()
  return account
}

/** Notes when somebody logged in last. */
export async function noteLogin(db: Kysely<Tables>, userId: string): Promise<void> {
  await db.updateTable('users').set({ last_login_at: sql`now()` }).where('id', '=', userId).execute()
}

/** Ends the session that asks for it. */
export async function logOut(db: Kysely<Tables>, { user, tokenId }: Principal, actor: Actor): Promise<void> {
  await inTransaction(db, async (trx) => {
    await endSessions(trx, { sessionId: tokenId }, 'logged out')
    const target = { kind: 'user', id: user.id, name: user.username }
    await recordEvent(trx, { kind: 'logged out', actor, details: { session: tokenId }, target })
  })
}

/** Ends all sessions of whoever asks for it. @returns how many there were */
export async function logOutEverywhere(db: Kysely<Tables>, { user }: Principal, actor: Actor): Promise<number> {
  return inTransaction(db, async (trx) => {
    const sessions = await endSessions(trx, { userId: user.id }, 'logged out everywhere')
    const target = { kind: 'user', id: user.id, name: user.username }
    await recordEvent(trx, { kind: 'logged out everywhere', actor, details: { sessions }, target })
    return sessions
  })
}
