import { generateKeyPairSync } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { readSshKey } from './ssh-key.ts'

const ed25519 = generateKeyPairSync('ed25519').privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey
const pkcs8 = { format: 'pem', type: 'pkcs8' } as const
const locked = { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const

/** Made by `ssh-keygen -t ed25519`, encrypted with the passphrase `pass phrase`; it opens nothing. */
const lockedOpenSsh = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABB4THR76q
VrQAFjB3+LXsgdAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIMz88PZTOWGwkbRw
WcV2Xs0NvnPDO4soGnYUEu8CaBqgAAAAkEwFyzPytMYUTvf+ijyGgrq6CRTymd9iJ1gNEg
PsgVy30h1kfae/wEPzgNzXBD5vBTMKyS3eqfO7iyRb3a2khhGhCe2NwXZCv6tpoKzMTPtK
4ueV5/poxucG5n/RO3qmmrqXG93WEVPNL0TznLDpSNHF72D9N/su8T9zKWZOu8TbHpLyU/
rx90btEcG2hGvGOw==
-----END OPENSSH PRIVATE KEY-----
`

function failureOf(text: string, passphrase?: string): Failure {
  try {
    readSshKey(text, passphrase)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('the key was taken')
}

describe('a private key', () => {
  it.each([
    ['Ed25519', ed25519.export(pkcs8), 'ssh-ed25519', 'OPENSSH'],
    ['RSA', rsa.export(pkcs8), 'ssh-rsa', 'RSA'],
    ['ECDSA', ec.export(pkcs8), 'ecdsa-sha2-nistp256', 'EC'],
  ])(
    '[DAUTH-3] %s in PKCS#8, which no device library reads, is rewritten into a form that each does',
    (_, pem, kind, form) => {
      const key = readSshKey(pem.toString(), undefined)
      expect(key.publicLine.split(' ')[0]).toBe(kind)
      expect(key.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
      expect(key.privateKey).toContain(`-----BEGIN ${form} PRIVATE KEY-----`)
      const again = readSshKey(key.privateKey, undefined)
      expect([again.publicLine, again.fingerprint]).toEqual([key.publicLine, key.fingerprint])
    },
  )

  it('is opened when it is saved, so that a wrong passphrase shows at once', () => {
    const pem = ed25519.export(locked).toString()
    const key = readSshKey(pem, 'open sesame')
    expect([key.passphrase, key.publicLine]).toEqual([
      undefined,
      readSshKey(ed25519.export(pkcs8).toString(), undefined).publicLine,
    ])
    expect(failureOf(pem, 'wrong').details.reason).toMatch(/passphrase is wrong/)
    expect(failureOf(pem).details.reason).toMatch(/passphrase is needed/)
  })

  it("in OpenSSH's format keeps its passphrase, and shows its public half without", () => {
    expect(failureOf(lockedOpenSsh).details.reason).toMatch(/passphrase is needed/)
    const key = readSshKey(lockedOpenSsh, 'pass phrase')
    expect(key.passphrase).toBe('pass phrase')
    expect(key.fingerprint).toBe('SHA256:VKnRNmLx+ncqUeHOhKq5y1nFZY0dLvzxnyHcbaSz3m8')
  })

  it('survives Windows line ends, a byte order mark and blank lines', () => {
    const pem = ed25519.export(pkcs8).toString()
    const messy = `\uFEFF\r\n${pem.replaceAll('\n', '\r\n')}\r\n\r\n`
    expect(readSshKey(messy, undefined).fingerprint).toBe(readSshKey(pem, undefined).fingerprint)
  })

  it.each([
    ['words', 'hunter2', /not a private key/],
    ['a public key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@here', /public half/],
    ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-ed25519', /puttygen/],
    ['a cut key', ed25519.export(pkcs8).toString().slice(0, 60), /damaged/],
    ['a cut OpenSSH key', lockedOpenSsh.slice(0, 120), /damaged/],
    [
      'an altered OpenSSH key',
      readSshKey(ed25519.export(pkcs8).toString(), undefined).privateKey.replace(/^b3BlbnNza/m, 'AAAAAAAAA'),
      /damaged/,
    ],
    ['a DSA key', dsa.export(pkcs8).toString(), /cannot be used/],
    ['a key for another purpose', generateKeyPairSync('x25519').privateKey.export(pkcs8).toString(), /cannot be used/],
  ])('%s is refused with the reason, and without a byte of it', (_, text, reason) => {
    const failure = failureOf(text, 'pass phrase')
    expect(failure.code).toBe('CREDENTIAL_INVALID')
    expect(failure.details.reason).toMatch(reason)
    expect(JSON.stringify(failure)).not.toContain(text.slice(40, 60) || text)
  })
})
