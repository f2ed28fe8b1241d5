import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FailureWire } from './failure.ts'
import { plainDetails, plainLine } from './plain.ts'

/** Any UTF-16 unit, also half of a pair. */
const utf16 = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))

/** A database column of type jsonb takes neither; a terminal obeys the rest. */
const unwelcome = /[\p{Cc}\p{Cs}]/u

describe('words from the other side', () => {
  it('have no control characters and no half characters left, and are cut to their limit', () => {
    const odd = fc.oneof(
      fc.string({ unit: utf16 }),
      fc.constantFrom('\u0000', '\u001b[2J', 'a\ud83d', '\r\n', '\u009b31m'),
    )
    fc.assert(
      fc.property(odd, (text) => {
        const line = plainLine(5).parse(text)
        expect(line).not.toMatch(unwelcome)
        expect(line.length).toBeLessThanOrEqual(5)
      }),
    )
    expect(plainLine(3).parse('a\u{1f600}b\u{1f600}')).toBe('a\u{1f600}')
    expect(plainLine(2).parse('a\u{1f600}')).toBe('a\ufffd')
    expect(plainLine(99).parse('Größe 10 µm, 字')).toBe('Größe 10 µm, 字')
    expect(plainLine(9).safeParse(7).success).toBe(false)
  })
})

describe('details of a failure from the other side', () => {
  it('are kept as they are when they are of the usual kind', () => {
    const details = {
      address: '127.0.0.9',
      port: 22,
      tried: ['a', 'b'],
      isOpen: false,
      last: null,
      offered: { kex: ['x'] },
    }
    expect(plainDetails(details)).toEqual(details)
    expect(FailureWire.parse({ code: 'TCP_TIMEOUT', details })).toEqual({ code: 'TCP_TIMEOUT', details })
  })

  it('are bounded and clean, whatever they were, and always can be written as JSON', () => {
    const values = fc.dictionary(fc.string({ unit: utf16 }), fc.jsonValue({ maxDepth: 6, stringUnit: utf16 }))
    fc.assert(
      fc.property(values, (details) => {
        const kept = plainDetails(JSON.parse(JSON.stringify(details)))
        expect(JSON.stringify(kept).replaceAll('\\\\', '')).not.toMatch(/\\u00|\\ud[89a-f]|\\[nrtbf]/i)
      }),
    )
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`n${index}`, 'x'.repeat(9000)]))
    expect(JSON.stringify(plainDetails(many)).length).toBeLessThan(64 * 2100)
  })

  it('nested a hundred thousand levels deep do not run anybody out of stack', () => {
    const deep: unknown = JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
    expect(FailureWire.parse({ code: 'INTERNAL', details: deep })).toEqual({ code: 'INTERNAL', details: { a: [[]] } })
  })

  it('with a name that means something to JavaScript change no object’s nature', () => {
    const { details } = FailureWire.parse(
      JSON.parse('{"code":"INTERNAL","details":{"__proto__":{"a":1},"in":{"__proto__":{"a":1}}}}'),
    )
    expect(Object.getPrototypeOf(details)).toBe(Object.prototype)
    expect(Object.getPrototypeOf(details.in)).toBe(Object.prototype)
    expect(Object(details.in).a).toBeUndefined()
  })
})
