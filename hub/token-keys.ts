/**
 * Keys that sign access tokens: kept in the database under the master key, the same for all hubs. A key's life:
 *
 * ```
 * next ──────> current ──────> previous ──────> retired
 * announced:   signs           signs no more;   counts no more
 * verifies                     verifies
 * ```
 *
 * Between two states every hub has time to read the keys again, and every token time to expire, so no request fails at a rotation.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey, type SigningKey, signingKey } from '@netraven/protocol/keys.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { TokenKeysTable } from './db/account-tables.ts'
import type { Tables } from './db/tables.ts'
import type { Keyring } from './keyring.ts'
import { forgetAccess } from './sessions.ts'

export interface TokenKeys {
  /** The key that signs now. */
  current(): Promise<SigningKey>
  /** Public half of a key that counts, 32 bytes in base64url; undefined when it is not known or no longer counts. */
  publicKey(id: string): Promise<string | undefined>
  /** Forgets what was read: the keys changed. */
  reload(): void
}

/** A key that is not known is looked for at most this often, ms: anybody may send a token that names one. */
const LOOK_AGAIN_MS = 1_000

/** Keys are read again after so long, ms, even when the word that they changed was lost. */
const READ_AGAIN_MS = 10_000

/** A key is announced for at least so long before it signs, seconds: by then every hub has read it. */
export const ANNOUNCED_FOR_SECONDS = 15

/** Beyond the life of its last token a key still verifies for so long, seconds: hubs that learn late, and clocks that differ. */
const RETIRE_MARGIN_SECONDS = 120

interface Loaded {
  readonly at: number
  readonly current: SigningKey
  readonly all: ReadonlyMap<string, SigningKey>
}

/** @param clock in ms */
export function tokenKeys(db: Kysely<Tables>, keyring: Keyring, clock: () => number): TokenKeys {
  let loading: Promise<Loaded> | undefined

  const load = () => {
    const started = read(db, keyring, clock)
    loading = started
    started.catch(() => {
      if (loading === started) loading = undefined
    })
    return started
  }
  const loaded = async () => {
    const found = await (loading ?? load())
    return clock() - found.at < READ_AGAIN_MS ? found : load()
  }

  return {
    current: async () => (await loaded()).current,
    async publicKey(id) {
      const { at, all } = await loaded()
      const known = all.get(id)
      if (known) return known.publicKey
      return clock() - at < LOOK_AGAIN_MS ? undefined : (await load()).all.get(id)?.publicKey
    },
    reload() {
      loading = undefined
    },
  }
}

async function read(db: Kysely<Tables>, keyring: Keyring, clock: () => number): Promise<Loaded> {
  const at = clock()
  const rows = await keyRows(db)
  const [first] = rows
  const found = first ? rows : [await foundKey(db, keyring)]
  const keys = found.map((row) => ({
    state: row.state,
    key: signingKey(keyring.openBytes('token-keys', row.sealed_seed, row.id).toString('base64url')),
  }))
  const current = keys.find(({ state }) => state === 'current')
  if (!current) throw new RangeError('no current key for access tokens')
  return { at, current: current.key, all: new Map(keys.map(({ key }) => [key.id, key])) }
}

function keyRows(db: Kysely<Tables>) {
  return db
    .selectFrom('token_keys')
    .select(['id', 'sealed_seed', 'state'])
    .where('state', 'in', ['next', 'current', 'previous'])
    .execute()
}

/** The first key of an installation. Hubs that start together make one. */
async function foundKey(db: Kysely<Tables>, keyring: Keyring) {
  const key = newSigningKey()
  await db
    .insertInto('token_keys')
    .values({ ...sealed(key, keyring), state: 'current', activated_at: sql`now()` })
    .onConflict((conflict) => conflict.column('state').where(sql<boolean>`state = 'current'`).doNothing())
    .execute()
  const row = (await keyRows(db)).find(({ state }) => state === 'current')
  if (!row) throw new RangeError('the first key for access tokens could not be kept')
  return row
}

export interface TokenKeyFacts {
  readonly id: string
  readonly state: TokenKeysTable['state']
  readonly createdAt: Date
  readonly activatedAt: Date | null
  /** When it stopped to sign. */
  readonly supersededAt: Date | null
  readonly retiredAt: Date | null
}

