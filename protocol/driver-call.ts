/** The agent asks for a driver that it was told of by digest, and says what came of trying one. */
import { z } from 'zod'
import { DRIVER_FILE_MAX } from './driver-file.ts'
import { FailureWire } from './failure.ts'
import { Count, Uuid } from './hello.ts'
import { plainLine } from './plain.ts'
import { Sha256 } from './statement.ts'

export const DriverQuestion = z.object({ digest: Sha256 })
export type DriverQuestion = z.infer<typeof DriverQuestion>

export const DriverAnswer = z.object({
  /** JSON of a `DriverFile`, to the byte what the digest was made of. */
  file: z.string().max(DRIVER_FILE_MAX),
})
export type DriverAnswer = z.infer<typeof DriverAnswer>

/** Of a text that was read in a trial; nothing else of it is sent, nothing is kept. */
export const TrialRead = z.object({
  kind: z.literal('read'),
  verdict: z.enum(['complete', 'suspect']),
  reasons: z.array(plainLine(300)).max(16),
  sizeBytes: Count,
  lines: Count,
  /** How many secrets were found. */
  secrets: Count,
  /** Its beginning with every secret masked; control characters other than line feed and tab become spaces, see plain.ts. */
  preview: z
    .string()
    .max(40_000)
    .overwrite((text) => text.toWellFormed().replace(/[^\P{Cc}\n\t]/gu, ' ')),
})
export type TrialRead = z.infer<typeof TrialRead>

export const TriedQuestion = z.object({
  trial: Uuid,
  outcome: z.discriminatedUnion('kind', [TrialRead, z.object({ kind: z.literal('failed'), failure: FailureWire })]),
})
export type TriedQuestion = z.infer<typeof TriedQuestion>

export const TriedAnswer = z.object({})
export type TriedAnswer = z.infer<typeof TriedAnswer>
