/** What became of tasks: hashes of what was read, or a coded failure. Text follows only when the hub asks for it. */
import { z } from 'zod'
import { Artifact, MAX_ARTIFACTS } from './artifact.ts'
import { HostKey, MAX_FURTHER_LOGINS, MAX_HOPS } from './claim.ts'
import { FailureWire } from './failure.ts'
import { Attempt, Count, Uuid } from './hello.ts'
import { rungs, Step } from './ladder.ts'
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
  /** Host keys seen on the way, of devices whose key was not pinned in the task. */
  hopKeys: z
    .array(z.object({ device: Uuid, hostKey: HostKey }))
    .max(MAX_HOPS)
    .optional(),
  /** By the agent over `statementBytes`. */
  signature: Signature,
  /** Files that the device has beside its text. Absent: the driver asks for none, or the hub takes none. */
  artifacts: z.array(Artifact).max(MAX_ARTIFACTS).optional(),
})
export type ReadOutcome = z.infer<typeof ReadOutcome>

/** What was read of a device that has no text, only files. */
export const ArtifactsOutcome = ReadOutcome.pick({ hostKey: true, hopKeys: true }).extend({
  kind: z.literal('artifacts'),
  artifacts: z.array(Artifact).min(1).max(MAX_ARTIFACTS),
})
export type ArtifactsOutcome = z.infer<typeof ArtifactsOutcome>

export const FailedOutcome = z.object({ kind: z.literal('failed'), failure: FailureWire })
export type FailedOutcome = z.infer<typeof FailedOutcome>

/** What became of a test: each rung, and the failure when one failed. It brings no text. */
export const TestedOutcome = z.object({
  kind: z.literal('tested'),
  steps: z.array(Step).max(rungs.length),
  /** Absent: the device can be read. */
  failure: FailureWire.optional(),
})
export type TestedOutcome = z.infer<typeof TestedOutcome>

export const Report = z.object({
  task: Uuid,
  attempt: Attempt,
  device: Uuid,
  /** When the last byte was read, ms since 1970, agent's clock corrected to the hub's. */
  capturedAtMs: z.number().int().min(0).max(8.64e15),
  durationMs: Count,
  /**
   * The name of the device and the address that it had, which was connected to. Absent: it is stored by address, or the name has none.
   */
  resolved: z.object({ name: plainLine(253), address: plainLine(64) }).optional(),
  /** Which login opened the device, 0 the task's first. Absent: the first, if the device was read. */
  login: z.number().int().min(0).max(MAX_FURTHER_LOGINS).optional(),
  /** Which logins the device refused. Absent: none, or all that the failure is about when the agent does not know of this. */
  refused: z
    .array(z.number().int().min(0).max(MAX_FURTHER_LOGINS))
    .max(MAX_FURTHER_LOGINS + 1)
    .optional(),
  outcome: z.discriminatedUnion('kind', [ReadOutcome, ArtifactsOutcome, FailedOutcome, TestedOutcome]),
})
export type Report = z.infer<typeof Report>

export const MAX_REPORTS = 64

export const ReportQuestion = z.object({ reports: z.array(Report).min(1).max(MAX_REPORTS) })
export type ReportQuestion = z.infer<typeof ReportQuestion>

/**
 * `recorded`: the hub has it for good, forget it. `need`: send the text, or the artifacts that are named. `refused`: it will never be taken, forget it
 * and log why. `later`: the hub can't just now (database or storage); keep it and try again.
 */
export const ReportResult = z.object({
  task: Uuid,
  state: z.enum(['recorded', 'need', 'refused', 'later']),
  failure: FailureWire.optional(),
  /** With `need`: places in the outcome's `artifacts` whose bytes the hub wants, then the report again. Absent: it wants the text. */
  artifacts: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(MAX_ARTIFACTS - 1),
    )
    .min(1)
    .max(MAX_ARTIFACTS)
    .optional(),
})
export type ReportResult = z.infer<typeof ReportResult>

export const ReportAnswer = z.object({ results: z.array(ReportResult) })
export type ReportAnswer = z.infer<typeof ReportAnswer>
