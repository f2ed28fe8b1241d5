import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBody, encodeBody } from './body.ts'
import { abbreviate, expand } from './dictionary.ts'
import { Failure } from './failure.ts'
import { frame, pack, unframe, unpack } from './packing.ts'
import { newBoxKeys, sealTo } from './sealed-box.ts'

/** Any UTF-16 unit, also half of a pair. */
const utf16 = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((raw) => Buffer.from(raw))
const uuid = fc.uuid()
const hash = bytes(32).map((raw) => raw.toString('hex'))
const print = bytes(32).map((raw) => `SHA256:${raw.toString('base64').slice(0, 43)}`)
const base64url = fc.uint8Array({ minLength: 24, maxLength: 400 }).map((raw) => Buffer.from(raw).toString('base64url'))
const almost = fc.constantFrom(
  '01936C1E-AAAA-7000-8000-000000000001',
  ' 01936c1e-aaaa-7000-8000-000000000001',
  'A'.repeat(31),
  `${'A'.repeat(32)}B`,
  `SHA256:${'A'.repeat(42)}B`,
  `SHA256:${'A'.repeat(44)}`,
  'f'.repeat(63),
  '\u0001\u0002\u0003\u0004\u0010\u0016',
  '\\u0001"\\',
  '","password":"',
  '{"task":',
)
const word = fc.oneof(uuid, hash, print, base64url, almost, fc.string(), fc.string({ unit: utf16 }))
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 5 }),
  ),
}))

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'accepted'
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}

describe('a packed text', () => {
  it('unpacks to the same text, whatever stands in it', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const json = JSON.stringify(value)
        const packed = pack(json)
        expect(unpack(packed)).toBe(json)
        expect(expand(abbreviate(packed.text))).toBe(packed.text)
      }),
    )
    const fragments = fc.array(fc.oneof(word, fc.constantFrom('"', '\\"', ',', ':', '\\')), { maxLength: 12 })
    fc.assert(
      fc.property(fragments, (parts) => {
        const odd = parts.join('').replace(/\p{Cc}/gu, '')
        expect(unpack(pack(odd))).toBe(odd)
        expect(expand(abbreviate(odd))).toBe(odd)
      }),
    )
  })

  it('holds ids, hashes, host keys and signatures as bytes', () => {
    const json = JSON.stringify([
      '0'.repeat(64),
      '01936c1e-aaaa-7000-8000-000000000001',
      'A'.repeat(86),
      `SHA256:${'A'.repeat(43)}`,
    ])
    const { tokens, text } = pack(json)
    expect([tokens.length, text]).toEqual([32 + 16 + 1 + 64 + 32, '[\x02,\x01,\x03,\x04]'])
  })

  it('is refused when its bytes are fewer or more than its marks ask for, or a length has no end', () => {
    const odd = [
      { text: '[\x01]', tokens: Buffer.alloc(15) },
      { text: '[\x01]', tokens: Buffer.alloc(17) },
      { text: '[]', tokens: Buffer.alloc(1) },
      { text: '[\x03]', tokens: Buffer.alloc(0) },
      { text: '[\x03]', tokens: Buffer.of(5, 1, 2) },
      { text: '[\x03]', tokens: Buffer.of(0x80) },
      { text: '[\x03]', tokens: Buffer.alloc(9, 0xff) },
    ]
    for (const packed of odd) expect(() => unpack(packed)).toThrow(RangeError)
  })
})

describe('a frame', () => {
  it('gives back its two parts, of any length', () => {
    const part = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(part, part, (tokens, rest) => {
        const again = unframe(frame(tokens, rest))
        expect([Buffer.from(again.tokens), Buffer.from(again.rest)]).toEqual([Buffer.from(tokens), Buffer.from(rest)])
      }),
    )
    const large = Buffer.alloc(2 ** 21 + 5, 7)
    expect(Buffer.from(unframe(frame(large, large)).tokens).equals(large)).toBe(true)
  })

  it('is refused when it ends before its first part does', () => {
    for (const odd of [[], [1], [3, 1, 2], [0x80], [0x80, 0x80, 0x80, 0x80, 0]]) {
      expect(() => unframe(Buffer.from(odd))).toThrow(RangeError)
    }
  })
})

