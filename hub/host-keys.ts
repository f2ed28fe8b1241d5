/** Pinned host keys of devices, and the other ones that they showed. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { DeviceHostKey } from './api/device.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { deviceFor, type Reacher } from './reach.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** @throws Failure DEVICE_UNKNOWN */
export async function hostKeyOf(db: Db, idOrName: string, who: Reacher): Promise<DeviceHostKey> {
  const { id } = await deviceFor(db, who, idOrName, 'read')
  return shown(db, id)
}

/**
 * Pins a key; whoever calls compared it.
 * @param hostKey null: whatever the device shows next
 * @throws Failure DEVICE_UNKNOWN, NOT_OWNER
 */
export async function pinHostKey(
  trx: Transaction<Tables>,
  idOrName: string,
  hostKey: string | null,
  who: Reacher,
  actor: Actor,
): Promise<DeviceHostKey> {
  const { id, name } = await deviceFor(trx, who, idOrName, 'manage')
  const before = await trx
    .selectFrom('devices')
    .select('host_key')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow()
  await trx.updateTable('devices').set({ host_key: hostKey }).where('id', '=', id).execute()
  const details = { device: id, name, from: before.host_key, to: hostKey }
  await recordEvent(trx, { kind: 'host key set', actor, details })
  return shown(trx, id)
}

async function shown(db: Db, id: string): Promise<DeviceHostKey> {
  const row = await db
    .selectFrom('devices')
    .leftJoin('tasks', (join) =>
      join.onRef('tasks.id', '=', 'devices.last_task_id').on('tasks.failure_code', '=', 'HOST_KEY_CHANGED'),
    )
    .select(['devices.name', 'devices.host_key'])
    .select(sql<string | null>`tasks.failure_details->>'seen'`.as('seen'))
    .where('devices.id', '=', id)
    .executeTakeFirstOrThrow()
  return { device: row.name, pinned: row.host_key, offered: row.seen === row.host_key ? null : row.seen }
}
