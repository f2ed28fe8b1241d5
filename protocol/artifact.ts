/**
 * Files that a vendor's system saves of itself, such as an archive: kept byte for byte, never read as text. Each is signed by itself, so a
 * hub that knows nothing of artifacts still takes the text that was read beside them, and anyone can check one without the other.
 */
import { z } from 'zod'
import { FailureWire } from './failure.ts'
import { plainLine } from './plain.ts'
import { Sha256, Signature } from './statement.ts'

/** Bytes of an artifact in one part, before compression. Random bytes grow by less than 1 % under zstd: a message holds a part. */
export const ARTIFACT_PART_BYTES = 1024 * 1024

/** Upper bound of an artifact, bytes. */
export const MAX_ARTIFACT_BYTES = 64 * 1024 * 1024

/** A task brings no more. */
export const MAX_ARTIFACTS = 8

/** UTF-16 code units of a name. */
export const ARTIFACT_NAME_MAX = 200

export const KeptArtifact = z.object({
  /** What was asked for, in the words of the driver: of all artifacts of a device, those with the same source follow each other. */
  source: plainLine(300),
  /** Name of the file, without its folder. */
  name: plainLine(ARTIFACT_NAME_MAX),
  /** sha256 of its bytes, hex. */
  contentHash: Sha256,
  sizeBytes: z.number().int().min(1).max(MAX_ARTIFACT_BYTES),
  verdict: z.enum(['complete', 'suspect']),
  /** Why a suspect is one, in words for a person. */
  reasons: z.array(plainLine(300)).max(8).optional(),
  /** By the agent over `artifactStatementBytes`. */
  signature: Signature,
})
export type KeptArtifact = z.infer<typeof KeptArtifact>

/** One that could not be read, or must not be kept, and why. What was read beside it counts all the same. */
export const AbsentArtifact = z.object({ source: plainLine(300), failure: FailureWire })
export type AbsentArtifact = z.infer<typeof AbsentArtifact>

export const Artifact = z.union([KeptArtifact, AbsentArtifact])
export type Artifact = z.infer<typeof Artifact>

export interface ArtifactStatement {
  readonly device: string
  readonly task: string
  readonly attempt: number
  readonly name: string
  readonly contentHash: string
  readonly sizeBytes: number
  readonly verdict: 'complete' | 'suspect'
  readonly capturedAtMs: number
}

/** What an agent signs about an artifact: nine lines of UTF-8, each ended by a line feed; a name has no line feed. */
export function artifactStatementBytes(statement: ArtifactStatement): Buffer {
  return Buffer.from(
    [
      'netraven artifact 1',
      `device ${statement.device}`,
      `task ${statement.task}`,
      `attempt ${statement.attempt}`,
      `name ${statement.name}`,
      `content ${statement.contentHash}`,
      `size ${statement.sizeBytes}`,
      `verdict ${statement.verdict}`,
      `captured ${new Date(statement.capturedAtMs).toISOString()}`,
      '',
    ].join('\n'),
  )
}
