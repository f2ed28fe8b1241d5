/**
 * Breaking the glass: on the host of the hub, with its database, an account is made usable again and an administrator,
 * whatever was done to it. The API has nothing of the kind.
 */
import { randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { changeAccess } from './access-changes.ts'
import { consoleActor } from './actor.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { clearLogins, hashOfName } from './login-locks.ts'
import { requireGoodPassword } from './password-rules.ts'
import { hashPassword } from './passwords.ts'
import { endSessions } from './sessions.ts'
import { findUser } from './user-rows.ts'
import { setPassword } from './users.ts'

export interface Recovery {
  readonly username: string
  /** Absent: a random one. */
  readonly password?: string | undefined
  /** Account of the operating system, for the audit log. */
  readonly operator: string
}

/**
 * New password, no second factor, no lock, no expiry, active, administrator; all sessions end.
 * @returns the random password, which the next login must change; null when one was given
 * @throws Failure USER_UNKNOWN, PASSWORD_REFUSED
 */
export async function recoverUser(
  db: Kysely<Tables>,
  { username, password, operator }: Recovery,
): Promise<{ username: string; password: string | null }> {
  const user = await findUser(db, username)
  if (password !== undefined) requireGoodPassword(password, user.username)
  const chosen = password ?? randomBytes(18).toString('base64url')
  const hash = await hashPassword(chosen)
  const actor = consoleActor(`${operator} on the host`)
  await changeAccess(
    db,
    actor,
    async () => [user.id],
    async (trx) => {
      await trx
        .updateTable('users')
        .set({
          is_active: true,
          expires_at: null,
          roles: sql<string[]>`case when 'admin' = any(roles) then roles else roles || '{admin}'::text[] end`,
          updated_at: sql`now()`,
        })
        .where('id', '=', user.id)
        .execute()
      await setPassword(trx, user.id, hash, password === undefined)
      await clearLogins(trx, hashOfName(user.username))
      await clearLogins(trx, hashOfName(user.username, 'second factor'))
      await trx.deleteFrom('second_factors').where('user_id', '=', user.id).execute()
      await endSessions(trx, { userId: user.id }, 'the account was recovered on the host')
      await recordEvent(trx, { kind: 'user recovered', actor, details: { user: user.username, id: user.id } })
      return { result: undefined, change: 'recovered on the host' }
    },
  )
  return { username: user.username, password: password === undefined ? chosen : null }
}
