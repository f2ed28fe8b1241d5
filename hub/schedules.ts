/**
 * The hub's clockwork. node-cron only ticks; what is due is decided by rows in the database, so that any number of hubs may
 * tick at once. In this release: leases that ran out go back to the queue, agents are told when a task's time to be tried again
 * has come, what is past its deadline fails, runs end, and ended sessions are forgotten.
 */
import type { Kysely } from 'kysely'
import { schedule } from 'node-cron'
import type { Tables } from './db/tables.ts'
import type { Log } from './log.ts'
import { closeRuns, dueSites, sweepTasks } from './tasks.ts'

export interface ScheduleParts {
  readonly db: Kysely<Tables>
  /** Tells the agents of a site that there is work. */
  readonly wake: (siteId: string) => Promise<void>
  readonly forgetEndedSessions: () => Promise<unknown>
  /** Writes down which tokens were used. */
  readonly writeUses: () => Promise<unknown>
  /** Warns of accounts that expire, and forgets old failed logins. */
  readonly lookAtAccounts: () => Promise<unknown>
  /** Signs the audit log when it is time, and sees whether it was touched. */
  readonly keepAudit: () => Promise<unknown>
  readonly log: Log
}

/** Every five seconds; a tick that is still busy swallows the next. */
const SWEEP = '*/5 * * * * *'
const HOURLY = '7 7 * * * *'

/** Starts to tick. @returns what stops it */
export function startSchedules(parts: ScheduleParts): () => Promise<void> {
  const jobs = [
    schedule(SWEEP, () => guarded(parts.log, 'sweep', () => sweep(parts)), { noOverlap: true }),
    schedule(SWEEP, () => guarded(parts.log, 'write uses of tokens', parts.writeUses), { noOverlap: true }),
    schedule(SWEEP, () => guarded(parts.log, 'look after the audit log', parts.keepAudit), { noOverlap: true }),
    schedule(HOURLY, () => guarded(parts.log, 'forget sessions', parts.forgetEndedSessions), { noOverlap: true }),
    schedule(HOURLY, () => guarded(parts.log, 'look at accounts', parts.lookAtAccounts), { noOverlap: true }),
  ]
  return async () => {
    for (const job of jobs) await job.destroy()
  }
}

/** One look at what nobody holds any more, and at whose time has come. */
export async function sweep({ db, wake, log }: ScheduleParts): Promise<void> {
  const { requeued, failed } = await sweepTasks(db)
  for (const task of requeued) log.warn({ taskId: task.id }, 'lease ran out; task is queued again')
  for (const task of failed)
    log.warn({ taskId: task.id, code: task.code }, 'task is past its deadline or was lost too often')
  await closeRuns(db)
  const sites = new Set([...requeued.map((task) => task.siteId), ...(await dueSites(db))])
  for (const siteId of sites) await wake(siteId)
}

async function guarded(log: Log, what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    log.warn({ err: error }, `${what} failed; next time again`)
  }
}
