import fc from 'fast-check'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { keyFingerprint, keyId, newSigningKey, signingKey, verifyKey } from './keys.ts'

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
const messages = fc.uint8Array({ maxLength: 300 })
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/** The order of the base point, RFC 8032 section 5.1, little-endian. */
const ORDER = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex')

describe('signing keys', () => {
  it('sign as RFC 8032 section 7.1 does (test 1)', () => {
    const key = signingKey(
      base64url(Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')),
    )
    expect(Buffer.from(key.publicKey, 'base64url').toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    )
    expect(Buffer.from(key.sign(new Uint8Array(0))).toString('hex')).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    )
  })

  it('give the same signature as tweetnacl, and each verifies the other’s', () => {
    fc.assert(
      fc.property(seeds, messages, (seed, message) => {
        const ours = signingKey(base64url(seed))
        const theirs = nacl.sign.keyPair.fromSeed(seed)
        const signature = ours.sign(message)
        expect(ours.publicKey).toBe(base64url(theirs.publicKey))
        expect(base64url(signature)).toBe(base64url(nacl.sign.detached(message, theirs.secretKey)))
        expect(nacl.sign.detached.verify(message, signature, theirs.publicKey)).toBe(true)
        expect(verifyKey(base64url(theirs.publicKey)).verify(message, signature)).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  it('refuse a signature of another message, another key, or with one bit turned', () => {
    const key = newSigningKey()
    const other = newSigningKey()
    const bit = fc.integer({ min: 0, max: 64 * 8 - 1 })
    fc.assert(
      fc.property(messages, bit, (message, at) => {
        const signature = Buffer.from(key.sign(message))
        expect(key.verify(message, signature)).toBe(true)
        expect(other.verify(message, signature)).toBe(false)
        expect(key.verify(Buffer.concat([message, Buffer.of(0)]), signature)).toBe(false)
        signature[at >> 3] = (signature[at >> 3] ?? 0) ^ (1 << (at & 7))
        expect(key.verify(message, signature)).toBe(false)
      }),
    )
  })

  it('refuse the second spelling that a signature has when its scalar is not reduced (RFC 8032 section 8.4)', () => {
    const key = newSigningKey()
    const message = Buffer.from('x')
    const signature = Buffer.from(key.sign(message))
    let carry = 0
    for (let at = 0; at < 32; at += 1) {
      const sum = (signature[32 + at] ?? 0) + (ORDER[at] ?? 0) + carry
      signature[32 + at] = sum & 0xff
      carry = sum >> 8
    }
    expect(key.verify(message, signature)).toBe(false)
  })

  it('answer false, and never throw, for a signature of any length and a public key that is no point', () => {
    fc.assert(
      fc.property(seeds, messages, fc.uint8Array({ maxLength: 130 }), (publicKey, message, signature) => {
        expect(verifyKey(base64url(publicKey)).verify(message, signature)).toBe(false)
      }),
    )
  })

  it('come back the same from their seed', () => {
    const key = newSigningKey()
    const again = signingKey(key.seed)
    expect([again.publicKey, again.id]).toEqual([key.publicKey, key.id])
    expect(newSigningKey().publicKey).not.toBe(key.publicKey)
  })

  it('have an id and a fingerprint that follow from the public key alone', () => {
    const raw = Buffer.alloc(32)
    expect(keyId(raw)).toBe('66687aadf862bd77')
    expect(verifyKey(base64url(raw)).id).toBe('66687aadf862bd77')
    expect(keyFingerprint(base64url(raw))).toBe('Zmh6rfhivXdsj8GLjp-OIAiXFIVu4jOzkCpZHQ1fKSU')
  })

  const good = newSigningKey()
  it.each([
    ['nothing', ''],
    ['31 bytes', base64url(Buffer.alloc(31))],
    ['33 bytes', base64url(Buffer.alloc(33))],
    ['a stray character', `${good.seed.slice(0, 20)}!${good.seed.slice(20)}`],
    ['a line feed at the end', `${good.seed}\n`],
    ['padding', `${good.seed}=`],
    ['a last character with bits to spare', `${'A'.repeat(42)}B`],
    ['hex', '00'.repeat(32)],
  ])('are not read from %s, and the text is not quoted', (_, text) => {
    for (const read of [verifyKey, signingKey]) {
      expect(() => read(text)).toThrow(RangeError)
      expect(() => read(text)).toThrow(/^an Ed25519 .* is 32 bytes in base64url$/)
    }
  })
})
