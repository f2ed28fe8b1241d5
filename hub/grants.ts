/** Access to devices that was granted to people and groups, by device, site or tag. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { isUuid } from './api/fields.ts'
import type { Grant, GrantQuery, NewGrant } from './api/grant.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { hasSay, type Resource, requireSay, resourceNamed } from './grant-resources.ts'
import { groupNamed, type Named, userNamed } from './grantees.ts'
import { newId } from './ids.ts'
import { invalidCursor, pageAfter, pageOfRows } from './pages.ts'
import { grantedTo, type Level, levels, notOwner, type Reacher } from './reach.ts'
import { nameOfTag } from './tag-words.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** Grants that somebody may see: to themselves, and on what they may grant. Oldest first, a page at a time. */
export async function listGrants(db: Db, query: GrantQuery, who: Reacher) {
  const { limit, cursor, device, tag, site, user, group } = query
  const after = pageAfter(cursor)
  if (after !== undefined && !isUuid(after)) throw invalidCursor()
  let rows = grantRows(db, who)
  if ([device, tag, site].some((one) => one !== undefined)) {
    const { columns } = await resourceNamed(db, { device, tag, site }, who)
    rows = rows
      .where('grants.device_id', columns.device_id === null ? 'is' : '=', columns.device_id)
      .where('grants.site_id', columns.site_id === null ? 'is' : '=', columns.site_id)
      .where('grants.tag_key', columns.tag_key === null ? 'is' : '=', columns.tag_key)
      .where('grants.tag_value', columns.tag_value === null ? 'is' : '=', columns.tag_value)
  }
  if (user !== undefined) rows = rows.where('grants.user_id', '=', (await userNamed(db, user, who)).id)
  if (group !== undefined) rows = rows.where('grants.group_id', '=', (await groupNamed(db, group, who)).id)
  if (after !== undefined) rows = rows.where('grants.id', '>', after)
  const found = await rows
    .orderBy('grants.id')
    .limit(limit + 1)
    .execute()
  return pageOfRows(
    found,
    limit,
    (row) => toGrant(row, who),
    (row) => row.id,
  )
}

/**
 * Grants access, or changes what was granted.
 * @throws Failure DEVICE_UNKNOWN, SITE_UNKNOWN, USER_UNKNOWN, GROUP_UNKNOWN, NOT_OWNER; REQUEST_INVALID when it would outlast the
 *   grantor's own say
 */
export async function putGrant(trx: Transaction<Tables>, wanted: NewGrant, who: Reacher, actor: Actor): Promise<Grant> {
  const resource = await resourceNamed(trx, wanted, who)
  const until = await requireSay(trx, who, resource)
  const { user, group, level, expiresAt } = wanted
  const ends = expiresAt === undefined ? until : new Date(expiresAt)
  if (until && (!ends || ends > until)) throw tooLong(until)
  const grantee = { user_id: null, group_id: null }
  const named = user === undefined ? await groupNamed(trx, group ?? '', who) : await userNamed(trx, user, who)
  const to = user === undefined ? { ...grantee, group_id: named.id } : { ...grantee, user_id: named.id }
  const id = await saveGrant(trx, { resource, to, named, level, ends }, actor)
  return shownGrant(trx, id, who)
}

interface Saved {
  readonly resource: Resource
  readonly to: { readonly user_id: string | null; readonly group_id: string | null }
  readonly named: Named
  readonly level: Level
  readonly ends: Date | null
}

/** @returns id of the grant */
export async function saveGrant(trx: Transaction<Tables>, saved: Saved, actor: Actor): Promise<string> {
  const { resource, to, named, level, ends } = saved
  await sql`select pg_advisory_xact_lock(hashtext(${`netraven grants ${named.id}`}))`.execute(trx)
  const before = await trx
    .selectFrom('grants')
    .select(['id', 'level', 'expires_at'])
    .where((row) =>
      row.and(
        Object.entries({ ...resource.columns, ...to }).map(
          ([column, value]) => sql<boolean>`${sql.ref(`grants.${column}`)} is not distinct from ${value}`,
        ),
      ),
    )
    .executeTakeFirst()
  const id = before?.id ?? newId()
  if (before) {
    const set = { level, expires_at: ends, made_by: actor.name, updated_at: sql<Date>`now()` }
    await trx.updateTable('grants').set(set).where('id', '=', id).execute()
  } else {
    const row = { id, ...resource.columns, ...to, level, expires_at: ends, made_by: actor.name }
    await trx.insertInto('grants').values(row).execute()
  }
  const to_ = to.user_id === null ? { group: named.name } : { user: named.name }
  await recordEvent(trx, {
    kind: before ? 'grant changed' : 'grant made',
    actor,
    details: { grant: id, [resource.kind]: resource.name, ...to_ },
    target: targetOf(resource),
    ...(before && { before: { level: before.level, expiresAt: before.expires_at } }),
    after: { level, expiresAt: ends },
  })
  return id
}

