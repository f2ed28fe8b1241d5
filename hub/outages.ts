/**
 * When many devices of a site fail on the same low rung at once, it is rarely the devices: a switch, a firewall or a line between
 * agent and devices is down. A run says so once instead of once a device.
 */
import { type Rung, rungOf } from '@netraven/protocol/ladder.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Outage } from './api/run.ts'
import type { Tables } from './db/tables.ts'
import { type Reacher, reaches } from './reach.ts'

/** Below the login: what a device's own settings seldom break. */
const LOW: ReadonlySet<Rung> = new Set(['dns', 'tcp', 'banner'])
/** So many devices at least, and so much of the site's part of the run. */
const FEWEST = 3
const SHARE = 0.5

/** Tasks of one site that ended, or did not, in one way. */
export interface Ended {
  readonly site: string
  /** null: it did not fail. */
  readonly code: string | null
  readonly rung: string | null
  readonly count: number
}

/** @returns each site and rung of which an outage is suspected, by site */
export function outagesIn(ended: readonly Ended[]): Outage[] {
  return [...Map.groupBy(ended, ({ site }) => site)]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([site, rows]) => {
      const total = sum(rows)
      const byRung = Map.groupBy(rows, ({ code, rung }) =>
        code === null ? undefined : rungOf({ code, details: { rung } }),
      )
      return [...byRung].flatMap(([rung, failed]) => {
        const count = sum(failed)
        const isOne = rung !== undefined && LOW.has(rung) && count >= FEWEST && count >= total * SHARE
        return isOne ? [{ site, rung, failed: count, total }] : []
      })
    })
}

/** Of a run, as far as somebody sees it. */
export async function outagesOf(
  db: Kysely<Tables> | Transaction<Tables>,
  runId: string,
  who: Reacher,
): Promise<Outage[]> {
  const rung = sql<string | null>`tasks.failure_details->>'rung'`
  const rows = await db
    .selectFrom('tasks')
    .innerJoin('sites', 'sites.id', 'tasks.site_id')
    .innerJoin('devices', 'devices.id', 'tasks.device_id')
    .select(['sites.name as site', 'tasks.failure_code as code', rung.as('rung'), sql<number>`count(*)`.as('count')])
    .where('tasks.run_id', '=', runId)
    .where(reaches(who, 'read'))
    .groupBy(['sites.name', 'tasks.failure_code', rung])
    .execute()
  return outagesIn(rows)
}

function sum(rows: readonly Ended[]): number {
  return rows.reduce((all, { count }) => all + count, 0)
}
