/**
 * Requests for access. Whoever asks may not know whether there is such a device at all, so that every request is taken alike; those who
 * may grant it see it, and one that is about nothing is seen by nobody else.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { isUuid } from './api/fields.ts'
import type { AccessRequest, AccessRequestQuery, Approval, NewAccessRequest } from './api/grant.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { hasSay, type Resource, requireSay, resourceNamed } from './grant-resources.ts'
import { higher, saveGrant, tooLong } from './grants.ts'
import { newId } from './ids.ts'
import { invalidCursor, pageAfter, pageOfRows } from './pages.ts'
import { everywhere, levelAt, levelsFrom, notOwner, type Reacher } from './reach.ts'
import { nameOfTag } from './tag-words.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** Nobody has more open at once. */
const MAX_OPEN = 100
const NOTHING = { device_id: null, site_id: null, tag_key: null, tag_value: null }

/**
 * Asks for access.
 * @throws Failure ALREADY_EXISTS when the same is asked for already, or held; REQUEST_INVALID when too many requests are open
 */
export async function requestAccess(
  trx: Transaction<Tables>,
  wanted: NewAccessRequest,
  who: Reacher,
  actor: Actor,
): Promise<AccessRequest> {
  const { device, tag, site, level, reason } = wanted
  const kind = device !== undefined ? 'device' : tag !== undefined ? 'tag' : 'site'
  const asked = (device ?? tag ?? site ?? '').trim()
  await sql`select pg_advisory_xact_lock(hashtext(${`netraven requests ${who.user.id}`}))`.execute(trx)
  const open = trx.selectFrom('access_requests').where('user_id', '=', who.user.id).where('state', '=', 'open')
  const { count } = await open.select(sql<number>`count(*)::int`.as('count')).executeTakeFirstOrThrow()
  if (count >= MAX_OPEN) {
    const message = `you have ${count} open requests, the most that may be`
    throw new Failure('REQUEST_INVALID', { issues: [{ where: 'json', path: kind, message }] })
  }
  const resource = await meantBy(trx, wanted)
  if (resource) await mustLack(trx, who, resource, level)
  const columns = resource?.columns ?? NOTHING
  const same = await open
    .select('id')
    .where((row) =>
      row.and(
        Object.entries(columns).map(([name, value]) => sql<boolean>`${sql.ref(name)} is not distinct from ${value}`),
      ),
    )
    .executeTakeFirst()
  const id = newId()
  // A second one in other words is about nothing: that both mean the same is not for everybody to know.
  const isNew = resource !== undefined && !same
  const row = { id, user_id: who.user.id, kind, asked_for: asked, level, reason } as const
  try {
    await trx
      .insertInto('access_requests')
      .values({ ...row, ...(isNew ? columns : NOTHING) })
      .execute()
  } catch (error) {
    const isTwice = violation(error)?.constraint === 'access_requests_once'
    throw isTwice
      ? new Failure('ALREADY_EXISTS', { [kind]: asked, reason: 'you asked for it, and nobody answered yet' })
      : error
  }
  const owner = isNew && columns.device_id !== null ? await ownerOf(trx, columns.device_id) : undefined
  await recordEvent(trx, {
    kind: 'access requested',
    actor,
    details: { request: id, level, reason, ...(owner && { owner }) },
    target: { kind, id: isNew ? (columns.device_id ?? columns.site_id) : null, name: asked },
  })
  return shownRequest(trx, id, who)
}

