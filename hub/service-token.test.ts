import { describe, expect, it } from 'vitest'
import { isServiceToken, looksLikeServiceToken, newServiceToken } from './service-token.ts'

/** Of 32 bytes of 1; the checksum was worked out with Python's zlib: CRC-32 0xD5D7EF6A. */
const KNOWN = 'nrs_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE3uncHS'

describe('a service token', () => {
  it('[TOK-8] has a prefix and a checksum that scanners of secrets can verify', () => {
    expect(newServiceToken(() => Buffer.alloc(32, 1))).toBe(KNOWN)
    expect(isServiceToken(KNOWN)).toBe(true)
    expect(newServiceToken()).not.toBe(newServiceToken())
  })

  it('[TOK-4] [TOK-8] with any letter changed, cut off or added, it is not one', () => {
    for (let at = 0; at < KNOWN.length; at += 1) {
      const letter = KNOWN[at] === 'A' ? 'B' : 'A'
      expect(isServiceToken(`${KNOWN.slice(0, at)}${letter}${KNOWN.slice(at + 1)}`)).toBe(false)
      expect(isServiceToken(KNOWN.slice(0, at))).toBe(false)
    }
    expect(isServiceToken(`${KNOWN}A`)).toBe(false)
    expect(looksLikeServiceToken(KNOWN.slice(0, 10))).toBe(true)
    expect(looksLikeServiceToken('eyJhbGciOiJFZERTQSJ9')).toBe(false)
  })
})
