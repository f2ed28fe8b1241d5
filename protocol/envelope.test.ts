import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLOCK_LEEWAY_MS, type Expectation, open, type Seal, seal } from './envelope.ts'
import { Failure, type FailureCode } from './failure.ts'
import { newSigningKey, signingKey } from './keys.ts'
import { frame } from './packing.ts'

const key = signingKey(Buffer.alloc(32, 7).toString('base64url'))
const ME = '01936c1e-aaaa-7000-8000-000000000001'
const SESSION = 'abcdef0123456789abcdef0123456789'
const NOW = 1_795_519_202_000

const sealed = (change: Partial<Seal> = {}) =>
  seal({
    ...{
      key,
      to: ME,
      session: SESSION,
      sequence: 5,
      inReplyTo: 0,
      subject: 'claim?',
      issuedAtMs: NOW,
      lifetimeMs: 1000,
    },
    ...{ value: { credit: 50, names: ['sw1', 'sw2'] }, bytes: Buffer.from('along') },
    ...change,
  })
const opened = (envelope: Uint8Array, change: Partial<Expectation> = {}) =>
  open(envelope, {
    keys: (id) => (id === key.id ? key : undefined),
    ...{ me: ME, session: SESSION, subject: 'claim?', nowMs: NOW },
    ...change,
  })

