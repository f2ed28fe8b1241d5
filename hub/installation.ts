/** Who this installation is: one id and the keys that sign for it, shared by all hubs on one database. */
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey, type SigningKey, signingKey } from '@netraven/protocol/keys.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { readDataKeys } from './data-keys.ts'
import type { Row, Tables } from './db/tables.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'

export interface Installation {
  /** uuid: what agents address their envelopes to. */
  readonly id: string
  /** The current key: signs tasks and answers. */
  readonly signingKey: SigningKey
  /** The current key, the next one when a rotation was announced, and for some minutes the one before: another hub may still sign with it. */
  keys(): readonly SigningKey[]
}

/** An installation whose keys rotate. */
export interface LiveInstallation extends Installation {
  /** Keys that may vouch for the current one, which they are too: to agents that know no newer, and to those that join. */
  vouchers(): readonly SigningKey[]
  /** Ids of all keys that were read. */
  readonly known: readonly string[]
  /** Reads the keys again. */
  reload(): Promise<void>
}

/** How long agents still trust the key that was replaced, minutes: a hub that learns late signs with it. */
const LATE_HUB_MINUTES = 5

interface Keys {
  readonly current: SigningKey
  readonly announced: readonly SigningKey[]
  readonly vouchers: readonly SigningKey[]
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
export async function openInstallation(
  db: Kysely<Tables>,
  keyring: Keyring,
  { handoverDays = 180 }: { handoverDays?: number } = {},
): Promise<LiveInstallation> {
  await readDataKeys(db, keyring)
  const installation = await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('netraven installation'))`.execute(trx)
    return (await trx.selectFrom('installations').selectAll().executeTakeFirst()) ?? (await found(trx, keyring))
  })
  await check(installation, keyring)
  let keys = await readKeys(db, keyring, handoverDays)
  return {
    id: installation.id,
    get signingKey() {
      return keys.current
    },
    keys: () => keys.announced,
    vouchers: () => keys.vouchers,
    get known() {
      return [...new Set([...keys.announced, ...keys.vouchers].map(({ id }) => id))]
    },
    async reload() {
      keys = await readKeys(db, keyring, handoverDays)
    },
  }
}

/** The key that vouches to somebody who knows some keys: the current one when he knows it, else the newest that he does. */
export function voucherFor({ signingKey: current, vouchers }: LiveInstallation, known: readonly string[]): SigningKey {
  return vouchers().find(({ id }) => known.includes(id)) ?? current
}

async function readKeys(db: Kysely<Tables>, keyring: Keyring, handoverDays: number): Promise<Keys> {
  const rows = await db
    .selectFrom('hub_keys')
    .select(['id', 'sealed_seed', 'state'])
    .select(
      sql<boolean>`state = 'retired' and superseded_at > now() - ${LATE_HUB_MINUTES} * interval '1 minute'`.as(
        'isLate',
      ),
    )
    .where((row) =>
      row.or([
        row('state', '<>', 'retired'),
        row.and([
          row('is_distrusted', '=', false),
          sql<boolean>`superseded_at > now() - ${handoverDays} * interval '1 day'`,
        ]),
      ]),
    )
    .orderBy(sql`array_position(array['current', 'next', 'retired'], state)`)
    .orderBy('superseded_at', 'desc')
    .execute()
  const keys = rows.map((row) => ({
    ...row,
    key: signingKey(keyring.openBytes('hub-keys', row.sealed_seed, row.id).toString('base64url')),
  }))
  const current = keys.find(({ state }) => state === 'current')?.key
  if (!current) throw new Failure('INTERNAL', { reason: 'the installation has no current signing key' })
  return {
    current,
    announced: keys
      .filter(({ state, isLate }) => state !== 'retired' || isLate)
      .map(({ key }) => key)
      .slice(0, 8),
    vouchers: keys.filter(({ state }) => state !== 'next').map(({ key }) => key),
  }
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
      activated_at: sql`now()`,
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
