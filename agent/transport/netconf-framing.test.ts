import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Deframer, FramingError, frame } from './netconf-framing.ts'

const message = fc
  .string({ minLength: 1, maxLength: 300 })
  .filter((text) => !text.includes(']]>]]>'))
  .filter((text) => !text.endsWith(']') && !text.endsWith('>'))

describe.each(['1.0', '1.1'] as const)('framing of base %s (RFC 6242)', (version) => {
  it('gives back each message whole, in however small pieces they come', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 40 }), (texts, size) => {
        const bytes = Buffer.concat(texts.map((text) => frame(text, version)))
        const deframer = new Deframer()
        deframer.use(version)
        const found: string[] = []
        for (let at = 0; at < bytes.length; at += size) {
          let next = deframer.take(bytes.subarray(at, at + size))
          for (; next; next = deframer.take()) found.push(next.toString())
        }
        expect(found).toEqual(texts)
      }),
    )
  })

  it('never gives a message whose end has not come', () => {
    const bytes = frame('<rpc-reply><data/></rpc-reply>', version)
    for (let at = 0; at < bytes.length; at += 1) {
      const deframer = new Deframer()
      deframer.use(version)
      expect(deframer.take(bytes.subarray(0, at))).toBeUndefined()
    }
  })
})

describe('a message in very many pieces', () => {
  it('of one byte each is whole, also beyond one block', () => {
    const text = 'abcdefghij'.repeat(20_000)
    const deframer = new Deframer()
    deframer.use('1.1')
    const chunks = Buffer.from([...text].map((byte) => `\n#1\n${byte}`).join(''))
    for (let at = 0; at < chunks.length; at += 1000)
      expect(deframer.take(chunks.subarray(at, at + 1000))).toBeUndefined()
    expect(deframer.take(Buffer.from('\n##\n'))?.toString()).toBe(text)
  })
})

describe('chunks against the protocol', () => {
  it.each(['\n##\n', '\n#0\n', '\n#01\n', '\n#4294967296\n', 'x', '\n#5x\n', '\n#99999999999\n', '\n#-1\n'])(
    '%j are refused',
    (text) => {
      const deframer = new Deframer()
      deframer.use('1.1')
      expect(() => deframer.take(Buffer.from(text))).toThrow(FramingError)
    },
  )
})
