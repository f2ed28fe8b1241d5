/**
 * The queue. A task is queued, then leased to one agent, then done; a lease that runs out puts it back, with a higher
 * attempt at the next hand-out. Every statement that moves a task stands here, or, when its agent has told how it ended, in
 * `task-ends.ts`; when nobody wants it any more, in `task-cancellations.ts`. Each checks who holds it: the task is held by the agent whose id and attempt it carries, also when the lease
 * ran out but nobody else has taken it since, so a result that comes a little late is not read from the device again. An attempt
 * that failed and is followed by another is over from then on, for its holder too.
 *
 * All times are the database's clock; a device has at most one open task (unique index).
 */

import { type Kysely, sql, type Transaction } from 'kysely'
import { type Claimed, type ClaimedRow, type ClaimLimits, type TaskHolder, withLogins } from './claimed-task.ts'
import { defaultLoginLimits, type LoginLimits } from './credential-guard.ts'
import { inTransaction } from './db/connect.ts'
import type { EarlierTry, Tables } from './db/tables.ts'
import { chooseTasks, hopelessTasks, lockLogins } from './logins.ts'
import { needsOwnDrivers } from './own-drivers.ts'
import { isOnline, lastSeenAt } from './sites.ts'
import { failTasks } from './task-ends.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** After so many hand-outs without a result a task is given up. */
const MAX_ATTEMPTS = 3

export interface NewTask {
  readonly id: string
  readonly runId: string
  readonly deviceId: string
  readonly siteId: string
  /** Absent: a backup. */
  readonly purpose?: 'test'
}

/** Queues tasks; a device that has an open task gets no second. @returns ids of those that were queued */
export async function addTasks(db: Db, tasks: readonly NewTask[], deadlineAt: Date): Promise<string[]> {
  if (tasks.length === 0) return []
  const added = await sql<{ id: string }>`
    insert into tasks (id, run_id, device_id, site_id, purpose, deadline_at)
    select id, run, device, site, purpose, ${deadlineAt}
    from unnest(${tasks.map((task) => task.id)}::uuid[], ${tasks.map((task) => task.runId)}::uuid[],
                ${tasks.map((task) => task.deviceId)}::uuid[], ${tasks.map((task) => task.siteId)}::uuid[],
                ${tasks.map((task) => task.purpose ?? 'backup')}::text[])
      as new (id, run, device, site, purpose)
    on conflict (device_id) where state in ('queued', 'leased') do nothing
    returning id`.execute(db)
  return added.rows.map((row) => row.id)
}

/**
 * Leases up to `credit` tasks of a site to an agent, oldest first, and says with which credentials each may be logged in. Hubs that
 * claim for one site at the same time do it one after the other. Tasks that nobody may log in for now are ended; what an agent has
 * no way in to, what waits for the outcome of a first login, and what is tried again later, is left. The attempt ends at the task's
 * deadline or after `taskTimeoutMs`, whichever is first.
 */
export async function claimTasks(db: Db, agent: TaskHolder, credit: number, limits: ClaimLimits): Promise<Claimed[]> {
  const { leaseMs, taskTimeoutMs, logins = defaultLoginLimits } = limits
  const work = async (trx: Transaction<Tables>) => {
    await lockLogins(trx, agent.siteId)
    const ended = await endHopeless(trx, [agent.siteId], logins)
    const chosen = await chooseTasks(trx, agent, credit, logins)
    if (chosen.length === 0) return { ended, claimed: [] }
    const { rows } = await sql<ClaimedRow>`
      with next as (
        select tasks.id, array_remove(array[chosen.first, chosen.second], null) as credential_ids
        from unnest(${chosen.map((one) => one.id)}::uuid[], ${chosen.map((one) => one.credentials[0] ?? null)}::uuid[],
            ${chosen.map((one) => one.credentials[1] ?? null)}::uuid[]) as chosen (id, first, second)
          join tasks on tasks.id = chosen.id
        where tasks.state = 'queued' order by tasks.id for update of tasks skip locked
      ), taken as (
        update tasks set state = 'leased', attempt = attempt + 1, agent_id = ${agent.id}, leased_at = now(),
          lease_until = now() + ${leaseMs} * interval '1 millisecond', credential_ids = next.credential_ids, steps = null,
          not_before = null
        from next where tasks.id = next.id
        returning tasks.id, tasks.attempt, tasks.purpose, tasks.device_id, tasks.queued_at, tasks.credential_ids, tasks.driver_version_id,
          least(tasks.deadline_at, now() + ${taskTimeoutMs} * interval '1 millisecond') as attempt_deadline
      )
      select t.id, t.attempt, t.purpose, t.attempt_deadline as "deadlineAt", d.id as "deviceId", d.name as "deviceName",
        d.address, d.port, d.driver, d.transport, d.options, d.secrets, d.host_key as "hostKey",
        t.credential_ids as "credentialIds", v.size_bytes as "lastGoodBytes", ${needsOwnDrivers} as "isOwn",
        d.via_device_id is not null as "isBehind"
      from taken t join devices d on d.id = t.device_id
        left join versions v on v.id = d.latest_version_id
      order by t.queued_at, t.id`.execute(trx)
    return { ended, claimed: await withLogins(trx, agent.siteId, rows) }
  }
  const { ended, claimed } = db.isTransaction ? await work(db as Transaction<Tables>) : await inTransaction(db, work)
  if (ended.length > 0) await closeRuns(db, ended)
  return claimed
}

