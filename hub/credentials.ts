/** Credentials: what opens devices. Secrets go in, are sealed under the master key, and never come out by this door. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { type Credential, type CredentialChange, type NewCredential, WARN_DAYS } from './api/credential.ts'
import { isUuid } from './api/fields.ts'
import { resetGuards, shownGuards } from './credential-guard.ts'
import { type CredentialSecret, openCredential, sealCredential } from './credential-secret.ts'
import { violation } from './db/sqlstate.ts'
import type { Row, Tables } from './db/tables.ts'
import { devicesWith, endCoolDown } from './device-credentials.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'
import { nearest } from './nearest.ts'
import { findSite } from './sites.ts'
import { readSshKey } from './ssh-key.ts'

type Db = Kysely<Tables> | Transaction<Tables>

export interface CredentialParts {
  readonly db: Db
  readonly keyring: Keyring
}

/** All credentials by name, without their secrets. */
export async function listCredentials(db: Db): Promise<Credential[]> {
  const rows = await credentialRows(db).orderBy(sql`lower(credentials.name)`).execute()
  const guards = await shownGuards(
    db,
    rows.map((row) => row.id),
  )
  return rows.map((row) => toCredential(row, guards.get(row.id)))
}

/** @throws Failure CREDENTIAL_UNKNOWN */
export async function showCredential(db: Db, idOrName: string): Promise<Credential> {
  const { id } = await findCredential(db, idOrName)
  const row = await credentialRows(db).where('credentials.id', '=', id).executeTakeFirstOrThrow()
  return toCredential(row, (await shownGuards(db, [id])).get(id))
}

/**
 * Saves a new credential; a key is read first.
 * @throws Failure CREDENTIAL_INVALID, ALREADY_EXISTS
 */
export async function addCredential({ db, keyring }: CredentialParts, given: NewCredential): Promise<Credential> {
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
  return showCredential(db, id)
}

/**
 * Changes a name, a user name, the secrets or the date on which they end. With new secrets everything that devices said to the old
 * ones is forgotten.
 * @throws Failure CREDENTIAL_UNKNOWN, CREDENTIAL_INVALID, ALREADY_EXISTS
 */
export async function changeCredential(
  { db, keyring }: CredentialParts & { db: Transaction<Tables> },
  idOrName: string,
  change: CredentialChange,
): Promise<Credential> {
  const { id } = await findCredential(db, idOrName)
  const row = await db.selectFrom('credentials').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
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
  return showCredential(db, id)
}

/** Agents and devices meet it as another one. */
async function beginAnew(trx: Transaction<Tables>, id: string): Promise<void> {
  await trx.updateTable('credentials').set({ epoch: sql<string>`gen_random_uuid()` }).where('id', '=', id).execute()
  await resetGuards(trx, id)
  await trx.updateTable('login_standings').set({ refused_at: null }).where('credential_id', '=', id).execute()
  await endCoolDown(trx, await devicesWith(trx, id))
}

/** From now on no device is shown it; new secrets lift that. @throws Failure CREDENTIAL_UNKNOWN */
export async function revokeCredential(trx: Transaction<Tables>, idOrName: string, actor: string): Promise<Credential> {
  const { id, name } = await findCredential(trx, idOrName)
  await trx
    .updateTable('credentials')
    .set({ revoked_at: sql`now()` })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
  await recordEvent(trx, { kind: 'credential revoked', actor, details: { credential: id, name } })
  return showCredential(trx, id)
}

/** Lets a credential that is held back go, at a site or at all. @throws Failure CREDENTIAL_UNKNOWN, SITE_UNKNOWN */
export async function resetGuard(
  trx: Transaction<Tables>,
  idOrName: string,
  siteIdOrName: string | undefined,
  actor: string,
): Promise<Credential> {
  const { id, name } = await findCredential(trx, idOrName)
  const site = siteIdOrName === undefined ? undefined : await findSite(trx, siteIdOrName)
  await resetGuards(trx, id, site?.id)
  const details = { credential: id, name, ...(site && { site: site.name }) }
  await recordEvent(trx, { kind: 'credential guard reset', actor, details })
  return showCredential(trx, id)
}

