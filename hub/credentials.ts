/** Credentials: what opens devices. Secrets go in, are sealed under the master key, and never come out by this door. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Credential, CredentialChange, NewCredential, SavedCredential } from './api/credential.ts'
import { isUuid } from './api/fields.ts'
import { type CredentialSecret, openCredential, sealCredential } from './credential-secret.ts'
import { violation } from './db/sqlstate.ts'
import type { Row, Tables } from './db/tables.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'
import { nearest } from './nearest.ts'
import { readSshKey } from './ssh-key.ts'

type Db = Kysely<Tables> | Transaction<Tables>

export interface CredentialParts {
  readonly db: Db
  readonly keyring: Keyring
}

/** All credentials by name, without their secrets. */
export async function listCredentials(db: Db): Promise<Credential[]> {
  const rows = await credentialRows(db).orderBy(sql`lower(credentials.name)`).execute()
  return rows.map(toCredential)
}

/** @throws Failure CREDENTIAL_UNKNOWN */
export async function showCredential(db: Db, idOrName: string): Promise<Credential> {
  const { id } = await findCredential(db, idOrName)
  return toCredential(await credentialRows(db).where('credentials.id', '=', id).executeTakeFirstOrThrow())
}

/**
 * Saves a new credential; a key is read first.
 * @throws Failure CREDENTIAL_INVALID, ALREADY_EXISTS
 */
export async function addCredential({ db, keyring }: CredentialParts, given: NewCredential): Promise<SavedCredential> {
  const id = newId()
  const { publicLine, ...columns } = columnsOf(keyring, id, given)
  try {
    await db
      .insertInto('credentials')
      .values({ id, name: given.name, username: given.username, ...columns, updated_at: sql`now()` })
      .execute()
  } catch (error) {
    throw isTaken(error) ? new Failure('ALREADY_EXISTS', { credential: given.name }) : error
  }
  return { ...(await showCredential(db, id)), publicKey: publicLine }
}

/**
 * Changes a name, a user name or the secrets.
 * @throws Failure CREDENTIAL_UNKNOWN, CREDENTIAL_INVALID, ALREADY_EXISTS
 */
export async function changeCredential(
  { db, keyring }: CredentialParts & { db: Transaction<Tables> },
  idOrName: string,
  change: CredentialChange,
): Promise<SavedCredential> {
  const { id } = await findCredential(db, idOrName)
  const row = await db.selectFrom('credentials').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
  const { name, username, ...secrets } = change
  const isRenewed = Object.values(secrets).some((value) => value !== undefined)
  const { publicLine = null, ...columns } = isRenewed ? columnsOf(keyring, id, merged(keyring, row, secrets)) : {}
  try {
    await db
      .updateTable('credentials')
      .set({ ...(name && { name }), ...(username !== undefined && { username }), ...columns, updated_at: sql`now()` })
      .where('id', '=', id)
      .execute()
  } catch (error) {
    throw isTaken(error) ? new Failure('ALREADY_EXISTS', { credential: name }) : error
  }
  return { ...(await showCredential(db, id)), publicKey: publicLine }
}

/** @throws Failure CREDENTIAL_UNKNOWN; IN_USE with the names of devices */
export async function removeCredential(db: Transaction<Tables>, idOrName: string): Promise<void> {
  const { id, name } = await findCredential(db, idOrName)
  // Nobody can give it to a device meanwhile: a new reference would have to share this lock.
  await db.selectFrom('credentials').select('id').where('id', '=', id).forUpdate().execute()
  const users = await db
    .selectFrom('devices')
    .select(['name'])
    .where('credential_id', '=', id)
    .where('removed_at', 'is', null)
    .orderBy('name')
    .limit(20)
    .execute()
  if (users.length > 0) throw new Failure('IN_USE', { credential: name, devices: users.map((row) => row.name) })
  await db.updateTable('devices').set({ credential_id: null }).where('credential_id', '=', id).execute()
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

type Secrets = Omit<CredentialChange, 'name' | 'username'>

/** A new main secret replaces all; the enable password alone goes beside what is there. */
function merged(keyring: Keyring, row: Row<'credentials'>, change: Secrets): Omit<NewCredential, 'name' | 'username'> {
  const { enable, ...others } = change
  const isReplaced = Object.values(others).some((value) => value !== undefined)
  if (isReplaced) return { ...others, ...(enable && { enable }) }
  if (!row.sealed_secret) throw new Failure('CREDENTIAL_INVALID', { reason: 'its secrets are kept on the jump host' })
  const { enable: _, ...kept } = openCredential(keyring, row.id, row.sealed_secret)
  return { ...kept, ...(enable && { enable }) }
}

/** The columns that hold the secrets. */
function columnsOf(keyring: Keyring, id: string, given: Omit<NewCredential, 'name' | 'username'>) {
  const { password, enable, privateKey, passphrase, local } = given
  if (local !== undefined) {
    if (password ?? enable ?? privateKey ?? passphrase) {
      throw new Failure('CREDENTIAL_INVALID', {
        reason: 'a local credential has its secrets on the jump host, not here',
      })
    }
    return { kind: 'local', local_name: local, sealed_secret: null, key_fingerprint: null, publicLine: null } as const
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
    publicLine: key?.publicLine ?? null,
  } as const
}

function credentialRows(db: Db) {
  return db
    .selectFrom('credentials')
    .select(['id', 'name', 'username', 'kind', 'local_name', 'key_fingerprint', 'created_at', 'updated_at'])
    .select((row) =>
      row
        .selectFrom('devices')
        .whereRef('devices.credential_id', '=', 'credentials.id')
        .where('devices.removed_at', 'is', null)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('devices'),
    )
}

type CredentialRow = Awaited<ReturnType<ReturnType<typeof credentialRows>['executeTakeFirstOrThrow']>>

function toCredential(row: CredentialRow): Credential {
  return {
    id: row.id,
    name: row.name,
    username: row.username,
    kind: row.kind,
    local: row.local_name,
    keyFingerprint: row.key_fingerprint,
    devices: row.devices ?? 0,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

function isTaken(error: unknown): boolean {
  return violation(error)?.constraint === 'credentials_name'
}
