/**
 * What devices said to the credentials that were tried on them: how each does at its device, whether its guard closes, how long a
 * device that refused all of them is left alone.
 */
import type { FailureWire } from '@netraven/protocol/failure.ts'
import type { Report } from '@netraven/protocol/report.ts'
import { sql, type Transaction } from 'kysely'
import { type LoginLimits, tellGuards, type Verdicts } from './credential-guard.ts'
import type { Tables } from './db/tables.ts'

/** A device refused what it was offered. Other ways to fail say nothing about the secret. */
export const REFUSALS: ReadonlySet<string> = new Set(['PASSWORD_REJECTED', 'KEY_REJECTED', 'ENABLE_FAILED'])

/** A report on a task that its agent held. */
export interface Told {
  readonly report: Report
  readonly held: {
    readonly id: string
    readonly siteId: string
    readonly deviceId: string
    readonly credentialIds: readonly string[] | null
    readonly isRefusing: boolean
  }
}

export interface LoginOutcomes {
  /** An end of a task with its failure as it is to be kept. */
  readonly told: <End extends { readonly task: string; readonly failure?: FailureWire | undefined }>(end: End) => End
  /** Sites where more tasks may go out now, or some never. */
  readonly sites: ReadonlySet<string>
}

interface Login {
  readonly task: string
  readonly siteId: string
  readonly deviceId: string
  /** The device refused the last time. */
  readonly isRefusing: boolean
  /** Credential that opened it. */
  readonly opened: string | undefined
  readonly refused: readonly string[]
  /** Credentials that the device could not even judge, before another one opened it. */
  readonly passedOver: readonly string[]
  /** The first, when the device judged none. */
  readonly undecided: string | undefined
  readonly failure: FailureWire | undefined
}

/** Notes the logins of some reports. */
export async function noteLogins(
  trx: Transaction<Tables>,
  told: readonly Told[],
  limits: LoginLimits,
): Promise<LoginOutcomes> {
  const logins = told.map(loginOf)
  await noteStandings(trx, logins)
  const resting = await noteDevices(trx, logins, limits)
  const sites = new Set<string>()
  for (const [siteId, ofSite] of Map.groupBy(logins, (login) => login.siteId)) {
    if ((await tellGuards(trx, siteId, verdictsOf(ofSite), limits)).length > 0) sites.add(siteId)
  }
  const names = await namesOf(trx, logins)
  const failures = new Map(
    logins.flatMap(({ task, deviceId, failure, refused }) =>
      failure && refused.length > 0
        ? [[task, failureOf(failure, refused, names, resting.get(deviceId), limits)] as const]
        : [],
    ),
  )
  return {
    told: (end) => (failures.has(end.task) ? { ...end, failure: failures.get(end.task) } : end),
    sites,
  }
}

/** Who was judged and how. An agent that does not say offered the first alone. */
function loginOf({ report, held }: Told): Login {
  const ids = held.credentialIds ?? []
  const { outcome } = report
  const failure = 'failure' in outcome ? outcome.failure : undefined
  const guess = failure && REFUSALS.has(failure.code) ? [0] : []
  const index = report.login ?? (failure ? undefined : 0)
  const opened = index === undefined ? undefined : ids[index]
  const refused = [...new Set(report.refused ?? guess)].flatMap((one) => ids[one] ?? []).filter((id) => id !== opened)
  const passedOver = ids.slice(0, index ?? 0).filter((id) => !refused.includes(id))
  const isUndecided = opened === undefined && refused.length === 0 && failure?.code !== 'CREDENTIAL_GUARDED'
  const undecided = isUndecided ? ids[0] : undefined
  return {
    task: held.id,
    siteId: held.siteId,
    deviceId: held.deviceId,
    isRefusing: held.isRefusing,
    opened,
    refused,
    passedOver,
    undecided,
    failure,
  }
}

function verdictsOf(logins: readonly Login[]): Map<string, Verdicts> {
  const verdicts = new Map<string, Verdicts>()
  const of = (id: string): Verdicts => {
    const known = verdicts.get(id) ?? { opened: 0, refused: new Set<string>(), undecided: 0 }
    verdicts.set(id, known)
    return known
  }
  for (const { deviceId, opened, refused, undecided } of logins) {
    for (const id of refused) of(id).refused.add(deviceId)
    if (opened !== undefined) of(opened).opened += 1
    if (undecided !== undefined) of(undecided).undecided += 1
  }
  return verdicts
}

