/**
 * Every place where something sealed lies. What is not here would be lost when a key retires, so a purpose without a place does not
 * compile, and `sealed-places.test.ts` looks for what seals.
 */
import { type Kysely, sql } from 'kysely'
import type { Tables } from './db/tables.ts'
import { headOf, type Purpose } from './sealed-bytes.ts'

/** A column of sealed bytes, bound to the row's id. */
export interface SealedColumn {
  readonly table: keyof Tables
  /** Column that the bytes are bound to. */
  readonly id: string
  readonly column: string
}

/** `store`: texts and artifacts lie in the store, see `blobs/`; `wraps`: data keys themselves, under the master key. */
export const sealedPlaces: Readonly<Record<Purpose, readonly SealedColumn[] | 'store' | 'wraps'>> = {
  check: [{ table: 'installations', id: 'id', column: 'key_check' }],
  'hub-keys': [{ table: 'hub_keys', id: 'id', column: 'sealed_seed' }],
  'token-keys': [{ table: 'token_keys', id: 'id', column: 'sealed_seed' }],
  credentials: [{ table: 'credentials', id: 'id', column: 'sealed_secret' }],
  'second-factors': [{ table: 'second_factors', id: 'user_id', column: 'sealed_secret' }],
  answers: [{ table: 'idempotency_keys', id: 'holder', column: 'sealed_body' }],
  blobs: 'store',
  'data-keys': 'wraps',
}

export interface PurposedColumn extends SealedColumn {
  readonly purpose: Purpose
}

/** The columns among them. */
export const sealedColumns: readonly PurposedColumn[] = Object.entries(sealedPlaces).flatMap(([purpose, places]) =>
  typeof places === 'string' ? [] : places.map((place) => ({ purpose: purpose as Purpose, ...place })),
)

/** Whether a column's bytes are not under a data key. */
export function isStale({ column }: SealedColumn, dataKeyId: number) {
  return sql<boolean>`${sql.ref(column)} is not null and substring(${sql.ref(column)} from 1 for 5) <> ${headOf(dataKeyId)}`
}

/** Texts that are not known to be under a data key. */
export function isStaleBlob(dataKeyId: number) {
  return sql<boolean>`coalesce(sealed_under, 0) < ${dataKeyId}`
}

export interface Left {
  readonly rows: number
  readonly bytes: number
}

/** What is not yet under a data key. */
export async function leftToSeal(db: Kysely<Tables>, dataKeyId: number): Promise<Left> {
  let [rows, bytes] = [0, 0]
  for (const place of sealedColumns) {
    const { rows: found } = await sql<Left>`
      select count(*) as rows, coalesce(sum(length(${sql.ref(place.column)})), 0)::bigint as bytes
      from ${sql.table(place.table)} where ${isStale(place, dataKeyId)}`.execute(db)
    rows += found[0]?.rows ?? 0
    bytes += found[0]?.bytes ?? 0
  }
  const { rows: texts } = await sql<Left>`
    select count(*) as rows, coalesce(sum(stored_bytes), 0)::bigint as bytes from blobs where ${isStaleBlob(dataKeyId)}`.execute(
    db,
  )
  return { rows: rows + (texts[0]?.rows ?? 0), bytes: bytes + (texts[0]?.bytes ?? 0) }
}