/**
 * Takes access away; people may also give up what was granted to themselves.
 * @throws Failure NOT_FOUND, also of one that can't be seen; NOT_OWNER
 */
export async function removeGrant(trx: Transaction<Tables>, id: string, who: Reacher, actor: Actor): Promise<void> {
  const row = isUuid(id) ? await grantRows(trx, who).where('grants.id', '=', id).executeTakeFirst() : undefined
  if (!row) throw new Failure('NOT_FOUND', { grant: id })
  const resource = resourceOfRow(row)
  if (!row.has_say && row.user_id !== who.user.id) throw notOwner(who, resource, 'manage', row.level)
  await trx.deleteFrom('grants').where('id', '=', id).execute()
  await recordEvent(trx, {
    kind: 'grant removed',
    actor,
    details: { grant: id, [resource.kind]: resource.name, ...(row.group ? { group: row.group } : { user: row.user }) },
    target: targetOf(resource),
    before: { level: row.level, expiresAt: row.expires_at },
  })
}

/** Of two levels the one that holds the other. */
export function higher(one: Level, other: Level): Level {
  return levels.indexOf(one) > levels.indexOf(other) ? one : other
}

export function tooLong(until: Date): Failure {
  const message = `must not be later than the end of your own access, ${until.toISOString()}`
  return new Failure('REQUEST_INVALID', { issues: [{ where: 'json', path: 'expiresAt', message }] })
}

async function shownGrant(db: Db, id: string, who: Reacher): Promise<Grant> {
  return toGrant(await grantRows(db, who).where('grants.id', '=', id).executeTakeFirstOrThrow(), who)
}

function targetOf({ kind, name, columns }: Resource) {
  return { kind, id: columns.device_id ?? columns.site_id, name }
}

function grantRows(db: Db, who: Reacher) {
  return db
    .selectFrom('grants')
    .leftJoin('devices', 'devices.id', 'grants.device_id')
    .leftJoin('sites', 'sites.id', 'grants.site_id')
    .leftJoin('users', 'users.id', 'grants.user_id')
    .leftJoin('groups', 'groups.id', 'grants.group_id')
    .selectAll('grants')
    .select(['devices.name as device', 'sites.name as site', 'users.username as user', 'groups.name as group'])
    .select(hasSay(who, 'grants').as('has_say'))
    .where('devices.removed_at', 'is', null)
    .where(sql<boolean>`(${hasSay(who, 'grants')} or ${grantedTo(who, 'read')})`)
}

type GrantRow = Awaited<ReturnType<ReturnType<typeof grantRows>['executeTakeFirstOrThrow']>>

function resourceOfRow(row: GrantRow): Resource {
  const { device_id, site_id, tag_key, tag_value } = row
  const columns = { device_id, site_id, tag_key, tag_value }
  if (row.device !== null) return { kind: 'device', name: row.device, columns }
  if (row.site !== null) return { kind: 'site', name: row.site, columns }
  return { kind: 'tag', name: nameOfTag({ key: tag_key ?? '', value: tag_value }), columns }
}

function toGrant(row: GrantRow, who: Reacher): Grant {
  const { kind, name } = resourceOfRow(row)
  const maySee = row.has_say || who.scopes.has('read:users')
  return {
    id: row.id,
    ...{ device: null, tag: null, site: null, [kind]: name },
    user: row.user,
    group: row.group,
    level: row.level,
    madeBy: maySee ? row.made_by : null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
  }
}
