/** The secrets of a credential on their way into its row: what goes with what, and what is sealed. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { CredentialChange, NewCredential } from './api/credential.ts'
import { type CredentialSecret, openCredential, sealCredential } from './credential-secret.ts'
import type { Row } from './db/tables.ts'
import type { Keyring } from './keyring.ts'
import { readSshKey } from './ssh-key.ts'

/** What is secret in a change; names of the fields may be written down. */
export type Secrets = Omit<CredentialChange, 'name' | 'username' | 'expiresAt'>
export type NewSecrets = Omit<NewCredential, 'name' | 'username' | 'expiresAt'>

/** A new main secret replaces all; the enable password alone goes beside what is there. */
export function merged(keyring: Keyring, row: Row<'credentials'>, change: Secrets): NewSecrets {
  const { enable, ...others } = change
  const isReplaced = Object.values(others).some((value) => value !== undefined)
  if (isReplaced) return { ...others, ...(enable && { enable }) }
  if (!row.sealed_secret) throw new Failure('CREDENTIAL_INVALID', { reason: 'its secrets are kept on the jump host' })
  const { enable: _, ...kept } = openCredential(keyring, row.id, row.sealed_secret)
  return { ...kept, ...(enable && { enable }) }
}

/** The columns that hold the secrets. */
export function columnsOf(keyring: Keyring, id: string, given: NewSecrets) {
  const { password, enable, privateKey, passphrase, local } = given
  if (local !== undefined) {
    if (password ?? enable ?? privateKey ?? passphrase) {
      throw new Failure('CREDENTIAL_INVALID', {
        reason: 'a local credential has its secrets on the jump host, not here',
      })
    }
    return { kind: 'local', local_name: local, sealed_secret: null, key_fingerprint: null, public_key: null } as const
  }
  if (passphrase !== undefined && privateKey === undefined) {
    throw new Failure('CREDENTIAL_INVALID', { reason: 'a passphrase without a key' })
  }
  const key = privateKey === undefined ? undefined : readSshKey(privateKey, passphrase)
  if (password === undefined && !key)
    throw new Failure('CREDENTIAL_INVALID', { reason: 'neither a password nor a key' })
  const secret: CredentialSecret = {
    ...(password !== undefined && { password }),
    ...(enable !== undefined && { enable }),
    ...(key && { privateKey: key.privateKey }),
    ...(key?.passphrase !== undefined && { passphrase: key.passphrase }),
  }
  return {
    kind: key ? 'key' : 'password',
    local_name: null,
    sealed_secret: sealCredential(keyring, id, secret),
    key_fingerprint: key?.fingerprint ?? null,
    public_key: key?.publicLine ?? null,
  } as const
}
