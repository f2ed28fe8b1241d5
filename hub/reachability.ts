/**
 * Tests of devices. A test is a run of one task through the same queue, lease, signature and sealed credential as a backup, so what
 * it shows is what a backup would meet; it keeps no text.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { Reachability } from './api/reachability.ts'
import type { StoredStep } from './climbs.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { deviceFor, type Reacher } from './reach.ts'
import { failureOf, type RunParts, taskRows } from './runs.ts'
import { isOnline, lastSeenAt } from './sites.ts'
import { addTasks } from './tasks.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** A test is somebody waiting: it is given up after so long, ms, also where a run may take longer. */
const TEST_TIMEOUT_MS = 600_000

/** A test that tries a version of an own driver instead of the device's. */
export interface TestTrial {
  readonly versionId: string
  /** Is told the task while nobody can take it yet. */
  readonly added: (trx: Transaction<Tables>, taskId: string) => Promise<void>
}

/** A test that offers one credential, whatever the device has. */
export interface OneCredential {
  readonly id: string
  readonly name: string
}

const STATES = {
  queued: 'queued',
  leased: 'running',
  succeeded: 'passed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<string, Reachability['state']>

/**
 * Starts a test, or says how the one stands that already waits or runs.
 * @throws Failure DEVICE_UNKNOWN, NOT_OWNER; AGENT_OFFLINE when no agent of the site is online; AGENT_TOO_OLD when none that is can do it;
 *   DEVICE_BUSY while it is backed up
 */
export async function startTest(
  parts: RunParts,
  idOrName: string,
  who: Reacher,
  requestedBy: Actor,
  trial?: TestTrial,
  only?: OneCredential,
): Promise<Reachability> {
  const device = await deviceFor(parts.db, who, idOrName, 'operate')
  const isNew = await parts.db.transaction().execute(async (trx) => {
    const open = await trx
      .selectFrom('tasks')
      .select(['purpose', 'run_id', 'only_credential_id'])
      .where('device_id', '=', device.id)
      .where('state', 'in', ['queued', 'leased'])
      .executeTakeFirst()
    const isOther = open && (open.purpose === 'backup' || open.only_credential_id !== (only?.id ?? null))
    if (open && (trial || isOther)) throw new Failure('DEVICE_BUSY', { device: device.name, run: open.run_id })
    await requireAgent(trx, device, trial ? 'own-drivers' : 'test')
    if (open) return false
    const run = newId()
    const limitMs = Math.min(parts.runTimeoutMs, TEST_TIMEOUT_MS)
    const { deadline_at } = await trx
      .insertInto('runs')
      .values({
        id: run,
        requested_by: requestedBy.name,
        total: 1,
        deadline_at: sql<Date>`now() + ${limitMs} * interval '1 millisecond'`,
      })
      .returning('deadline_at')
      .executeTakeFirstOrThrow()
    const task = { id: newId(), runId: run, deviceId: device.id, siteId: device.siteId, purpose: 'test' } as const
    const [added] = await addTasks(trx, [task], deadline_at)
    if (!added) throw new Failure('DEVICE_BUSY', { device: device.name })
    if (trial) {
      await trx.updateTable('tasks').set({ driver_version_id: trial.versionId }).where('id', '=', task.id).execute()
      await trial.added(trx, task.id)
    }
    if (only) {
      await trx.updateTable('tasks').set({ only_credential_id: only.id }).where('id', '=', task.id).execute()
    }
    await recordTest(trx, { id: run, device, trial, only }, requestedBy)
    return true
  })
  // A nudge may be lost: agents also ask by themselves.
  if (isNew) await Promise.allSettled([parts.wake(device.siteId)])
  return showTest(parts.db, device, only)
}

async function recordTest(
  trx: Transaction<Tables>,
  test: {
    readonly id: string
    readonly device: { readonly id: string; readonly name: string }
    readonly trial: TestTrial | undefined
    readonly only: OneCredential | undefined
  },
  actor: Actor,
): Promise<void> {
  const { id, device, trial, only } = test
  const kind = trial ? 'driver test started' : only ? 'credential test started' : 'device test started'
  const details = { run: id, ...(only && { credential: only.name }), ...(trial && { driverVersion: trial.versionId }) }
  await recordEvent(trx, { kind, actor, details, target: { kind: 'device', id: device.id, name: device.name } })
}

/** The newest test of a device. @throws Failure DEVICE_UNKNOWN, NOT_TESTED */
export async function lastTest(db: Db, idOrName: string, who: Reacher): Promise<Reachability> {
  return showTest(db, await deviceFor(db, who, idOrName, 'read'))
}

/** The newest test of a device with its own credentials, or with one that is named. @throws Failure NOT_TESTED */
export async function showTest(
  db: Db,
  device: { id: string; name: string },
  only?: OneCredential,
): Promise<Reachability> {
  const row = await taskRows(db)
    .select(['devices.transport', onlineAt(sql`tasks.site_id`).as('online'), sql<Date>`now()`.as('now')])
    .where('tasks.device_id', '=', device.id)
    .where('tasks.purpose', '=', 'test')
    .where('tasks.only_credential_id', only ? '=' : 'is', only?.id ?? null)
    .orderBy('tasks.queued_at', 'desc')
    .orderBy('tasks.id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row) throw new Failure('NOT_TESTED', { device: device.name })
  return {
    id: row.id,
    run: row.run_id,
    device: row.device,
    site: row.site,
    address: row.address,
    port: row.port,
    driver: row.driver,
    transport: row.transport,
    state: STATES[row.state],
    agent: row.agent,
    agentOnline: row.online,
    requestedAt: row.queued_at.toISOString(),
    startedAt: row.leased_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    durationMs: row.duration_ms,
    ...climbOf(row),
    failure: row.failure_code === null ? null : failureOf(row),
  }
}

interface ClimbRow {
  readonly state: keyof typeof STATES
  readonly steps: readonly StoredStep[] | null
  readonly now: Date
}

/** A test that was lost on its way shows how far it came, one that waits to be taken anew nothing. */
function climbOf({ state, steps, now }: ClimbRow): Pick<Reachability, 'steps' | 'current'> {
  const stored = state === 'queued' ? [] : (steps ?? [])
  const standing = state === 'leased' ? stored.find(({ sinceMs }) => sinceMs !== undefined) : undefined
  const { rung, sinceMs } = standing ?? {}
  return {
    steps: stored.filter((step) => step.sinceMs === undefined),
    current:
      rung === undefined || sinceMs === undefined
        ? null
        : { rung, since: new Date(sinceMs).toISOString(), ms: Math.max(0, now.getTime() - sinceMs) },
  }
}

/** @throws Failure AGENT_OFFLINE, AGENT_TOO_OLD */
async function requireAgent(
  trx: Transaction<Tables>,
  device: { id: string; name: string; siteId: string },
  ability: string,
): Promise<void> {
  const knowsWayIn = sql`(select transport from devices where devices.id = ${device.id}) = any(agents.transports)`
  const site = await trx
    .selectFrom('sites')
    .select('sites.name')
    .select([
      onlineAt(sql`sites.id`).as('online'),
      onlineAt(sql`sites.id`, sql`${ability} = any(agents.abilities) and ${knowsWayIn}`).as('able'),
      lastSeenAt(sql`sites.id`).as('lastSeen'),
    ])
    .where('sites.id', '=', device.siteId)
    .executeTakeFirstOrThrow()
  const where = { device: device.name, site: site.name }
  if (!site.online) throw new Failure('AGENT_OFFLINE', { ...where, lastSeen: site.lastSeen })
  if (!site.able) throw new Failure('AGENT_TOO_OLD', where)
}

const onlineAt = (siteId: ReturnType<typeof sql<string>>, able = sql<boolean>`true`) =>
  sql<boolean>`exists (select from agents where agents.site_id = ${siteId} and ${isOnline} and ${able})`
