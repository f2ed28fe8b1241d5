/** Devices: adding, finding and removing them, one by one; see also `device-changes.ts`, and `device-import.ts` of files of them. */
import { DeviceOptions } from '@netraven/protocol/claim.ts'
import { Failure, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import { defaultPorts } from '@netraven/protocol/transport.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { z } from 'zod'
import type { Actor } from './actor.ts'
import type { Device, DeviceQuery, NewDevice } from './api/device.ts'
import type { PageQuery } from './api/page.ts'
import { mustBeFreeToUse } from './credential-use.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { endCoolDown, setFurtherCredentials } from './device-credentials.ts'
import { auditedDevices, recordDevices } from './device-entries.ts'
import { isResting, loginsColumn, shownLogins, wantedCredentials } from './device-logins.ts'
import { resolvedOf } from './device-names.ts'
import { ownerFor } from './device-owners.ts'
import type { DriverNames } from './drivers.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { checkWay, mustNotBeOnTheWay } from './jump-hosts.ts'
import { deviceFor, levelAt, type Reacher, reaches } from './reach.ts'
import { findSite } from './sites.ts'
import { type Sorting, sortedPage, sortedRows } from './sorted-pages.ts'
import { applyTagRules } from './tag-rules.ts'
import { parseTag, wordsOfTag } from './tag-words.ts'
import { cancelDeviceTasks } from './task-cancellations.ts'
import { closeRuns } from './tasks.ts'

type Db = Kysely<Tables> | Transaction<Tables>

const sorting: Sorting = {
  keys: {
    name: { of: sql`lower(devices.name)`, type: 'text' },
    lastReadAt: { of: sql`coalesce(devices.last_read_at, 'epoch')`, type: 'timestamptz' },
    createdAt: { of: sql`devices.created_at`, type: 'timestamptz' },
  },
  usual: 'name',
  tie: { of: sql`devices.id`, type: 'uuid' },
}

/** Devices that somebody may see, in the order asked for, a page at a time; those never read count as read in 1970. */
export async function listDevices(
  db: Db,
  query: DeviceQuery & PageQuery & { sort?: string | undefined },
  drivers: DriverNames,
  who: Reacher,
) {
  const { site, group, driver, tag, owner, limit } = query
  const { keys, order, after, sort } = sortedPage(query, sorting)
  let rows = deviceRows(db, who).select(keys).where('devices.removed_at', 'is', null).where(reaches(who, 'read'))
  if (site !== undefined) rows = rows.where('devices.site_id', '=', (await findSite(db, site)).id)
  if (group !== undefined) rows = rows.where(sql`lower(devices.group_name)`, '=', sql`lower(${group.trim()})`)
  if (driver !== undefined) rows = rows.where('devices.driver', '=', drivers.require(driver))
  if (tag !== undefined)
    rows = rows.where(sql<boolean>`tag_words(devices.tags) @> ${wordsOfTag(parseTag(tag))}::text[]`)
  if (owner === 'me') rows = rows.where('devices.owner_id', '=', who.user.id)
  if (owner === 'none') rows = rows.where('devices.owner_id', 'is', null)
  if (after !== undefined) rows = rows.where(after)
  const found = await rows
    .orderBy(order)
    .limit(limit + 1)
    .execute()
  return sortedRows(found, limit, toDevice, sort)
}

/** @throws Failure DEVICE_UNKNOWN */
export async function showDevice(db: Db, idOrName: string, who: Reacher): Promise<Device> {
  const { id } = await deviceFor(db, who, idOrName, 'read')
  return shownDevice(db, id, who)
}

/** Also when a change has just taken it out of somebody's reach. */
export async function shownDevice(db: Db, id: string, who: Reacher): Promise<Device> {
  return toDevice(await deviceRows(db, who).where('devices.id', '=', id).executeTakeFirstOrThrow())
}

/**
 * Adds a device. It is its maker's, unless they reach every device anyhow: then it is nobody's.
 * @throws Failure SITE_UNKNOWN, CREDENTIAL_UNKNOWN, DRIVER_UNKNOWN, TRANSPORT_UNSUPPORTED, ALREADY_EXISTS
 */
export async function addDevice(
  db: Transaction<Tables>,
  given: z.output<typeof NewDevice>,
  drivers: DriverNames,
  who: Reacher,
  actor: Actor,
): Promise<Device> {
  mustBeFreeToUse(who, { credential: given.credential, credentials: given.credentials, hostKey: given.hostKey }, false)
  const id = newId()
  const driver = drivers.require(given.driver)
  const transport = drivers.requireTransport(driver, given.transport)
  const site = await findSite(db, given.site)
  const credentialIds = (await wantedCredentials(db, given)) ?? []
  const via = given.via === undefined ? undefined : await deviceFor(db, who, given.via, 'operate')
  if (via) await checkWay(db, { id, siteId: site.id }, via)
  try {
    await db
      .insertInto('devices')
      .values({
        id,
        site_id: site.id,
        owner_id: ownerFor(who),
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
    throw isNameTaken(error) ? new Failure('ALREADY_EXISTS', { device: given.name }) : error
  }
  await setFurtherCredentials(db, [{ id, credentialIds }])
  await applyTagRules(db, [id])
  await recordDevices(db, [id], actor)
  return shownDevice(db, id, who)
}

/** A device that rests after a refused login may be tried again. @throws Failure DEVICE_UNKNOWN, NOT_OWNER */
export async function resetCoolDown(
  trx: Transaction<Tables>,
  idOrName: string,
  who: Reacher,
  actor: Actor,
): Promise<Device> {
  const { id, name } = await deviceFor(trx, who, idOrName, 'manage')
  await endCoolDown(trx, [id])
  await recordEvent(trx, { kind: 'device cool-down reset', actor, details: { device: id, name } })
  return shownDevice(trx, id, who)
}

/** Removes a device from every list; its versions stay. Its open tasks are cancelled. @throws Failure DEVICE_UNKNOWN, NOT_OWNER */
export async function removeDevice(
  trx: Transaction<Tables>,
  idOrName: string,
  who: Reacher,
  actor: Actor,
): Promise<void> {
  const { id, name } = await deviceFor(trx, who, idOrName, 'manage')
  await mustNotBeOnTheWay(trx, id, who)
  const before = (await auditedDevices(trx, [id])).get(id)
  await trx.updateTable('devices').set({ removed_at: sql`now()` }).where('id', '=', id).execute()
  const runs = await cancelDeviceTasks(trx, id)
  await closeRuns(trx, runs)
  await recordEvent(trx, {
    kind: 'device removed',
    actor,
    details: { device: id, name },
    ...(before && { before: { ...before } }),
  })
}

/** @param who whose way to see them: names of others' devices and of people show only to those who may know */
function deviceRows(db: Db, who: Reacher) {
  return db
    .selectFrom('devices')
    .innerJoin('sites', 'sites.id', 'devices.site_id')
    .leftJoin('credentials', 'credentials.id', 'devices.credential_id')
    .leftJoin('devices as via', (join) =>
      join.onRef('via.id', '=', 'devices.via_device_id').on(reaches(who, 'read', 'via')),
    )
    .leftJoin('users as owner', (join) =>
      join
        .onRef('owner.id', '=', 'devices.owner_id')
        .on(who.scopes.has('read:users') ? sql<boolean>`true` : sql<boolean>`owner.id = ${who.user.id}`),
    )
    .selectAll('devices')
    .select([
      'sites.name as site',
      'credentials.name as credential',
      'via.name as via',
      'owner.username as owner',
      levelAt(who).as('access'),
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
    owner: row.owner,
    ...(row.access && { access: row.access }),
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

/** Whether another device has the name. */
export function isNameTaken(error: unknown): boolean {
  return violation(error)?.constraint === 'devices_name'
}
