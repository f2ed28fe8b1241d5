/** The counters of limits as an administrator sees and resets them. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { PageQuery } from './api/page.ts'
import type { LimitCounter } from './api/rate-limit.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { LIMITS_CHANNEL } from './limit-rules.ts'
import { pageAfter, pageOfRows } from './pages.ts'

interface CounterRow {
  readonly key: string
  readonly points: number
  readonly windowSeconds: number
  readonly window: number
  readonly username: string | null
}

/** Counters of the present windows, by key. */
export async function listCounters(db: Kysely<Tables>, { limit, cursor }: PageQuery, nowMs: number) {
  const after = pageAfter(cursor) ?? ''
  const { rows } = await sql<CounterRow>`
    select c.key, c.points, c.seconds as "windowSeconds", c.window, users.username
    from (
      select split_part(key, '#', 1) as key, points, split_part(split_part(key, '#', 2), '.', 1)::integer as seconds,
        split_part(split_part(key, '#', 2), '.', 2)::bigint as window
      from rate_limits where key > ${after}) c
    left join users on users.id::text = split_part(c.key, ':', 2)
    where c.key > ${after} and c.points > 0 and c.window = floor(${nowMs}::numeric / (c.seconds * 1000))
    order by c.key collate "C" limit ${limit + 1}`.execute(db)
  return pageOfRows(rows, limit, counterOf, (row) => row.key)
}

function counterOf({ key, points, windowSeconds, window, username }: CounterRow): LimitCounter {
  const colon = key.indexOf(':')
  return {
    key,
    bucket: key.slice(0, colon),
    subject: username ?? key.slice(colon + 1),
    used: points,
    windowSeconds,
    resetsAt: new Date((window + 1) * windowSeconds * 1000).toISOString(),
  }
}

/**
 * Begins a counter anew, on every hub.
 * @returns whether anything had been counted
 */
export async function resetCounter(trx: Transaction<Tables>, key: string, actor: Actor): Promise<boolean> {
  const gone = await trx
    .deleteFrom('rate_limits')
    .where(sql<boolean>`starts_with(key, ${`${key}#`})`)
    .returning('points')
    .execute()
  const points = gone.reduce((sum, row) => sum + row.points, 0)
  await recordEvent(trx, { kind: 'rate limit reset', actor, details: { key, points } })
  await sql`select pg_notify(${LIMITS_CHANNEL}, ${`reset ${key}`})`.execute(trx)
  return gone.length > 0
}

/** Removes counters of windows that are long past. */
export async function forgetOldCounters(db: Kysely<Tables>, nowMs: number): Promise<void> {
  await db.deleteFrom('rate_limits').where('expire', '<', nowMs).execute()
}
