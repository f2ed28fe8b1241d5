import { describe, expect, it } from 'vitest'
import { newId } from './ids.ts'

describe('newId', () => {
  it('is a uuid of version 7 and the RFC variant that begins with the time', () => {
    const nowMs = Date.now() + 1_000
    const id = newId(nowMs)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs)
  })

  it('rises within a millisecond, also when there are more ids than steps in it, and when the clock steps back', () => {
    const nowMs = Date.now() + 10_000
    const ids = Array.from({ length: 10_000 }, () => newId(nowMs))
    ids.push(newId(nowMs - 5_000), newId(nowMs - 4_000))
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is as random as its source: 62 bits at the end', () => {
    const nowMs = Date.now() + 100_000
    const zeros = newId(nowMs, (size) => new Uint8Array(size))
    const ones = newId(nowMs + 1, (size) => new Uint8Array(size).fill(255))
    expect(zeros.slice(14)).toBe('7000-8000-000000000000')
    expect(ones.slice(14)).toBe('77ff-bfff-ffffffffffff')
  })
})