/** Every key there ever was, the newest first; no secrets. */
export async function listTokenKeys(db: Kysely<Tables>): Promise<TokenKeyFacts[]> {
  const rows = await db
    .selectFrom('token_keys')
    .select(['id', 'state', 'created_at', 'activated_at', 'superseded_at', 'retired_at'])
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    createdAt: row.created_at,
    activatedAt: row.activated_at,
    supersededAt: row.superseded_at,
    retiredAt: row.retired_at,
  }))
}

/**
 * First step of a rotation: a new key that verifies from now on. When one is announced already, it is that one.
 * @returns its id
 */
export async function announceNextTokenKey(trx: Transaction<Tables>, keyring: Keyring): Promise<string> {
  const key = newSigningKey()
  await trx
    .insertInto('token_keys')
    .values({ ...sealed(key, keyring), state: 'next' })
    .onConflict((conflict) => conflict.column('state').where(sql<boolean>`state = 'next'`).doNothing())
    .execute()
  const { id } = await trx.selectFrom('token_keys').select('id').where('state', '=', 'next').executeTakeFirstOrThrow()
  await forgetAccess(trx, 'keys')
  return id
}

/**
 * Second step: the announced key signs, and the one before only verifies.
 * @returns their ids
 * @throws Failure KEY_NOT_READY when none is announced, or not yet for `ANNOUNCED_FOR_SECONDS`; `retryAfterSeconds` says when
 */
export async function activateNextTokenKey(trx: Transaction<Tables>): Promise<{ current: string; previous: string }> {
  const next = await trx
    .selectFrom('token_keys')
    .select('id')
    .select(sql<number>`extract(epoch from now() - created_at)::float8`.as('age'))
    .where('state', '=', 'next')
    .forUpdate()
    .executeTakeFirst()
  if (!next) throw new Failure('KEY_NOT_READY', { reason: 'no key is announced' })
  const wait = Math.ceil(ANNOUNCED_FOR_SECONDS - next.age)
  if (wait > 0)
    throw new Failure('KEY_NOT_READY', { key: next.id, reason: 'not every hub knows it yet', retryAfterSeconds: wait })
  const previous = await trx
    .updateTable('token_keys')
    .set({ state: 'previous', superseded_at: sql`now()` })
    .where('state', '=', 'current')
    .returning('id')
    .executeTakeFirstOrThrow()
  await trx
    .updateTable('token_keys')
    .set({ state: 'current', activated_at: sql`now()` })
    .where('id', '=', next.id)
    .execute()
  await forgetAccess(trx, 'keys')
  return { current: next.id, previous: previous.id }
}

/**
 * Last step: keys of which no token can be alive any more count no more.
 * @param accessTokenMs longest life of an access token on any hub
 * @returns the ids of those that ended now
 */
export async function retireTokenKeys(trx: Transaction<Tables>, accessTokenMs: number): Promise<string[]> {
  const keptMs = accessTokenMs + RETIRE_MARGIN_SECONDS * 1000
  return retire(trx, sql<boolean>`state = 'previous' and superseded_at < now() - ${keptMs} * interval '1 millisecond'`)
}

/**
 * Ends a key at once, since somebody else may have it: every token that it signed is refused from now on.
 * @returns false when it is not there, or ended before
 * @throws Failure KEY_NOT_READY for the key that signs: rotate first
 */
export async function retireTokenKeyNow(trx: Transaction<Tables>, id: string): Promise<boolean> {
  const row = await trx.selectFrom('token_keys').select('state').where('id', '=', id).forUpdate().executeTakeFirst()
  if (row?.state === 'current')
    throw new Failure('KEY_NOT_READY', { key: id, reason: 'it signs: let another sign first' })
  return (await retire(trx, sql<boolean>`id = ${id} and state <> 'retired'`)).length > 0
}

async function retire(trx: Transaction<Tables>, which: ReturnType<typeof sql<boolean>>): Promise<string[]> {
  const ended = await trx
    .updateTable('token_keys')
    .set({ state: 'retired', retired_at: sql`now()` })
    .where(which)
    .returning('id')
    .execute()
  if (ended.length > 0) await forgetAccess(trx, 'keys')
  return ended.map(({ id }) => id)
}

function sealed(key: SigningKey, keyring: Keyring) {
  const seed = keyring.sealBytes('token-keys', Buffer.from(key.seed, 'base64url'), key.id)
  return { id: key.id, public_key: key.publicKey, sealed_seed: seed }
}