/** What the envelope is refused with. Anything thrown that is no Failure fails the test. */
function refusal(envelope: Uint8Array, change: Partial<Expectation> = {}): FailureCode | 'accepted' {
  try {
    opened(envelope, change)
    return 'accepted'
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}

/** Signs whatever bytes, as a trusted peer with a fault or with bad intent could. */
function signed(unsigned: Uint8Array): Buffer {
  return Buffer.concat([unsigned, key.sign(Buffer.concat([Buffer.from('netraven envelope\n'), unsigned]))])
}
const unsignedPart = (envelope: Buffer) => Buffer.from(envelope.subarray(0, envelope.length - 64))
/** A signed envelope whose body is these bytes. */
function withBody(body: Uint8Array, announced = body.length): Buffer {
  const head = unsignedPart(sealed()).subarray(0, 66)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(announced)
  return signed(Buffer.concat([head, length, body]))
}

const whole = sealed()

describe('an envelope', () => {
  it('brings any JSON and any bytes through unchanged', () => {
    const subject = fc.stringMatching(/^[a-z]{1,20}[?!]$/)
    fc.assert(
      fc.property(fc.jsonValue(), fc.uint8Array({ maxLength: 500 }), subject, (value, bytes, about) => {
        const received = opened(sealed({ value, bytes, subject: about }), { subject: about })
        expect(JSON.stringify(received.value)).toBe(JSON.stringify(value))
        expect(Buffer.from(received.bytes)).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('brings its own fields through, at their limits', () => {
    const fields = { session: 'f'.repeat(32), sequence: 2 ** 32 - 1, inReplyTo: 2 ** 32 - 1, lifetimeMs: 2 ** 32 - 1 }
    const far = { ...fields, subject: '!'.repeat(255), issuedAtMs: 2 ** 48 - 1 }
    expect(opened(sealed(far), { ...far, nowMs: 2 ** 48 - 1 })).toMatchObject({ ...far, keyId: key.id })
  })

  it('is laid out as the protocol says', () => {
    expect(whole.subarray(0, 66).toString('hex')).toBe(
      ['01', key.id, ME.replaceAll('-', ''), SESSION, '00000005', '00000000', '01a20d48c2d0', '000003e8', '06']
        .concat(Buffer.from('claim?').toString('hex'))
        .join(''),
    )
    const bodyBytes = whole.readUInt32BE(66)
    expect(whole.subarray(70 + bodyBytes, -64).toString()).toBe('along')
  })

  it('is refused when any one bit of it was turned', () => {
    for (let at = 0; at < whole.length * 8; at += 1) {
      const altered = Buffer.from(whole)
      altered[at >> 3] = (altered[at >> 3] ?? 0) ^ (1 << (at & 7))
      const expected = at < 8 ? 'VERSION' : at < 72 ? 'UNKNOWN_KEY' : 'BAD_SIGNATURE'
      expect([at, refusal(altered)]).toEqual([at, `ENVELOPE_${expected}`])
    }
  })

  it('is refused when it was cut anywhere, at either end', () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(['ENVELOPE_MALFORMED', 'ENVELOPE_BAD_SIGNATURE']).toContain(refusal(whole.subarray(0, length)))
      expect(refusal(whole.subarray(whole.length - length))).toMatch(/^ENVELOPE_/)
    }
  })

  it('is refused when bytes were added, removed or moved inside it', () => {
    const place = fc.integer({ min: 0, max: whole.length })
    fc.assert(
      fc.property(place, place, place, fc.uint8Array({ maxLength: 9 }), (a, b, c, added) => {
        const [from = 0, middle = 0, to = 0] = [a, b, c].toSorted((x, y) => x - y)
        const moved = [
          whole.subarray(0, from),
          whole.subarray(middle, to),
          added,
          whole.subarray(from, middle),
          whole.subarray(to),
        ]
        const altered = Buffer.concat(moved)
        fc.pre(!altered.equals(whole))
        expect(refusal(altered)).toMatch(/^ENVELOPE_/)
      }),
      { numRuns: 500 },
    )
  })

  it('is refused when two of its fields, or parts of two envelopes, changed places', () => {
    const other = sealed({ sequence: 6, subject: 'renew?', value: { holding: [] }, bytes: Buffer.from('other') })
    const field = fc.constantFrom([1, 9], [9, 25], [25, 41], [41, 45], [45, 49], [49, 55], [55, 59], [60, 66], [66, 90])
    fc.assert(
      fc.property(field, field, ([a = 0, b = 0], [c = 0, d = 0]) => {
        const swapped = Buffer.from(whole)
        whole.copy(swapped, a, c, Math.min(d, c + b - a))
        whole.copy(swapped, c, a, Math.min(b, a + d - c))
        fc.pre(!swapped.equals(whole))
        expect(refusal(swapped)).toMatch(/^ENVELOPE_/)
        const grafted = Buffer.from(whole)
        other.copy(grafted, a, a, b)
        fc.pre(!grafted.equals(whole))
        expect(refusal(grafted)).toBe('ENVELOPE_BAD_SIGNATURE')
      }),
    )
    const signature = Buffer.concat([whole.subarray(0, -64), other.subarray(-64)])
    expect(refusal(signature)).toBe('ENVELOPE_BAD_SIGNATURE')
  })

  it('is refused as arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(refusal(bytes)).toMatch(/^ENVELOPE_/)
      }),
    )
    const begun = fc.uint8Array({ minLength: 119, maxLength: 400 })
    fc.assert(
      fc.property(begun, (bytes) => {
        expect(refusal(Buffer.concat([whole.subarray(0, 9), bytes]))).toBe('ENVELOPE_BAD_SIGNATURE')
      }),
    )
  })

  it.each([undefined, null, 'AQ', 1, {}, [], new ArrayBuffer(200)])('is refused as %j, which is no bytes', (odd) => {
    expect(refusal(odd as unknown as Uint8Array)).toBe('ENVELOPE_MALFORMED')
  })

  it('opens out of the middle of a larger buffer', () => {
    const around = Buffer.concat([Buffer.alloc(13, 1), whole, Buffer.alloc(7, 2)])
    expect(opened(around.subarray(13, 13 + whole.length)).value).toEqual({ credit: 50, names: ['sw1', 'sw2'] })
  })

  it('is refused when it is for somebody else, about something else, of another connection or to another question', () => {
    expect(refusal(sealed({ to: ME.replace('a', 'b') }))).toBe('ENVELOPE_FOREIGN')
    expect(refusal(sealed({ subject: 'claim!' }))).toBe('ENVELOPE_SUBJECT')
    expect(refusal(sealed({ session: SESSION.replace('a', 'b') }))).toBe('ENVELOPE_REPLAYED')
    expect(refusal(sealed({ inReplyTo: 3 }), { inReplyTo: 4 })).toBe('ENVELOPE_REPLAYED')
    expect(refusal(sealed({ inReplyTo: 3 }))).toBe('ENVELOPE_REPLAYED')
    expect(refusal(sealed(), { inReplyTo: 3 })).toBe('ENVELOPE_REPLAYED')
    expect(refusal(sealed(), { session: '' })).toBe('ENVELOPE_REPLAYED')
    expect(refusal(sealed(), { me: '' })).toBe('ENVELOPE_FOREIGN')
  })

  it('[TOK-7] is refused when it is early or late by more than clocks may differ, also by a broken clock', () => {
    const at = (nowMs: number) => refusal(whole, { nowMs })
    expect([at(NOW - CLOCK_LEEWAY_MS), at(NOW - CLOCK_LEEWAY_MS - 1)]).toEqual(['accepted', 'ENVELOPE_EARLY'])
    const last = NOW + 1000 + CLOCK_LEEWAY_MS
    expect([at(last), at(last + 1)]).toEqual(['accepted', 'ENVELOPE_EXPIRED'])
    expect([at(0), at(Number.NaN), at(Infinity)]).toEqual(['ENVELOPE_EARLY', 'ENVELOPE_EARLY', 'ENVELOPE_EXPIRED'])
  })

  it('[TOK-7] opens under either of two live keys at rotation, and under no other', () => {
    const next = newSigningKey()
    const keys = (id: string) => [key, next].find((one) => one.id === id)
    expect(opened(sealed(), { keys }).keyId).toBe(key.id)
    expect(opened(sealed({ key: next }), { keys }).keyId).toBe(next.id)
    expect(refusal(sealed({ key: newSigningKey() }), { keys })).toBe('ENVELOPE_UNKNOWN_KEY')
  })

  it('is refused under a key that merely has the same id', () => {
    const namesake = { ...newSigningKey(), id: key.id }
    expect(refusal(sealed({ key: namesake }))).toBe('ENVELOPE_BAD_SIGNATURE')
  })

  it('is refused when its bytes were signed for another purpose', () => {
    const unsigned = unsignedPart(whole)
    const bare = Buffer.concat([unsigned, key.sign(unsigned)])
    expect(refusal(bare)).toBe('ENVELOPE_BAD_SIGNATURE')
  })

  it('[MIG-2] of a protocol version that is not served is refused with the versions that are', () => {
    const future = Buffer.from(whole)
    future[0] = 2
    expect(() => opened(future)).toThrow(
      expect.objectContaining({ code: 'ENVELOPE_VERSION', details: { version: 2, oldest: 1, newest: 1 } }),
    )
  })
})

