/**
 * Sealing again, in the background, what is under an older key. Each batch is one transaction over rows that no other hub has in its
 * hands (skip locked); what is done shows in the bytes themselves, so a hub that is killed leaves nothing to clear up, and the next goes on.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { BlobStore } from './blobs/blobs.ts'
import type { Tables } from './db/tables.ts'
import type { Keyring } from './keyring.ts'
import type { Log } from './log.ts'
import { isStale, isStaleBlob, type Left, type PurposedColumn, sealedColumns } from './sealed-places.ts'

export interface ReencryptionParts {
  readonly db: Kysely<Tables>
  readonly keyring: Keyring
  readonly blobs: BlobStore
  readonly log: Log
}

const ROWS_AT_ONCE = 200
const TEXTS_AT_ONCE = 50
/** A batch of texts ends beyond so many bytes, so that no row is locked for long. */
const BYTES_AT_ONCE = 16 * 1024 * 1024

/** A text that can't be read under any key was lost before; it must not hold the rotation up. */
const LOST = new Set(['PATH_MISSING', 'BLOB_UNREADABLE'])

/**
 * One batch.
 * @returns what was looked at; nothing: all that this hub can reach is done, or in the hands of another
 * @throws Failure DATA_KEY_UNKNOWN, STORAGE_…, BACKEND_UNAVAILABLE, DB_…: try again later
 */
export async function reencryptBatch(parts: ReencryptionParts): Promise<Left> {
  const { db, keyring } = parts
  if (keyring.sealsWith === 0) return { rows: 0, bytes: 0 }
  for (const place of sealedColumns) {
    const done = await db.transaction().execute((trx) => resealRows(trx, keyring, place))
    if (done.rows > 0) return done
  }
  return resealTexts(parts)
}

async function resealRows(trx: Transaction<Tables>, keyring: Keyring, place: PurposedColumn): Promise<Left> {
  const { table, id, column, purpose } = place
  const { rows } = await sql<{ id: string; sealed: Buffer }>`
    select ${sql.ref(id)}::text as id, ${sql.ref(column)} as sealed from ${sql.table(table)}
    where ${isStale(place, keyring.sealsWith)} limit ${ROWS_AT_ONCE} for no key update skip locked`.execute(trx)
  let bytes = 0
  for (const row of rows) {
    const again = keyring.resealBytes(purpose, row.sealed, row.id)
    if (!again) continue
    bytes += again.length
    await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${again} where ${sql.ref(id)}::text = ${row.id}`.execute(
      trx,
    )
  }
  return { rows: rows.length, bytes }
}

async function resealTexts({ db, keyring, blobs, log }: ReencryptionParts): Promise<Left> {
  const dataKey = keyring.sealsWith
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('blobs')
      .select(['content_hash', 'stored_bytes'])
      .where('store', '=', blobs.name)
      .where(isStaleBlob(dataKey))
      .orderBy(sql`coalesce(sealed_under, 0)`)
      .limit(TEXTS_AT_ONCE)
      .forNoKeyUpdate()
      .skipLocked()
      .execute()
    const done: string[] = []
    let bytes = 0
    for (const { content_hash: hash, stored_bytes: size } of rows) {
      await resealText(blobs, hash, log)
      done.push(hash)
      bytes += size
      if (bytes > BYTES_AT_ONCE) break
    }
    if (done.length > 0)
      await trx.updateTable('blobs').set({ sealed_under: dataKey }).where('content_hash', 'in', done).execute()
    return { rows: done.length, bytes }
  })
}

async function resealText(blobs: BlobStore, hash: string, log: Log): Promise<void> {
  try {
    await blobs.reseal(hash)
  } catch (error) {
    if (!(error instanceof Failure) || !LOST.has(error.code)) throw error
    // All of them seem to be gone when a disk is not mounted.
    const { healthy, failure } = await blobs.status()
    if (!healthy) throw failure ? Failure.fromWire(failure) : error
    log.error({ contentHash: hash, code: error.code }, 'a stored text is lost: it can’t be sealed again')
  }
}
