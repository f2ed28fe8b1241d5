/** The text of a new version, compressed, in parts that fit a message. The report comes along, so any hub can finish it. */
import { z } from 'zod'
import { ARTIFACT_PART_BYTES, MAX_ARTIFACT_BYTES, MAX_ARTIFACTS } from './artifact.ts'
import { FailureWire } from './failure.ts'
import { Count } from './hello.ts'
import { Report } from './report.ts'

/** Bytes of compressed text in one part. A message over the socket's limit would drop the whole connection. */
export const CONTENT_PART_BYTES = 512 * 1024

/** Upper bound of a text, bytes before compression. */
export const MAX_TEXT_BYTES = 64 * 1024 * 1024

/** Question; the part itself comes along as the envelope's bytes. */
export const ContentQuestion = z.object({
  report: Report,
  encoding: z.literal('zstd'),
  /** From 0. */
  part: z.number().int().min(0),
  parts: z.number().int().min(1).max(256),
  /**
   * Where secrets stand in the text, in UTF-16 code units of the decoded text: distance from the end of the last one,
   * length, and so on. In part 0.
   */
  spans: z.array(Count).max(200_000).optional(),
})
export type ContentQuestion = z.infer<typeof ContentQuestion>

/** `more`: next part, please. The others as in `ReportResult`. */
export const ContentAnswer = z.object({
  state: z.enum(['more', 'recorded', 'refused', 'later']),
  failure: FailureWire.optional(),
})
export type ContentAnswer = z.infer<typeof ContentAnswer>

/** A part of an artifact, compressed by itself; its bytes come along as the envelope's. Every part but the last is full. */
export const ArtifactQuestion = z.object({
  report: Report,
  /** Place in the outcome's `artifacts`. */
  artifact: z
    .number()
    .int()
    .min(0)
    .max(MAX_ARTIFACTS - 1),
  encoding: z.literal('zstd'),
  /** From 0. */
  part: z.number().int().min(0),
  parts: z
    .number()
    .int()
    .min(1)
    .max(MAX_ARTIFACT_BYTES / ARTIFACT_PART_BYTES),
})
export type ArtifactQuestion = z.infer<typeof ArtifactQuestion>
