/** What agents are asked to look at; part of `tables.ts`. */
import type { LookKind } from '@netraven/protocol/diagnostic.ts'
import type { ColumnType, JSONColumnType } from 'kysely'

/** One look at a target. An agent has at most one that is not finished. */
export interface DiagnosticsTable {
  id: string
  agent_id: string
  kind: LookKind
  target: string
  port: number | null
  /** `DiagnosedQuestion.outcome` of the protocol; null in a finished one: the agent did not answer in time. */
  outcome: JSONColumnType<Record<string, unknown>, string | undefined, string> | null
  requested_by: string
  created_at: ColumnType<Date, Date | undefined, never>
  /** When the agent got the order. */
  taken_at: Date | null
  deadline_at: Date
  finished_at: Date | null
}
