/** Devices that stand on the way to others: who is passed, in which order, and which ways make no sense. */
import { type Hop, MAX_HOPS } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import { type Reacher, reaches } from './reach.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** A hop with the first of its credentials that may be used. */
export interface HopRow extends Omit<Hop, 'box' | 'local' | 'hostKey' | 'legacyAlgorithms'> {
  readonly task: string
  readonly hostKey: string | null
  readonly legacyAlgorithms: boolean
  readonly credentialId: string | null
  readonly username: string | null
  readonly sealedSecret: Buffer | null
  readonly localName: string | null
}

/** Of each task, the devices on the way, the one that the agent reaches first in front. Tasks without a way are not in it. */
export async function waysOf(db: Db, tasks: readonly string[]): Promise<Map<string, HopRow[]>> {
  if (tasks.length === 0) return new Map()
  const { rows } = await sql<HopRow>`
    with recursive way as (
      select t.id as task, d.via_device_id as hop, 1 as depth from tasks t join devices d on d.id = t.device_id
      where t.id = any(${tasks}::uuid[]) and d.via_device_id is not null
      union all
      select way.task, d.via_device_id, way.depth + 1 from way join devices d on d.id = way.hop
      where d.via_device_id is not null and way.depth < ${MAX_HOPS}
    )
    select way.task, h.id as device, h.name, h.address, h.port, h.host_key as "hostKey",
      coalesce((h.options->>'legacyAlgorithms')::boolean, false) as "legacyAlgorithms",
      c.id as "credentialId", c.username, c.sealed_secret as "sealedSecret", c.local_name as "localName"
    from way join devices h on h.id = way.hop
      left join credentials c on c.id = h.credential_id and c.revoked_at is null and (c.expires_at is null or c.expires_at > now())
    order by way.task, way.depth desc`.execute(db)
  const ways = new Map<string, HopRow[]>()
  for (const row of rows) ways.set(row.task, [...(ways.get(row.task) ?? []), row])
  return ways
}

/**
 * Sees that a device may be reached over another.
 * @param device absent: it is not there yet
 * @throws Failure VIA_INVALID: another site, a circle, too long a chain, no SSH
 */
export async function checkWay(
  trx: Db,
  device: { readonly id: string; readonly siteId: string },
  via: { readonly id: string; readonly name: string; readonly siteId: string },
): Promise<void> {
  const wrong = (reason: string) => new Failure('VIA_INVALID', { via: via.name, reason })
  if (via.siteId !== device.siteId) throw wrong('it stands at another site')
  const { rows } = await sql<{ id: string; transport: string; depth: number }>`
    with recursive way as (
      select id, transport, via_device_id, 1 as depth from devices where id = ${via.id}
      union all
      select d.id, d.transport, d.via_device_id, way.depth + 1 from way join devices d on d.id = way.via_device_id
      where way.depth <= ${MAX_HOPS}
    ) select id, transport, depth from way`.execute(trx)
  if (rows.some((row) => row.id === device.id)) throw wrong('the way would lead in a circle')
  const behind = await lengthBehind(trx, device.id)
  if (rows.length + behind > MAX_HOPS) throw wrong(`a way has at most ${MAX_HOPS} devices`)
  if (rows.find((row) => row.id === via.id)?.transport !== 'ssh') throw wrong('it is not reached by SSH')
}

/** How many devices stand one behind the other on ways that lead over this one. */
async function lengthBehind(trx: Db, id: string): Promise<number> {
  const { rows } = await sql<{ depth: number }>`
    with recursive behind as (
      select id, 0 as depth from devices where id = ${id}
      union all
      select d.id, behind.depth + 1 from behind join devices d on d.via_device_id = behind.id
      where d.removed_at is null and behind.depth <= ${MAX_HOPS}
    ) select max(depth)::int as depth from behind`.execute(trx)
  return rows[0]?.depth ?? 0
}

/** @throws Failure IN_USE when other devices are reached over this one; it names those that may be seen */
export async function mustNotBeOnTheWay(trx: Db, id: string, who: Reacher): Promise<void> {
  const rows = await trx
    .selectFrom('devices')
    .select('name')
    .select(sql<boolean>`coalesce(${reaches(who, 'read')}, false)`.as('isSeen'))
    .where('via_device_id', '=', id)
    .where('removed_at', 'is', null)
    .orderBy(sql`coalesce(${reaches(who, 'read')}, false)`, 'desc')
    .orderBy('name')
    .limit(10)
    .execute()
  if (rows.length > 0) {
    const devices = rows.filter(({ isSeen }) => isSeen).map(({ name }) => name)
    throw new Failure('IN_USE', { devices, reason: 'are reached over it' })
  }
}

/** Pins the host keys that were seen on the way to a device, where none was pinned. Devices that do not stand there are left alone. */
export async function pinHops(
  trx: Transaction<Tables>,
  task: string,
  seen: readonly { readonly device: string; readonly hostKey: string }[],
): Promise<void> {
  const onTheWay = new Set((await waysOf(trx, [task])).get(task)?.map((hop) => hop.device))
  for (const { device, hostKey } of seen) {
    if (!onTheWay.has(device)) continue
    await trx
      .updateTable('devices')
      .set({ host_key: hostKey })
      .where('id', '=', device)
      .where('host_key', 'is', null)
      .execute()
  }
}
