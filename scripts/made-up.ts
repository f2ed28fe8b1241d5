/**
 * Replaces secrets of a recording by made-up ones of the same shape, so that a recording can be shown to everybody and
 * still tests the patterns that find them.
 */
import type { Recording, Reply, Segment } from '../agent/replay/recording.ts'

/** What says how a value was made, and stays: `$6$`, `$9$`, `-AQ==`, `SH2`, `7 `. */
const SCHEME = /^(?:\$\w{1,3}\$|\{\w+\}|-AQ==|(?:SH2|AK1|PB2)(?=.{20}))/

/** A shorter value is too likely to stand in other words too. */
export const SHORTEST = 4

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()
const HEX_LOWER = LOWER.slice(0, 6)
const HEX_UPPER = UPPER.slice(0, 6)

/**
 * @param random from 0 up to and without 1
 * @returns a value of the same length, with letters, digits and marks at the same places; hexadecimal stays hexadecimal
 */
export function madeUp(secret: string, random: () => number): string {
  const scheme = SCHEME.exec(secret)?.[0] ?? ''
  const rest = secret.slice(scheme.length)
  const hex = /^(?:[0-9a-f]+|[0-9A-F]+)$/.test(rest)
  const one = (letters: string) => letters.charAt(Math.floor(random() * letters.length))
  const other = rest.replace(/[a-z]|[A-Z]|\d/g, (sign) => {
    if (/\d/.test(sign)) return one('0123456789')
    if (sign === sign.toLowerCase()) return one(hex ? HEX_LOWER : LOWER)
    return one(hex ? HEX_UPPER : UPPER)
  })
  return scheme + other
}

/**
 * Every occurrence goes, wherever it stands: also where a device repeats a secret in a comment.
 * @param replacements old and new value; where one contains another, the longer one is meant
 */
export function replaceIn(recording: Recording, replacements: ReadonlyMap<string, string>): Recording {
  const olds = [...replacements.keys()].sort((a, b) => b.length - a.length)
  if (olds.length === 0) return recording
  const pattern = new RegExp(olds.map(whole).join('|'), 'g')
  const text = (from: string) => from.replace(pattern, (old) => replacements.get(old) ?? old)
  const segments = (from: readonly Segment[]) => from.map((segment) => ({ ...segment, text: text(segment.text) }))
  const reply = (from: Reply): Reply => ({ ...from, segments: segments(from.segments) })
  return {
    ...recording,
    secrets: [...new Set([...recording.secrets.map(text), ...replacements.values()])],
    login: segments(recording.login),
    runs: new Map([...recording.runs].map(([command, from]) => [command, reply(from)])),
    refuse: reply(recording.refuse),
  }
}

/** Where a value still stands in what the device said: wrapped over two lines, or within another word. */
export function leftIn(recording: Recording, values: Iterable<string>): string[] {
  const replies = [{ segments: recording.login }, ...recording.runs.values(), recording.refuse]
  const said = replies.flatMap(({ segments }) => segments.map(({ text }) => text)).join('\n')
  const joined = said.replace(/\\?\n\s*/g, '')
  return [...values].filter((value) => said.includes(value) || joined.includes(value))
}

/** A value between characters that do not belong to it, so that `cisco` does not change `cisco_ios`. */
function whole(value: string): string {
  const literal = value.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
  return `${/^\w/.test(value) ? '(?<!\\w)' : ''}${literal}${/\w$/.test(value) ? '(?!\\w)' : ''}`
}
