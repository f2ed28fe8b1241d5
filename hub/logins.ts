/**
 * Which credentials a task may use and in which order; which tasks can't be logged in at all for now; what became of logins.
 *
 * The order is the one that a person gave, save that a credential which the device refused the last time goes behind those that it
 * did not. What has expired, was revoked, or whose guard is closed is left out. A task gets the first two.
 */
import { MAX_FURTHER_LOGINS } from '@netraven/protocol/claim.ts'
import type { FailureWire } from '@netraven/protocol/failure.ts'
import { sql, type Transaction } from 'kysely'
import { freshGuard, guardsAt, type LoginLimits, tasksAtOnce } from './credential-guard.ts'
import type { Tables } from './db/tables.ts'
import { credentialsOf } from './device-credentials.ts'
import { needsOwnDrivers } from './own-drivers.ts'

/** So many waiting tasks are looked at at a time, once the first few did not do. */
const PAGE = 500
/** Mostly the oldest may all go: no more of them are looked at than are wanted, and a few. */
const SPARE = 20

/** Credentials of task `t` of device `d`: the device's, or the one that is to be tested. */
const ownCredentials = sql`(
  select t.only_credential_id as id, 0 as position where t.only_credential_id is not null
  union all select id, position from ${credentialsOf('d')} listed where t.only_credential_id is null) own`

const firstCredential = sql`coalesce(t.only_credential_id, d.credential_id)`

const isUsable = sql`c.revoked_at is null and (c.expires_at is null or c.expires_at > now())
  and (g.closed_until is null or g.closed_until <= now())`

const wasRefused = sql`(s.refused_at is not null and (s.succeeded_at is null or s.refused_at > s.succeeded_at))`

export interface Chosen {
  readonly id: string
  /** Ids, in the order in which they are to be tried. */
  readonly credentials: readonly string[]
}

interface Waiting {
  readonly id: string
  readonly queuedAt: string
  readonly hasCredential: boolean
  readonly credentials: readonly string[] | null
}

/**
 * Chooses up to `credit` waiting tasks for an agent, oldest first, and moves none. A task whose first credential is unproven at the
 * site is chosen only while few use that. Callers hold the lock of `lockLogins`.
 */
export async function chooseTasks(
  trx: Transaction<Tables>,
  agent: { readonly id: string; readonly siteId: string },
  credit: number,
  limits: LoginLimits,
): Promise<Chosen[]> {
  const chosen: Chosen[] = []
  const room = new Map<string, number>()
  let after: Waiting | undefined
  while (chosen.length < credit) {
    const size: number = after ? PAGE : Math.min(PAGE, credit + SPARE)
    // Whole queues may wait for one first login: those with that credential alone are passed over.
    const full: string[] = [...room].filter(([, left]) => left <= 0).map(([id]) => id)
    const page: Waiting[] = await waitingTasks(trx, agent, after, size, full)
    await addRoom(trx, agent.siteId, page, room, limits)
    for (const { id, hasCredential, credentials } of page) {
      if (chosen.length >= credit) break
      if (hasCredential && !credentials) continue
      const [first, ...others] = credentials ?? []
      if (first !== undefined) {
        const left = room.get(first) ?? 0
        if (left <= 0) continue
        room.set(first, left - 1)
      }
      chosen.push({ id, credentials: first === undefined ? [] : [first, ...others.slice(0, MAX_FURTHER_LOGINS)] })
    }
    if (page.length < size) break
    after = page.at(-1)
  }
  return chosen
}

