import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compress, decompress } from './compression.ts'

describe('compression', () => {
  it.each([0, 1, 100, 20_000, 512 * 1024, 512 * 1024 + 1, 5_000_000])(
    'gives %i bytes back as they were',
    async (length) => {
      const text = Buffer.alloc(length, 'interface Vlan1\n shutdown\n!\n')
      const packed = await compress(text)
      expect((await decompress(packed, length)).equals(text)).toBe(true)
      if (length > 1000) expect(packed.length).toBeLessThan(length / 10)
    },
  )

  it('refuses what would grow beyond its bound, what was cut, and what is none', async () => {
    const packed = await compress(Buffer.alloc(30_000_000))
    await expect(decompress(packed, 1_000_000)).rejects.toThrow()
    await expect(decompress(packed, 1000)).rejects.toThrow()
    const random = randomBytes(3000)
    const whole = await compress(random)
    await expect(decompress(whole.subarray(0, 2000), 3000)).rejects.toThrow()
    await expect(decompress(random, 3000)).rejects.toThrow()
  })
})
