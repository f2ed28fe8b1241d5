/**
 * Text of a device must not keep a pattern busy for ever: its time must grow with the text, not with the square of it. Each pattern
 * meets long texts of one thing, also behind what brings it on its way, and with an end that does not match.
 *
 * First short texts, in the time of many times as many; what needs longer, be it only because the machine is busy, gets long ones
 * and much time. There a pattern of the wrong kind needs minutes and every other one milliseconds: the limits measure no speed.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { hostileTexts } from '@netraven/protocol/hostile-texts.ts'
import { describe, expect, it } from 'vitest'
import { loadAll } from '../loaded-drivers.ts'
import { patternsOf } from '../replay/patterns.ts'
import { folder, shelf } from '../replay/shelf.ts'

const drivers = await loadAll()

const SHORT = { characters: 8_000, limitMs: 60 }
const LONG = { characters: 120_000, limitMs: 10_000 }

/** Those of lists that drivers share are looked at once. */
const known = new Set<string>()
const lines = new Map<string, string[]>()
for (const { name, driver } of await shelf()) {
  const said = readFileSync(join(folder, `${name}.session`), 'utf8').split('\n')
  lines.set(driver.name, [...(lines.get(driver.name) ?? []), ...said])
}

describe.each(drivers.all)('patterns of $name', (driver) => {
  it('take a time that grows with the text alone', () => {
    const slow = patternsOf(driver, driver.name).filter(({ path, pattern }) => {
      const overText = /\.(?:secrets|resalted)\.|\.(?:complete|unwrap)$/.test(path)
      const key = `${overText} ${pattern.source}`
      if (known.has(key)) return false
      known.add(key)
      return isSlow(pattern, overText, lines.get(driver.name) ?? [])
    })
    expect(slow.map(({ path }) => path)).toEqual([])
  }, 300_000)
})

describe('a pattern that is slow', () => {
  it.each([
    [/\s+$/, 'x '],
    [/^(?:a+)+$/, 'aa'],
    [/password .*\w+.*;$/, ' password secret;'],
    [/^ *x(?: \S+)*(?: \S+)*y$/, ' x a b cy'],
  ])('does not come to its end with short texts: %s', (pattern, line) => {
    expect(endsWithin(SHORT, pattern, true, [line])).toBe(false)
  })

  it('is no other one', () => {
    expect(isSlow(/^ *password (?<secret>\S+)$/, true, [' password x'])).toBe(false)
  })
})

function isSlow(pattern: RegExp, overText: boolean, said: readonly string[]): boolean {
  return !endsWithin(SHORT, pattern, overText, said) && !endsWithin(LONG, pattern, overText, said)
}

function endsWithin(
  { characters, limitMs }: typeof SHORT,
  { source }: RegExp,
  overText: boolean,
  said: readonly string[],
) {
  const line = said.find((one) => new RegExp(source).test(one)) ?? ''
  const texts = hostileTexts(line, characters).map((text) => (overText ? text : text.replaceAll('\n', ' ')))
  const context = createContext({ source, texts, flags: overText ? 'gm' : 'g' })
  try {
    const work = 'for (const text of texts) for (const _ of text.matchAll(new RegExp(source, flags)));'
    runInContext(work, context, { timeout: limitMs })
    return true
  } catch (error) {
    // The error is of the other context, so it is no instance of this one's `Error`.
    const isTimeout = Object(error).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    if (isTimeout) return false
    throw error
  }
}
