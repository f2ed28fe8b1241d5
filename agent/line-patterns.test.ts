/** Own patterns of lines, as `makeText` applies them. */
import { decodeSpans } from '@netraven/protocol/mask.ts'
import { describe, expect, it } from 'vitest'
import { driverOf } from './replay/scripted-device.ts'
import type { Output } from './session.ts'
import { makeText, type TextOptions } from './text.ts'

const driver = driverOf({
  secrets: [/^server .*\n key (?<secret>\S+)$/, /^password (?<secret>\S+)$/],
  resalted: [/^password (?<secret>\S+)$/],
})
const [command] = driver.commands
const output = (text: string): Output[] => (command ? [{ command, run: 'show run', bytes: Buffer.from(text) }] : [])
const none = { ignore: [], remove: [] }
const read = (text: string, patterns: TextOptions['patterns'] = none, options: Partial<TextOptions> = {}) =>
  makeText(driver, output(text), { secrets: 'keep', patterns, ...options })
const secretsIn = ({ text, spans }: { text: string; spans: number[] }) =>
  decodeSpans(spans, text.length).map(([from, to]) => text.slice(from, to))

const config = (clock: string) => `server one\n key s3cret\nclock ${clock}\npassword p${clock}\nend\n`

describe('lines that are ignored', () => {
  const patterns = { ignore: [/^clock /], remove: [] }

  it('are kept, and make no new version; what else changes does', () => {
    const [one, two] = [read(config('1'), patterns), read(config('2'), patterns)]
    expect(one.text).toContain('clock 1\n')
    expect(one.contentHash).not.toBe(two.contentHash)
    expect(one.fingerprint).toBe(two.fingerprint)
    expect(read(config('1')).fingerprint).not.toBe(read(config('2')).fingerprint)
    expect(read(config('1').replace('one', 'two'), patterns).fingerprint).not.toBe(one.fingerprint)
  })

  it('are so too where the agent masks', () => {
    const strip = { secrets: 'strip', maskKey: 'key' } as const
    const [one, two] = [read(config('1'), patterns, strip), read(config('2'), patterns, strip)]
    expect(one.fingerprint).toBe(two.fingerprint)
    expect(one.text).not.toMatch(/s3cret|p1/)
  })
})

describe('lines that are removed', () => {
  it('are not kept, and make no new version either', () => {
    const patterns = { ignore: [], remove: [/^clock /] }
    const [one, two] = [read(config('1'), patterns), read(config('2'), patterns)]
    expect(one.text).toBe('server one\n key s3cret\npassword p1\nend\n')
    expect(one.sizeBytes).toBe(one.text.length)
    expect(one.fingerprint).toBe(two.fingerprint)
    expect(secretsIn(one)).toEqual(['s3cret', 'p1'])
  })

  it('take no secret out of hiding: the line that told of it may go', () => {
    const patterns = { ignore: [], remove: [/^server /] }
    expect(secretsIn(read(config('1'), patterns))).toEqual(['s3cret', 'p1'])
    const stripped = read(config('1'), patterns, { secrets: 'strip', maskKey: 'key' })
    expect(stripped.text).toMatch(/^ key <secret:[0-9a-f]{8}>\nclock 1\npassword <secret:[0-9a-f]{8}>\nend\n$/)
  })

  it('never make a text that broke off look whole: it keeps all its lines, and is another than the good one', () => {
    const patterns = { ignore: [/^clock /], remove: [/^end$/] }
    const good = read(config('1'), patterns)
    const broken = read(config('1').replace('end\n', ''), patterns)
    expect([good.verdict, broken.verdict]).toEqual(['complete', 'suspect'])
    expect(broken.fingerprint).not.toBe(good.fingerprint)
    expect(read(config('1').replace('end\n', 'clock 2\n'), patterns).text).toContain('clock 2\n')
  })

  it('do not hide that a text shrank, nor do ignored ones', () => {
    const many = `${'clock 1\n'.repeat(50)}end\n`
    const good = read(many, { ignore: [/^clock /], remove: [] })
    const shrunk = read('clock 1\nend\n', { ignore: [/^clock /], remove: [] }, { lastGoodBytes: good.sizeBytes })
    expect(shrunk.verdict).toBe('suspect')
    expect(shrunk.fingerprint).not.toBe(good.fingerprint)
  })

  it('that are all there is are a failure, no empty version', () => {
    expect(() => read(config('1'), { ignore: [], remove: [/./] })).toThrow(
      expect.objectContaining({ code: 'EMPTY_READ' }),
    )
  })
})
