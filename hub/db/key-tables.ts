/** Tables of keys over stored secrets, and of who has learnt which key. */
import type { ColumnType, Generated } from 'kysely'

type Created = ColumnType<Date, Date | undefined, never>

/** Which task-signing keys an agent has on its disk. */
export interface AgentHubKeysTable {
  agent_id: string
  key_id: string
  learnt_at: Created
}

/** Fingerprints alone; the keys are in nobody's database. Empty until the first rotation. */
export interface MasterKeysTable {
  fingerprint: string
  state: 'current' | 'previous' | 'retired'
  created_at: Created
  retired_at: Date | null
}

/** Keys that seal what is stored, each wrapped under the master key; and the one that makes the masks. */
export interface DataKeysTable {
  id: Generated<number>
  purpose: 'seal' | 'mask'
  /** `next` opens already; `retiring` still opens, and what it sealed is sealed again; `retired`: nothing is left under it. */
  state: 'next' | 'current' | 'retiring' | 'retired'
  /** Becomes current by itself, as soon as every hub knows it. */
  is_due: Generated<boolean>
  /** What there was to seal again when it became current. */
  total_rows: Generated<number>
  total_bytes: Generated<number>
  created_at: Created
  activated_at: Date | null
  superseded_at: Date | null
  retired_at: Date | null
  /** When its wraps were deleted: nobody can use it any more. */
  destroyed_at: Date | null
}

export interface DataKeyWrapsTable {
  data_key_id: number
  master_fingerprint: string
  sealed: Buffer
  created_at: Created
}

/** What each hub process has read; one that was not seen for a while has ended. */
export interface KeyHoldersTable {
  node: string
  /** Fingerprints of the master keys that it was given. */
  masters: string[]
  /** `data ID` and `task ID` of the keys that it can use. */
  knows: string[]
  /** Data key that it seals with; 0: directly with the master key. */
  seals_with: number
  seals_with_since: Generated<Date>
  seen_at: Generated<Date>
}
