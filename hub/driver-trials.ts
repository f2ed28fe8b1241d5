/**
 * Trials of drivers: before a version is used, an agent reads with it, on a device as a test that brings along what it saw, or on a
 * recording, which any agent can do. A version that was read to its end is used from then on.
 */
import type { Asked } from '@netraven/protocol/calls.ts'
import type { Task } from '@netraven/protocol/claim.ts'
import { TriedQuestion } from '@netraven/protocol/driver-call.ts'
import { Failure, isFailureCode } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { type Actor, earlierActor } from './actor.ts'
import type { DriverTrial } from './api/driver.ts'
import { isUuid } from './api/fields.ts'
import type { Row, Tables } from './db/tables.ts'
import { envelopeOf } from './error-envelope.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { useVersion } from './own-drivers.ts'
import { type Reacher, reaches } from './reach.ts'
import { startTest } from './reachability.ts'
import { failureOf, type RunParts, taskRows } from './runs.ts'
import { isOnline } from './sites.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** Somebody waits for it, ms. Reading a recording takes seconds, a device as long as it takes. */
const RECORDING_LIMIT_MS = 60_000
const DEVICE_LIMIT_MS = 600_000

export interface TrialParts extends RunParts {
  /** Tells the agents of all sites that there is work. */
  readonly wakeAll: () => Promise<void>
}

interface Wanted {
  readonly version: Pick<Row<'driver_versions'>, 'id' | 'name'>
  readonly device?: string | undefined
  readonly recording?: string | undefined
}

/**
 * @throws Failure as `startTest`, of a device; DRIVER_TRIAL_UNANSWERED when no agent is online that could read a recording
 */
export async function startTrial(
  parts: TrialParts,
  wanted: Wanted,
  who: Reacher,
  requestedBy: Actor,
): Promise<DriverTrial> {
  const { db } = parts
  const id = newId()
  const { version, device, recording = null } = wanted
  if (device === undefined) await requireAgent(db, version.name)
  const add = (trx: Db, taskId: string | null) =>
    trx
      .insertInto('driver_trials')
      .values({
        id,
        version_id: version.id,
        task_id: taskId,
        recording,
        outcome: null,
        requested_by: requestedBy.name,
        deadline_at: sql<Date>`now() + ${taskId === null ? RECORDING_LIMIT_MS : DEVICE_LIMIT_MS} * interval '1 millisecond'`,
      })
      .execute()
  if (device === undefined) {
    await db.transaction().execute(async (trx) => {
      await add(trx, null)
      const details = { driver: version.name, driverVersion: version.id, trial: id, on: 'recording' }
      await recordEvent(trx, { kind: 'driver test started', actor: requestedBy, details })
    })
    await Promise.allSettled([parts.wakeAll()])
  } else {
    await startTest(parts, device, who, requestedBy, {
      versionId: version.id,
      added: (trx, task) => add(trx, task).then(() => undefined),
    })
  }
  return showTrial(db, id, who)
}

async function requireAgent(db: Db, driver: string): Promise<void> {
  const able = await db
    .selectFrom('agents')
    .select('agents.id')
    .where(isOnline)
    .where(sql<boolean>`'own-drivers' = any(agents.abilities)`)
    .limit(1)
    .executeTakeFirst()
  if (!able) throw new Failure('DRIVER_TRIAL_UNANSWERED', { driver })
}

/** A recording that waits to be read, as a task for this agent; it is its own from then on. At most one at a time. */
export async function takeTrial(db: Db, agentId: string): Promise<Task | undefined> {
  const { rows } = await sql<{ id: string; recording: string; name: string; digest: string; deadlineAt: Date }>`
    with next as (
      select id from driver_trials
      where task_id is null and agent_id is null and finished_at is null and deadline_at > now()
        and 'own-drivers' = any((select abilities from agents where id = ${agentId})::text[])
      order by created_at limit 1 for update skip locked
    ), taken as (
      update driver_trials set agent_id = ${agentId} from next where driver_trials.id = next.id returning driver_trials.*
    )
    select taken.id, taken.recording, taken.deadline_at as "deadlineAt", v.name, v.digest
    from taken join driver_versions v on v.id = taken.version_id`.execute(db)
  const [trial] = rows
  if (!trial) return undefined
  return {
    id: trial.id,
    attempt: 1,
    device: { id: trial.id, name: 'recording', address: 'recording', port: 22 },
    driver: trial.name,
    driverFile: trial.digest,
    trial: { recording: trial.recording },
    transport: 'ssh',
    secrets: 'keep',
    options: {},
    deadlineMs: trial.deadlineAt.getTime(),
  }
}