/** Ends the waiting tasks of sites that nobody may log in for now, without asking an agent. @returns the runs concerned */
export async function endHopeless(trx: Transaction<Tables>, sites: readonly string[], limits: LoginLimits) {
  const hopeless = await hopelessTasks(trx, sites, limits)
  await failTasks(trx, hopeless)
  return [...new Set(hopeless.map(({ runId }) => runId))]
}

/**
 * Lengthens the leases that the agent still holds; one that ran out, but that nobody took meanwhile, is its again: what it has
 * read, or reads now, need not be read twice. @returns ids of the named tasks that it does not hold any more
 */
export async function renewTasks(
  db: Db,
  agentId: string,
  holding: readonly { task: string; attempt: number }[],
  leaseMs: number,
): Promise<string[]> {
  if (holding.length === 0) return []
  const kept = await sql<{ id: string }>`
    update tasks set state = 'leased', lease_until = now() + ${leaseMs} * interval '1 millisecond'
    from unnest(${holding.map((one) => one.task)}::uuid[], ${holding.map((one) => one.attempt)}::int[]) as held (id, attempt)
    where tasks.id = held.id and tasks.attempt = held.attempt and tasks.agent_id = ${agentId}
      and tasks.state in ('leased', 'queued') and (tasks.earlier_tries->-1->>'attempt')::int is distinct from held.attempt
    returning tasks.id`.execute(db)
  const ids = new Set(kept.rows.map((row) => row.id))
  return holding.map((one) => one.task).filter((task) => !ids.has(task))
}

export interface Held {
  readonly id: string
  readonly attempt: number
  readonly state: 'queued' | 'leased' | 'succeeded' | 'failed' | 'cancelled'
  readonly purpose: 'backup' | 'test'
  readonly agentId: string | null
  readonly runId: string
  readonly siteId: string
  readonly deviceId: string
  /** Credentials that it was handed out with, in order. */
  readonly credentialIds: readonly string[] | null
  readonly deviceSecrets: 'keep' | 'strip'
  readonly hostKey: string | null
  readonly latestVersionId: string | null
  readonly latestFingerprint: string | null
  readonly earlierTries: readonly EarlierTry[]
  /** The device refused its credentials the last time. */
  readonly isRefusing: boolean
}

/** Locks the named tasks, in one order for everybody, and says how they stand. */
export async function lockTasks(trx: Transaction<Tables>, ids: readonly string[]): Promise<Map<string, Held>> {
  const rows = await sql<Held>`
    select t.id, t.attempt, t.state, t.purpose, t.agent_id as "agentId", t.run_id as "runId", t.device_id as "deviceId",
      t.site_id as "siteId", t.credential_ids as "credentialIds", t.earlier_tries as "earlierTries",
      d.secrets as "deviceSecrets", d.host_key as "hostKey", d.latest_version_id as "latestVersionId",
      v.fingerprint as "latestFingerprint", d.login_failures > 0 or d.login_cooldown_until is not null as "isRefusing"
    from tasks t join devices d on d.id = t.device_id left join versions v on v.id = d.latest_version_id
    where t.id = any(${ids}::uuid[]) order by t.id for update of t`.execute(trx)
  return new Map(rows.rows.map((row) => [row.id, row]))
}

