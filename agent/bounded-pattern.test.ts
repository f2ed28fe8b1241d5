import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { BoundedPattern } from './bounded-pattern.ts'
import { driverOf, failureOf, plain, read } from './replay/scripted-device.ts'

const codeOf = (work: () => unknown) => {
  try {
    return work()
  } catch (error) {
    return error instanceof Failure ? error.code : error
  }
}

describe('a pattern of an own driver, run while a device is talked to', () => {
  it('fits what it fits, with its groups', () => {
    const pattern = new BoundedPattern('^(?<name>[\\w.-]+)[>#] ?$')
    expect(pattern.exec('sw1#')?.groups?.name).toBe('sw1')
    expect([pattern.test('sw1> '), pattern.test('sw1'), 'sw1#'.replace(pattern, 'x')]).toEqual([true, false, 'x'])
    expect(pattern.source).toBe('^(?<name>[\\w.-]+)[>#] ?$')
  })

  it('is cut off where it would take for ever, and after three times not tried again', () => {
    const pattern = new BoundedPattern('^(a+)+$')
    const evil = `${'a'.repeat(60)}!`
    for (let time = 0; time < 4; time++) expect(codeOf(() => pattern.test(evil))).toBe('PATTERN_TOO_SLOW')
    expect(codeOf(() => pattern.test('a'))).toBe('PATTERN_TOO_SLOW')
    expect(new BoundedPattern('^(a+)+$').test('aaa')).toBe(true)
  })

  it('ends the read of a device that it can’t come to an end with', async () => {
    const prompt = new BoundedPattern('^(?:\\w+)+#$')
    const reading = read(plain({}, { prompt: `${'a'.repeat(60)}!` }), { driver: driverOf({ prompt }) })
    expect((await failureOf(reading)).code).toBe('PATTERN_TOO_SLOW')
  })

  it('fits no line that is longer than any prompt', () => {
    expect(new BoundedPattern('^a+$').test('a'.repeat(2000))).toBe(false)
  })
})
