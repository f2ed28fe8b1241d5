/** Tables of the API itself. */
import type { ColumnType, JSONColumnType } from 'kysely'

/** A request with an Idempotency-Key, and the answer that it had. Kept for a day. */
export interface IdempotencyKeysTable {
  /** `user ID`. */
  principal: string
  key: string
  /** sha256 of method, path, query and body. */
  request_hash: Buffer
  /** Of the request that is being worked on, or was. */
  holder: string
  /** While it is worked on: after that the hub that did is taken for dead. Null: done. */
  held_until: Date | null
  status: number | null
  headers: JSONColumnType<Record<string, string>, string | null, string | null> | null
  /** Under the master key: an answer may hold a token that is shown once. Null: it was too large to keep. */
  sealed_body: Buffer | null
  created_at: ColumnType<Date, Date | undefined, Date>
}
