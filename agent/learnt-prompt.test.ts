import { describe, expect, it } from 'vitest'
import { BoundedPattern } from './bounded-pattern.ts'
import { LearntPrompt } from './learnt-prompt.ts'

const exos = /^(?:! )?(?<unsaved>(?:\* )?)(?:Slot-\d )?[\w.-]{1,64}\.(?<count>\d{1,5}) [>#] ?$/

describe('a learnt prompt', () => {
  it('without groups is the same line only', () => {
    const prompt = new LearntPrompt(/^[\w.()-]+[>#] ?$/, 'r1(x).y# ')
    for (const line of ['r1(x).y#', 'r1(x).y# x', 'r1(x)xy# ', 'r2(x).y# ', '']) expect(prompt.is(line)).toBe(false)
    expect(prompt.is('r1(x).y# ')).toBe(true)
    expect([prompt.lengthIn('r1(x).y# show'), prompt.lengthIn('r1(x).y#show')]).toEqual([9, 0])
    expect([prompt.after('  r1(x).y# show'), prompt.after('show')]).toEqual([' show', undefined])
  })

  it('is the same whatever its groups hold, and with nothing in them', () => {
    for (const first of ['Slot-1 a.b-1.7 # ', '* Slot-1 a.b-1.7 # ']) {
      const prompt = new LearntPrompt(exos, first)
      for (const line of ['Slot-1 a.b-1.8 # ', '* Slot-1 a.b-1.12345 # ']) {
        expect(prompt.is(line)).toBe(true)
        expect(prompt.lengthIn(`${line}show x`)).toBe(line.length)
        expect(prompt.after(`${line}show x`)?.trim()).toBe('show x')
      }
    }
  })

  it('is literal around its groups', () => {
    const prompt = new LearntPrompt(exos, 'a.b-1.7 # ')
    const others = [
      'axb-1.7 # ',
      'a.b-2.7 # ',
      'a.b-1.7 > ',
      'a.b-1.7 #',
      'a.b-1.7 #  ',
      'a.b-1.123456 # ',
      'a.b-1. # ',
    ]
    for (const line of [...others, '! a.b-1.7 # ', '** a.b-1.7 # ', ' a.b-1.7 # ', '']) {
      expect([line, prompt.is(line)]).toEqual([line, false])
    }
    expect([prompt.lengthIn('c.7 # x'), prompt.after('c.7 # x')]).toEqual([0, undefined])
  })

  it('takes a group with parentheses, classes and another group in it', () => {
    const prompt = new LearntPrompt(/^s(?<mode>(?:\((?<inner>[^)(\]]+)\)|\[\)\])?)\.(?<count>\d+)#$/, 's(cfg).1#')
    for (const line of ['s.2#', 's(other).3#', 's[)].4#']) expect(prompt.is(line)).toBe(true)
    for (const line of ['s().2#', 's(a)(b).3#']) expect(prompt.is(line)).toBe(false)
  })

  it('leaves a group that took no part as it was', () => {
    const prompt = new LearntPrompt(/^(?<star>\* )?s\.(?<count>\d+)#$/, 's.1#')
    expect([prompt.is('s.2#'), prompt.is('* s.2#')]).toEqual([true, false])
  })

  it('of an own driver cannot keep the agent busy for ever', () => {
    const prompt = new LearntPrompt(new BoundedPattern('^s(?<count>(?:\\d+)+)#$'), 's1#')
    expect(prompt.is('s22#')).toBe(true)
    expect(() => prompt.is(`s${'1'.repeat(60)}x s#`)).toThrow(expect.objectContaining({ code: 'PATTERN_TOO_SLOW' }))
  })
})
