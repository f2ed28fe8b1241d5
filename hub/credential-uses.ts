/** Where a credential is used, and how it does there. */
import { type Kysely, sql } from 'kysely'
import type { CredentialUse } from './api/credential.ts'
import type { PageQuery } from './api/page.ts'
import { findCredential } from './credentials.ts'
import type { Tables } from './db/tables.ts'
import { credentialsOf } from './device-credentials.ts'
import { pageAfter, pageOfRows } from './pages.ts'
import { type Reacher, reaches } from './reach.ts'

/** Devices that somebody may see and that have it, by name, a page at a time. @throws Failure CREDENTIAL_UNKNOWN */
export async function usesOfCredential(
  db: Kysely<Tables>,
  idOrName: string,
  { limit, cursor }: PageQuery,
  who: Reacher,
) {
  const { id } = await findCredential(db, idOrName)
  const after = pageAfter(cursor)
  const rows = await db
    .selectFrom('devices')
    .innerJoin('sites', 'sites.id', 'devices.site_id')
    .leftJoin('login_standings as standing', (join) =>
      join.onRef('standing.device_id', '=', 'devices.id').on('standing.credential_id', '=', id),
    )
    .select(['devices.id', 'devices.name', 'sites.name as site'])
    .select(['standing.success_rate', 'standing.succeeded_at', 'standing.refused_at'])
    .select(sql<string>`lower(devices.name)`.as('key'))
    .where('devices.removed_at', 'is', null)
    .where(reaches(who, 'read'))
    .where(sql<boolean>`exists (select from ${credentialsOf('devices')} own where own.id = ${id})`)
    .$if(after !== undefined, (all) => all.where(sql`lower(devices.name)`, '>', after ?? ''))
    .orderBy(sql`lower(devices.name)`)
    .limit(limit + 1)
    .execute()
  const shown = (row: (typeof rows)[number]): CredentialUse => ({
    ...{ device: row.name, deviceId: row.id, site: row.site, successRate: row.success_rate },
    lastSucceededAt: row.succeeded_at?.toISOString() ?? null,
    lastRefusedAt: row.refused_at?.toISOString() ?? null,
  })
  return pageOfRows(rows, limit, shown, (row) => row.key)
}
