/** Credentials: what opens devices. Secrets go in, are sealed under the master key, and never come out by this door. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { type Credential, type CredentialChange, type NewCredential, WARN_DAYS } from './api/credential.ts'
import { isUuid } from './api/fields.ts'
import type { PageQuery } from './api/page.ts'
import { columnsOf, merged } from './credential-columns.ts'
import { resetGuards, shownGuards } from './credential-guard.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { devicesWith, endCoolDown, usersOf } from './device-credentials.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'
import { nearest } from './nearest.ts'
import { type Reacher, reaches } from './reach.ts'
import { findSite } from './sites.ts'
import { type Sorting, sortedPage, sortedRows } from './sorted-pages.ts'

type Db = Kysely<Tables> | Transaction<Tables>

export interface CredentialParts {
  readonly db: Transaction<Tables>
  readonly keyring: Keyring
}

const sorting: Sorting = {
  keys: {
    name: { of: sql`lower(credentials.name)`, type: 'text' },
    createdAt: { of: sql`credentials.created_at`, type: 'timestamptz' },
  },
  usual: 'name',
  tie: { of: sql`credentials.id`, type: 'uuid' },
}

/** A page of credentials, without their secrets; of devices, those that somebody may see. */
export async function listCredentials(db: Db, query: PageQuery & { sort?: string | undefined }, who: Reacher) {
  const { keys, order, after, sort } = sortedPage(query, sorting)
  let wanted = credentialRows(db, who).select(keys)
  if (after !== undefined) wanted = wanted.where(after)
  const rows = await wanted
    .orderBy(order)
    .limit(query.limit + 1)
    .execute()
  const guards = await shownGuards(
    db,
    rows.map((row) => row.id),
    who,
  )
  return sortedRows(rows, query.limit, (row) => toCredential(row, guards.get(row.id)), sort)
}

/** Those that end within some days, or have ended, the first to end in front. */
export async function listExpiring(db: Db, days: number, who: Reacher): Promise<Credential[]> {
  const rows = await credentialRows(db, who)
    .where('credentials.expires_at', '<', sql<Date>`now() + ${days} * interval '1 day'`)
    .where('credentials.revoked_at', 'is', null)
    .orderBy('credentials.expires_at')
    .limit(1000)
    .execute()
  return rows.map((row) => toCredential(row))
}

/** @throws Failure CREDENTIAL_UNKNOWN */
export async function showCredential(db: Db, idOrName: string, who: Reacher): Promise<Credential> {
  const { id } = await findCredential(db, idOrName)
  const row = await credentialRows(db, who).where('credentials.id', '=', id).executeTakeFirstOrThrow()
  return toCredential(row, (await shownGuards(db, [id], who)).get(id))
}

/**
 * Saves a new credential; a key is read first.
 * @throws Failure CREDENTIAL_INVALID, ALREADY_EXISTS
 */
export async function addCredential(
  { db, keyring }: CredentialParts,
  given: NewCredential,
  who: Reacher,
  actor: Actor,
): Promise<Credential> {
  const id = newId()
  const columns = columnsOf(keyring, id, given)
  const expires = given.expiresAt === undefined ? null : new Date(given.expiresAt)
  try {
    await db
      .insertInto('credentials')
      .values({
        id,
        name: given.name,
        username: given.username,
        expires_at: expires,
        ...columns,
        updated_at: sql`now()`,
      })
      .execute()
  } catch (error) {
    throw isTaken(error) ? new Failure('ALREADY_EXISTS', { credential: given.name }) : error
  }
  const saved = await showCredential(db, id, who)
  const details = { credential: id, name: saved.name, fields: fieldsOf(given) }
  await recordEvent(db, { kind: 'credential added', actor, details, after: audited(saved) })
  return saved
}

/**
 * Changes a name, a user name, the secrets or the date on which they end. With new secrets everything that devices said to the old
 * ones is forgotten.
 * @throws Failure CREDENTIAL_UNKNOWN, CREDENTIAL_INVALID, ALREADY_EXISTS
 */
export async function changeCredential(
  { db, keyring }: CredentialParts,
  idOrName: string,
  change: CredentialChange,
  who: Reacher,
  actor: Actor,
): Promise<Credential> {
  const { id } = await findCredential(db, idOrName)
  const row = await db.selectFrom('credentials').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
  const before = await showCredential(db, id, who)
  const { name, username, expiresAt, ...secrets } = change
  const isRenewed = Object.values(secrets).some((value) => value !== undefined)
  const columns = isRenewed ? columnsOf(keyring, id, merged(keyring, row, secrets)) : {}
  const ends = (secrets.password ?? secrets.privateKey ?? secrets.local) ? { expires_at: null, revoked_at: null } : {}
  try {
    await db
      .updateTable('credentials')
      .set({ ...(name && { name }), ...(username !== undefined && { username }), ...columns, updated_at: sql`now()` })
      .set({ ...ends, ...(expiresAt !== undefined && { expires_at: expiresAt === null ? null : new Date(expiresAt) }) })
      .where('id', '=', id)
      .execute()
  } catch (error) {
    throw isTaken(error) ? new Failure('ALREADY_EXISTS', { credential: name }) : error
  }
  if (isRenewed || username !== undefined) await beginAnew(db, id)
  const saved = await showCredential(db, id, who)
  const details = { credential: id, name: saved.name, fields: fieldsOf(change) }
  const states = { before: audited(before), after: audited(saved) }
  await recordEvent(db, { kind: 'credential changed', actor, details, ...states })
  return saved
}

