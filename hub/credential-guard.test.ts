import { describe, expect, it } from 'vitest'
import { defaultLoginLimits, freshGuard, type Guard, guardAfter, isProven, tasksAtOnce } from './credential-guard.ts'

const limits = {
  ...defaultLoginLimits,
  guardRefusals: 3,
  guardWindowMs: 60_000,
  guardClosedMs: 10_000,
  unprovenTasks: 3,
}
const at = (ms: number) => new Date(1_700_000_000_000 + ms)

const refusedBy = (guard: Guard, ms: number, ...devices: string[]) =>
  guardAfter(guard, { opened: 0, refused: new Set(devices), undecided: 0 }, at(ms), limits)
const opened = (guard: Guard, ms: number) =>
  guardAfter(guard, { opened: 1, refused: new Set(), undecided: 0 }, at(ms), limits)
const undecided = (guard: Guard, count: number) =>
  guardAfter(guard, { opened: 0, refused: new Set(), undecided: count }, at(0), limits)
const atOnce = (guard: Guard, ms: number) => tasksAtOnce(guard, at(ms), limits)

describe('the guard of a credential', () => {
  it('lets few begin, and as many as like after a login', () => {
    expect(atOnce(freshGuard, 0)).toBe(3)
    expect(atOnce(opened(freshGuard, 1), 2)).toBe(Number.POSITIVE_INFINITY)
    expect(isProven(refusedBy(opened(freshGuard, 1), 2, 'a'))).toBe(false)
    expect(atOnce(refusedBy(opened(freshGuard, 1), 2, 'a'), 3)).toBe(2)
  })

  it('[DAUTH-5] closes when three different devices in a row refuse it, and says until when', () => {
    const two = refusedBy(refusedBy(refusedBy(freshGuard, 1, 'a'), 2, 'a'), 3, 'b')
    expect([two.refusedDevices, two.closedUntil]).toEqual([['a', 'b'], null])
    const three = refusedBy(two, 4, 'c')
    expect([three.closedUntil, atOnce(three, 5)]).toEqual([at(10_004), 0])
    expect(refusedBy(three, 6, 'd').closedUntil, 'those still under way do not lengthen it').toEqual(at(10_004))
  })

  it('a login between the refusals begins the row anew, and so does a long pause', () => {
    const two = refusedBy(freshGuard, 1, 'a', 'b')
    expect(refusedBy(opened(two, 2), 3, 'c').closedUntil).toBeNull()
    expect(refusedBy(two, 60_002, 'c').refusedDevices).toEqual(['c'])
    expect(refusedBy(two, 60_001, 'c').closedUntil).not.toBeNull()
  })

  it('in a batch that brings both, the login counts', () => {
    const both = guardAfter(freshGuard, { opened: 1, refused: new Set('abc'), undecided: 0 }, at(1), limits)
    expect([isProven(both), both.refusedDevices]).toEqual([true, []])
  })

  it('after its time one task is on trial: a login proves it, one more refusal closes it again', () => {
    const closed = refusedBy(freshGuard, 0, 'a', 'b', 'c')
    expect([atOnce(closed, 9999), atOnce(closed, 10_000)]).toEqual([0, 1])
    expect(refusedBy(closed, 10_001, 'a').closedUntil).toEqual(at(20_001))
    expect(isProven(opened(closed, 10_001))).toBe(true)
  })

  it('devices that judge nothing let more in, up to a limit; a refusal ends that', () => {
    expect([0, 3, 9, 500].map((count) => atOnce(undecided(freshGuard, count), 0))).toEqual([3, 6, 12, 12])
    expect(atOnce(refusedBy(undecided(freshGuard, 500), 1, 'a'), 2)).toBe(2)
  })
})
