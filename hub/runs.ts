/** Runs: one request over many devices. Asking makes the run and its tasks; looking counts what became of them. */
import { Failure, type FailureCode, failures, isFailureCode, remediesOf } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { isUuid } from './api/fields.ts'
import type { PageQuery } from './api/page.ts'
import type { NewRun, Retrying, Run, RunFailure, StartedRun, Task } from './api/run.ts'
import { defaultLoginLimits, type LoginLimits } from './credential-guard.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { outagesOf } from './outages.ts'
import { pageAfter, pageOfRows } from './pages.ts'
import { deviceFor, type Reacher, reaches } from './reach.ts'
import { findSite, isOnline } from './sites.ts'
import { addTasks, closeRuns, endHopeless } from './tasks.ts'

type Db = Kysely<Tables> | Transaction<Tables>

const MAX_FAILURES = 1000

export interface RunParts {
  readonly db: Kysely<Tables>
  /** Tells the agents of a site that there is work. May fail: agents also ask by themselves. */
  readonly wake: (siteId: string) => Promise<void>
  /** What is not done by then is given up, ms. */
  readonly runTimeoutMs: number
  readonly logins?: LoginLimits
}

/**
 * Starts a run. A device that another run is waiting for is left out: one wish to read it is enough.
 * @param who of a site, or of all, only devices that they may back up are meant
 * @throws Failure NO_DEVICES, SITE_UNKNOWN, DEVICE_UNKNOWN, NOT_OWNER; DEVICE_BUSY when all are being read already
 */
export async function startRun(parts: RunParts, wanted: NewRun, who: Reacher, requestedBy: Actor): Promise<StartedRun> {
  const id = newId()
  const { sites, ended, skipped } = await parts.db.transaction().execute(async (trx) => {
    const devices = await chosen(trx, wanted, who)
    if (devices.length === 0) throw new Failure('NO_DEVICES', { ...(wanted.site && { site: wanted.site }) })
    const deadline = sql<Date>`now() + ${parts.runTimeoutMs} * interval '1 millisecond'`
    const run = await trx
      .insertInto('runs')
      .values({ id, requested_by: requestedBy.name, total: 0, deadline_at: deadline })
      .returning('deadline_at')
      .executeTakeFirstOrThrow()
    const tasks = devices.map((device) => ({ id: newId(), runId: id, deviceId: device.id, siteId: device.siteId }))
    const added = await addTasks(trx, tasks, run.deadline_at)
    if (added.length === 0) throw await busy(trx, devices)
    await trx.updateTable('runs').set({ total: added.length }).where('id', '=', id).execute()
    const { site, devices: named } = wanted
    const details = { ...(site && { site }), ...(named && { devices: named }), total: added.length }
    const target = { kind: 'run', id, name: null }
    await recordEvent(trx, { kind: 'run started', actor: requestedBy, details, target })
    const queued = new Set(added)
    const sites = new Set(tasks.filter((task) => queued.has(task.id)).map((task) => task.siteId))
    // What nobody may log in to for now ends here: it needs no agent.
    const ended = await endHopeless(trx, [...sites], parts.logins ?? defaultLoginLimits)
    return {
      sites,
      ended,
      skipped: devices.length - added.length,
    }
  })
  if (ended.length > 0) await closeRuns(parts.db, ended)
  await Promise.allSettled([...sites].map((site) => parts.wake(site)))
  return { ...(await showRun(parts.db, id, who)), skipped }
}

async function chosen(
  trx: Transaction<Tables>,
  wanted: NewRun,
  who: Reacher,
): Promise<{ id: string; name: string; siteId: string }[]> {
  if (wanted.devices) {
    const found = new Map<string, { id: string; name: string; siteId: string }>()
    for (const device of wanted.devices) {
      const one = await deviceFor(trx, who, device, 'operate')
      found.set(one.id, one)
    }
    return [...found.values()]
  }
  let rows = trx
    .selectFrom('devices')
    .select(['id', 'name', 'site_id as siteId'])
    .where('removed_at', 'is', null)
    .where(reaches(who, 'operate'))
  if (wanted.site !== undefined) rows = rows.where('site_id', '=', (await findSite(trx, wanted.site)).id)
  return rows.orderBy('id').execute()
}