/** Hubs that hand out work of one site do it one after the other, else each would give away the last place. */
export async function lockLogins(trx: Transaction<Tables>, siteId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`netraven logins ${siteId}`}, 0))`.execute(trx)
}

async function waitingTasks(
  trx: Transaction<Tables>,
  agent: { readonly id: string; readonly siteId: string },
  after: Waiting | undefined,
  size: number,
  full: readonly string[],
): Promise<Waiting[]> {
  const beyond = after ? sql`and (t.queued_at, t.id) > (${after.queuedAt}::timestamptz, ${after.id}::uuid)` : sql``
  const { rows } = await sql<Waiting>`
    with page as materialized (
    select t.id, t.site_id, t.queued_at, t.device_id, t.only_credential_id from tasks t join devices d on d.id = t.device_id
    where t.site_id = ${agent.siteId} and t.state = 'queued' and t.deadline_at > now()
      and (t.not_before is null or t.not_before <= now())
      and d.transport = any((select transports from agents where id = ${agent.id})::text[])
      and (t.purpose = 'backup' or t.purpose = any((select abilities from agents where id = ${agent.id})::text[]))
      and ('own-drivers' = any((select abilities from agents where id = ${agent.id})::text[]) or not ${needsOwnDrivers})
      and (d.via_device_id is null or 'via' = any((select abilities from agents where id = ${agent.id})::text[])) ${beyond}
      and not (${firstCredential} = any(${full}::uuid[]) and (t.only_credential_id is not null or not exists (
        select from device_credentials further where further.device_id = d.id)))
    order by t.queued_at, t.id limit ${size}
    )
    select t.id, t.queued_at::text as "queuedAt", ${firstCredential} is not null as "hasCredential", offer.ids as credentials
    from page t join devices d on d.id = t.device_id
      cross join lateral (
        select array_agg(own.id order by ${wasRefused}, own.position) as ids
        from ${ownCredentials} join credentials c on c.id = own.id
          left join credential_guards g on g.credential_id = c.id and g.site_id = t.site_id
          left join login_standings s on s.device_id = d.id and s.credential_id = c.id
        where ${isUsable}
      ) offer
    order by t.queued_at, t.id`.execute(trx)
  return rows
}

/** How many more tasks may use each credential as their first, of those not yet known. */
async function addRoom(
  trx: Transaction<Tables>,
  siteId: string,
  page: readonly Waiting[],
  room: Map<string, number>,
  limits: LoginLimits,
): Promise<void> {
  const firsts = new Set(page.flatMap(({ credentials }) => credentials?.slice(0, 1) ?? []))
  const unknown = [...firsts].filter((id) => !room.has(id))
  if (unknown.length === 0) return
  const guards = await guardsAt(trx, siteId, unknown)
  for (const id of unknown) {
    const guard = guards.get(id)
    room.set(id, tasksAtOnce(guard ?? freshGuard, guard?.now ?? new Date(0), limits))
  }
  const few = unknown.filter((id) => room.get(id) !== Number.POSITIVE_INFINITY)
  if (few.length === 0) return
  const { rows } = await sql<{ id: string; count: number }>`
    select credential_ids[1] as id, count(*) from tasks
    where site_id = ${siteId} and state = 'leased' and credential_ids[1] = any(${few}::uuid[]) group by 1`.execute(trx)
  for (const { id, count } of rows) room.set(id, (room.get(id) ?? 0) - count)
}

export interface Hopeless {
  readonly task: string
  readonly runId: string
  readonly failure: FailureWire
  readonly durationMs: number
}

interface HopelessRow {
  readonly task: string
  readonly runId: string
  readonly device: string
  readonly isCooling: boolean
  readonly coolDownUntil: Date | null
  readonly failures: number
  readonly after: string | null
  readonly credential: string | null
  readonly kind: string | null
  readonly hasEnded: boolean | null
  readonly endedAt: Date | null
  readonly closedUntil: Date | null
  readonly refusals: number | null
  /** Of a test of one credential: its id. */
  readonly only: string | null
}

/**
 * Waiting tasks of sites that nobody may log in for now: the device rests after a refused login, or every credential of it has
 * ended or is held back. They are locked; the caller ends them.
 */
export async function hopelessTasks(
  trx: Transaction<Tables>,
  sites: readonly string[],
  { lockFailures }: LoginLimits,
): Promise<Hopeless[]> {
  const { rows } = await sql<HopelessRow>`
    with withheld as (
      select credential_id as id from credential_guards where site_id = any(${sites}::uuid[]) and closed_until > now()
      union all select id from credentials where revoked_at is not null or expires_at <= now()
    ), doubtful as (
      select id from devices where site_id = any(${sites}::uuid[]) and login_cooldown_until > now()
      union all select devices.id from devices join withheld on withheld.id = devices.credential_id
      union all select device_id from device_credentials join withheld on withheld.id = credential_id
    )
    select t.id as task, t.run_id as "runId", d.name as device, coalesce(d.login_cooldown_until > now(), false) as "isCooling",
      d.login_cooldown_until as "coolDownUntil", d.login_failures as failures, d.login_failure_code as after,
      first.name as credential, first.kind, first.has_ended as "hasEnded", first.ended_at as "endedAt",
      first.closed_until as "closedUntil", first.refusals, t.only_credential_id as only
    from tasks t join devices d on d.id = t.device_id
      left join lateral (
        select c.name, c.kind, c.revoked_at is not null or coalesce(c.expires_at <= now(), false) as has_ended,
          least(c.revoked_at, c.expires_at) as ended_at, g.closed_until, cardinality(g.refused_devices) as refusals
        from credentials c left join credential_guards g on g.credential_id = c.id and g.site_id = t.site_id
        where c.id = ${firstCredential}
      ) first on true
    where t.site_id = any(${sites}::uuid[]) and t.state = 'queued'
      and (d.id in (select id from doubtful) or t.only_credential_id is not null)
      and (d.login_cooldown_until > now() or not exists (
        select from ${ownCredentials} join credentials c on c.id = own.id
          left join credential_guards g on g.credential_id = c.id and g.site_id = t.site_id
        where ${isUsable}))
    order by t.id for update of t skip locked`.execute(trx)
  return rows.map((row) => ({ task: row.task, runId: row.runId, failure: failureOf(row, lockFailures), durationMs: 0 }))
}

function failureOf(row: HopelessRow, lockFailures: number): FailureWire {
  const credential = row.credential === null ? {} : { credential: row.credential }
  if (row.isCooling) {
    const code = row.failures >= lockFailures ? 'ACCOUNT_LOCK_SUSPECTED' : 'CREDENTIAL_COOLDOWN'
    const details = { until: shown(row.coolDownUntil), failures: row.failures, ...(row.after && { after: row.after }) }
    return { code, details: { ...credential, ...details } }
  }
  if (row.hasEnded) {
    const code = row.kind === 'key' ? 'KEY_EXPIRED' : 'CREDENTIAL_EXPIRED'
    return { code, details: { ...credential, ended: shown(row.endedAt) } }
  }
  // Removed while its test waited.
  if (row.only !== null && row.credential === null) return { code: 'CREDENTIAL_UNKNOWN', details: {} }
  const details = { until: shown(row.closedUntil), refusals: row.refusals ?? 0 }
  return { code: 'CREDENTIAL_GUARDED', details: { ...credential, ...details } }
}

function shown(time: Date | null): string {
  return time?.toISOString() ?? 'unknown'
}
