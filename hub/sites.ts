/** Sites: networks that an agent can reach. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { isUuid } from './api/fields.ts'
import type { PageQuery } from './api/page.ts'
import type { Site } from './api/site.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { nearest } from './nearest.ts'
import { everywhere, type Reacher, reaches } from './reach.ts'
import { type Sorting, sortedPage, sortedRows } from './sorted-pages.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** An agent whose socket some hub has, and that spoke within a minute and a half: six renewals. */
export const isOnline = sql<boolean>`(agents.state = 'enrolled' and agents.connection is not null
  and agents.last_seen_at > now() - interval '90 seconds')`

/**
 * Which agent of a site was last heard of, and when, in words: of a site without an online agent that is what helps.
 * @param siteId an id, or the column that has it
 */
export const lastSeenAt = (siteId: RawBuilder<string>) => sql<string>`coalesce((
  select agents.name || ' at ' || to_char(agents.last_seen_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from agents
  where agents.site_id = ${siteId} and agents.state = 'enrolled' and agents.last_seen_at is not null
  order by agents.last_seen_at desc limit 1), 'never')`

const sorting: Sorting = {
  keys: {
    name: { of: sql`lower(sites.name)`, type: 'text' },
    createdAt: { of: sql`sites.created_at`, type: 'timestamptz' },
  },
  usual: 'name',
  tie: { of: sql`sites.id`, type: 'uuid' },
}

/** Sites with what is at each, a page at a time; of devices, those that somebody may see. */
export async function listSites(db: Db, query: PageQuery & { sort?: string | undefined }, who: Reacher) {
  const { keys, order, after, sort } = sortedPage(query, sorting)
  let rows = siteRows(db, who).select(keys)
  if (after !== undefined) rows = rows.where(after)
  const found = await rows
    .orderBy(order)
    .limit(query.limit + 1)
    .execute()
  return sortedRows(found, query.limit, toSite, sort)
}

/** @throws Failure ALREADY_EXISTS */
export async function addSite(trx: Transaction<Tables>, name: string, actor: Actor): Promise<Site> {
  const id = newId()
  try {
    await trx.insertInto('sites').values({ id, name }).execute()
  } catch (error) {
    if (violation(error)?.constraint === 'sites_name') throw new Failure('ALREADY_EXISTS', { site: name })
    throw error
  }
  await recordEvent(trx, { kind: 'site added', actor, details: { site: id, name }, after: { name } })
  return toSite(await siteRows(trx, everywhere).where('sites.id', '=', id).executeTakeFirstOrThrow())
}

/** @throws Failure SITE_UNKNOWN */
export async function showSite(db: Db, idOrName: string, who: Reacher): Promise<Site> {
  const { id } = await findSite(db, idOrName)
  return toSite(await siteRows(db, who).where('sites.id', '=', id).executeTakeFirstOrThrow())
}

/** @throws Failure SITE_UNKNOWN, ALREADY_EXISTS */
export async function renameSite(trx: Transaction<Tables>, idOrName: string, name: string, who: Reacher, actor: Actor) {
  const before = await findSite(trx, idOrName)
  try {
    await trx.updateTable('sites').set({ name }).where('id', '=', before.id).execute()
  } catch (error) {
    throw violation(error)?.constraint === 'sites_name' ? new Failure('ALREADY_EXISTS', { site: name }) : error
  }
  const details = { site: before.id, name }
  await recordEvent(trx, { kind: 'site changed', actor, details, before: { name: before.name }, after: { name } })
  return showSite(trx, before.id, who)
}

/**
 * Removes a site that nothing is at: no device, no agent that is not revoked, no rule.
 * @throws Failure SITE_UNKNOWN; IN_USE, naming of devices those that somebody may see, also when something was there once, whose
 *   history stays
 */
export async function removeSite(
  trx: Transaction<Tables>,
  idOrName: string,
  who: Reacher,
  actor: Actor,
): Promise<void> {
  const { id, name } = await findSite(trx, idOrName)
  const inUse = (details: object) => new Failure('IN_USE', { site: name, ...details })
  const names = (rows: readonly { name: string }[]) => rows.map((row) => row.name)
  const there = trx.selectFrom('devices').where('site_id', '=', id).where('removed_at', 'is', null).orderBy('name')
  const devices = await there.select('name').where(reaches(who, 'read')).limit(20).execute()
  const isAny = (await there.select('name').limit(1).execute()).length > 0
  if (isAny) throw inUse({ devices: names(devices), reason: 'devices are there' })
  const agents = await trx
    .selectFrom('agents')
    .select('name')
    .where('site_id', '=', id)
    .orderBy('name')
    .limit(20)
    .execute()
  if (agents.length > 0) throw inUse({ agents: names(agents), reason: 'agents are there, or were' })
  const rules = await trx.selectFrom('tag_rules').select('name').where('site_id', '=', id).limit(20).execute()
  if (rules.length > 0) throw inUse({ tagRules: names(rules), reason: 'rules that tag devices are for it' })
  try {
    await trx.deleteFrom('sites').where('id', '=', id).execute()
  } catch (error) {
    if (violation(error)?.kind !== 'foreign') throw error
    throw inUse({ reason: 'devices were there, and their history stays' })
  }
  await recordEvent(trx, { kind: 'site removed', actor, details: { site: id, name }, before: { name } })
}

/**
 * @param idOrName id, or name in any case
 * @throws Failure SITE_UNKNOWN, with `didYouMean` when a name is near
 */
export async function findSite(db: Db, idOrName: string): Promise<{ id: string; name: string }> {
  const found = await db
    .selectFrom('sites')
    .select(['id', 'name'])
    .where((row) =>
      isUuid(idOrName) ? row('id', '=', idOrName) : row(sql`lower(name)`, '=', sql`lower(${idOrName.trim()})`),
    )
    .executeTakeFirst()
  if (found) return found
  const names = await db.selectFrom('sites').select('name').limit(10_000).execute()
  const didYouMean = nearest(
    idOrName,
    names.map((row) => row.name),
  )
  throw new Failure('SITE_UNKNOWN', { site: idOrName, ...(didYouMean && { didYouMean }) })
}

function siteRows(db: Db, who: Reacher) {
  return db
    .selectFrom('sites')
    .select(['sites.id', 'sites.name', 'sites.created_at'])
    .select((row) => [
      row
        .selectFrom('devices')
        .whereRef('devices.site_id', '=', 'sites.id')
        .where('devices.removed_at', 'is', null)
        .where(reaches(who, 'read'))
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('devices'),
      row
        .selectFrom('agents')
        .whereRef('agents.site_id', '=', 'sites.id')
        .where('agents.state', '=', 'enrolled')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('agents'),
      row
        .selectFrom('agents')
        .whereRef('agents.site_id', '=', 'sites.id')
        .where(isOnline)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('online'),
    ])
}

type SiteRow = Awaited<ReturnType<ReturnType<typeof siteRows>['executeTakeFirstOrThrow']>>

function toSite(row: SiteRow): Site {
  return {
    id: row.id,
    name: row.name,
    devices: row.devices ?? 0,
    agents: row.agents ?? 0,
    agentsOnline: row.online ?? 0,
    createdAt: row.created_at.toISOString(),
  }
}
