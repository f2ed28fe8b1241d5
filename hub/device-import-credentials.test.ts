import { expect, it } from 'vitest'
import { openCredential, sealCredential } from './credential-secret.ts'
import { CredentialPool } from './device-import-credentials.ts'
import { newId } from './ids.ts'
import { keyringOf } from './keyring.ts'

const keyring = keyringOf(Buffer.alloc(32, 3))

it('makes one credential for each distinct user, password and enable password', () => {
  const pool = new CredentialPool(keyring, [])
  const first = pool.credentialFor({ username: 'u', password: 'p' })
  expect(pool.credentialFor({ username: 'u', password: 'p' })).toBe(first)
  const others = [
    pool.credentialFor({ username: 'u', password: 'q' }),
    pool.credentialFor({ username: 'u', password: 'p', enable: 'e' }),
    pool.credentialFor({ username: '', password: 'p' }),
  ]
  expect(new Set([first, ...others]).size).toBe(4)
  expect(pool.made.map(({ name }) => name)).toEqual(['import-u', 'import-u-2', 'import-u-3', 'import-password'])
  const [made] = pool.made
  expect(openCredential(keyring, first, made?.row.sealed_secret ?? Buffer.alloc(0))).toEqual({ password: 'p' })
})

it('uses what is there again, also under another name, and takes no name that is taken', () => {
  const id = newId()
  const sealed = sealCredential(keyring, id, { password: 'p' })
  const pool = new CredentialPool(keyring, [
    { id, name: 'by hand', username: 'u', kind: 'password', sealed },
    { id: newId(), name: 'IMPORT-U', username: 'x', kind: 'local', sealed: null },
  ])
  expect(pool.credentialFor({ username: 'u', password: 'p' })).toBe(id)
  pool.credentialFor({ username: 'u', password: 'other' })
  expect(pool.made.map(({ name }) => name)).toEqual(['import-u-2'])
})