/** @throws Failure CREDENTIAL_UNKNOWN; IN_USE with the names of devices */
export async function removeCredential(db: Transaction<Tables>, idOrName: string): Promise<void> {
  const { id, name } = await findCredential(db, idOrName)
  // Nobody can give it to a device meanwhile: a new reference would have to share this lock.
  await db.selectFrom('credentials').select('id').where('id', '=', id).forUpdate().execute()
  const users = await db
    .selectFrom('devices')
    .select(['name'])
    .where('id', '=', sql<string>`any(${await devicesWith(db, id)}::uuid[])`)
    .where('removed_at', 'is', null)
    .orderBy('name')
    .limit(20)
    .execute()
  if (users.length > 0) throw new Failure('IN_USE', { credential: name, devices: users.map((row) => row.name) })
  await db.updateTable('devices').set({ credential_id: null }).where('credential_id', '=', id).execute()
  await db.deleteFrom('device_credentials').where('credential_id', '=', id).execute()
  await db.deleteFrom('credentials').where('id', '=', id).execute()
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

type Secrets = Omit<CredentialChange, 'name' | 'username' | 'expiresAt'>
type NewSecrets = Omit<NewCredential, 'name' | 'username' | 'expiresAt'>

/** A new main secret replaces all; the enable password alone goes beside what is there. */
function merged(keyring: Keyring, row: Row<'credentials'>, change: Secrets): NewSecrets {
  const { enable, ...others } = change
  const isReplaced = Object.values(others).some((value) => value !== undefined)
  if (isReplaced) return { ...others, ...(enable && { enable }) }
  if (!row.sealed_secret) throw new Failure('CREDENTIAL_INVALID', { reason: 'its secrets are kept on the jump host' })
  const { enable: _, ...kept } = openCredential(keyring, row.id, row.sealed_secret)
  return { ...kept, ...(enable && { enable }) }
}

/** The columns that hold the secrets. */
function columnsOf(keyring: Keyring, id: string, given: NewSecrets) {
  const { password, enable, privateKey, passphrase, local } = given
  if (local !== undefined) {
    if (password ?? enable ?? privateKey ?? passphrase) {
      throw new Failure('CREDENTIAL_INVALID', {
        reason: 'a local credential has its secrets on the jump host, not here',
      })
    }
    return { kind: 'local', local_name: local, sealed_secret: null, key_fingerprint: null, public_key: null } as const
  }
  if (passphrase !== undefined && privateKey === undefined) {
    throw new Failure('CREDENTIAL_INVALID', { reason: 'a passphrase without a key' })
  }
  const key = privateKey === undefined ? undefined : readSshKey(privateKey, passphrase)
  if (password === undefined && !key)
    throw new Failure('CREDENTIAL_INVALID', { reason: 'neither a password nor a key' })
  const secret: CredentialSecret = {
    ...(password !== undefined && { password }),
    ...(enable !== undefined && { enable }),
    ...(key && { privateKey: key.privateKey }),
    ...(key?.passphrase !== undefined && { passphrase: key.passphrase }),
  }
  return {
    kind: key ? 'key' : 'password',
    local_name: null,
    sealed_secret: sealCredential(keyring, id, secret),
    key_fingerprint: key?.fingerprint ?? null,
    public_key: key?.publicLine ?? null,
  } as const
}

function credentialRows(db: Db) {
  return db
    .selectFrom('credentials')
    .select(['id', 'name', 'username', 'kind', 'local_name', 'key_fingerprint', 'created_at', 'updated_at'])
    .select(['public_key', 'expires_at', 'revoked_at'])
    .select(sql<number | null>`extract(epoch from expires_at - now())::float8 / 86400`.as('days_left'))
    .select(
      sql<number>`(select count(*) from devices where removed_at is null and credential_id = credentials.id)
        + (select count(*) from device_credentials join devices on devices.id = device_id
          where removed_at is null and device_credentials.credential_id = credentials.id)`.as('devices'),
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
