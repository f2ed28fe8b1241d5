/**
 * Drivers that somebody wrote: their versions, by content, and which of them is in use. A name with a version in use is an own driver,
 * also when there is a built-in one of that name; without one the built-in driver is used again.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { DriverVersion } from './api/driver.ts'
import type { Row, Tables } from './db/tables.ts'
import type { DriverSource } from './driver-source.ts'
import { DriverNames } from './drivers.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { type Reacher, reaches } from './reach.ts'

type Db = Kysely<Tables> | Transaction<Tables>
type Catalogue = readonly {
  name: string
  title: string
  aliases: readonly string[]
  transports: DriverNames['all'][number]['transports']
}[]

/** The drivers as they are now: the built-in ones, and over them those in use. */
export async function driverNames(db: Db, builtIn: Catalogue): Promise<DriverNames> {
  const rows = await db
    .selectFrom('drivers')
    .innerJoin('driver_versions as version', 'version.id', 'drivers.version_id')
    .select([
      'version.name',
      'version.number',
      'version.title',
      'version.aliases',
      'version.transports',
      'version.extends',
    ])
    .execute()
  if (rows.length === 0) return new DriverNames(builtIn)
  const byName = new Map(builtIn.map((driver) => [driver.name, driver]))
  const own = rows.map((row) => {
    const base = row.extends === null ? undefined : byName.get(row.extends)
    const hidden = byName.get(row.name)
    return {
      name: row.name,
      title: row.title ?? base?.title ?? row.name,
      // Whoever called the built-in one by an alias means the one that stands in its place.
      aliases: [...new Set([...(hidden?.aliases ?? []), ...(row.aliases ?? [])])],
      transports: row.transports ?? base?.transports ?? (['ssh'] as const),
      version: row.number,
    }
  })
  const names = new Set(own.map(({ name }) => name))
  const all = [...builtIn.filter(({ name }) => !names.has(name)), ...own]
  return new DriverNames(all.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
}

/**
 * Writes a version down, as a draft; the same content is the same version.
 * @param actor who brought it
 */
export async function draftVersion(
  trx: Transaction<Tables>,
  source: DriverSource,
  text: string,
  actor: Actor,
): Promise<Row<'driver_versions'>> {
  const { file, carried, digest } = source
  await sql`select pg_advisory_xact_lock(hashtext(${`netraven driver ${file.name}`}))`.execute(trx)
  const known = await trx
    .selectFrom('driver_versions')
    .selectAll()
    .where('name', '=', file.name)
    .where('digest', '=', digest)
    .executeTakeFirst()
  if (known) return known
  return trx
    .insertInto('driver_versions')
    .values({
      id: newId(),
      name: file.name,
      number: sql<number>`(select coalesce(max(number), 0) + 1 from driver_versions where name = ${file.name})`,
      digest,
      source: text,
      file: carried,
      title: file.title ?? null,
      aliases: file.aliases ?? null,
      transports: file.transports ?? null,
      extends: file.extends ?? null,
      tried: null,
      created_by: actor.name,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** A version has shown that it works, or somebody takes it without: from now on devices are read with it. */
export async function useVersion(
  trx: Transaction<Tables>,
  versionId: string,
  tried: { how: 'device' | 'recording' | 'untried'; device?: string; at: string } | undefined,
  actor: Actor,
): Promise<void> {
  const version = await trx
    .updateTable('driver_versions')
    .set({ state: 'usable', ...(tried ? { tried: JSON.stringify(tried) } : {}) })
    .where('id', '=', versionId)
    .returning(['name', 'number', 'digest'])
    .executeTakeFirstOrThrow()
  await setInUse(trx, version.name, versionId, actor, {
    to: version.number,
    digest: version.digest,
    tried: tried?.how ?? 'before',
  })
}

/**
 * Goes back to an earlier version; from the first one to the built-in driver, where there is one.
 * @param number absent: the usable one before
 * @returns what is in use now; null: the built-in driver
 * @throws Failure DRIVER_UNKNOWN, DRIVER_VERSION_UNKNOWN
 */
export async function rollBack(
  trx: Transaction<Tables>,
  name: string,
  number: number | undefined,
  isBuiltIn: boolean,
  actor: Actor,
): Promise<number | null> {
  const driver = await lockDriver(trx, name)
  const now = driver.version_id === null ? undefined : await versionRow(trx, driver.version_id)
  let rows = trx.selectFrom('driver_versions').selectAll().where('name', '=', name).where('state', '=', 'usable')
  if (number !== undefined) rows = rows.where('number', '=', number)
  else if (now) rows = rows.where('number', '<', now.number)
  const found = await rows.orderBy('number', 'desc').limit(1).executeTakeFirst()
  if (found) {
    await useVersion(trx, found.id, undefined, actor)
    return found.number
  }
  if (number !== undefined || !isBuiltIn || !now)
    throw new Failure('DRIVER_VERSION_UNKNOWN', { driver: name, ...(number !== undefined && { version: number }) })
  await setInUse(trx, name, null, actor, { from: now.number, to: 'built-in' })
  return null
}

/**
 * No version of it is in use any more; the history stays.
 * @throws Failure DRIVER_UNKNOWN; IN_USE while devices have it and there is no built-in one of that name
 */
export async function removeDriver(
  trx: Transaction<Tables>,
  name: string,
  isBuiltIn: boolean,
  who: Reacher,
  actor: Actor,
): Promise<void> {
  const driver = await lockDriver(trx, name)
  if (driver.version_id === null) throw new Failure('DRIVER_UNKNOWN', { driver: name })
  if (!isBuiltIn) {
    const users = await trx
      .selectFrom('devices')
      .select('name')
      .select(sql<boolean>`coalesce(${reaches(who, 'read')}, false)`.as('isSeen'))
      .where('driver', '=', name)
      .where('removed_at', 'is', null)
      .orderBy(sql`coalesce(${reaches(who, 'read')}, false)`, 'desc')
      .orderBy('name')
      .limit(20)
      .execute()
    if (users.length > 0) {
      const devices = users.filter(({ isSeen }) => isSeen).map((row) => row.name)
      throw new Failure('IN_USE', { driver: name, devices })
    }
  }
  await setInUse(trx, name, null, actor, { to: isBuiltIn ? 'built-in' : 'none' })
}

async function setInUse(
  trx: Transaction<Tables>,
  name: string,
  versionId: string | null,
  actor: Actor,
  what: object,
): Promise<void> {
  await trx
    .insertInto('drivers')
    .values({ name, version_id: versionId, changed_by: actor.name })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ version_id: versionId, changed_by: actor.name, changed_at: sql`now()` }),
    )
    .execute()
  await recordEvent(trx, { kind: 'driver changed', actor, details: { driver: name, ...what } })
}

async function lockDriver(trx: Transaction<Tables>, name: string): Promise<Row<'drivers'>> {
  const driver = await trx.selectFrom('drivers').selectAll().where('name', '=', name).forUpdate().executeTakeFirst()
  if (!driver) throw new Failure('DRIVER_UNKNOWN', { driver: name })
  return driver
}

function versionRow(db: Db, id: string): Promise<Row<'driver_versions'>> {
  return db.selectFrom('driver_versions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

/** Versions of one name, newest first. @returns none: nobody ever wrote a driver of that name */
export async function driverHistory(
  db: Db,
  name: string,
  who: Reacher,
): Promise<(DriverVersion & { source: string })[]> {
  const rows = await db
    .selectFrom('driver_versions as version')
    .leftJoin('drivers', 'drivers.version_id', 'version.id')
    .selectAll('version')
    .select((row) => row('drivers.name', 'is not', null).as('current'))
    .where('version.name', '=', name)
    .orderBy('version.number', 'desc')
    .execute()
  return rows.map((row) => {
    const version = toVersion(row, Boolean(row.current))
    // Its name was written down then; whose it is now is not known.
    if (version.tried && !who.scopes.has('all:devices')) delete version.tried.device
    return { ...version, source: row.source }
  })
}

export function toVersion(row: Row<'driver_versions'>, current: boolean): DriverVersion {
  return {
    id: row.id,
    driver: row.name,
    number: row.number,
    digest: row.digest,
    extends: row.extends,
    state: row.state,
    current,
    tried: row.tried,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
  }
}

/** The file that a task names. @throws Failure DRIVER_UNAVAILABLE */
export async function driverFile(db: Db, digest: string): Promise<string> {
  const row = await db.selectFrom('driver_versions').select('file').where('digest', '=', digest).executeTakeFirst()
  if (!row) throw new Failure('DRIVER_UNAVAILABLE', { digest })
  return row.file
}

/** What a task needs beyond what every agent knows; undefined: nothing. */
export interface OwnOrder {
  /** Name of the own driver, its digest, and the built-in driver that it extends. */
  readonly driver?: { readonly name: string; readonly digest: string; readonly extends: string | null }
  /** It is a trial of that driver. */
  readonly isTrial: boolean
  readonly ignore: readonly string[]
  readonly remove: readonly string[]
}

/** A pattern that concerns device `d`, as rows of `line_patterns p`. */
const concerns = sql`(p.driver = d.driver or lower(p.group_name) = lower(d.group_name) or p.device_id = d.id)`

/** Whether task `t` of device `d` is only for an agent with the ability `own-drivers`. */
export const needsOwnDrivers = sql<boolean>`(t.driver_version_id is not null
  or exists (select from drivers o where o.name = d.driver and o.version_id is not null)
  or exists (select from line_patterns p where ${concerns}))`

/** @returns by task id */
export async function ownOrders(db: Db, tasks: readonly string[]): Promise<Map<string, OwnOrder>> {
  if (tasks.length === 0) return new Map()
  interface Found extends Omit<OwnOrder, 'driver'> {
    readonly task: string
    readonly name: string | null
    readonly digest: string | null
    readonly extends: string | null
  }
  const { rows } = await sql<Found>`
    select t.id as task, v.name, v.digest, v.extends, t.driver_version_id is not null as "isTrial",
      array(select p.pattern from line_patterns p where p.kind = 'ignore' and ${concerns} order by p.id) as ignore,
      array(select p.pattern from line_patterns p where p.kind = 'remove' and ${concerns} order by p.id) as remove
    from tasks t join devices d on d.id = t.device_id
      left join drivers o on o.name = d.driver
      left join driver_versions v on v.id = coalesce(t.driver_version_id, o.version_id)
    where t.id = any(${tasks}::uuid[]) and ${needsOwnDrivers}`.execute(db)
  return new Map(
    rows.map(({ task, name, digest, extends: base, ...own }) => [
      task,
      { ...own, ...(name !== null && digest !== null ? { driver: { name, digest, extends: base } } : {}) },
    ]),
  )
}
