/**
 * The guard of a credential at a site: a wrong password must not lock five hundred accounts. It is told what devices say to the
 * credential, and it is
 *
 * - *unproven* until the credential has opened a device, and again after one refused it: few tasks at once may use it;
 * - *proven* after a login: as many as like;
 * - *closed* when so many different devices in a row refused it: no task uses it for a while, and none connects for its sake;
 * - after that *on trial*: one task at a time, a login proves it, one more refusal closes it again.
 *
 * A task that ends before the device has judged the credential proves nothing, but lets one more in, so that a row of dead devices
 * does not hold up the living. All of it is counted in the database, for there are many hubs.
 */
import { type Kysely, sql, type Transaction } from 'kysely'
import { hubActor } from './actor.ts'
import type { SiteGuard } from './api/credential.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { type Reacher, reaches } from './reach.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** How careful logins are; see the settings of the same names in `config.ts`. */
export interface LoginLimits {
  /** Different devices in a row whose refusals close a credential's guard. */
  readonly guardRefusals: number
  /** Refusals further apart are not in a row, ms. */
  readonly guardWindowMs: number
  /** How long a guard stays closed, ms. */
  readonly guardClosedMs: number
  /** Tasks at once that may use an unproven credential. */
  readonly unprovenTasks: number
  /** A device that refused its credentials is left alone for so long, ms. */
  readonly coolDownMs: number
  /** Refused tasks in a row after which the account is taken for locked. */
  readonly lockFailures: number
}

export const defaultLoginLimits: LoginLimits = {
  guardRefusals: 3,
  guardWindowMs: 3_600_000,
  guardClosedMs: 900_000,
  unprovenTasks: 3,
  coolDownMs: 900_000,
  lockFailures: 3,
}

/** A row of undecided tasks lets no more in than so many times the usual. */
const UNDECIDED_FACTOR = 4

const SHOWN_DEVICES = 10

export interface Guard {
  readonly refusedDevices: readonly string[]
  readonly undecided: number
  readonly succeededAt: Date | null
  readonly refusedAt: Date | null
  readonly closedUntil: Date | null
}

export const freshGuard: Guard = {
  refusedDevices: [],
  undecided: 0,
  succeededAt: null,
  refusedAt: null,
  closedUntil: null,
}

/** What tasks that ended at about the same time say of one credential. */
export interface Verdicts {
  /** Devices that it opened. */
  opened: number
  /** Devices that refused it. */
  readonly refused: Set<string>
  undecided: number
}

export function isProven({ succeededAt, refusedAt, closedUntil }: Guard): boolean {
  return succeededAt !== null && closedUntil === null && (refusedAt === null || succeededAt >= refusedAt)
}

/** @returns how many tasks at once may use the credential; Infinity when it is proven */
export function tasksAtOnce(guard: Guard, now: Date, { unprovenTasks, guardRefusals }: LoginLimits): number {
  if (isProven(guard)) return Number.POSITIVE_INFINITY
  if (guard.closedUntil) return guard.closedUntil > now ? 0 : 1
  // Those under way may all be refused: together with those that were, they must not be more than close it.
  const few = Math.min(unprovenTasks, guardRefusals)
  return Math.max(1, Math.min(few + guard.undecided, few * UNDECIDED_FACTOR) - guard.refusedDevices.length)
}

/** The guard after some verdicts. A login among them outweighs the refusals: which came first is not known. */
export function guardAfter(
  guard: Guard,
  { opened, refused, undecided }: Verdicts,
  now: Date,
  limits: LoginLimits,
): Guard {
  if (opened > 0) return { ...freshGuard, succeededAt: now, refusedAt: refused.size > 0 ? now : guard.refusedAt }
  if (refused.size === 0) return { ...guard, undecided: guard.undecided + undecided }
  const inRow = guard.refusedAt !== null && now.getTime() - guard.refusedAt.getTime() <= limits.guardWindowMs
  const refusedDevices = [...new Set([...(inRow || guard.closedUntil ? guard.refusedDevices : []), ...refused])]
  const closes = guard.closedUntil !== null || refusedDevices.length >= limits.guardRefusals
  const isClosed = guard.closedUntil !== null && guard.closedUntil > now
  const closedUntil = closes && !isClosed ? new Date(now.getTime() + limits.guardClosedMs) : guard.closedUntil
  return { refusedDevices, undecided: 0, succeededAt: guard.succeededAt, refusedAt: now, closedUntil }
}

/**
 * Tells the guards of a site what became of logins. Rows are locked in one order; a proven guard that hears of logins alone is not
 * touched, so that thousands of good reads don't wait for one row.
 * @returns the credentials that were unproven before: more tasks may use them now, or none
 */
