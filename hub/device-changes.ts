/** Changing a device: what hangs together, what must hold afterwards. */
import { Failure } from '@netraven/protocol/failure.ts'
import { defaultPorts, type Transport } from '@netraven/protocol/transport.ts'
import type { Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { Device, DeviceChange } from './api/device.ts'
import { mustBeFreeToUse } from './credential-use.ts'
import type { Tables } from './db/tables.ts'
import { forgetRefusals, setFurtherCredentials } from './device-credentials.ts'
import { auditedDevices, recordDevices } from './device-entries.ts'
import { wantedCredentials } from './device-logins.ts'
import { isNameTaken, shownDevice } from './devices.ts'
import type { DriverNames } from './drivers.ts'
import { recordEvent } from './events.ts'
import { checkWay, mustNotBeOnTheWay } from './jump-hosts.ts'
import { deviceFor, type Reacher } from './reach.ts'
import { findSite } from './sites.ts'
import { applyTagRules } from './tag-rules.ts'
import { moveDeviceTasks } from './tasks.ts'

/**
 * Changes what is named, leaves what is not, takes away what is null.
 * @throws Failure DEVICE_UNKNOWN, NOT_OWNER, SITE_UNKNOWN, CREDENTIAL_UNKNOWN, DRIVER_UNKNOWN, TRANSPORT_UNSUPPORTED, ALREADY_EXISTS
 */
export async function changeDevice(
  trx: Transaction<Tables>,
  idOrName: string,
  change: DeviceChange,
  drivers: DriverNames,
  who: Reacher,
  actor: Actor,
): Promise<Device> {
  const { id, name, siteId } = await deviceFor(trx, who, idOrName, 'manage')
  const row = await trx
    .selectFrom('devices')
    .selectAll()
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new Failure('DEVICE_UNKNOWN', { device: idOrName })
  const before = await auditedDevices(trx, [id])
  mustBeFreeToUse(who, change, row.credential_id !== null)
  const site = change.site === undefined ? undefined : await findSite(trx, change.site)
  const credentialIds = await wantedCredentials(trx, change)
  const way = wayIn(row, change, drivers)
  const via = change.via && (await deviceFor(trx, who, change.via, 'operate'))
  const stays = via ? via : await stayingWay(trx, row, change)
  if (stays) await checkWay(trx, { id, siteId: site?.id ?? siteId }, stays)
  if (site && site.id !== siteId) await mustNotBeOnTheWay(trx, id, who)
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
    throw isNameTaken(error) ? new Failure('ALREADY_EXISTS', { device: change.name }) : error
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
  await applyTagRules(trx, [id])
  await recordDevices(trx, [id], actor, before)
  return shownDevice(trx, id, who)
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

/** A device that changes its site keeps its way only if that leads there too. */
async function stayingWay(trx: Transaction<Tables>, row: { via_device_id: string | null }, change: DeviceChange) {
  if (change.via === null || change.site === undefined || row.via_device_id === null) return undefined
  const rows = trx.selectFrom('devices').select(['id', 'name', 'site_id as siteId'])
  return rows.where('id', '=', row.via_device_id).executeTakeFirstOrThrow()
}

function without<T>(unwanted: T, record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== unwanted))
}
