/** Tables of the audit log; what they are for is said in `migrations/0018-audit.ts`. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely'

type Json = Record<string, unknown>

/** What a transaction leaves for the chain; empty outside of transactions. */
export interface AuditIntakeTable {
  id: string
  action: string
  actor_kind: string
  actor_id: string | null
  actor_name: string
  address: string | null
  via: string | null
  request_id: string | null
  target_kind: string | null
  target_id: string | null
  target_name: string | null
  before: JSONColumnType<Json> | null
  after: JSONColumnType<Json> | null
  details: JSONColumnType<Json>
}

/** Written by the trigger on the intake alone; never changed. */
export interface AuditEntriesTable {
  /** From 1, without a gap. */
  seq: ColumnType<number, never, never>
  id: ColumnType<string, never, never>
  /** Never before that of the entry before. */
  at: ColumnType<Date, never, never>
  action: ColumnType<string, never, never>
  /** `unknown`: written by a hub of an earlier release, which knew a name only. */
  actor_kind: ColumnType<string, never, never>
  actor_id: ColumnType<string | null, never, never>
  actor_name: ColumnType<string, never, never>
  address: ColumnType<string | null, never, never>
  via: ColumnType<string | null, never, never>
  request_id: ColumnType<string | null, never, never>
  target_kind: ColumnType<string | null, never, never>
  target_id: ColumnType<string | null, never, never>
  target_name: ColumnType<string | null, never, never>
  before: ColumnType<Json | null, never, never>
  after: ColumnType<Json | null, never, never>
  details: ColumnType<Json, never, never>
  prev_hash: ColumnType<Buffer, never, never>
  hash: ColumnType<Buffer, never, never>
}

/** One row: the newest entry. */
export interface AuditHeadsTable {
  seq: ColumnType<number, never, never>
  at: ColumnType<Date, never, never>
  hash: ColumnType<Buffer, never, never>
}

/** What a hub signed: that the chain had this entry at its head. */
export interface AuditCheckpointsTable {
  seq: number
  hash: Buffer
  at: Date | string
  key_id: string
  signature: Buffer
}

/** A view of the audit log, for a hub of the release before. */
export interface EventsTable {
  id: string
  at: Generated<Date>
  kind: string
  /** Who: a user, an agent, the hub. */
  actor: string
  details: JSONColumnType<Record<string, unknown>, string | undefined, string>
}