async function busy(trx: Transaction<Tables>, devices: readonly { id: string; name: string }[]): Promise<Failure> {
  const open = await trx
    .selectFrom('tasks')
    .select('run_id')
    .where(
      'device_id',
      'in',
      devices.slice(0, 1).map((device) => device.id),
    )
    .where('state', 'in', ['queued', 'leased'])
    .executeTakeFirst()
  return new Failure('DEVICE_BUSY', {
    devices: devices.length,
    ...(devices.length === 1 && { device: devices[0]?.name }),
    ...(open && { run: open.run_id }),
  })
}

/**
 * How a run stands: of somebody who does not reach all of its devices, their part of it.
 * @throws Failure RUN_UNKNOWN, also when none of its devices can be read
 */
export async function showRun(db: Db, id: string, who: Reacher): Promise<Run> {
  if (!isUuid(id)) throw new Failure('RUN_UNKNOWN', { run: id })
  const run = await db
    .selectFrom('runs')
    .select(['id', 'requested_by', 'total', 'created_at', 'deadline_at', 'finished_at'])
    .select(sql<number>`extract(epoch from coalesce(finished_at, now()) - created_at)::float8`.as('seconds'))
    .where('id', '=', id)
    .executeTakeFirst()
  if (!run) throw new Failure('RUN_UNKNOWN', { run: id })
  const counted = await db
    .selectFrom('tasks')
    .innerJoin('devices', 'devices.id', 'tasks.device_id')
    .select(['tasks.state', 'tasks.outcome', sql<number>`count(*)`.as('count')])
    .select(sql<Date | null>`max(tasks.finished_at)`.as('finishedAt'))
    .where('tasks.run_id', '=', id)
    .where(reaches(who, 'read'))
    .groupBy(['tasks.state', 'tasks.outcome'])
    .execute()
  const isWhole = who.scopes.has('all:devices')
  if (counted.length === 0 && !isWhole) throw new Failure('RUN_UNKNOWN', { run: id })
  const count = (isCounted: (row: (typeof counted)[number]) => boolean) =>
    counted.filter(isCounted).reduce((sum, row) => sum + row.count, 0)
  const queued = count(({ state }) => state === 'queued')
  const failed = count(({ state }) => state === 'failed' || state === 'cancelled')
  const open = queued + count(({ state }) => state === 'leased')
  const finishedAt = isWhole ? run.finished_at : open > 0 ? null : newestOf(counted.map((row) => row.finishedAt))
  const outages = failed === 0 ? [] : await outagesOf(db, id, who)
  const retrying = queued === 0 ? undefined : await retryingOf(db, id)
  return {
    id: run.id,
    requestedBy: run.requested_by,
    state: finishedAt ? 'finished' : 'running',
    createdAt: run.created_at.toISOString(),
    deadlineAt: run.deadline_at.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    seconds:
      Math.round(isWhole || !finishedAt ? run.seconds * 1000 : finishedAt.getTime() - run.created_at.getTime()) / 1000,
    total: isWhole ? run.total : count(() => true),
    queued,
    ...(retrying && { retrying }),
    leased: count(({ state }) => state === 'leased'),
    succeeded: count(({ state }) => state === 'succeeded'),
    changed: count(({ outcome }) => outcome === 'changed'),
    unchanged: count(({ outcome }) => outcome === 'unchanged'),
    suspect: count(({ outcome }) => outcome === 'suspect'),
    failed,
    failures: failed === 0 ? [] : await failuresOf(db, id, who),
    ...(outages.length > 0 ? { outages } : {}),
    sitesWithoutAgent: queued === 0 ? [] : await sitesWithoutAgent(db, id, who),
  }
}

/** Ends runs that have no open task left, then shows one. A hub that died between task and run may have left it open. */
export async function settleRun(db: Kysely<Tables>, id: string, who: Reacher): Promise<Run> {
  const run = await showRun(db, id, who)
  if (run.state === 'finished' || run.queued + run.leased > 0) return run
  await closeRuns(db, [id])
  return showRun(db, id, who)
}

function newestOf(times: readonly (Date | null)[]): Date | null {
  return times.reduce((one, other) => (other && (!one || other > one) ? other : one), null)
}

async function failuresOf(db: Db, runId: string, who: Reacher): Promise<RunFailure[]> {
  const rows = await taskRows(db)
    .where('tasks.run_id', '=', runId)
    .where('tasks.state', 'in', ['failed', 'cancelled'])
    .where(reaches(who, 'read'))
    .orderBy('devices.name')
    .limit(MAX_FAILURES)
    .execute()
  return rows.map((row) => ({ device: row.device, site: row.site, ...failureOf(row) }))
}

