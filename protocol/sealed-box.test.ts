import { createPrivateKey, createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { Failure } from './failure.ts'
import { newBoxKeys, openFrom, sealTo } from './sealed-box.ts'

/** Any UTF-16 unit, also half of a pair. */
const utf16 = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))

const agent = newBoxKeys()
const secret = {
  task: '01936c1e-0000-7000-8000-000000000001',
  username: 'netraven',
  password: 'p4ss',
  enable: '"\u00e9\n\u0001',
}
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/** Expects SEALED_BOX_INVALID, and that nothing of what was inside comes along. */
function refused(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    expect([error.code, error.details, error.cause]).toEqual(['SEALED_BOX_INVALID', {}, undefined])
    return
  }
  expect.unreachable('the box opened')
}

/** A box around arbitrary plaintext, as a hub with a fault could make. */
function boxOf(plain: Uint8Array): { publicKey: string; box: string } {
  const pair = nacl.box.keyPair()
  const nonce = new Uint8Array(24)
  nonce[23] = 1
  const box = nacl.box(plain, nonce, new Uint8Array(Buffer.from(agent.publicKey, 'base64url')), pair.secretKey)
  return { publicKey: base64url(pair.publicKey), box: base64url(Buffer.concat([Buffer.of(0, 1), box])) }
}

describe('a sealed box', () => {
  it('[DAUTH-7] gives the agent what the hub put in, whatever that is', () => {
    const sealer = sealTo(agent.publicKey)
    const opener = openFrom(sealer.publicKey, agent.secretKey)
    expect(opener.open(sealer.seal(secret))).toEqual(secret)
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(opener.open(sealer.seal(value)))).toBe(JSON.stringify(value))
      }),
    )
  })

  it('[DAUTH-7] is opened by no other key: not another agent’s, not of another batch', () => {
    const sealer = sealTo(agent.publicKey)
    const box = sealer.seal(secret)
    refused(() => openFrom(sealer.publicKey, newBoxKeys().secretKey).open(box))
    refused(() => openFrom(sealTo(agent.publicKey).publicKey, agent.secretKey).open(box))
  })

  it('is refused when any one bit of it was turned, when it was cut, and when something was added', () => {
    const sealer = sealTo(agent.publicKey)
    const opener = openFrom(sealer.publicKey, agent.secretKey)
    const box = Buffer.from(sealer.seal(secret), 'base64url')
    for (let at = 0; at < box.length * 8; at += 1) {
      const altered = Buffer.from(box)
      altered[at >> 3] = (altered[at >> 3] ?? 0) ^ (1 << (at & 7))
      refused(() => opener.open(base64url(altered)))
    }
    for (let length = 0; length < box.length; length += 1) {
      refused(() => opener.open(base64url(box.subarray(0, length))))
      refused(() => opener.open(base64url(box.subarray(box.length - length))))
    }
    refused(() => opener.open(base64url(Buffer.concat([box, Buffer.of(0)]))))
  })

  it('is refused when one character of it was exchanged, also for one that base64 readers skip', () => {
    const sealer = sealTo(agent.publicKey)
    const opener = openFrom(sealer.publicKey, agent.secretKey)
    const box = sealer.seal(secret)
    for (let at = 0; at <= box.length; at += 1) {
      for (const odd of ['', '!', ' ', '=', '\n', '+', '/', 'A', 'b', '\u00e9']) {
        const [before, after] = [box.slice(0, at), box.slice(at + 1)]
        if (before + odd + after !== box) refused(() => opener.open(before + odd + after))
        if (odd !== '') refused(() => opener.open(before + odd + box.slice(at)))
      }
    }
  })

  it('is refused as arbitrary text, and as no text at all', () => {
    const opener = openFrom(sealTo(agent.publicKey).publicKey, agent.secretKey)
    fc.assert(fc.property(fc.string({ unit: utf16, maxLength: 200 }), (text) => refused(() => opener.open(text))))
    fc.assert(fc.property(fc.base64String({ maxLength: 200 }), (text) => refused(() => opener.open(text))))
    for (const odd of [undefined, null, 1, {}, []]) refused(() => opener.open(odd as unknown as string))
  })

  it('is refused, without a word of what is in it, when what is in it is no JSON', () => {
    const known = boxOf(Buffer.from('\x00{"a":1}'))
    expect(openFrom(known.publicKey, agent.secretKey).open(known.box)).toEqual({ a: 1 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (plain) => {
        const { publicKey, box } = boxOf(Buffer.concat([Buffer.from('\x00hunter2'), plain]))
        refused(() => openFrom(publicKey, agent.secretKey).open(box))
      }),
      { numRuns: 30 },
    )
    for (const plain of ['', '\x05', '\x00\x01', '\x00"\xff"']) {
      const { publicKey, box } = boxOf(Buffer.from(plain, 'latin1'))
      refused(() => openFrom(publicKey, agent.secretKey).open(box))
    }
  })

  it('is refused when the sender’s key or our own is none', () => {
    const box = sealTo(agent.publicKey).seal(secret)
    const keys = fc.oneof(fc.string({ maxLength: 60 }), fc.constant(`${agent.publicKey}A`), fc.constant('A'.repeat(42)))
    fc.assert(
      fc.property(keys, (odd) => {
        refused(() => openFrom(odd, agent.secretKey).open(box))
        refused(() => openFrom(agent.publicKey, odd).open(box))
      }),
    )
    refused(() => openFrom(undefined as unknown as string, agent.secretKey).open(box))
  })

  it('never has a nonce twice in one batch, nor a key in two, and says so before it would', () => {
    const sealer = sealTo(agent.publicKey)
    expect(sealTo(agent.publicKey).publicKey).not.toBe(sealer.publicKey)
    const counts = Array.from({ length: 65_535 }, () => sealer.seal(0).slice(0, 3))
    // Three characters hold the 16 bits of the count and the first two of a tag.
    const numbers = counts.map((text) => Buffer.from(`${text}A`, 'base64url').readUInt16BE(0))
    expect(numbers).toEqual(Array.from({ length: 65_535 }, (_, index) => index + 1))
    expect(() => sealer.seal(0)).toThrow(RangeError)
  })

  it('is as long for a password that repeats another as for one that does not', () => {
    const sealer = sealTo(agent.publicKey)
    const sizes = ['netraven-netraven', 'kq2-Xw9_pL0zRt5vB'].map(
      (password) => sealer.seal({ ...secret, password }).length,
    )
    expect(sizes[0]).toBe(sizes[1])
  })

  it('is not made for a key that anybody could open it with, nor for none', () => {
    const smallOrder = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
    ]
    for (const point of smallOrder) {
      expect(() => sealTo(Buffer.from(point, 'hex').toString('base64url'))).toThrow(/small order/)
    }
    for (const odd of ['', 'A', `${agent.publicKey}A`, agent.publicKey.slice(1)]) {
      expect(() => sealTo(odd)).toThrow('an X25519 public key has 32 bytes')
    }
  })

  it('is not made for what JSON has no word for', () => {
    expect(() => sealTo(agent.publicKey).seal(undefined)).toThrow(RangeError)
  })

  it('stands on X25519 keys as other software knows them (RFC 8037)', () => {
    const { publicKey: x, secretKey: d } = newBoxKeys()
    const key = createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', x, d }, format: 'jwk' })
    expect(createPublicKey(key).export({ format: 'jwk' })).toEqual({ kty: 'OKP', crv: 'X25519', x })
  })
})
