import { describe, expect, it } from 'vitest'
import { openPasswords } from './passwords.ts'

describe('hashing passwords', () => {
  it('few at a time, some wait, and more than those are told to come back', async () => {
    const waiting: (() => void)[] = []
    const slow = () => new Promise<boolean>((resolve) => waiting.push(() => resolve(true)))
    const passwords = openPasswords({ atOnce: 2, waiting: 3, work: { hash: async () => '', matches: slow } })
    const five = [0, 1, 2, 3, 4].map(() => passwords.matches('', ''))
    expect(waiting).toHaveLength(2)
    await expect(passwords.matches('', '')).rejects.toMatchObject({
      code: 'LOGIN_BUSY',
      details: { retryAfterSeconds: 2 },
    })
    while (waiting.length > 0) {
      waiting.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
      expect(waiting.length).toBeLessThanOrEqual(2)
    }
    expect(await Promise.all(five)).toEqual([true, true, true, true, true])
  })

  it('one that fails makes room for the next', async () => {
    const fails = async () => Promise.reject(new Error('canary'))
    const passwords = openPasswords({ atOnce: 1, work: { hash: async () => 'hash', matches: fails } })
    await expect(passwords.matches('', '')).rejects.toThrow('canary')
    expect(await passwords.hash('')).toBe('hash')
  })
})