async function noteStandings(trx: Transaction<Tables>, logins: readonly Login[]): Promise<void> {
  // One row a pair: a batch may bring two reports of one device.
  const told = new Map<string, { device: string; credential: string; value: number }>()
  for (const { deviceId: device, opened, refused, passedOver } of logins) {
    for (const credential of [...passedOver, ...refused])
      told.set(device + credential, { device, credential, value: 0 })
    if (opened !== undefined) told.set(device + opened, { device, credential: opened, value: 1 })
  }
  if (told.size === 0) return
  const rows = [...told.values()]
  await sql`
    insert into login_standings as old (device_id, credential_id, success_rate, succeeded_at, refused_at)
    select device, c.id, value, case when value = 1 then now() end, case when value = 0 then now() end
    from unnest(${rows.map((one) => one.device)}::uuid[], ${rows.map((one) => one.credential)}::uuid[],
        ${rows.map((one) => one.value)}::int[]) as told (device, credential, value)
      join credentials c on c.id = told.credential
    order by 1, 2
    on conflict (device_id, credential_id) do update set
      success_rate = old.success_rate * 0.9 + excluded.success_rate * 0.1,
      succeeded_at = coalesce(excluded.succeeded_at, old.succeeded_at),
      refused_at = coalesce(excluded.refused_at, old.refused_at)`.execute(trx)
}

interface Rest {
  readonly failures: number
  readonly until: Date
}

/** A login ends a device's rest, a refusal of all that it was offered begins one. */
async function noteDevices(
  trx: Transaction<Tables>,
  logins: readonly Login[],
  { coolDownMs }: LoginLimits,
): Promise<Map<string, Rest>> {
  const opened = logins.flatMap((login) => (login.opened !== undefined && login.isRefusing ? [login.deviceId] : []))
  if (opened.length > 0) {
    await sql`
      update devices set login_failures = 0, login_failure_code = null, login_cooldown_until = null
      where id = any(${opened}::uuid[]) and (login_failures > 0 or login_cooldown_until is not null)`.execute(trx)
  }
  const refused = logins.filter((login) => login.opened === undefined && login.failure && login.refused.length > 0)
  if (refused.length === 0) return new Map()
  const { rows } = await sql<Rest & { id: string }>`
    update devices set login_failures = login_failures + 1, login_failure_code = refused.code,
      login_cooldown_until = now() + ${coolDownMs} * interval '1 millisecond'
    from unnest(${refused.map((login) => login.deviceId)}::uuid[],
      ${refused.map((login) => login.failure?.code ?? '')}::text[]) as refused (id, code)
    where devices.id = refused.id
    returning devices.id, login_failures as failures, login_cooldown_until as until`.execute(trx)
  return new Map(rows.map(({ id, ...rest }) => [id, rest]))
}

async function namesOf(trx: Transaction<Tables>, logins: readonly Login[]): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(logins.flatMap((login) => login.refused))]
  if (ids.length === 0) return new Map()
  const rows = await trx.selectFrom('credentials').select(['id', 'name']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** Names the credentials that were refused; after several tasks in a row the account is taken for locked. */
function failureOf(
  { code, details }: FailureWire,
  refused: readonly string[],
  names: ReadonlyMap<string, string>,
  rest: Rest | undefined,
  { lockFailures }: LoginLimits,
): FailureWire {
  const tried = refused.flatMap((id) => names.get(id) ?? [])
  const facts = { ...(tried[0] !== undefined && { credential: tried[0] }), refusedCredentials: tried }
  if (!rest) return { code, details: { ...details, ...facts } }
  const pause = { failures: rest.failures, until: rest.until.toISOString() }
  if (rest.failures < lockFailures) return { code, details: { ...details, ...facts, ...pause } }
  return { code: 'ACCOUNT_LOCK_SUSPECTED', details: { ...details, ...facts, ...pause, reported: code } }
}