describe('an envelope that a trusted peer signed, with bad intent or by a fault,', () => {
  it('is refused or opened, whatever its bytes, and throws nothing but a coded failure', () => {
    const start = unsignedPart(whole)
    const tail = fc.uint8Array({ maxLength: 120 })
    fc.assert(
      fc.property(fc.integer({ min: 9, max: start.length }), tail, (kept, bytes) => {
        refusal(signed(Buffer.concat([start.subarray(0, kept), bytes])))
      }),
      { numRuns: 1000 },
    )
  })

  it('is refused when a length reaches beyond its end, or leaves no room for the next', () => {
    const unsigned = unsignedPart(whole)
    for (const length of [7, 200, 255]) {
      const longer = Buffer.from(unsigned)
      longer[59] = length
      expect(refusal(signed(longer))).toMatch(/^ENVELOPE_(MALFORMED|SUBJECT)$/)
    }
    const body = Buffer.of(0, 3, 0)
    expect(refusal(withBody(body, 4))).toBe('ENVELOPE_MALFORMED')
    expect(refusal(withBody(body, 2 ** 32 - 1))).toBe('ENVELOPE_MALFORMED')
    expect(refusal(signed(unsigned.subarray(0, 66)))).toBe('ENVELOPE_MALFORMED')
    expect(refusal(signed(unsigned.subarray(0, 69)))).toBe('ENVELOPE_MALFORMED')
  })

  it('is refused when its body would fill the memory, is no JSON, or is no body at all', () => {
    const body = (text: string | Buffer) => frame(new Uint8Array(0), deflateRawSync(text))
    expect(refusal(withBody(body('[1]')))).toBe('accepted')
    for (const odd of ['', '{', 'undefined', '{"a":NaN}', '\ufeff1', "{'a':1}", '[1],', Buffer.of(0x22, 0xff, 0x22)]) {
      expect([odd, refusal(withBody(body(odd)))]).toEqual([odd, 'ENVELOPE_MALFORMED'])
    }
    const bomb = body(Buffer.alloc(9 * 1024 * 1024, 0x20))
    expect(bomb.length).toBeLessThan(10_000)
    expect(refusal(withBody(bomb))).toBe('ENVELOPE_MALFORMED')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        refusal(withBody(bytes))
      }),
    )
  })

  it('never has its body looked at before the signature is right', () => {
    const bomb = withBody(frame(new Uint8Array(0), deflateRawSync(Buffer.alloc(9 * 1024 * 1024))))
    bomb[bomb.length - 1] = (bomb.at(-1) ?? 0) ^ 1
    expect(refusal(bomb)).toBe('ENVELOPE_BAD_SIGNATURE')
  })
})

describe('sealing', () => {
  it.each<[string, Partial<Seal>]>([
    ['a receiver that is no uuid', { to: '01936c1e-aaaa' }],
    ['a receiver in capitals', { to: ME.toUpperCase() }],
    ['a receiver with hex left out in the middle', { to: ME.replace('aaaa', 'aaxa') }],
    ['no session', { session: '' }],
    ['the zero session', { session: '0'.repeat(32) }],
    ['a short session', { session: SESSION.slice(2) }],
    ['a session that is not hex', { session: SESSION.replace('a', 'x') }],
    ['no subject', { subject: '' }],
    ['a subject of 256 characters', { subject: 'x'.repeat(256) }],
    ['a subject outside ASCII', { subject: 'claim\u0161' }],
    ['a sequence beyond 32 bits', { sequence: 2 ** 32 }],
    ['a negative sequence', { sequence: -1 }],
    ['half a sequence', { sequence: 1.5 }],
    ['a reply to nothing known', { inReplyTo: Number.NaN }],
    ['a lifetime beyond 32 bits', { lifetimeMs: 2 ** 32 }],
    ['half a millisecond', { issuedAtMs: NOW + 0.5 }],
    ['a broken clock', { issuedAtMs: Number.NaN }],
    ['a time before 1970', { issuedAtMs: -1 }],
    ['no value', { value: undefined }],
    ['a function for a value', { value: () => 1 }],
  ])('refuses %s instead of cutting it to fit', (_, change) => {
    expect(() => sealed(change)).toThrow(RangeError)
  })
})
