/** Runs, newest first: of each only what can be counted in one go; `showRun` tells the rest. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { PageQuery } from './api/page.ts'
import type { Run, RunQuery, RunSummary } from './api/run.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { type Reacher, reaches } from './reach.ts'
import { showRun } from './runs.ts'
import { type Sorting, sortedPage, sortedRows } from './sorted-pages.ts'
import { cancelRunTasks } from './task-cancellations.ts'
import { closeRuns } from './tasks.ts'

const sorting: Sorting = {
  keys: { createdAt: { of: sql`runs.created_at`, type: 'timestamptz' } },
  usual: '-createdAt',
  tie: { of: sql`runs.id`, type: 'uuid' },
}

interface Counted {
  readonly tasks: number
  readonly queued: number
  readonly leased: number
  readonly succeeded: number
  readonly changed: number
  readonly unchanged: number
  readonly suspect: number
  readonly failed: number
}

/** Backups that somebody may see, their part of each; tests of single devices are not among them. */
export async function listRuns(
  db: Kysely<Tables>,
  query: RunQuery & PageQuery & { sort?: string | undefined },
  who: Reacher,
) {
  const { state, requestedBy, since, until, limit } = query
  const { keys, order, after, sort } = sortedPage(query, sorting)
  const seen = sql`select from tasks join devices on devices.id = tasks.device_id
    where tasks.run_id = runs.id and tasks.purpose = 'backup' and ${reaches(who, 'read')}`
  let rows = db
    .selectFrom('runs')
    .selectAll('runs')
    .select(keys)
    .select(sql<number>`extract(epoch from coalesce(runs.finished_at, now()) - runs.created_at)::float8`.as('seconds'))
    .select(
      sql<Counted>`(select jsonb_build_object('tasks', count(*),
        'queued', count(*) filter (where state = 'queued'), 'leased', count(*) filter (where state = 'leased'),
        'succeeded', count(*) filter (where state = 'succeeded'), 'changed', count(*) filter (where outcome = 'changed'),
        'unchanged', count(*) filter (where outcome = 'unchanged'), 'suspect', count(*) filter (where outcome = 'suspect'),
        'failed', count(*) filter (where state in ('failed', 'cancelled')))
        from tasks join devices on devices.id = tasks.device_id
        where tasks.run_id = runs.id and ${reaches(who, 'read')})`.as('counted'),
    )
    .where(sql<boolean>`exists (${seen})`)
  if (state === 'running') rows = rows.where('runs.finished_at', 'is', null)
  if (state === 'finished') rows = rows.where('runs.finished_at', 'is not', null)
  if (requestedBy !== undefined)
    rows = rows.where(sql`lower(runs.requested_by)`, '=', sql`lower(${requestedBy.trim()})`)
  if (since !== undefined) rows = rows.where('runs.created_at', '>=', new Date(since))
  if (until !== undefined) rows = rows.where('runs.created_at', '<', new Date(until))
  if (after !== undefined) rows = rows.where(after)
  const found = await rows
    .orderBy(order)
    .limit(limit + 1)
    .execute()
  const isWhole = who.scopes.has('all:devices')
  return sortedRows(
    found,
    limit,
    (row): RunSummary => {
      const { tasks, ...counted } = row.counted
      return {
        id: row.id,
        requestedBy: row.requested_by,
        state: row.finished_at ? 'finished' : 'running',
        createdAt: row.created_at.toISOString(),
        deadlineAt: row.deadline_at.toISOString(),
        finishedAt: row.finished_at?.toISOString() ?? null,
        seconds: Math.round(row.seconds * 1000) / 1000,
        total: isWhole ? row.total : tasks,
        ...counted,
      }
    },
    sort,
  )
}

/**
 * Gives up what is not done yet, of the devices that somebody may back up; whoever reads one now hears of it at the next renewal. A run
 * that is over stays as it is.
 * @throws Failure RUN_UNKNOWN
 */
export async function cancelRun(trx: Transaction<Tables>, id: string, who: Reacher, actor: Actor): Promise<Run> {
  await showRun(trx, id, who)
  const cancelled = await cancelRunTasks(trx, id, reaches(who, 'operate'))
  if (cancelled > 0) {
    await closeRuns(trx, [id])
    const target = { kind: 'run', id, name: null }
    await recordEvent(trx, { kind: 'run cancelled', actor, details: { run: id, tasks: cancelled }, target })
  }
  return showRun(trx, id, who)
}
