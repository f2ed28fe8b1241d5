/** The credentials of a device, in the order in which they are tried: the first stands in its row, the others beside it. */
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import { type Reacher, reaches } from './reach.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** Puts the others beside the first of devices, and forgets those that are beside it now. */
export async function setFurtherCredentials(
  trx: Transaction<Tables>,
  devices: readonly { readonly id: string; readonly credentialIds: readonly string[] }[],
): Promise<void> {
  if (devices.length === 0) return
  const ids = devices.map(({ id }) => id)
  await trx.deleteFrom('device_credentials').where('device_id', 'in', ids).execute()
  const rows = devices.flatMap(({ id, credentialIds }) =>
    credentialIds.slice(1).map((credential, index) => ({ id, credential, position: index + 1 })),
  )
  if (rows.length === 0) return
  await sql`
    insert into device_credentials (device_id, credential_id, position)
    select * from unnest(${rows.map((row) => row.id)}::uuid[], ${rows.map((row) => row.credential)}::uuid[],
      ${rows.map((row) => row.position)}::int[])`.execute(trx)
}

/** All credentials of the device whose row is called so, as rows of id and position from 0. */
export function credentialsOf(device: string): RawBuilder<unknown> {
  const id = sql.ref(`${device}.id`)
  const first = sql.ref(`${device}.credential_id`)
  return sql`(
    select ${first} as id, 0 as position where ${first} is not null
    union all select credential_id, position from device_credentials where device_id = ${id})`
}

/** What was learnt of logins to some devices no longer holds: their order begins anew, and none of them rests. */
export async function forgetRefusals(trx: Transaction<Tables>, devices: readonly string[]): Promise<void> {
  if (devices.length === 0) return
  await sql`update login_standings set refused_at = null where device_id = any(${devices}::uuid[])`.execute(trx)
  await endCoolDown(trx, devices)
}

/** Devices that rest after a refused login may be tried again. @returns those that did rest */
export async function endCoolDown(trx: Transaction<Tables>, devices: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update devices set login_failures = 0, login_failure_code = null, login_cooldown_until = null
    where id = any(${devices}::uuid[]) and (login_failures > 0 or login_cooldown_until is not null)
    returning id`.execute(trx)
  return rows.map(({ id }) => id)
}

/** Devices that have a credential, removed ones too. */
export async function devicesWith(db: Db, credentialId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from devices where credential_id = ${credentialId}
    union select device_id from device_credentials where credential_id = ${credentialId}`.execute(db)
  return rows.map(({ id }) => id)
}

/** Names of some devices that have a credential, of those that somebody may see. @returns undefined when no device has it */
export async function usersOf(db: Db, credentialId: string, who: Reacher): Promise<string[] | undefined> {
  const isSeen = sql<boolean>`coalesce(${reaches(who, 'read')}, false)`
  const users = await db
    .selectFrom('devices')
    .select(['name', isSeen.as('isSeen')])
    .where('id', '=', sql<string>`any(${await devicesWith(db, credentialId)}::uuid[])`)
    .where('removed_at', 'is', null)
    .orderBy(isSeen, 'desc')
    .orderBy('name')
    .limit(20)
    .execute()
  return users.length === 0 ? undefined : users.filter((row) => row.isSeen).map((row) => row.name)
}
