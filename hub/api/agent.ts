/** The process at a site, and the token that lets one join. */
import { z } from 'zod'
import { Id, IdOrName, Time } from './fields.ts'

export const Agent = z.object({
  id: Id,
  name: z.string(),
  site: z.string(),
  state: z.enum(['enrolled', 'revoked']),
  online: z.boolean(),
  lastSeenAt: Time.nullable(),
  software: z.string().nullable(),
  hostname: z.string().nullable(),
  /** Devices that it reads at once. */
  concurrency: z.number().int().nullable(),
  /** Its clock minus the hub's, ms. */
  skewMs: z.number().int().nullable(),
  /** Names of the drivers on board. */
  drivers: z.array(z.string()),
  /** Whole fingerprint of its signing key, base64url of sha256. */
  fingerprint: z.string(),
  /** Ed25519 public key, base64url: checks the signatures of its backups. */
  signPublicKey: z.string(),
  enrolledAt: Time,
  revokedAt: Time.nullable(),
})
export type Agent = z.infer<typeof Agent>

export const AgentQuery = z.object({
  site: IdOrName.optional(),
  state: z.enum(['enrolled', 'revoked']).optional(),
})
export type AgentQuery = z.infer<typeof AgentQuery>

/** A day; the longest is thirty. */
export const ENROLLMENT_TOKEN_SECONDS = 24 * 60 * 60

export const NewEnrollmentToken = z.object({
  site: IdOrName,
  validSeconds: z
    .number()
    .int()
    .min(60)
    .max(30 * 24 * 60 * 60)
    .default(ENROLLMENT_TOKEN_SECONDS),
})
export type NewEnrollmentToken = z.input<typeof NewEnrollmentToken>

export const EnrollmentTokenRow = z.object({
  id: Id,
  site: z.string(),
  state: z.enum(['open', 'used', 'expired']),
  createdAt: Time,
  expiresAt: Time,
  usedAt: Time.nullable(),
})
export type EnrollmentTokenRow = z.infer<typeof EnrollmentTokenRow>

export const CreatedEnrollmentToken = EnrollmentTokenRow.extend({
  /** Shown this once; the hub keeps a hash. */
  token: z.string(),
})
export type CreatedEnrollmentToken = z.infer<typeof CreatedEnrollmentToken>
