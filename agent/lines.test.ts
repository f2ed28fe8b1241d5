import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lines } from './lines.ts'

const all = (lines: Lines) => lines.slice(0, lines.length).toString()

describe('Lines', () => {
  it('takes whole plain lines alone', () => {
    const lines = new Lines()
    const at = (text: string) => lines.addPlain(Buffer.from(text), 0)
    expect([at('a\r\n\tb \n\nc'), at('d\r'), at('e\rf\n'), at('g\x07\n'), at('h\n')]).toEqual([8, 0, 0, 0, 2])
    expect(all(lines)).toBe('a\n\tb \n\nh\n')
  })

  it('finds lines wherever blocks end', () => {
    const lines = new Lines()
    const expected: string[] = []
    // Well over two blocks, with one line that is larger than a block.
    for (let n = 0; n < 3000; n += 1) {
      const line = n === 1000 ? 'y'.repeat(1_500_000) : `${n} ${'x'.repeat((n * 37) % 900)}`
      expected.push(line)
      if (n % 2 === 0) lines.add(Buffer.from(line), 0, line.length)
      else lines.addPlain(Buffer.from(`${line}\r\n`), 0)
    }
    const text = expected.map((line) => `${line}\n`).join('')
    expect(lines.length).toBe(text.length)
    expect(all(lines)).toBe(text)
    let start = 0
    for (const line of expected) {
      const end = lines.endOf(start)
      expect(end - start).toBe(line.length + 1)
      expect(lines.startOf(end, 1024)).toBe(line.length <= 1024 ? start : -1)
      start = end
    }
    expect(lines.endOf(start)).toBe(-1)
    lines.clear()
    expect([lines.length, all(lines), lines.endOf(0)]).toEqual([0, '', -1])
  })

  it('gives any part of it', () => {
    const lines = new Lines()
    const block = `${'z'.repeat(99)}\n`
    for (let n = 0; n < 25_000; n += 1) lines.add(Buffer.from(block), 0, 99)
    const text = block.repeat(25_000)
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(3000), (from, length) => {
        const to = Math.min(text.length, from + length)
        expect(lines.slice(from, to).toString()).toBe(text.slice(from, to))
      }),
    )
  })
})
