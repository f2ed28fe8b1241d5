/** The table of devices. */
import type { Transport } from '@netraven/protocol/transport.ts'
import type { ColumnType, Generated, JSONColumnType } from 'kysely'

type Created = ColumnType<Date, Date | undefined, never>

export interface DevicesTable {
  id: string
  site_id: string
  /** Whose it is; null: nobody's. */
  owner_id: string | null
  /** Unique among devices that are not removed, whatever the case. */
  name: string
  address: string
  port: number
  driver: string
  transport: Generated<Transport>
  credential_id: string | null
  group_name: string | null
  /** Extra CSV columns and what people set. */
  tags: JSONColumnType<Record<string, string>, string | undefined, string>
  /** `DeviceOptions` of the protocol. */
  options: JSONColumnType<Record<string, unknown>, string | undefined, string>
  secrets: Generated<'keep' | 'strip'>
  /** Pinned, `SHA256:…`. */
  host_key: string | null
  /** Device that is passed on the way to this one; null: the agent reaches it. */
  via_device_id: string | null
  created_at: Created
  removed_at: Date | null
  /** Newest good version. */
  latest_version_id: string | null
  /** Last task that ended. */
  last_task_id: string | null
  last_read_at: Date | null
  /** Name that was looked up last, what it meant, and when; all null: none was. */
  resolved_name: string | null
  resolved_address: string | null
  resolved_at: Date | null
  last_failure_code: string | null
  /** Tasks in a row in which no credential opened it; 0 after a login. */
  login_failures: Generated<number>
  /** Code of the last of them. */
  login_failure_code: string | null
  /** Nobody logs in before. */
  login_cooldown_until: Date | null
}
