/** One distinct text of a device's configuration and the span of time in which it was seen. */
import { z } from 'zod'
import { Id, IdOrName, Time } from './fields.ts'
import { PageQuery } from './page.ts'

export const Backup = z.object({
  id: Id,
  device: z.string(),
  deviceId: Id,
  site: z.string(),
  driver: z.string(),
  /** Newest good version of its device. */
  latest: z.boolean(),
  verdict: z.enum(['complete', 'suspect']),
  /** Why a suspect is one. */
  reasons: z.array(z.string()),
  /** Who took a suspect for good, and when; null: nobody, or there was no need. */
  accepted: z.object({ at: Time, by: z.string() }).nullable(),
  /** `strip`: the agent masked the secrets; it can't be restored from. */
  secrets: z.enum(['keep', 'strip']),
  sizeBytes: z.number().int(),
  /** sha256 of the text. */
  contentHash: z.string(),
  fingerprint: z.string(),
  firstSeenAt: Time,
  lastSeenAt: Time,
  /** Reads that found this text. */
  seenCount: z.number().int(),
  agent: z.string(),
  task: Id,
  attempt: z.number().int(),
  /** The agent's, over the statement of the first read, base64url. */
  signature: z.string(),
})
export type Backup = z.infer<typeof Backup>

export const BackupQuery = PageQuery.extend({
  device: IdOrName.optional(),
  site: IdOrName.optional(),
  /** Only the newest good version of each device that is not removed. */
  latest: z.enum(['true', 'false']).optional(),
})
export type BackupQuery = z.infer<typeof BackupQuery>

export const Diff = z.object({
  from: Id,
  to: Id,
  /** The masked views are equal; a hash that differs all the same means a re-encrypted secret. */
  equal: z.boolean(),
  added: z.number().int(),
  removed: z.number().int(),
  /** Unified, of the masked views. */
  unified: z.string(),
})
export type Diff = z.infer<typeof Diff>

export const Verification = z.object({
  backup: Id,
  device: z.string(),
  verified: z.boolean(),
  /** sha256 in the row. */
  expectedHash: z.string(),
  /** sha256 of the stored text; null when it can't be read. */
  actualHash: z.string().nullable(),
  /** Whether the agent's signature holds over the row. */
  signatureValid: z.boolean(),
  agent: z.string(),
  /** With which anyone can check the signature, base64url. */
  signPublicKey: z.string(),
  problems: z.array(z.object({ code: z.string(), message: z.string(), remedies: z.array(z.string()) })),
})
export type Verification = z.infer<typeof Verification>

export const StorageStatus = z.object({
  name: z.string(),
  location: z.string(),
  healthy: z.boolean(),
  failure: z.object({ code: z.string(), message: z.string(), remedies: z.array(z.string()) }).nullable(),
  totalBytes: z.number().nullable(),
  freeBytes: z.number().nullable(),
  texts: z.number().int(),
  /** Of all texts, uncompressed. */
  textBytes: z.number(),
  /** As they lie: compressed, encrypted. */
  storedBytes: z.number(),
  versions: z.number().int(),
})
export type StorageStatus = z.infer<typeof StorageStatus>
