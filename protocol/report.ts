/** What became of tasks: hashes of what was read, or a coded failure. Text follows only when the hub asks for it. */
import { z } from 'zod'
import { HostKey } from './claim.ts'
import { FailureWire } from './failure.ts'
import { Attempt, Count, Uuid } from './hello.ts'
import { plainLine } from './plain.ts'
import { Sha256, Signature } from './statement.ts'

export const ReadOutcome = z.object({
  kind: z.literal('read'),
  /** sha256 of the kept text, hex. */
  contentHash: Sha256,
  /** sha256 of the text with re-salted values blanked; absent: equal to `contentHash`. */
  fingerprint: Sha256.optional(),
  /** Bytes of the text in UTF-8. */
  sizeBytes: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  verdict: z.enum(['complete', 'suspect']),
  /** Why a suspect is one, in words for a person. */
  reasons: z.array(plainLine(300)).max(8).optional(),
  /** Host key seen, when none was pinned in the task. */
  hostKey: HostKey.optional(),
  /** By the agent over `statementBytes`. */
  signature: Signature,
})
export type ReadOutcome = z.infer<typeof ReadOutcome>

export const FailedOutcome = z.object({ kind: z.literal('failed'), failure: FailureWire })
export type FailedOutcome = z.infer<typeof FailedOutcome>

export const Report = z.object({
  task: Uuid,
  attempt: Attempt,
  device: Uuid,
  /** When the last byte was read, ms since 1970, agent's clock corrected to the hub's. */
  capturedAtMs: z.number().int().min(0).max(8.64e15),
  durationMs: Count,
  outcome: z.discriminatedUnion('kind', [ReadOutcome, FailedOutcome]),
})
export type Report = z.infer<typeof Report>

export const MAX_REPORTS = 64

export const ReportQuestion = z.object({ reports: z.array(Report).min(1).max(MAX_REPORTS) })
export type ReportQuestion = z.infer<typeof ReportQuestion>

/**
 * `recorded`: the hub has it for good, forget it. `need`: send the text. `refused`: it will never be taken, forget it
 * and log why. `later`: the hub can't just now (database or storage); keep it and try again.
 */
export const ReportResult = z.object({
  task: Uuid,
  state: z.enum(['recorded', 'need', 'refused', 'later']),
  failure: FailureWire.optional(),
})
export type ReportResult = z.infer<typeof ReportResult>

export const ReportAnswer = z.object({ results: z.array(ReportResult) })
export type ReportAnswer = z.infer<typeof ReportAnswer>