/** Agents and devices meet it as another one. */
async function beginAnew(trx: Transaction<Tables>, id: string): Promise<void> {
  await trx.updateTable('credentials').set({ epoch: sql<string>`gen_random_uuid()` }).where('id', '=', id).execute()
  await resetGuards(trx, id)
  await trx.updateTable('login_standings').set({ refused_at: null }).where('credential_id', '=', id).execute()
  await endCoolDown(trx, await devicesWith(trx, id))
}

/** From now on no device is shown it; new secrets lift that. @throws Failure CREDENTIAL_UNKNOWN */
export async function revokeCredential(
  trx: Transaction<Tables>,
  idOrName: string,
  who: Reacher,
  actor: Actor,
): Promise<Credential> {
  const { id, name } = await findCredential(trx, idOrName)
  await trx
    .updateTable('credentials')
    .set({ revoked_at: sql`now()` })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
  await recordEvent(trx, { kind: 'credential revoked', actor, details: { credential: id, name } })
  return showCredential(trx, id, who)
}

/** Lets a credential that is held back go, at a site or at all. @throws Failure CREDENTIAL_UNKNOWN, SITE_UNKNOWN */
export async function resetGuard(
  trx: Transaction<Tables>,
  idOrName: string,
  siteIdOrName: string | undefined,
  who: Reacher,
  actor: Actor,
): Promise<Credential> {
  const { id, name } = await findCredential(trx, idOrName)
  const site = siteIdOrName === undefined ? undefined : await findSite(trx, siteIdOrName)
  await resetGuards(trx, id, site?.id)
  const details = { credential: id, name, ...(site && { site: site.name }) }
  await recordEvent(trx, { kind: 'credential guard reset', actor, details })
  return showCredential(trx, id, who)
}

/** @throws Failure CREDENTIAL_UNKNOWN; IN_USE with the names of those devices that somebody may see */
export async function removeCredential(
  db: Transaction<Tables>,
  idOrName: string,
  who: Reacher,
  actor: Actor,
): Promise<void> {
  const { id, name } = await findCredential(db, idOrName)
  // Nobody can give it to a device meanwhile: a new reference would have to share this lock.
  await db.selectFrom('credentials').select('id').where('id', '=', id).forUpdate().execute()
  const users = await usersOf(db, id, who)
  if (users) throw new Failure('IN_USE', { credential: name, devices: users })
  const before = audited(await showCredential(db, id, who))
  await db.updateTable('devices').set({ credential_id: null }).where('credential_id', '=', id).execute()
  await db.deleteFrom('device_credentials').where('credential_id', '=', id).execute()
  await db.deleteFrom('credentials').where('id', '=', id).execute()
  await recordEvent(db, { kind: 'credential removed', actor, details: { credential: id, name }, before })
}

/** @throws Failure CREDENTIAL_UNKNOWN, with `didYouMean` when a name is near */
export async function findCredential(db: Db, idOrName: string): Promise<{ id: string; name: string }> {
  const found = await db
    .selectFrom('credentials')
    .select(['id', 'name'])
    .where((row) =>
      isUuid(idOrName) ? row('id', '=', idOrName) : row(sql`lower(name)`, '=', sql`lower(${idOrName.trim()})`),
    )
    .executeTakeFirst()
  if (found) return found
  const names = await db.selectFrom('credentials').select('name').limit(10_000).execute()
  const didYouMean = nearest(
    idOrName,
    names.map((row) => row.name),
  )
  throw new Failure('CREDENTIAL_UNKNOWN', { credential: idOrName, ...(didYouMean && { didYouMean }) })
}

/** What may be told of it. */
function audited(credential: Credential) {
  const { name, username, kind, local, keyFingerprint, expiresAt, revokedAt } = credential
  return { name, username, kind, local, keyFingerprint, expiresAt, revokedAt }
}

/** Names of the fields that were given; never what was in them. */
function fieldsOf(given: object): string[] {
  return Object.entries(given).flatMap(([field, value]) => (value === undefined ? [] : [field]))
}

function credentialRows(db: Db, who: Reacher) {
  return db
    .selectFrom('credentials')
    .select(['id', 'name', 'username', 'kind', 'local_name', 'key_fingerprint', 'created_at', 'updated_at'])
    .select(['public_key', 'expires_at', 'revoked_at'])
    .select(sql<number | null>`extract(epoch from expires_at - now())::float8 / 86400`.as('days_left'))
    .select(
      sql<number>`(select count(*) from devices where removed_at is null and credential_id = credentials.id
          and ${reaches(who, 'read')})
        + (select count(*) from device_credentials join devices on devices.id = device_id
          where removed_at is null and device_credentials.credential_id = credentials.id and ${reaches(who, 'read')})`.as(
        'devices',
      ),
    )
}

type CredentialRow = Awaited<ReturnType<ReturnType<typeof credentialRows>['executeTakeFirstOrThrow']>>

function toCredential(row: CredentialRow, guards: Credential['guards'] = []): Credential {
  return {
    id: row.id,
    name: row.name,
    username: row.username,
    kind: row.kind,
    local: row.local_name,
    keyFingerprint: row.key_fingerprint,
    publicKey: row.public_key,
    devices: row.devices,
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    expiry: row.days_left === null ? null : expiryOf(row.days_left),
    guards,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

function expiryOf(daysLeft: number): NonNullable<Credential['expiry']> {
  const warnDays = daysLeft <= 0 ? 0 : (WARN_DAYS.findLast((days) => daysLeft <= days) ?? null)
  return { daysLeft: Math.max(0, Math.floor(daysLeft)), warnDays }
}

function isTaken(error: unknown): boolean {
  return violation(error)?.constraint === 'credentials_name'
}