async function retryingOf(db: Db, runId: string): Promise<Retrying | undefined> {
  const { tasks, in_seconds: inSeconds } = await db
    .selectFrom('tasks')
    .select(({ fn }) => fn.countAll<number>().as('tasks'))
    .select(sql<number | null>`round(extract(epoch from min(not_before) - now()), 3)::float8`.as('in_seconds'))
    .where('run_id', '=', runId)
    .where('state', '=', 'queued')
    .where('not_before', '>', sql<Date>`now()`)
    .executeTakeFirstOrThrow()
  return inSeconds === null ? undefined : { tasks, inSeconds }
}

async function sitesWithoutAgent(db: Db, runId: string, who: Reacher): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .innerJoin('sites', 'sites.id', 'tasks.site_id')
    .innerJoin('devices', 'devices.id', 'tasks.device_id')
    .select('sites.name')
    .distinct()
    .where(reaches(who, 'read'))
    .where('tasks.run_id', '=', runId)
    .where('tasks.state', '=', 'queued')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('agents').select('agents.id').whereRef('agents.site_id', '=', 'tasks.site_id').where(isOnline),
        ),
      ),
    )
    .orderBy('sites.name')
    .execute()
  return rows.map((row) => row.name)
}

/** Tasks of a run, a page at a time. @throws Failure RUN_UNKNOWN */
export async function listTasks(db: Db, runId: string, { limit, cursor }: PageQuery, who: Reacher) {
  await showRun(db, runId, who)
  const after = pageAfter(cursor)
  if (after !== undefined && !isUuid(after)) throw new Failure('REQUEST_INVALID', { issues: [{ path: 'cursor' }] })
  let rows = taskRows(db).where('tasks.run_id', '=', runId).where(reaches(who, 'read'))
  if (after !== undefined) rows = rows.where('tasks.id', '>', after)
  const found = await rows
    .orderBy('tasks.id')
    .limit(limit + 1)
    .execute()
  return pageOfRows(found, limit, toTask, (row) => row.id)
}

export function taskRows(db: Db) {
  return db
    .selectFrom('tasks')
    .innerJoin('devices', 'devices.id', 'tasks.device_id')
    .innerJoin('sites', 'sites.id', 'tasks.site_id')
    .leftJoin('agents', 'agents.id', 'tasks.agent_id')
    .leftJoin('credentials', 'credentials.id', 'devices.credential_id')
    .selectAll('tasks')
    .select(['devices.name as device', 'devices.address', 'devices.port', 'devices.driver'])
    .select(['sites.name as site', 'agents.name as agent', 'credentials.name as credential'])
}

type TaskRow = Awaited<ReturnType<ReturnType<typeof taskRows>['executeTakeFirstOrThrow']>>

function toTask(row: TaskRow): Task {
  return {
    id: row.id,
    device: row.device,
    site: row.site,
    state: row.state,
    attempt: row.attempt,
    agent: row.agent,
    queuedAt: row.queued_at.toISOString(),
    notBefore: row.state === 'queued' ? (row.not_before?.toISOString() ?? null) : null,
    earlierTries: row.earlier_tries.map(({ attempt, code, details }) => ({
      attempt,
      code,
      message: failures[known(code)].message,
      details,
    })),
    leasedAt: row.leased_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    outcome: row.outcome,
    backup: row.version_id,
    durationMs: row.duration_ms,
    failure: row.failure_code === null ? null : failureOf(row),
  }
}

/** A newer hub may have stored codes that this one does not know. */
function known(stored: string): FailureCode {
  return isFailureCode(stored) ? stored : 'INTERNAL'
}

/** A task's failure in full: the facts that its steps name are filled in. */
export function failureOf(row: TaskRow): Omit<RunFailure, 'device' | 'site'> {
  const stored = row.failure_code ?? 'CANCELLED'
  const code = known(stored)
  const { device, site, address, port, driver, agent, credential } = row
  const facts = { device, site, address, port, driver, ...(agent && { agent }), ...(credential && { credential }) }
  const details = { ...(stored === code ? {} : { reported: stored }), ...row.failure_details }
  const remedies = remediesOf({ code, details: { ...facts, ...details } })
  return { code: stored, message: failures[code].message, details, remedies }
}
