/** Sites: networks that an agent can reach. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { isUuid } from './api/fields.ts'
import type { Site } from './api/site.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { newId } from './ids.ts'
import { nearest } from './nearest.ts'

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

/** All sites by name, with what is at each. */
export async function listSites(db: Db): Promise<Site[]> {
  const rows = await siteRows(db).orderBy(sql`lower(sites.name)`).execute()
  return rows.map(toSite)
}

/** @throws Failure ALREADY_EXISTS */
export async function addSite(db: Db, name: string): Promise<Site> {
  const id = newId()
  try {
    await db.insertInto('sites').values({ id, name }).execute()
  } catch (error) {
    if (violation(error)?.constraint === 'sites_name') throw new Failure('ALREADY_EXISTS', { site: name })
    throw error
  }
  return toSite(await siteRows(db).where('sites.id', '=', id).executeTakeFirstOrThrow())
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

function siteRows(db: Db) {
  return db
    .selectFrom('sites')
    .select(['sites.id', 'sites.name', 'sites.created_at'])
    .select((row) => [
      row
        .selectFrom('devices')
        .whereRef('devices.site_id', '=', 'sites.id')
        .where('devices.removed_at', 'is', null)
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
