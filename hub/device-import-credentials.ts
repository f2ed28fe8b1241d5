/** Credentials for the user names and passwords in a file of devices: what is there is used again, the rest is made. */
import type { Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { type CredentialSecret, openCredential, sealCredential } from './credential-secret.ts'
import type { NewRow, Tables } from './db/tables.ts'
import type { Login } from './device-import-row.ts'
import { recordEvents } from './events.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'

export interface StoredCredential {
  readonly id: string
  readonly name: string
  readonly username: string
  readonly kind: 'password' | 'key' | 'local'
  readonly sealed: Buffer | null
}

export class CredentialPool {
  readonly made: { readonly name: string; readonly row: NewRow<'credentials'> }[] = []
  readonly #keyring: Keyring
  readonly #stored: readonly StoredCredential[]
  readonly #names: Set<string>
  readonly #byLogin = new Map<string, string>()
  readonly #opened = new Set<string>()

  constructor(keyring: Keyring, stored: readonly StoredCredential[]) {
    this.#keyring = keyring
    this.#stored = stored
    this.#names = new Set(stored.map(({ name }) => name.toLowerCase()))
  }

  /** @returns id of the credential with exactly this user name, password and enable password */
  credentialFor(login: Login): string {
    this.#openThoseOf(login.username)
    const key = keyOf(login.username, login)
    const known = this.#byLogin.get(key)
    if (known !== undefined) return known
    const id = newId()
    const { username, ...secret } = login
    const name = this.#freeName(username)
    const sealed = sealCredential(this.#keyring, id, secret)
    const row = { id, name, username, kind: 'password', sealed_secret: sealed, updated_at: new Date() } as const
    this.made.push({ name, row })
    this.#byLogin.set(key, id)
    return id
  }

  /** Stored ones are opened only when a row has their user name. */
  #openThoseOf(username: string): void {
    if (this.#opened.has(username)) return
    this.#opened.add(username)
    for (const { id, sealed, ...credential } of this.#stored) {
      if (credential.kind !== 'password' || credential.username !== username || !sealed) continue
      const key = keyOf(username, openCredential(this.#keyring, id, sealed))
      if (!this.#byLogin.has(key)) this.#byLogin.set(key, id)
    }
  }

  #freeName(username: string): string {
    const base = `import-${username.replaceAll(/[\p{C}\p{Z}]/gu, '').slice(0, 100) || 'password'}`
    let name = base
    for (let count = 2; this.#names.has(name.toLowerCase()); count += 1) name = `${base}-${count}`
    this.#names.add(name.toLowerCase())
    return name
  }
}

/** One entry each in the audit log, without the secrets. */
export async function recordImported(
  trx: Transaction<Tables>,
  made: CredentialPool['made'],
  actor: Actor,
): Promise<void> {
  await recordEvents(
    trx,
    made.map(({ name, row: { id, username, kind } }) => {
      const details = { credential: id, name, from: 'a file of devices' }
      return { kind: 'credential added', actor, details, after: { name, username, kind } }
    }),
  )
}

function keyOf(username: string, { password, enable }: CredentialSecret): string {
  return JSON.stringify([username, password, enable ?? null])
}
