/** What the audit log says of devices: each that was added or changed, with what it was before and is now. */
import { sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { Tables } from './db/tables.ts'
import { credentialsOf } from './device-credentials.ts'
import { recordEvents } from './events.ts'

/** Columns that people set, with names instead of ids. */
export interface AuditedDevice {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly driver: string
  readonly transport: string
  readonly site: string
  readonly owner: string | null
  /** In the order in which they are tried. */
  readonly credentials: readonly string[]
  readonly via: string | null
  readonly group: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, unknown>>
  /** What becomes of secrets in texts. */
  readonly secrets: string
  readonly hostKey: string | null
}

/** By id. */
export async function auditedDevices(
  trx: Transaction<Tables>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AuditedDevice>> {
  if (ids.length === 0) return new Map()
  const rows = await trx
    .selectFrom('devices')
    .innerJoin('sites', 'sites.id', 'devices.site_id')
    .leftJoin('users as owner', 'owner.id', 'devices.owner_id')
    .leftJoin('devices as via', 'via.id', 'devices.via_device_id')
    .select(['devices.id', 'devices.name', 'devices.address', 'devices.port', 'devices.driver', 'devices.transport'])
    .select(['sites.name as site', 'owner.username as owner', 'via.name as via', 'devices.group_name as group'])
    .select(['devices.tags', 'devices.options', 'devices.secrets', 'devices.host_key as hostKey'])
    .select(
      sql<string[]>`array(select credentials.name from ${credentialsOf('devices')} own
        join credentials on credentials.id = own.id order by own.position)`.as('credentials'),
    )
    .where('devices.id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute()
  return new Map(rows.map(({ id, ...device }) => [id, device]))
}

/** @param before those that were there; others were added */
export async function recordDevices(
  trx: Transaction<Tables>,
  ids: readonly string[],
  actor: Actor,
  before: ReadonlyMap<string, AuditedDevice> = new Map(),
): Promise<void> {
  const now = await auditedDevices(trx, ids)
  await recordEvents(
    trx,
    [...now].map(([id, device]) => {
      const was = before.get(id)
      return {
        kind: was ? 'device changed' : 'device added',
        actor,
        details: {},
        target: { kind: 'device', id, name: device.name },
        ...(was && { before: { ...was } }),
        after: { ...device },
      }
    }),
  )
}
