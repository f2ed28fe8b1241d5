/**
 * What can be granted, and by whom: whoever owns a device, or was granted `manage` on it, on the site or on the tag. To reach every
 * device is not enough: that lets people see and do, not decide who else may. With `admin:grants` everything can be granted.
 */
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import { missingScope, type Principal } from './principal.ts'
import { deviceFor, everywhere, grantedTo, levelAt, notOwner, type Reacher, reaches } from './reach.ts'
import { ScopeSet } from './scopes.ts'
import { findSite } from './sites.ts'
import { nameOfTag, parseTag } from './tag-words.ts'

type Db = Kysely<Tables> | Transaction<Tables>

export interface Resource {
  readonly kind: 'device' | 'tag' | 'site'
  readonly name: string
  readonly columns: ResourceColumns
}

export interface ResourceColumns {
  readonly device_id: string | null
  readonly site_id: string | null
  readonly tag_key: string | null
  readonly tag_value: string | null
}

interface Named {
  readonly device?: string | undefined
  readonly tag?: string | undefined
  readonly site?: string | undefined
}

const none = { device_id: null, site_id: null, tag_key: null, tag_value: null }

/** Somebody without the reach that `all:devices` gives. */
export function withoutAll(who: Reacher): Reacher {
  return { ...who, scopes: ScopeSet.of([]) }
}

/** What somebody names, as far as they may know of it. @throws Failure DEVICE_UNKNOWN, SITE_UNKNOWN, REQUEST_INVALID */
export async function resourceNamed(db: Db, { device, tag, site }: Named, who: Reacher): Promise<Resource> {
  const reacher = who.scopes.has('admin:grants') ? everywhere : who
  if (device !== undefined) {
    const { id, name } = await deviceFor(db, reacher, device, 'read')
    return { kind: 'device', name, columns: { ...none, device_id: id } }
  }
  if (site !== undefined) {
    const { id, name } = await findSite(db, site)
    return { kind: 'site', name, columns: { ...none, site_id: id } }
  }
  const { key, value } = parseTag(tag ?? '')
  return { kind: 'tag', name: nameOfTag({ key, value }), columns: { ...none, tag_key: key, tag_value: value } }
}

/** Rows of `grants` about a resource, or about what it belongs to. */
function concerning({ device_id, site_id, tag_key, tag_value }: ResourceColumns): RawBuilder<boolean> {
  const word = sql`tag_word(grants.tag_key, grants.tag_value)`
  if (device_id !== null) {
    return sql<boolean>`exists (select from devices d where d.id = ${device_id} and (
      grants.device_id = d.id or grants.site_id = d.site_id or ${word} = any(tag_words(d.tags))))`
  }
  if (site_id !== null) return sql<boolean>`grants.site_id = ${site_id}`
  return sql<boolean>`${word} in (tag_word(${tag_key}::text, null), tag_word(${tag_key}::text, ${tag_value}::text))`
}

/**
 * Sees that somebody may decide who else reaches a resource.
 * @returns when their own say over it ends; null: never
 * @throws Failure NOT_OWNER
 */
export async function requireSay(db: Db, who: Reacher, resource: Resource): Promise<Date | null> {
  if (who.scopes.has('admin:grants')) return null
  const { columns, kind, name } = resource
  const owner =
    columns.device_id === null
      ? undefined
      : await db
          .selectFrom('devices')
          .leftJoin('users', 'users.id', 'devices.owner_id')
          .select(['devices.owner_id', levelAt(who).as('level')])
          .select(sql<string | null>`coalesce(users.display_name, users.username)`.as('name'))
          .where('devices.id', '=', columns.device_id)
          .executeTakeFirst()
  const mayChange = who.scopes.has('write:devices')
  if (owner?.owner_id === who.user.id && mayChange) return null
  const own = await db
    .selectFrom('grants')
    .select(sql<number>`count(*)::int`.as('count'))
    .select(sql<boolean>`coalesce(bool_or(expires_at is null), false)`.as('stays'))
    .select(sql<Date | null>`max(expires_at)`.as('until'))
    .where(grantedTo(who, 'manage'))
    .where(concerning(columns))
    .executeTakeFirstOrThrow()
  if (own.count === 0 || !mayChange) {
    throw notOwner(who, { kind, name, owner: owner?.name ?? null }, 'manage', owner?.level ?? null)
  }
  return own.stays ? null : own.until
}

/** Whether somebody has a say over the resource of a row that has its columns, beside a row of `devices`. */
export function hasSay(who: Reacher, table: 'grants' | 'access_requests'): RawBuilder<boolean> {
  if (who.scopes.has('admin:grants')) return sql<boolean>`true`
  if (!who.scopes.has('write:devices')) return sql<boolean>`false`
  const column = (name: string) => sql.ref(`${table}.${name}`)
  const granted = (what: RawBuilder<unknown>) => sql`array(
    select ${what} from grants where ${grantedTo(who, 'manage')} and ${what} is not null)`
  const words = granted(sql`tag_word(grants.tag_key, grants.tag_value)`)
  return sql<boolean>`coalesce(case
    when ${column('device_id')} is not null then ${reaches(withoutAll(who), 'manage')}
    when ${column('site_id')} is not null then ${column('site_id')} = any(${granted(sql`grants.site_id`)})
    else tag_word(${column('tag_key')}, null) = any(${words})
      or tag_word(${column('tag_key')}, ${column('tag_value')}) = any(${words}) end, false)`
}

/**
 * Sees that somebody could grant by themselves what was granted to a group, and for as long.
 * @throws Failure NOT_OWNER about the first that they could not; MISSING_SCOPE when they may not even know of it
 */
export async function requireSayOverGroup(trx: Transaction<Tables>, who: Principal, groupId: string): Promise<void> {
  if (who.scopes.has('admin:grants')) return
  const rows = await trx
    .selectFrom('grants')
    .leftJoin('devices', 'devices.id', 'grants.device_id')
    .leftJoin('sites', 'sites.id', 'grants.site_id')
    .select(['device_id', 'grants.site_id', 'tag_key', 'tag_value', 'expires_at'])
    .select(['devices.name as device', 'sites.name as site'])
    .select(levelAt(who).as('level'))
    .where('group_id', '=', groupId)
    .where('devices.removed_at', 'is', null)
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', sql<Date>`now()`)]))
    .orderBy('grants.id')
    .execute()
  for (const row of rows) {
    const { device_id, site_id, tag_key, tag_value, expires_at, device, site, level } = row
    if (device !== null && level === null) throw missingScope(who, ['admin:grants'], ['admin:grants'])
    const columns = { device_id, site_id, tag_key, tag_value }
    const kind = device !== null ? 'device' : site !== null ? 'site' : 'tag'
    const name = device ?? site ?? nameOfTag({ key: tag_key ?? '', value: tag_value })
    const until = await requireSay(trx, who, { kind, name, columns })
    if (until && (!expires_at || expires_at > until)) throw notOwner(who, { kind, name }, 'manage', level)
  }
}
