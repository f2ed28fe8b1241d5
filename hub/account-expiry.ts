/** Accounts that end: told 14, 3 and 1 days ahead, once each, by whichever hub looks first. */
import { type Kysely, sql } from 'kysely'
import { hubActor } from './actor.ts'
import { inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import type { Log } from './log.ts'
import type { Mail } from './mail.ts'

export const WARNING_DAYS = [14, 3, 1] as const

const DAY_MS = 86_400_000

/** What a user is told about the end of the account; null: nothing yet. @param nowMs ms since 1970 */
export function expiryWarning(expiresAt: Date | null, nowMs: number): string | null {
  if (expiresAt === null) return null
  const leftMs = expiresAt.getTime() - nowMs
  if (leftMs > WARNING_DAYS[0] * DAY_MS) return null
  const days = Math.max(0, Math.floor(leftMs / DAY_MS))
  const when = days === 0 ? 'within a day' : days === 1 ? 'in 1 day' : `in ${days} days`
  return `Your account expires ${when}, at ${expiresAt.toISOString()}. Contact your administrator to keep it.`
}

export interface ExpiryParts {
  readonly db: Kysely<Tables>
  readonly mail: Mail | undefined
  readonly log: Log
}

/** One look at the accounts that end soon. @returns those that were told of */
export async function warnOfExpiry({ db, mail, log }: ExpiryParts): Promise<string[]> {
  const step = sql<number>`case when expires_at <= now() + interval '1 day' then 1
    when expires_at <= now() + interval '3 days' then 3 else 14 end`
  const due = await inTransaction(db, async (trx) => {
    const rows = await trx
      .updateTable('users')
      .set({ expiry_warned_days: step, expiry_warned_for: sql`expires_at` })
      .where('is_active', '=', true)
      .where('expires_at', '>', sql<Date>`now()`)
      .where('expires_at', '<=', sql<Date>`now() + interval '14 days'`)
      .where(sql<boolean>`(expiry_warned_for is distinct from expires_at or expiry_warned_days > ${step})`)
      .returning(['id', 'username', 'email', 'expires_at', 'expiry_warned_days as days'])
      .execute()
    for (const { id, username, expires_at, days } of rows) {
      const details = { user: username, id, expiresAt: expires_at?.toISOString(), days }
      await recordEvent(trx, { kind: 'account expires', actor: hubActor, details })
    }
    return rows
  })
  for (const { username, email, expires_at, days } of due) {
    const facts = { user: username, expiresAt: expires_at?.toISOString(), days }
    log.warn(facts, 'an account expires soon')
    const text = expiryWarning(expires_at, Date.now())
    if (!mail || email === null || text === null) continue
    await mail
      .send({ to: email, subject: 'NetRaven: your account expires', text: `User ${username}: ${text}\n` })
      .catch((error: unknown) => log.error({ ...facts, err: error }, 'the warning could not be sent'))
  }
  return due.map(({ username }) => username)
}
