/** Whose devices are. */
import type { Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { userNamed } from './grantees.ts'
import { deviceFor, type Reacher } from './reach.ts'

/** Whose a new device is. */
export function ownerFor(who: Reacher): string | null {
  return who.scopes.has('all:devices') ? null : who.user.id
}

/**
 * Gives a device another owner.
 * @param owner null: nobody's
 * @returns id of the device
 * @throws Failure DEVICE_UNKNOWN, NOT_OWNER, USER_UNKNOWN
 */
export async function setOwner(
  trx: Transaction<Tables>,
  idOrName: string,
  owner: string | null,
  who: Reacher,
  actor: Actor,
): Promise<string> {
  const { id, name } = await deviceFor(trx, who, idOrName, 'manage')
  const user = owner === null ? null : await userNamed(trx, owner, who)
  const before = await trx
    .selectFrom('devices')
    .leftJoin('users', 'users.id', 'devices.owner_id')
    .select('users.username')
    .where('devices.id', '=', id)
    .executeTakeFirst()
  await trx
    .updateTable('devices')
    .set({ owner_id: user?.id ?? null })
    .where('id', '=', id)
    .execute()
  await recordEvent(trx, {
    kind: 'device owner changed',
    actor,
    details: { device: id, name },
    before: { owner: before?.username ?? null },
    after: { owner: user?.name ?? null },
  })
  return id
}
