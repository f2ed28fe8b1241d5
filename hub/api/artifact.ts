/** One distinct file of a device, kept byte for byte, and the span of time in which it was seen; or why there was none. */
import { z } from 'zod'
import { Id, IdOrName, Time } from './fields.ts'
import { PageQuery } from './page.ts'

export const Artifact = z.object({
  id: Id,
  kind: z.literal('artifact'),
  device: z.string(),
  deviceId: Id,
  site: z.string(),
  /** What the driver asked for: those of one device with one source follow each other. */
  source: z.string(),
  /** The file's own name; empty when absent. */
  name: z.string(),
  /** `absent`: it could not be read, or must not be kept. */
  state: z.enum(['complete', 'suspect', 'absent']),
  /** Newest good one of its device and source. */
  latest: z.boolean(),
  /** Why a suspect is one. */
  reasons: z.array(z.string()),
  /** Why it is absent. */
  failure: z.object({ code: z.string(), message: z.string(), remedies: z.array(z.string()) }).nullable(),
  sizeBytes: z.number().int().nullable(),
  /** sha256 of the file. */
  contentHash: z.string().nullable(),
  firstSeenAt: Time,
  lastSeenAt: Time,
  /** Reads that found it so. */
  seenCount: z.number().int(),
  agent: z.string(),
  task: Id,
  attempt: z.number().int(),
  /** The agent's, over the artifact statement of the first read, base64url. */
  signature: z.string().nullable(),
})
export type Artifact = z.infer<typeof Artifact>

export const ArtifactQuery = PageQuery.extend({
  device: IdOrName.optional(),
  site: IdOrName.optional(),
  /** Only the newest good one of each source, of devices that are not removed. */
  latest: z.enum(['true', 'false']).optional(),
})
export type ArtifactQuery = z.infer<typeof ArtifactQuery>

export const ArtifactVerification = z.object({
  artifact: Id,
  device: z.string(),
  name: z.string(),
  verified: z.boolean(),
  /** sha256 in the row. */
  expectedHash: z.string(),
  /** sha256 of the stored bytes; null when they can't be read. */
  actualHash: z.string().nullable(),
  /** Whether the agent's signature holds over the row. */
  signatureValid: z.boolean(),
  agent: z.string(),
  /** With which anyone can check the signature, base64url. */
  signPublicKey: z.string(),
  problems: z.array(z.object({ code: z.string(), message: z.string(), remedies: z.array(z.string()) })),
})
export type ArtifactVerification = z.infer<typeof ArtifactVerification>