/** Requests of somebody, and those that they may answer; newest first, a page at a time. */
export async function listRequests(db: Db, { limit, cursor, state }: AccessRequestQuery, who: Reacher) {
  const before = pageAfter(cursor)
  if (before !== undefined && !isUuid(before)) throw invalidCursor()
  let rows = requestRows(db, who)
  if (state !== undefined) rows = rows.where('access_requests.state', '=', state)
  if (before !== undefined) rows = rows.where('access_requests.id', '<', before)
  const found = await rows
    .orderBy('access_requests.id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageOfRows(found, limit, toRequest, (row) => row.id)
}

/** @throws Failure NOT_FOUND, NOT_OWNER, ALREADY_EXISTS when it was answered; REQUEST_INVALID as `putGrant` */
export async function approveRequest(
  trx: Transaction<Tables>,
  id: string,
  approval: Approval,
  who: Reacher,
  actor: Actor,
): Promise<AccessRequest> {
  const { row, resource } = await openRequest(trx, id, who)
  const until = await requireSay(trx, who, resource)
  const ends = approval.expiresAt === undefined ? until : new Date(approval.expiresAt)
  if (until && (!ends || ends > until)) throw tooLong(until)
  const held = await trx
    .selectFrom('grants')
    .select('level')
    .where('user_id', '=', row.user_id)
    .where((grant) =>
      grant.and(
        Object.entries(resource.columns).map(
          ([name, value]) => sql<boolean>`${sql.ref(name)} is not distinct from ${value}`,
        ),
      ),
    )
    .where((grant) => grant.or([grant('expires_at', 'is', null), grant('expires_at', '>', sql<Date>`now()`)]))
    .executeTakeFirst()
  const wanted = approval.level ?? row.level
  const level = held ? higher(held.level, wanted) : wanted
  const to = { user_id: row.user_id, group_id: null }
  await saveGrant(trx, { resource, to, named: { id: row.user_id, name: row.user }, level, ends }, actor)
  return answer(trx, row, 'approved', approval.answer, who, actor)
}

/** @throws Failure NOT_FOUND, NOT_OWNER, ALREADY_EXISTS when it was answered */
export async function denyRequest(
  trx: Transaction<Tables>,
  id: string,
  words: string | undefined,
  who: Reacher,
  actor: Actor,
): Promise<AccessRequest> {
  const { row } = await openRequest(trx, id, who)
  return answer(trx, row, 'denied', words, who, actor)
}

async function answer(
  trx: Transaction<Tables>,
  row: RequestRow,
  state: 'approved' | 'denied',
  words: string | undefined,
  who: Reacher,
  actor: Actor,
): Promise<AccessRequest> {
  await trx
    .updateTable('access_requests')
    .set({ state, decided_at: sql`now()`, decided_by: actor.name, answer: words ?? null })
    .where('id', '=', row.id)
    .execute()
  await recordEvent(trx, {
    kind: state === 'approved' ? 'access request approved' : 'access request denied',
    actor,
    details: { request: row.id, user: row.user, level: row.level, ...(words !== undefined && { answer: words }) },
    target: { kind: row.kind, id: row.device_id ?? row.site_id, name: nameOf(row) },
  })
  return shownRequest(trx, row.id, who)
}

async function openRequest(trx: Transaction<Tables>, id: string, who: Reacher) {
  if (isUuid(id)) {
    await trx.selectFrom('access_requests').select('id').where('id', '=', id).forUpdate().execute()
  }
  const row = isUuid(id)
    ? await requestRows(trx, who).where('access_requests.id', '=', id).executeTakeFirst()
    : undefined
  if (!row) throw new Failure('NOT_FOUND', { accessRequest: id })
  const { kind, device_id, site_id, tag_key, tag_value } = row
  const resource: Resource = { kind, name: nameOf(row), columns: { device_id, site_id, tag_key, tag_value } }
  if (!row.has_say) throw notOwner(who, { kind, name: row.asked_for }, 'manage', null)
  if (row.state !== 'open') throw new Failure('ALREADY_EXISTS', { accessRequest: id, reason: `it was ${row.state}` })
  return { row, resource }
}

/** @returns undefined when there is none of that name */
async function meantBy(trx: Transaction<Tables>, wanted: NewAccessRequest): Promise<Resource | undefined> {
  try {
    return await resourceNamed(trx, wanted, everywhere)
  } catch (error) {
    if (error instanceof Failure && ['DEVICE_UNKNOWN', 'SITE_UNKNOWN'].includes(error.code)) return undefined
    throw error
  }
}

async function mustLack(
  trx: Transaction<Tables>,
  who: Reacher,
  { kind, name, columns }: Resource,
  level: AccessRequest['level'],
) {
  if (columns.device_id === null) return
  const { held } = await trx
    .selectFrom('devices')
    .select(levelAt(who).as('held'))
    .where('id', '=', columns.device_id)
    .executeTakeFirstOrThrow()
  if (held && levelsFrom(level).includes(held)) {
    throw new Failure('ALREADY_EXISTS', { [kind]: name, reason: `you may ${held} it already` })
  }
}

async function ownerOf(trx: Transaction<Tables>, device: string): Promise<string | undefined> {
  const row = await trx
    .selectFrom('devices')
    .innerJoin('users', 'users.id', 'devices.owner_id')
    .select('users.username')
    .where('devices.id', '=', device)
    .executeTakeFirst()
  return row?.username
}

async function shownRequest(db: Db, id: string, who: Reacher): Promise<AccessRequest> {
  return toRequest(await requestRows(db, who).where('access_requests.id', '=', id).executeTakeFirstOrThrow())
}

/** Requests about nothing are seen by whoever asked alone. */
function requestRows(db: Db, who: Reacher) {
  const say = sql<boolean>`(${hasSay(who, 'access_requests')}
    and (access_requests.device_id is not null or access_requests.site_id is not null or access_requests.tag_key is not null))`
  return db
    .selectFrom('access_requests')
    .innerJoin('users', 'users.id', 'access_requests.user_id')
    .leftJoin('devices', 'devices.id', 'access_requests.device_id')
    .leftJoin('sites', 'sites.id', 'access_requests.site_id')
    .selectAll('access_requests')
    .select(['users.username as user', 'devices.name as device', 'sites.name as site'])
    .select(say.as('has_say'))
    .select(sql<boolean>`access_requests.user_id = ${who.user.id}`.as('is_own'))
    .where(sql<boolean>`(${say} or access_requests.user_id = ${who.user.id})`)
}

type RequestRow = Awaited<ReturnType<ReturnType<typeof requestRows>['executeTakeFirstOrThrow']>>

/** What it is called; for those who may know that. */
function nameOf({ device, site, tag_key, tag_value, asked_for }: RequestRow): string {
  return device ?? site ?? (tag_key === null ? asked_for : nameOfTag({ key: tag_key, value: tag_value }))
}

function toRequest(row: RequestRow): AccessRequest {
  return {
    id: row.id,
    user: row.user,
    ...{ device: null, tag: null, site: null, [row.kind]: row.has_say ? nameOf(row) : row.asked_for },
    level: row.level,
    reason: row.reason,
    state: row.state,
    mayAnswer: row.has_say && row.state === 'open',
    createdAt: row.created_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
    decidedBy: row.has_say ? row.decided_by : null,
    answer: row.answer,
  }
}
