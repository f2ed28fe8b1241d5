/** Tables of drivers that somebody wrote, and of patterns of lines; part of `tables.ts`. */
import type { Transport } from '@netraven/protocol/transport.ts'
import type { ColumnType, Generated, JSONColumnType } from 'kysely'

type Created = ColumnType<Date, Date | undefined, never>

/** Which version of an own driver is in use; a row without one: none is any more. */
export interface DriversTable {
  /** Of a built-in one too, which it then overrides. */
  name: string
  version_id: string | null
  changed_by: string
  changed_at: Generated<Date>
}

/** One distinct file of an own driver. Never changed, but for its trials. */
export interface DriverVersionsTable {
  id: string
  name: string
  /** From 1 for each name. */
  number: number
  /** sha256 of `file`, hex; what tasks name. */
  digest: string
  /** As it was written, YAML or JSON. */
  source: string
  /** As agents get it, JSON. */
  file: string
  /** These are null where the file leaves them to the driver that it extends. */
  title: string | null
  aliases: string[] | null
  transports: Transport[] | null
  extends: string | null
  /** `draft`: no trial was passed yet. */
  state: Generated<'draft' | 'usable'>
  /** How it became usable. */
  tried: JSONColumnType<
    { how: 'device' | 'recording' | 'untried'; device?: string; at: string },
    string | undefined,
    string
  > | null
  created_by: string
  created_at: Created
}

/** A version is tried: by a task on a device, or by any agent on a recording. */
export interface DriverTrialsTable {
  id: string
  version_id: string
  /** Of a device. */
  task_id: string | null
  /** Until it is finished. */
  recording: string | null
  /** Who took it, or had it last. */
  agent_id: string | null
  /** `TriedQuestion.outcome` of the protocol. */
  outcome: JSONColumnType<Record<string, unknown>, string | undefined, string> | null
  requested_by: string
  created_at: Created
  deadline_at: Date
  finished_at: Date | null
}

/** Lines that are kept but not compared, or not kept, by driver, group or device: one of the three. */
export interface LinePatternsTable {
  id: string
  kind: 'ignore' | 'remove'
  pattern: string
  driver: string | null
  group_name: string | null
  device_id: string | null
  created_by: string
  created_at: Created
}
