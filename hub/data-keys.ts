/**
 * Data keys: what seals everything that is stored, each wrapped in the database under the master key.
 *
 * ```
 * next ──────> current ──────> retiring ──────> retired ──────> destroyed
 * opens        seals           opens; what it    opens what      its wraps are
 * already                      sealed is sealed  came late       deleted
 *                              again
 * ```
 *
 * A key becomes current when every live hub knows it, so nobody meets bytes that he can't open. There is none until the first rotation:
 * a hub of the release before can't open what a data key sealed.
 */
import { randomBytes } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import { hubsWithout } from './key-holders.ts'
import type { DataKey, Keyring } from './keyring.ts'
import { leftToSeal } from './sealed-places.ts'

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

/** Channel of NOTIFY: some key changed; payload `task` or `data`. Every hub reads its keys anew. */
export const KEYS_CHANNEL = 'netraven_keys'

/** A hub that seals with the key before may take so long from sealing to storing, seconds. */
const SETTLED_AFTER_SECONDS = 5

/** Changes of keys come one at a time. */
export async function lockKeys(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('netraven keys'))`.execute(trx)
}

/** Tells every hub, when the transaction commits. */
export async function tellKeys(trx: Trx, what: 'task' | 'data'): Promise<void> {
  await sql`select pg_notify(${KEYS_CHANNEL}, ${what})`.execute(trx)
}

/**
 * Reads the data keys into the keyring.
 * @throws Failure MASTER_KEY_WRONG when one that counts is under a master key that this hub was not given
 */
export async function readDataKeys(db: Db, keyring: Keyring): Promise<void> {
  const rows = await db
    .selectFrom('data_keys as key')
    .leftJoin('data_key_wraps as wrap', 'wrap.data_key_id', 'key.id')
    .select(['key.id', 'key.purpose', 'key.state', 'wrap.master_fingerprint', 'wrap.sealed'])
    .where('key.destroyed_at', 'is', null)
    .orderBy('key.id')
    .execute()
  const keys = new Map<number, DataKey>()
  for (const { id, purpose, state, master_fingerprint: master, sealed } of rows) {
    const key = master && sealed && !keys.has(id) ? keyring.unwrap(id, master, sealed) : undefined
    if (key) keys.set(id, { id, purpose, isCurrent: state === 'current', key })
  }
  const locked = rows.find(({ id }) => !keys.has(id))
  if (locked) throw new Failure('MASTER_KEY_WRONG', { dataKey: locked.id, masterKeys: keyring.masters.join(', ') })
  keyring.take([...keys.values()])
}

/** Wraps every data key under each master key at hand that has not retired. @returns whether any was missing */
export async function addWraps(db: Db, keyring: Keyring): Promise<boolean> {
  const { dataKeys } = keyring.secrets()
  const retired = await db.selectFrom('master_keys').select('fingerprint').where('state', '=', 'retired').execute()
  const gone = new Set(retired.map(({ fingerprint }) => fingerprint))
  const known = await db.selectFrom('data_key_wraps').select(['data_key_id', 'master_fingerprint']).execute()
  const there = new Set(known.map((row) => `${row.data_key_id} ${row.master_fingerprint}`))
  const missing = dataKeys.flatMap(({ id, key }) =>
    keyring
      .wrapsOf(id, key)
      .filter(({ master }) => !gone.has(master) && !there.has(`${id} ${master}`))
      .map((wrap) => ({ id, ...wrap })),
  )
  for (const { id, master, sealed } of missing) await insertWrap(db, id, master, sealed)
  return missing.length > 0
}

/** Nothing happens when the key was destroyed, or the master key retired, in the meantime. */
async function insertWrap(db: Db, id: number, master: string, sealed: Buffer): Promise<void> {
  await sql`
    insert into data_key_wraps (data_key_id, master_fingerprint, sealed)
    select ${id}, ${master}, ${sealed}
    where exists (select from data_keys where id = ${id} and destroyed_at is null)
      and not exists (select from master_keys where fingerprint = ${master} and state = 'retired')
    on conflict do nothing`.execute(db)
}

/**
 * A new data key that opens from now on. When one is announced already, it is that one. The first also keeps the key of the masks,
 * which must never change.
 * @param isDue it becomes current by itself
 * @returns its id, and whether it is new
 */
export async function announceDataKey(
  trx: Trx,
  keyring: Keyring,
  isDue: boolean,
): Promise<{ id: number; isNew: boolean }> {
  const known = await trx
    .updateTable('data_keys')
    .set({ is_due: sql<boolean>`is_due or ${isDue}` })
    .where('purpose', '=', 'seal')
    .where('state', '=', 'next')
    .returning('id')
    .executeTakeFirst()
  if (known) return { id: known.id, isNew: false }
  const masks = await trx.selectFrom('data_keys').select('id').where('purpose', '=', 'mask').executeTakeFirst()
  if (!masks)
    await insertKey(trx, keyring, Buffer.from(keyring.maskKey, 'base64url'), { purpose: 'mask', state: 'current' })
  const id = await insertKey(trx, keyring, randomBytes(32), { purpose: 'seal', state: 'next', is_due: isDue })
  await tellKeys(trx, 'data')
  return { id, isNew: true }
}

async function insertKey(
  trx: Trx,
  keyring: Keyring,
  key: Buffer,
  values: { purpose: 'seal' | 'mask'; state: 'next' | 'current'; is_due?: boolean },
): Promise<number> {
  const activated = values.state === 'current' ? { activated_at: sql<Date>`now()` } : {}
  const { id } = await trx
    .insertInto('data_keys')
    .values({ ...values, ...activated })
    .returning('id')
    .executeTakeFirstOrThrow()
  for (const { master, sealed } of keyring.wrapsOf(id, key)) await insertWrap(trx, id, master, sealed)
  return id
}

/**
 * The announced key seals; what was sealed before is sealed again in the background.
 * @throws Failure KEY_NOT_READY when none is announced, or a live hub does not know it yet
 */
export async function activateDataKey(trx: Trx): Promise<number> {
  const next = await trx
    .selectFrom('data_keys')
    .select('id')
    .where('purpose', '=', 'seal')
    .where('state', '=', 'next')
    .forUpdate()
    .executeTakeFirst()
  if (!next) throw new Failure('KEY_NOT_READY', { reason: 'no key is announced' })
  const hubs = await hubsWithout(trx, `data ${next.id}`)
  if (hubs.length > 0)
    throw new Failure('KEY_NOT_READY', {
      key: String(next.id),
      reason: 'not every hub knows it yet',
      hubs,
      retryAfterSeconds: 10,
    })
  await trx
    .updateTable('data_keys')
    .set({ state: 'retiring', superseded_at: sql`now()` })
    .where('purpose', '=', 'seal')
    .where('state', '=', 'current')
    .execute()
  const total = await leftToSeal(trx, next.id)
  await trx
    .updateTable('data_keys')
    .set({ state: 'current', activated_at: sql`now()`, total_rows: total.rows, total_bytes: total.bytes })
    .where('id', '=', next.id)
    .execute()
  await tellKeys(trx, 'data')
  return next.id
}

/** Whether every live hub has sealed with the current key for a while, so that nothing new comes under an older one. */
export async function isSettled(db: Db, current: number): Promise<boolean> {
  const late = await db
    .selectFrom('key_holders')
    .select('node')
    .where(sql<boolean>`seen_at > now() - interval '30 seconds'`)
    .where((row) =>
      row.or([
        row('seals_with', '<>', current),
        sql<boolean>`seals_with_since > now() - ${SETTLED_AFTER_SECONDS} * interval '1 second'`,
      ]),
    )
    .executeTakeFirst()
  return late === undefined
}

/** Keys under which nothing is left retire. @returns their ids */
export async function retireDataKeys(trx: Trx): Promise<number[]> {
  const rows = await trx
    .updateTable('data_keys')
    .set({ state: 'retired', retired_at: sql`now()` })
    .where('state', '=', 'retiring')
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

/**
 * Deletes the wraps of keys that have been retired for `keptHours`: a text whose row came late had all that time to be sealed again.
 * @returns their ids
 */
export async function destroyDataKeys(trx: Trx, keptHours: number): Promise<number[]> {
  const rows = await trx
    .updateTable('data_keys')
    .set({ destroyed_at: sql`now()` })
    .where('state', '=', 'retired')
    .where('destroyed_at', 'is', null)
    .where(sql<boolean>`retired_at < now() - ${keptHours} * interval '1 hour'`)
    .returning('id')
    .execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return ids
  await trx.deleteFrom('data_key_wraps').where('data_key_id', 'in', ids).execute()
  await tellKeys(trx, 'data')
  return ids
}