/** Of tasks that are none of the queue's: the trials of recordings that this agent reads, and need no lease. */
export async function openTrials(db: Db, agentId: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('driver_trials')
    .select('id')
    .where('id', 'in', ids)
    .where('agent_id', '=', agentId)
    .where('finished_at', 'is', null)
    .where('deadline_at', '>', sql<Date>`now()`)
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/**
 * An agent says what came of a trial. Twice is once.
 * @throws Failure TASK_NOT_HELD when it is not this agent's, or its time is over
 */
export async function endTrial(
  trx: Transaction<Tables>,
  agentId: string,
  { trial: id, outcome }: Asked<'tried'>,
): Promise<void> {
  const trial = await trx
    .selectFrom('driver_trials')
    .leftJoin('tasks', 'tasks.id', 'driver_trials.task_id')
    .leftJoin('devices', 'devices.id', 'tasks.device_id')
    .selectAll('driver_trials')
    .select(['tasks.agent_id as task_agent', 'devices.name as device'])
    .where((row) => row.or([row('driver_trials.id', '=', id), row('driver_trials.task_id', '=', id)]))
    .where('driver_trials.deadline_at', '>', sql<Date>`now()`)
    .forUpdate('driver_trials')
    .executeTakeFirst()
  if (!trial || (trial.task_agent ?? trial.agent_id) !== agentId) throw new Failure('TASK_NOT_HELD', { task: id })
  if (trial.finished_at) return
  await trx
    .updateTable('driver_trials')
    .set({ outcome: JSON.stringify(outcome), finished_at: sql`now()`, agent_id: agentId, recording: null })
    .where('id', '=', trial.id)
    .execute()
  if (outcome.kind !== 'read' || outcome.verdict !== 'complete') return
  const how = trial.task_id === null ? ('recording' as const) : ('device' as const)
  const tried = { how, at: new Date().toISOString(), ...(trial.device === null ? {} : { device: trial.device }) }
  await useVersion(trx, trial.version_id, tried, earlierActor(trial.requested_by))
}

/** @throws Failure NOT_FOUND, also when it is on a device that can't be read */
export async function showTrial(db: Db, id: string, who: Reacher): Promise<DriverTrial> {
  if (!isUuid(id)) throw new Failure('NOT_FOUND', { trial: id })
  const row = await db
    .selectFrom('driver_trials as trial')
    .innerJoin('driver_versions as version', 'version.id', 'trial.version_id')
    .leftJoin('agents', 'agents.id', 'trial.agent_id')
    .selectAll('trial')
    .select(['version.name', 'version.number', 'agents.name as agent'])
    .select(sql<boolean>`trial.deadline_at <= now()`.as('late'))
    .where('trial.id', '=', id)
    .where((trial) =>
      trial.or([
        trial('trial.task_id', 'is', null),
        trial.exists(
          trial
            .selectFrom('tasks')
            .innerJoin('devices', 'devices.id', 'tasks.device_id')
            .select('tasks.id')
            .whereRef('tasks.id', '=', 'trial.task_id')
            .where(reaches(who, 'read')),
        ),
      ]),
    )
    .executeTakeFirst()
  if (!row) throw new Failure('NOT_FOUND', { trial: id })
  const task =
    row.task_id === null ? undefined : await taskRows(db).where('tasks.id', '=', row.task_id).executeTakeFirst()
  const outcome = row.outcome === null ? undefined : TriedQuestion.shape.outcome.parse(row.outcome)
  const read = outcome?.kind === 'read' ? outcome : undefined
  const failure = failed()
  return {
    id: row.id,
    driver: row.name,
    version: row.number,
    state: stateOf(),
    device: task?.device ?? null,
    agent: row.agent ?? task?.agent ?? null,
    requestedBy: row.requested_by,
    requestedAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    read: read ?? null,
    failure: failure ? { ...envelopeOf(failure, '').error } : null,
  }

  function stateOf(): DriverTrial['state'] {
    if (failure) return 'failed'
    if (read) return 'passed'
    return (task ? task.state === 'leased' : row?.agent_id !== null) ? 'running' : 'waiting'
  }

  /** A task that the hub ended itself, or that was lost on the way, brings no outcome of the trial. */
  function failed(): Failure | undefined {
    if (outcome?.kind === 'failed') return Failure.fromWire(outcome.failure)
    const driver = row?.name
    if (read)
      return read.verdict === 'complete'
        ? undefined
        : new Failure('DRIVER_TRIAL_FAILED', { driver, reasons: read.reasons })
    if (task?.state === 'failed' || task?.state === 'cancelled') {
      const { code, details } = failureOf(task)
      return isFailureCode(code) ? new Failure(code, details) : new Failure('INTERNAL', { reported: code })
    }
    return row?.late || task?.state === 'succeeded' ? new Failure('DRIVER_TRIAL_UNANSWERED', { driver }) : undefined
  }
}
