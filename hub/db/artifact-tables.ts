/** Tables of files that are kept byte for byte. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely'

/** One distinct file of a device and the span of time in which it was seen, or why there was none. */
export interface ArtifactsTable {
  id: string
  device_id: string
  /** What was asked for, in the driver's words: those of one device with one source follow each other. */
  source: string
  /** The file's own name. */
  name: string
  /** `absent`: it could not be read, or must not be kept; `failure_code` says why. */
  state: 'complete' | 'suspect' | 'absent'
  /** sha256 of the whole file; null when absent, as are size and signature. */
  content_hash: string | null
  size_bytes: number | null
  reasons: JSONColumnType<string[], string | undefined, string>
  failure_code: string | null
  failure_details: JSONColumnType<Record<string, unknown>, string | undefined, string> | null
  first_seen_at: Date
  last_seen_at: Date
  seen_count: Generated<number>
  /** Of the last sight, so that one read counts once, however often it is reported. */
  last_task_id: string
  /** Of the first sight: what the agent signed. */
  agent_id: string
  task_id: string
  attempt: number
  signature: string | null
  created_at: ColumnType<Date, Date | undefined, never>
}

/** Where the bytes of an artifact lie, in order: each part is a blob. */
export interface ArtifactPartsTable {
  artifact_id: string
  /** From 0. */
  position: number
  content_hash: string
}