export async function tellGuards(
  trx: Transaction<Tables>,
  siteId: string,
  verdicts: ReadonlyMap<string, Verdicts>,
  limits: LoginLimits,
): Promise<string[]> {
  const calm = await provenAmong(trx, siteId, [...verdicts.keys()])
  const ids = [...verdicts].filter(([id, { refused }]) => refused.size > 0 || !calm.has(id)).map(([id]) => id)
  if (ids.length === 0) return []
  // A credential that was removed meanwhile has no guard any more.
  await sql`
    insert into credential_guards (credential_id, site_id, epoch)
    select id, ${siteId}, epoch from credentials where id = any(${ids}::uuid[]) order by id on conflict do nothing`.execute(
    trx,
  )
  const locked = await guardRows(trx, siteId, ids).orderBy('credential_id').forUpdate().execute()
  const unproven: string[] = []
  for (const { id, now, epoch, ...guard } of locked) {
    const verdict = verdicts.get(id)
    if (!verdict) continue
    const after = guardAfter(guard, verdict, now, limits)
    const closes = after.closedUntil !== null && after.closedUntil !== guard.closedUntil
    if (!isProven(guard)) unproven.push(id)
    await trx
      .updateTable('credential_guards')
      .set({
        refused_devices: [...after.refusedDevices],
        undecided: after.undecided,
        succeeded_at: after.succeededAt,
        refused_at: after.refusedAt,
        closed_until: after.closedUntil,
        ...(closes && { epoch: sql<string>`gen_random_uuid()` }),
      })
      .where('credential_id', '=', id)
      .where('site_id', '=', siteId)
      .execute()
    if (closes) {
      const details = { credential: id, site: siteId, devices: after.refusedDevices, until: after.closedUntil }
      await recordEvent(trx, { kind: 'credential guard closed', actor: hubActor, details })
    }
  }
  return unproven
}

async function provenAmong(db: Db, siteId: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await guardRows(db, siteId, ids).execute()
  return new Set(rows.filter(isProven).map(({ id }) => id))
}

function guardRows(db: Db, siteId: string, ids: readonly string[]) {
  return db
    .selectFrom('credential_guards')
    .select(['credential_id as id', 'epoch', 'refused_devices as refusedDevices', 'undecided'])
    .select(['succeeded_at as succeededAt', 'refused_at as refusedAt', 'closed_until as closedUntil'])
    .select(sql<Date>`now()`.as('now'))
    .where('site_id', '=', siteId)
    .where('credential_id', '=', sql<string>`any(${[...ids]}::uuid[])`)
}

/** The guards of some credentials at a site, by credential. A credential without a row is a fresh one. */
export async function guardsAt(
  db: Db,
  siteId: string,
  ids: readonly string[],
): Promise<Map<string, Guard & { readonly epoch: string; readonly now: Date }>> {
  if (ids.length === 0) return new Map()
  const rows = await guardRows(db, siteId, ids).execute()
  return new Map(rows.map(({ id, ...guard }) => [id, guard]))
}

/** How credentials stand at the sites where devices refused them, for people. */
export async function shownGuards(db: Db, ids: readonly string[], who: Reacher): Promise<Map<string, SiteGuard[]>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<{
    id: string
    site: string
    isClosed: boolean
    until: Date | null
    at: Date
    names: string[]
  }>`
    select g.credential_id as id, sites.name as site, coalesce(g.closed_until > now(), false) as "isClosed",
      g.closed_until as until, g.refused_at as at, array(
        select name from devices where devices.id = any(g.refused_devices) and ${reaches(who, 'read')} order by name limit ${SHOWN_DEVICES}) as names
    from credential_guards g join sites on sites.id = g.site_id
    where g.credential_id = any(${ids}::uuid[]) and (g.refused_devices <> '{}' or g.closed_until is not null)
    order by sites.name`.execute(db)
  const guards = Map.groupBy(rows, ({ id }) => id)
  return new Map(
    [...guards].map(([id, ofOne]) => [
      id,
      ofOne.map(({ site, isClosed, until, at, names }) => ({
        site,
        state: isClosed ? 'closed' : until ? 'trial' : 'unproven',
        until: isClosed ? (until?.toISOString() ?? null) : null,
        refusedBy: names,
        refusedAt: at?.toISOString() ?? null,
      })),
    ]),
  )
}

/** Lets a credential begin anew at a site, or at all: unproven, under another name towards the agents. */
export async function resetGuards(trx: Transaction<Tables>, credentialId: string, siteId?: string): Promise<void> {
  await trx
    .updateTable('credential_guards')
    .set({ refused_devices: [], undecided: 0, succeeded_at: null, refused_at: null, closed_until: null })
    .set({ epoch: sql<string>`gen_random_uuid()` })
    .where('credential_id', '=', credentialId)
    .$if(siteId !== undefined, (query) => query.where('site_id', '=', siteId ?? ''))
    .execute()
}
