/**
 * How far a test has come that still climbs. The agent that holds it says so at each rung; what it said last stands on the task's row,
 * so that any hub can show it, until the report takes its place.
 */
import type { Question } from '@netraven/protocol/calls.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Step } from '@netraven/protocol/ladder.ts'
import { type Kysely, sql } from 'kysely'
import type { Tables } from './db/tables.ts'

/** So many messages of one connection are taken at once, and so many again in each second. */
const AT_ONCE = 20

/**
 * A rung on a task's row. With `sinceMs` it is the one that a test stands on, and since when by the database's clock, ms since 1970: to
 * a hub that does not know of this, a rung that was not needed so far.
 */
export type StoredStep = Step & { readonly sinceMs?: number }

/**
 * Notes how far an agent has come with a test. What comes when it has reported already is of no more interest.
 * @throws Failure TASK_NOT_HELD when it does not hold the lease of this attempt, or it is no test
 */
export async function noteClimb(
  db: Kysely<Tables>,
  agentId: string,
  { task, attempt, steps, current }: Question<'climbed'>,
): Promise<void> {
  const standing = current
    ? sql`jsonb_build_array(jsonb_build_object('rung', ${current.rung}::text, 'state', 'skipped', 'ms', 0,
        'sinceMs', (extract(epoch from now()) * 1000)::bigint - ${current.ms}::int))`
    : sql`'[]'::jsonb`
  const noted = await sql`
    update tasks set steps = ${JSON.stringify(steps)}::jsonb || ${standing}
    where id = ${task} and agent_id = ${agentId} and attempt = ${attempt} and purpose = 'test' and state = 'leased'
    returning id`.execute(db)
  if (noted.rows.length > 0) return
  const known = await db
    .selectFrom('tasks')
    .select('id')
    .where('id', '=', task)
    .where('agent_id', '=', agentId)
    .where('attempt', '=', attempt)
    .where('purpose', '=', 'test')
    .where('state', 'in', ['succeeded', 'failed'])
    .executeTakeFirst()
  if (!known) throw new Failure('TASK_NOT_HELD', { task, attempt })
}

/** How much of what one agent says while it climbs is listened to: all of it may be lost, and none of it may be a burden. */
export class Allowance {
  readonly #nowMs: () => number
  #left = AT_ONCE
  #atMs: number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#atMs = nowMs()
  }

  /** Whether one more is listened to. */
  take(): boolean {
    const nowMs = this.#nowMs()
    this.#left = Math.min(AT_ONCE, this.#left + (Math.max(0, nowMs - this.#atMs) * AT_ONCE) / 1000)
    this.#atMs = nowMs
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
