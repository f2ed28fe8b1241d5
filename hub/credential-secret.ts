/** What opens a device, as it lies in the database: JSON under the master key, bound to the credential's id. */
import { z } from 'zod'
import type { Keyring } from './keyring.ts'

export const CredentialSecret = z.object({
  password: z.string().optional(),
  enable: z.string().optional(),
  privateKey: z.string().optional(),
  passphrase: z.string().optional(),
})
export type CredentialSecret = z.infer<typeof CredentialSecret>

/** Encrypts a credential's secrets for the row of this id. */
export function sealCredential(keyring: Keyring, id: string, secret: CredentialSecret): Buffer {
  return keyring.sealBytes('credentials', Buffer.from(JSON.stringify(secret)), id)
}

/** @throws Failure MASTER_KEY_WRONG when the row was altered, moved, or written under another key */
export function openCredential(keyring: Keyring, id: string, sealed: Buffer): CredentialSecret {
  return CredentialSecret.parse(JSON.parse(keyring.openBytes('credentials', sealed, id).toString()))
}
