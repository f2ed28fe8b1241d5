/** Who this installation is: one id and the keys that sign for it, shared by all hubs on one database. */
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey, type SigningKey, signingKey } from '@netraven/protocol/keys.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Row, Tables } from './db/tables.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'

export interface Installation {
  /** uuid: what agents address their envelopes to. */
  readonly id: string
  /** The current key: signs tasks and answers. */
  readonly signingKey: SigningKey
  /** The current key, then the next one when a rotation was announced. */
  keys(): readonly SigningKey[]
}

/** Whether the database belongs to an installation already. */
export async function isInstalled(db: Kysely<Tables>): Promise<boolean> {
  return (await db.selectFrom('installations').select('id').executeTakeFirst()) !== undefined
}

/**
 * Reads the installation, or founds it. Hubs that start together found one.
 * @throws Failure MASTER_KEY_WRONG when it was founded under another master key; MASTER_KEY_MISSING when this hub had no key
 * and made one of its own a moment too late
 */
export async function openInstallation(db: Kysely<Tables>, keyring: Keyring): Promise<Installation> {
  const installation = await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('netraven installation'))`.execute(trx)
    return (await trx.selectFrom('installations').selectAll().executeTakeFirst()) ?? (await found(trx, keyring))
  })
  await check(installation, keyring)
  const rows = await db.selectFrom('hub_keys').selectAll().where('state', 'in', ['current', 'next']).execute()
  const keys = rows
    .toSorted((one, other) => one.state.localeCompare(other.state))
    .map((row) => signingKey(keyring.openBytes('hub-keys', row.sealed_seed, row.id).toString('base64url')))
  const current = keys[0]
  if (!current || rows.every((row) => row.state !== 'current')) {
    throw new Failure('INTERNAL', { reason: 'the installation has no current signing key' })
  }
  return { id: installation.id, signingKey: current, keys: () => keys }
}

async function found(trx: Transaction<Tables>, keyring: Keyring): Promise<Row<'installations'>> {
  const id = newId()
  const key = newSigningKey()
  await trx
    .insertInto('hub_keys')
    .values({
      id: key.id,
      public_key: key.publicKey,
      sealed_seed: keyring.sealBytes('hub-keys', Buffer.from(key.seed, 'base64url'), key.id),
      state: 'current',
    })
    .execute()
  return trx
    .insertInto('installations')
    .values({ id, key_check: keyring.sealBytes('check', Buffer.from('netraven'), id) })
    .returningAll()
    .executeTakeFirstOrThrow()
}

async function check(installation: Row<'installations'>, keyring: Keyring): Promise<void> {
  try {
    keyring.openBytes('check', installation.key_check, installation.id)
  } catch (cause) {
    if (!keyring.isNew) throw cause
    await keyring.forget()
    throw new Failure('MASTER_KEY_MISSING', { installation: installation.id }, { cause })
  }
}
