/**
 * Which devices somebody may do something to: all of them with `all:devices`, else those that they own, and those that they or one of
 * their groups were granted, by device, by site, or by a tag that it carries. What can't be read is not there: nothing tells it from a
 * device that never was.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { isUuid } from './api/fields.ts'
import type { GrantLevel } from './db/grant-tables.ts'
import type { Tables } from './db/tables.ts'
import { nearest } from './nearest.ts'
import type { Principal } from './principal.ts'
import { ScopeSet } from './scopes.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** Each holds those before it: see it; back it up and test it; change it, remove it, grant it to others. */
export const levels = ['read', 'operate', 'manage'] as const satisfies readonly GrantLevel[]
export type Level = GrantLevel

/** Whoever reaches devices. */
export type Reacher = Pick<Principal, 'user' | 'groupIds' | 'scopes'>

/** Who reaches every device, at every level: for what the hub does by itself. */
export const everywhere: Reacher = {
  user: { id: '00000000-0000-0000-0000-000000000000', username: '', displayName: null },
  groupIds: [],
  scopes: ScopeSet.of(['admin:*']),
}

export interface FoundDevice {
  readonly id: string
  readonly name: string
  readonly siteId: string
}

/** The levels that hold this one. */
export function levelsFrom(level: Level): Level[] {
  return levels.slice(levels.indexOf(level))
}

/** Rows of `grants` that count for somebody now, at a level or above. */
export function grantedTo({ user, groupIds }: Reacher, level: Level): RawBuilder<boolean> {
  return sql<boolean>`((grants.user_id = ${user.id} or grants.group_id = any(${[...groupIds]}::uuid[]))
    and grants.level = any(${levelsFrom(level)}::text[]) and (grants.expires_at is null or grants.expires_at > now()))`
}

/**
 * Whether somebody reaches the device of a row.
 * @param device what the table `devices` is called there
 */
export function reaches(who: Reacher, level: Level, device = 'devices'): RawBuilder<boolean> {
  if (who.scopes.has('all:devices')) return sql<boolean>`true`
  const column = (name: string) => sql.ref(`${device}.${name}`)
  // Each is asked once a statement, and each has an index that answers it.
  const granted = (what: RawBuilder<unknown>) => sql`array(
    select ${what} from grants where ${grantedTo(who, level)} and ${what} is not null)`
  return sql<boolean>`(${column('owner_id')} = ${who.user.id}
    or ${column('id')} = any(${granted(sql`grants.device_id`)})
    or ${column('site_id')} = any(${granted(sql`grants.site_id`)})
    or tag_words(${column('tags')}) && ${granted(sql`tag_word(grants.tag_key, grants.tag_value)`)})`
}

/** How far somebody reaches the device of a row; null: not at all. */
export function levelAt(who: Reacher, device = 'devices'): RawBuilder<Level | null> {
  if (who.scopes.has('all:devices')) return sql<Level>`'manage'`
  return sql<Level | null>`case when ${reaches(who, 'manage', device)} then 'manage'
    when ${reaches(who, 'operate', device)} then 'operate' when ${reaches(who, 'read', device)} then 'read' end`
}

/**
 * A device that somebody wants to do something to.
 * @param idOrName id, or name in any case; removed devices are found by neither
 * @throws Failure DEVICE_UNKNOWN when it is not there or can't be read, with `didYouMean` when a name that can be is near; NOT_OWNER when
 *   it can be read and no more
 */
export async function deviceFor(db: Db, who: Reacher, idOrName: string, level: Level): Promise<FoundDevice> {
  const found = await deviceRows(db, who)
    .where('devices.removed_at', 'is', null)
    .where((row) =>
      isUuid(idOrName)
        ? row('devices.id', '=', idOrName)
        : row(sql`lower(devices.name)`, '=', sql`lower(${idOrName.trim()})`),
    )
    .executeTakeFirst()
  if (found) return reached(who, found, level)
  const rows = await db
    .selectFrom('devices')
    .select('name')
    .where('removed_at', 'is', null)
    .where(reaches(who, 'read'))
    .limit(20_000)
    .execute()
  const didYouMean = nearest(
    idOrName,
    rows.map((row) => row.name),
  )
  throw new Failure('DEVICE_UNKNOWN', { device: idOrName, ...(didYouMean && { didYouMean }) })
}

/** Of a device that somebody is known to read, a removed one too. @throws Failure NOT_OWNER, DEVICE_UNKNOWN */
export async function requireLevel(db: Db, who: Reacher, id: string, level: Level): Promise<FoundDevice> {
  const found = await deviceRows(db, who).where('devices.id', '=', id).executeTakeFirst()
  if (!found) throw new Failure('DEVICE_UNKNOWN', { device: id })
  return reached(who, found, level)
}

/** Says what is lacking and how to ask for it. The owner is named to those who may see users. */
export function notOwner(
  who: Reacher,
  on: { readonly kind: 'device' | 'tag' | 'site'; readonly name: string; readonly owner?: string | null },
  level: Level,
  held: Level | null,
): Failure {
  const { kind, name, owner } = on
  const word = /^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`
  return new Failure('NOT_OWNER', {
    [kind]: name,
    required: level,
    held,
    ...(owner && who.scopes.has('read:users') && { owner }),
    request: `netraven access request ${kind} ${word} --level ${level}`,
  })
}

interface Looked extends FoundDevice {
  readonly level: Level | null
  readonly owner: string | null
}

function reached(who: Reacher, { id, name, siteId, level: held, owner }: Looked, level: Level): FoundDevice {
  if (held === null || !levelsFrom(level).includes(held)) {
    throw notOwner(who, { kind: 'device', name, owner }, level, held)
  }
  return { id, name, siteId }
}

function deviceRows(db: Db, who: Reacher) {
  return db
    .selectFrom('devices')
    .leftJoin('users as owner', 'owner.id', 'devices.owner_id')
    .select(['devices.id', 'devices.name', 'devices.site_id as siteId'])
    .select([levelAt(who).as('level'), sql<string | null>`coalesce(owner.display_name, owner.username)`.as('owner')])
    .where(reaches(who, 'read'))
}

/**
 * Many devices at once, in the order of the question; of each the device, or why not: DEVICE_UNKNOWN (without a hint at what is near),
 * NOT_OWNER.
 */
export async function devicesFor(
  db: Db,
  who: Reacher,
  names: readonly string[],
  level: Level,
): Promise<(FoundDevice | Failure)[]> {
  const keys = names.map((name) => name.trim().toLowerCase())
  const rows = await deviceRows(db, who)
    .where('devices.removed_at', 'is', null)
    .where(
      sql<boolean>`(devices.id = any(${keys.filter(isUuid)}::uuid[]) or lower(devices.name) = any(${keys}::text[]))`,
    )
    .execute()
  const found = new Map(rows.flatMap((row) => [[row.id, row] as const, [row.name.toLowerCase(), row] as const]))
  return names.map((name, index) => {
    const row = found.get(keys[index] ?? '')
    if (!row) return new Failure('DEVICE_UNKNOWN', { device: name })
    try {
      return reached(who, row, level)
    } catch (error) {
      if (error instanceof Failure) return error
      throw error
    }
  })
}
