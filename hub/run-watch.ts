/**
 * Who follows which run. While anybody does, the database is asked once a second for all of them together what has changed; so it does not
 * matter which hub the agents report to.
 */
import { type Kysely, sql } from 'kysely'
import type { Tables } from './db/tables.ts'
import type { Log } from './log.ts'

export interface Follower {
  /** Something about the run changed. */
  changed(): void
  /** Each second: time to look whether to go on. */
  beat(): void
}

export interface RunWatch {
  /** @returns what ends it */
  follow(runId: string, follower: Follower): () => void
}

/** @param everyMs how often the database is asked. Default 1,000. */
export function openRunWatch(db: Kysely<Tables>, log: Log, everyMs = 1_000): RunWatch {
  const followers = new Map<Follower, string>()
  const known = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let isLooking = false

  const look = async () => {
    if (isLooking) return
    isLooking = true
    try {
      const now = await digests(db, [...new Set(followers.values())])
      for (const [follower, run] of followers) {
        const before = known.get(run)
        if (before !== undefined && before !== now.get(run)) follower.changed()
      }
      for (const [run, digest] of now) known.set(run, digest)
    } catch (err) {
      log.debug({ err }, 'followed runs could not be looked at')
    } finally {
      isLooking = false
    }
    for (const follower of followers.keys()) follower.beat()
  }

  return {
    follow(runId, follower) {
      followers.set(follower, runId)
      timer ??= setInterval(() => void look(), everyMs).unref()
      return () => {
        followers.delete(follower)
        if (![...followers.values()].includes(runId)) known.delete(runId)
        if (followers.size === 0) {
          clearInterval(timer)
          timer = undefined
        }
      }
    },
  }
}

/** How many tasks of each run are in which state, as a word. */
async function digests(db: Kysely<Tables>, runs: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; digest: string }>`
    select runs.id, concat(runs.finished_at, ' ', (
      select string_agg(concat(state, outcome, count), ' ' order by state, outcome)
      from (select state, outcome, count(*) as count from tasks where tasks.run_id = runs.id group by state, outcome) counted
    )) as digest
    from runs where runs.id = any(${runs}::uuid[])`.execute(db)
  return new Map(rows.map((row) => [row.id, row.digest]))
}