describe('a body', () => {
  it('comes back the same, as JSON tells values apart', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(JSON.stringify(decodeBody(encodeBody(value)))).toBe(JSON.stringify(value))
      }),
    )
  })

  it('is refused as malformed, and throws nothing else, when it is altered or arbitrary', () => {
    const body = encodeBody({ task: '01936c1e-aaaa-7000-8000-000000000001', words: ['a', 'b'], hash: '0'.repeat(64) })
    fc.assert(
      fc.property(fc.nat(body.length * 8 - 1), fc.nat(body.length), (bit, length) => {
        const altered = Buffer.from(body)
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        for (const odd of [altered, body.subarray(0, length), body.subarray(length)]) {
          expect(['accepted', 'ENVELOPE_MALFORMED']).toContain(codeOf(() => decodeBody(odd)))
        }
      }),
      { numRuns: 400 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (odd) => {
        expect(['accepted', 'ENVELOPE_MALFORMED']).toContain(codeOf(() => decodeBody(odd)))
      }),
    )
  })

  it('makes a name that means something to JavaScript an ordinary one', () => {
    const value = decodeBody(encodeBody(JSON.parse('{"__proto__":{"admin":true}}')))
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(Object(value))).toEqual(['__proto__'])
  })

  it('of any depth is read without running out of stack', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000)
    expect(codeOf(() => decodeBody(frame(Buffer.alloc(0), deflateRawSync(deep))))).toBe('accepted')
  })
})

describe('what crosses the link', () => {
  it('is at most 500 bytes a device when four unchanged ones are claimed, read and reported at once', () => {
    const random = (length: number, seed: number) =>
      Buffer.from(Array.from({ length }, (_, i) => (seed * 31 + i * i * 7 + i * seed) & 0xff))
    const id = (seed: number) =>
      random(16, seed)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    const rows = [1, 2, 3, 4]
    const sealer = sealTo(newBoxKeys().publicKey)
    const secret = { username: 'netraven', password: 'Backup-2026!ro', enable: 'En4ble-2026!x' }
    const tasks = rows.map((n) => ({
      ...{
        id: id(n),
        attempt: 1,
        device: { id: id(n + 9), name: `sw-berlin-${n}03`, address: `10.20.${n}.17`, port: 22 },
      },
      ...{ driver: 'cisco_ios', transport: 'ssh', secrets: 'keep', options: {}, deadlineMs: 1_795_519_502_000 },
      ...{ driverDigest: 'f21e300c545c6c52', hostKey: `SHA256:${random(32, n).toString('base64').slice(0, 43)}` },
      ...{ lastGoodBytes: 11_925 + n * 17, box: sealer.seal({ task: id(n), ...secret }) },
    }))
    const reports = rows.map((n) => ({
      ...{
        task: id(n),
        attempt: 1,
        device: id(n + 9),
        capturedAtMs: 1_795_519_203_200 + n * 37,
        durationMs: 800 + n * 13,
      },
      outcome: {
        ...{
          kind: 'read',
          contentHash: random(32, n).toString('hex'),
          sizeBytes: 11_925 + n * 17,
          verdict: 'complete',
        },
        signature: random(64, n).toString('base64url'),
      },
    }))
    const bodies = [
      { credit: 50 },
      { ok: { sealKey: sealer.publicKey, tasks } },
      { reports },
      { ok: { results: rows.map((n) => ({ task: id(n), state: 'recorded' })) } },
    ]
    const envelopeBytes = 60 + 'report?'.length + 4 + 64
    const bytes = bodies.reduce((sum, body) => sum + encodeBody(body).length + envelopeBytes, 0)
    expect(bytes / rows.length).toBeLessThanOrEqual(500)
  })
})
