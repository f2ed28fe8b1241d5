/** What opens a device. Secrets go in and never come out again. */
import { z } from 'zod'
import { Id, Name, Time } from './fields.ts'

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
})
export type NewCredential = z.infer<typeof NewCredential>

/** New secrets replace all old ones together; `enable: null` removes just that one. */
export const CredentialChange = NewCredential.partial()
  .extend({ enable: Secret.nullable().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing to change')
export type CredentialChange = z.infer<typeof CredentialChange>

export const Credential = z.object({
  id: Id,
  name: z.string(),
  username: z.string(),
  kind: z.enum(['password', 'key', 'local']),
  local: z.string().nullable(),
  /** Of the key's public half, `SHA256:…`. */
  keyFingerprint: z.string().nullable(),
  /** Devices that use it. */
  devices: z.number().int(),
  createdAt: Time,
  updatedAt: Time,
})
export type Credential = z.infer<typeof Credential>

export const SavedCredential = Credential.extend({
  /** The line to put on the device, when a key was just saved. */
  publicKey: z.string().nullable(),
})
export type SavedCredential = z.infer<typeof SavedCredential>
