/** What opens a device. Secrets go in and never come out again. */
import { z } from 'zod'
import { Id, IdOrName, Name, Time } from './fields.ts'

const Secret = z.string().min(1).max(1024)

export const Username = z
  .string()
  .max(255)
  .regex(/^[^\p{Cc}]*$/u, 'must not have control characters')

export const NewCredential = z.object({
  name: Name,
  /** May be empty: some devices ask for a password alone. */
  username: Username,
  password: Secret.optional(),
  /** Enable password; absent: the login password is tried. */
  enable: Secret.optional(),
  /** Private key in PEM or OpenSSH format. */
  privateKey: z.string().min(1).max(65_536).optional(),
  /** Of the private key. */
  passphrase: Secret.optional(),
  /** Name of a credential that the jump host keeps; then there is no secret here. */
  local: Name.optional(),
  /** No device is shown it from then on. Absent: it does not end. */
  expiresAt: Time.optional(),
})
export type NewCredential = z.infer<typeof NewCredential>

/**
 * New secrets replace all old ones together, and with them the date on which they were to end, a revocation, and what devices said
 * to them; `enable: null` removes just that one.
 */
export const CredentialChange = NewCredential.partial()
  .extend({ enable: Secret.nullable().optional(), expiresAt: Time.nullable().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing to change')
export type CredentialChange = z.infer<typeof CredentialChange>

/** What the devices of a site said to a credential. */
export const SiteGuard = z.object({
  site: z.string(),
  /**
   * `closed`: no task uses it before `until`. `trial`: one task at a time, until it opens a device or is refused again.
   * `unproven`: few tasks at a time.
   */
  state: z.enum(['closed', 'trial', 'unproven']),
  until: Time.nullable(),
  /** Names of devices that refused it since it last opened one, ten at most. */
  refusedBy: z.array(z.string()),
  refusedAt: Time.nullable(),
})
export type SiteGuard = z.infer<typeof SiteGuard>

/** Days before its end at which a credential is to be renewed: a word, a warning, the last warning. */
export const WARN_DAYS = [30, 7, 1] as const

export const GuardReset = z.object({
  /** Absent: at all sites. */
  site: IdOrName.optional(),
})

export const Credential = z.object({
  id: Id,
  name: z.string(),
  username: z.string(),
  kind: z.enum(['password', 'key', 'local']),
  local: z.string().nullable(),
  /** Of the key's public half, `SHA256:…`. */
  keyFingerprint: z.string().nullable(),
  /** Line of the key's public half, to put on the devices; null also for keys of before it was kept. */
  publicKey: z.string().nullable(),
  /** Devices that use it. */
  devices: z.number().int(),
  expiresAt: Time.nullable(),
  revokedAt: Time.nullable(),
  /** `daysLeft` is whole days, 0 on the last one. `warnDays` is the nearest of 30, 7 and 1 that it has come within, 0 when past. */
  expiry: z.object({ daysLeft: z.number().int(), warnDays: z.number().int().nullable() }).nullable(),
  /** Sites where devices refused it since it last opened one. */
  guards: z.array(SiteGuard),
  createdAt: Time,
  updatedAt: Time,
})
export type Credential = z.infer<typeof Credential>

/** A device that has a credential, and how it did there. */
export const CredentialUse = z.object({
  device: z.string(),
  deviceId: Id,
  site: z.string(),
  /** Moving average of 1 for a login and 0 for a refusal; null: never tried. */
  successRate: z.number().nullable(),
  lastSucceededAt: Time.nullable(),
  lastRefusedAt: Time.nullable(),
})
export type CredentialUse = z.infer<typeof CredentialUse>
