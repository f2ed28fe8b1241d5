/**
 * Words from the other side that end in a database, a log or before a person. PostgreSQL takes neither NUL nor half a
 * surrogate pair, a terminal obeys control characters, and one odd word must not hold up the message that it comes in:
 * so such text is made plain and cut, not refused.
 */
import { z } from 'zod'

const MAX_DEPTH = 3
const MAX_ENTRIES = 64
const MAX_WORD = 2000

/** @returns a schema of one line: control characters become spaces, what is longer than `max` UTF-16 units is cut */
export const plainLine = (max: number) => z.string().overwrite((text) => plain(text, max))

/**
 * Details of a failure as they may be kept: words made plain, 64 entries of each list or object, three levels deep;
 * what is more is left out.
 */
export function plainDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return entries(details, 1)
}

function plain(text: string, max: number): string {
  return text
    .slice(0, max)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
}

function entries(from: object, depth: number): Record<string, unknown> {
  const kept = Object.entries(from).slice(0, MAX_ENTRIES)
  return Object.fromEntries(
    kept
      .map(([name, value]) => [plain(name, 64), plainValue(value, depth)] as const)
      .filter(([, value]) => value !== undefined),
  )
}

function plainValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return plain(value, MAX_WORD)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return undefined
  if (!Array.isArray(value)) return entries(value, depth + 1)
  return value
    .slice(0, MAX_ENTRIES)
    .map((item) => plainValue(item, depth + 1))
    .filter((item) => item !== undefined)
}