/** How a locked task stands to an agent that reports on it. */
export function standing(held: Held | undefined, agentId: string, attempt: number): 'held' | 'done' | 'not held' {
  if (held?.earlierTries.some((one) => one.attempt === attempt && one.agent === agentId)) return 'done'
  if (!held || held.agentId !== agentId || held.attempt !== attempt) return 'not held'
  if (held.state === 'leased' || held.state === 'queued') return 'held'
  return held.state === 'cancelled' ? 'not held' : 'done'
}

export interface Swept {
  readonly requeued: { id: string; siteId: string }[]
  readonly failed: { id: string; code: string }[]
}

/**
 * Puts right what nobody holds any more: a lease that ran out goes back to the queue, up to three hand-outs; what is past
 * its deadline fails, and the code says why: of what should have been tried again, why it failed. Any hub may sweep at any time.
 */
export async function sweepTasks(db: Kysely<Tables>): Promise<Swept> {
  const failed = await sql<{ id: string; code: string }>`
    with late as (
      select id, state = 'queued' and not_before is not null as waits,
        case when state = 'leased' then 'TASK_DEADLINE' when not_before is not null then earlier_tries->-1->>'code'
          when attempt > 0 then 'TASK_LOST'
          when exists (select from agents where agents.site_id = tasks.site_id and ${isOnline}) then 'TASK_NOT_CLAIMED'
          else 'AGENT_OFFLINE' end as code
      from tasks
      where (state = 'queued' and deadline_at <= now())
         or (state = 'leased' and lease_until <= now()
           and (attempt - jsonb_array_length(earlier_tries) >= ${MAX_ATTEMPTS} or deadline_at <= now()))
         or (state = 'leased' and deadline_at <= now() - interval '1 minute')
      order by id for update skip locked
    ), ended as (
      update tasks set state = 'failed', failure_code = case when late.code = 'TASK_DEADLINE' and tasks.deadline_at > now()
          then 'TASK_LOST' else late.code end,
        failure_details = case when late.waits then tasks.earlier_tries->-1->'details' else '{}' end
          || jsonb_build_object('attempts', tasks.attempt, 'lastSeen', ${lastSeenAt(sql`tasks.site_id`)}),
        finished_at = now(), lease_until = null, not_before = null
      from late where tasks.id = late.id
      returning tasks.id, tasks.device_id, tasks.purpose, tasks.failure_code as code
    ), remembered as (
      update devices set last_task_id = ended.id, last_failure_code = ended.code
      from ended where devices.id = ended.device_id and ended.purpose = 'backup'
    )
    select id, code from ended`.execute(db)
  const requeued = await sql<{ id: string; siteId: string }>`
    with late as (
      select id from tasks where state = 'leased' and lease_until <= now() order by id for update skip locked
    )
    update tasks set state = 'queued', lease_until = null from late where tasks.id = late.id
    returning tasks.id, tasks.site_id as "siteId"`.execute(db)
  return { requeued: requeued.rows, failed: failed.rows }
}

/** Sites with a task whose time to be tried again has come and that nobody has taken yet. */
export async function dueSites(db: Kysely<Tables>): Promise<string[]> {
  const due = await sql<{ siteId: string }>`
    select distinct site_id as "siteId" from tasks where state = 'queued' and not_before <= now()`.execute(db)
  return due.rows.map((row) => row.siteId)
}

/** A device moved to another site: its waiting task moves along. One that is held is finished by its holder. */
export async function moveDeviceTasks(trx: Transaction<Tables>, deviceId: string, siteId: string): Promise<void> {
  await sql`
    update tasks set site_id = ${siteId} where device_id = ${deviceId} and state = 'queued'`.execute(trx)
}

/** Marks runs ended that have no open task left. Cheap; called after every batch of results, outside its transaction. */
export async function closeRuns(db: Db, runs?: readonly string[]): Promise<void> {
  await sql`
    update runs set finished_at = now()
    where finished_at is null ${runs ? sql`and id = any(${runs}::uuid[])` : sql``}
      and not exists (select from tasks where tasks.run_id = runs.id and tasks.state in ('queued', 'leased'))`.execute(
    db,
  )
}
