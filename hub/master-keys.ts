/**
 * Exchange of the master key. Hubs are restarted with the new and the present one; then every data key is wrapped under both, what lies
 * directly under the present one moves under a data key, and when nothing needs it any more its wraps are deleted.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { addWraps, announceDataKey, tellKeys } from './data-keys.ts'
import type { Tables } from './db/tables.ts'
import { hubsWithoutMaster } from './key-holders.ts'
import type { Keyring } from './keyring.ts'
import { isStaleBlob, sealedColumns } from './sealed-places.ts'

/**
 * Begins, or goes on with, the exchange of the present master key for the new one.
 * @returns fingerprints, and whether anything was to do
 * @throws Failure MASTER_KEY_NOT_GIVEN when this hub, or another live one, was not given both
 */
export async function rotateMasterKey(
  trx: Transaction<Tables>,
  keyring: Keyring,
): Promise<{ current: string; previous: string; isNew: boolean }> {
  const [current, previous] = keyring.masters
  if (current === undefined || previous === undefined) throw new Failure('MASTER_KEY_NOT_GIVEN', { key: current })
  const hubs = await hubsWithoutMaster(trx, current)
  if (hubs.length > 0) throw new Failure('MASTER_KEY_NOT_GIVEN', { key: current, hubs })
  const known = await trx.selectFrom('master_keys').selectAll().where('fingerprint', '=', current).executeTakeFirst()
  if (known?.state === 'current') return { current, previous, isNew: false }
  if (known)
    throw new Failure('MASTER_KEY_NOT_GIVEN', { key: current, reason: `it is ${known.state} already: make a new one` })
  await trx.deleteFrom('master_keys').where('fingerprint', '=', previous).execute()
  await trx.updateTable('master_keys').set({ state: 'previous' }).where('state', '=', 'current').execute()
  await trx
    .insertInto('master_keys')
    .values([
      { fingerprint: previous, state: 'previous' },
      { fingerprint: current, state: 'current' },
    ])
    .execute()
  const hasDataKey = await trx
    .selectFrom('data_keys')
    .select('id')
    .where('purpose', '=', 'seal')
    .where('state', '=', 'current')
    .executeTakeFirst()
  if (!hasDataKey) await announceDataKey(trx, keyring, true)
  await addWraps(trx, keyring)
  await tellKeys(trx, 'data')
  return { current, previous, isNew: true }
}

/**
 * Ends the exchange when nothing needs the key before any more.
 * @returns the fingerprint that retired
 */
export async function retireMasterKey(trx: Transaction<Tables>): Promise<string | undefined> {
  const keys = await trx.selectFrom('master_keys').selectAll().where('state', '<>', 'retired').forUpdate().execute()
  const current = keys.find(({ state }) => state === 'current')?.fingerprint
  const previous = keys.find(({ state }) => state === 'previous')?.fingerprint
  if (current === undefined || previous === undefined || (await isNeeded(trx, current))) return undefined
  await trx.deleteFrom('data_key_wraps').where('master_fingerprint', '=', previous).execute()
  await trx
    .updateTable('master_keys')
    .set({ state: 'retired', retired_at: sql`now()` })
    .where('fingerprint', '=', previous)
    .execute()
  return previous
}

/** Whether something could be opened with the key before alone. */
async function isNeeded(db: Kysely<Tables>, current: string): Promise<boolean> {
  if ((await hubsWithoutMaster(db, current)).length > 0) return true
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from data_keys where destroyed_at is null and not exists (
      select from data_key_wraps where data_key_id = data_keys.id and master_fingerprint = ${current})) as found`.execute(
    db,
  )
  if (rows[0]?.found) return true
  for (const { table, column } of sealedColumns) {
    const direct = await sql`
      select from ${sql.table(table)} where get_byte(${sql.ref(column)}, 0) = 1 limit 1`.execute(db)
    if (direct.rows.length > 0) return true
  }
  const texts = await db.selectFrom('blobs').select('content_hash').where(isStaleBlob(1)).limit(1).execute()
  return texts.length > 0
}
