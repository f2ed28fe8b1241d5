import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_DEPTH, MAX_KEYS, parseJson } from './json.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text).buffer
/** What is said about a text; undefined: nothing. */
const complaint = (bytes: ArrayBuffer) => {
  try {
    parseJson(bytes)
    return undefined
  } catch (error) {
    const { details } = error as { details: { issues: { message: string }[] } }
    return details.issues[0]?.message
  }
}
const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`
const keys = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at])))

describe('JSON of strangers', () => {
  it('is read as it stands, whatever it is, when nothing is wrong with it', () => {
    const value = fc.jsonValue({ maxDepth: 6 })
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (one, space) => {
        const text = JSON.stringify(one, null, space)
        fc.pre(!/__proto__|u0000/.test(text))
        expect(parseJson(bytesOf(text))).toEqual(JSON.parse(text))
      }),
    )
  })

  it.each([
    ['100,000 lists in each other', nested(100_000, '[', ']'), `is deeper than ${MAX_DEPTH} levels`],
    ['100,000 objects in each other', nested(100_000, '{"a":', '}'), `is deeper than ${MAX_DEPTH} levels`],
    ['lists that never end', '['.repeat(1_000_000), `is deeper than ${MAX_DEPTH} levels`],
    ['100,000 keys', keys(100_000), `has more than ${MAX_KEYS} keys in one object`],
    ['__proto__', '{"a":[{"__proto__":{"admin":true}}]}', 'has the key __proto__'],
    ['__proto__ in disguise', String.raw`{"\u005f_proto__":1}`, 'has the key __proto__'],
    ['a key twice', '{"a":{"b":1},"b":2,"a":3}', 'has the same key twice in one object'],
    ['a key twice, once in disguise', String.raw`{"a":1,"\u0061":2}`, 'has the same key twice in one object'],
    ['U+0000', String.raw`{"a":["\\\u0000"]}`, 'has a character that no text may have'],
    ['half a text', '{"a":"', 'not valid JSON'],
    ['a brace too many', '}}}}{"a":1}', 'not valid JSON'],
    ['nothing', '', 'not valid JSON'],
  ])('%s is refused', (_, text, expected) => {
    expect(complaint(bytesOf(text))).toBe(expected)
  })

  it('bytes that are no UTF-8 are refused', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
    ]) {
      expect(complaint(new Uint8Array(bytes).buffer)).toBe('is not UTF-8')
    }
  })

  it('as deep and as broad as is allowed goes through; braces and keys inside of strings do not count', () => {
    expect(complaint(bytesOf(nested(MAX_DEPTH, '[', ']')))).toBeUndefined()
    expect(complaint(bytesOf(keys(MAX_KEYS)))).toBeUndefined()
    expect(
      complaint(bytesOf(JSON.stringify({ a: '{"__proto__":1}'.repeat(50), b: '\\"{[', c: '__proto__' }))),
    ).toBeUndefined()
    expect(complaint(bytesOf('[{"a":1},{"a":2}]'))).toBeUndefined()
    expect(complaint(bytesOf(String.raw`["\\u0000"]`))).toBeUndefined()
  })

  it('`constructor` and `prototype` are keys like any other, and reach nobody’s prototype', () => {
    parseJson(bytesOf('{"constructor":{"prototype":{"admin":true}}}'))
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })
})
