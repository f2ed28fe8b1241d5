/** Devices: adding, changing, finding and removing them, one by one; files of them are `device-import.ts`'s matter. */
import { DeviceOptions } from '@netraven/protocol/claim.ts'
import { Failure, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import { defaultPorts, type Transport } from '@netraven/protocol/transport.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { z } from 'zod'
import type { Device, DeviceChange, DeviceQuery, NewDevice } from './api/device.ts'
import { isUuid } from './api/fields.ts'
import type { PageQuery } from './api/page.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { endCoolDown, forgetRefusals, setFurtherCredentials } from './device-credentials.ts'
import { isResting, loginsColumn, shownLogins, wantedCredentials } from './device-logins.ts'
import { resolvedOf } from './device-names.ts'
import type { DriverNames } from './drivers.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { checkWay, mustNotBeOnTheWay } from './jump-hosts.ts'
import { nearest } from './nearest.ts'
import { pageAfter, pageOfRows } from './pages.ts'
import { findSite } from './sites.ts'
import { cancelDeviceTasks, closeRuns, moveDeviceTasks } from './tasks.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** Devices by name, a page at a time. */
export async function listDevices(db: Db, query: DeviceQuery & PageQuery, drivers: DriverNames) {
  const { site, group, driver, limit, cursor } = query
  const after = pageAfter(cursor)
  let rows = deviceRows(db).where('devices.removed_at', 'is', null)
  if (site !== undefined) rows = rows.where('devices.site_id', '=', (await findSite(db, site)).id)
  if (group !== undefined) rows = rows.where(sql`lower(devices.group_name)`, '=', sql`lower(${group.trim()})`)
  if (driver !== undefined) rows = rows.where('devices.driver', '=', drivers.require(driver))
  if (after !== undefined) rows = rows.where(sql`lower(devices.name)`, '>', after)
  const found = await rows
    .orderBy(sql`lower(devices.name)`)
    .limit(limit + 1)
    .execute()
  return pageOfRows(found, limit, toDevice, (row) => row.key)
}

/** @throws Failure DEVICE_UNKNOWN */
export async function showDevice(db: Db, idOrName: string): Promise<Device> {
  const { id } = await findDevice(db, idOrName)
  return toDevice(await deviceRows(db).where('devices.id', '=', id).executeTakeFirstOrThrow())
}

/**
 * @param idOrName id, or name in any case; removed devices are found by neither
 * @throws Failure DEVICE_UNKNOWN, with `didYouMean` when a name is near
 */
export async function findDevice(db: Db, idOrName: string): Promise<{ id: string; name: string; siteId: string }> {
  const found = await db
    .selectFrom('devices')
    .select(['id', 'name', 'site_id as siteId'])
    .where('removed_at', 'is', null)
    .where((row) =>
      isUuid(idOrName) ? row('id', '=', idOrName) : row(sql`lower(name)`, '=', sql`lower(${idOrName.trim()})`),
    )
    .executeTakeFirst()
  if (found) return found
  const rows = await db.selectFrom('devices').select('name').where('removed_at', 'is', null).limit(20_000).execute()
  const didYouMean = nearest(
    idOrName,
    rows.map((row) => row.name),
  )
  throw new Failure('DEVICE_UNKNOWN', { device: idOrName, ...(didYouMean && { didYouMean }) })
}

/** @throws Failure SITE_UNKNOWN, CREDENTIAL_UNKNOWN, DRIVER_UNKNOWN, TRANSPORT_UNSUPPORTED, ALREADY_EXISTS */
export async function addDevice(
  db: Transaction<Tables>,
  given: z.output<typeof NewDevice>,
  drivers: DriverNames,
): Promise<Device> {
  const id = newId()
  const driver = drivers.require(given.driver)
  const transport = drivers.requireTransport(driver, given.transport)
  const site = await findSite(db, given.site)
  const credentialIds = (await wantedCredentials(db, given)) ?? []
  const via = given.via === undefined ? undefined : await findDevice(db, given.via)
  if (via) await checkWay(db, { id, siteId: site.id }, via)
  try {
    await db
      .insertInto('devices')
      .values({
        id,
        site_id: site.id,
        name: given.name,
        address: given.address,
        port: given.port ?? defaultPorts[transport],
        driver,
        transport,
        credential_id: credentialIds[0] ?? null,
        group_name: given.group ?? null,
        tags: JSON.stringify(given.tags),
        options: JSON.stringify(given.options),
        secrets: given.secrets,
        host_key: given.hostKey ?? null,
        via_device_id: via?.id ?? null,
      })
      .execute()
  } catch (error) {
    throw isTaken(error) ? new Failure('ALREADY_EXISTS', { device: given.name }) : error
  }
  await setFurtherCredentials(db, [{ id, credentialIds }])
  return showDevice(db, id)
}

/**
 * Changes what is named, leaves what is not, takes away what is null.
 * @param actor whose name stands in the event when a host key is set
 * @throws Failure DEVICE_UNKNOWN, SITE_UNKNOWN, CREDENTIAL_UNKNOWN, DRIVER_UNKNOWN, TRANSPORT_UNSUPPORTED, ALREADY_EXISTS
 */
export async function changeDevice(
  trx: Transaction<Tables>,
  idOrName: string,
  change: DeviceChange,
  drivers: DriverNames,
  actor: string,
): Promise<Device> {
  const { id, name, siteId } = await findDevice(trx, idOrName)
  const row = await trx
    .selectFrom('devices')
    .selectAll()
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new Failure('DEVICE_UNKNOWN', { device: idOrName })
  const site = change.site === undefined ? undefined : await findSite(trx, change.site)
  const credentialIds = await wantedCredentials(trx, change)
  const way = wayIn(row, change, drivers)
  const via = change.via && (await findDevice(trx, change.via))
  const stays = via ? via : await stayingWay(trx, row, change)
  if (stays) await checkWay(trx, { id, siteId: site?.id ?? siteId }, stays)
  if (site && site.id !== siteId) await mustNotBeOnTheWay(trx, id)
  try {
    await trx
      .updateTable('devices')
      .set({
        name: change.name,
        address: change.address,
        ...way,
        site_id: site?.id,
        credential_id: credentialIds && (credentialIds[0] ?? null),
        group_name: change.group,
        tags: change.tags && JSON.stringify(without(null, { ...row.tags, ...change.tags })),
        options: change.options && JSON.stringify(without(null, { ...row.options, ...change.options })),
        secrets: change.secrets,
        host_key: change.hostKey,
        via_device_id: via ? via.id : change.via,
      })
      .where('id', '=', id)
      .execute()
  } catch (error) {
    throw isTaken(error) ? new Failure('ALREADY_EXISTS', { device: change.name }) : error
  }
  if (credentialIds) {
    await setFurtherCredentials(trx, [{ id, credentialIds }])
    await forgetRefusals(trx, [id])
  }
  if (site && site.id !== siteId) await moveDeviceTasks(trx, id, site.id)
  if (change.hostKey !== undefined) {
    const details = { device: id, name, from: row.host_key, to: change.hostKey }
    await recordEvent(trx, { kind: 'host key set', actor, details })
  }
  return showDevice(trx, id)
}

/**
 * Driver, transport and port hang together: a new driver brings its usual way in when it can't be reached by the present one, and the
 * usual port of the old way gives way to that of the new.
 */
function wayIn(
  row: { readonly driver: string; readonly transport: Transport; readonly port: number },
  change: DeviceChange,
  drivers: DriverNames,
) {
  const driver = change.driver === undefined ? row.driver : drivers.require(change.driver)
  const isNew = change.transport !== undefined || driver !== row.driver
  const kept = drivers.transportOf(driver, row.transport) ?? drivers.requireTransport(driver)
  const transport =
    change.transport === undefined ? (isNew ? kept : row.transport) : drivers.requireTransport(driver, change.transport)
  const wasUsual = row.port === defaultPorts[row.transport]
  return { driver, transport, port: change.port ?? (wasUsual ? defaultPorts[transport] : row.port) }
}

/** A device that rests after a refused login may be tried again. @throws Failure DEVICE_UNKNOWN */
export async function resetCoolDown(trx: Transaction<Tables>, idOrName: string, actor: string): Promise<Device> {
  const { id, name } = await findDevice(trx, idOrName)
  await endCoolDown(trx, [id])
  await recordEvent(trx, { kind: 'device cool-down reset', actor, details: { device: id, name } })
  return showDevice(trx, id)
}

/** Removes a device from every list; its versions stay. Its open tasks are cancelled. @throws Failure DEVICE_UNKNOWN */
export async function removeDevice(trx: Transaction<Tables>, idOrName: string, actor: string): Promise<void> {
  const { id, name } = await findDevice(trx, idOrName)
  await mustNotBeOnTheWay(trx, id)
  await trx.updateTable('devices').set({ removed_at: sql`now()` }).where('id', '=', id).execute()
  const runs = await cancelDeviceTasks(trx, id)
  await closeRuns(trx, runs)
  await recordEvent(trx, { kind: 'device removed', actor, details: { device: id, name } })
}

/** A device that changes its site keeps its way only if that leads there too. */
async function stayingWay(trx: Transaction<Tables>, row: { via_device_id: string | null }, change: DeviceChange) {
  if (change.via === null || change.site === undefined || row.via_device_id === null) return undefined
  return findDevice(trx, row.via_device_id)
}

export function deviceRows(db: Db) {
  return db
    .selectFrom('devices')
    .innerJoin('sites', 'sites.id', 'devices.site_id')
    .leftJoin('credentials', 'credentials.id', 'devices.credential_id')
    .leftJoin('devices as via', 'via.id', 'devices.via_device_id')
    .selectAll('devices')
    .select([
      'sites.name as site',
      'credentials.name as credential',
      'via.name as via',
      sql<string>`lower(devices.name)`.as('key'),
    ])
    .select([isResting, loginsColumn])
}

type DeviceRow = Awaited<ReturnType<ReturnType<typeof deviceRows>['executeTakeFirstOrThrow']>>

function toDevice(row: DeviceRow): Device {
  const code = row.last_failure_code
  return {
    id: row.id,
    name: row.name,
    address: row.address,
    resolved: resolvedOf(row),
    port: row.port,
    driver: row.driver,
    transport: row.transport,
    site: row.site,
    credential: row.credential,
    ...shownLogins(row),
    via: row.via,
    group: row.group_name,
    tags: row.tags,
    options: DeviceOptions.parse(row.options),
    secrets: row.secrets,
    hostKey: row.host_key,
    createdAt: row.created_at.toISOString(),
    latestBackup: row.latest_version_id,
    lastReadAt: row.last_read_at?.toISOString() ?? null,
    lastFailure: code ? { code, message: isFailureCode(code) ? failures[code].message : code } : null,
  }
}

function without<T>(unwanted: T, record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== unwanted))
}

function isTaken(error: unknown): boolean {
  return violation(error)?.constraint === 'devices_name'
}
