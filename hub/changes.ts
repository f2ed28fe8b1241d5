/**
 * What of a change may be written down for good: plain values that every tool reads alike, and never a secret. Secrets are told by the
 * name of their field, as in the log.
 */
import { isUuid } from './api/fields.ts'
import { isSecretName, scrubText } from './log.ts'

export type Fields = Readonly<Record<string, unknown>>

export interface Changes {
  readonly before: Fields
  readonly after: Fields
}

/** Stands for a secret, also for one that is null or empty, so that nobody learns even that. */
export const SECRET = '<secret>'
/** The same, where the secret is another one than before. */
export const OTHER_SECRET = '<another secret>'

/** Beyond the names that the log blanks. */
const FURTHER_ENDINGS = [
  'passwd',
  'community',
  'otp',
  'recoverycode',
  'recoverycodes',
  'secrethash',
  'passwordhash',
  'tokenhash',
]

const MAX_TEXT = 2_000
const MAX_ITEMS = 1_000
const MAX_DEPTH = 8

/**
 * What two states of a thing do not share, without secrets.
 * @returns undefined when nothing changed
 */
export function changesBetween(before: Fields, after: Fields): Changes | undefined {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changed = names.filter((name) => !isSame(before[name], after[name]))
  if (changed.length === 0) return undefined
  const side = (of: Fields, secret: string) =>
    Object.fromEntries(
      changed
        .filter((name) => of[name] !== undefined)
        .map((name) => [name, isSecret(name) ? secret : plain(of[name], secret)]),
    )
  return { before: side(before, SECRET), after: side(after, OTHER_SECRET) }
}

/** A copy without secrets that JSON, JavaScript and PostgreSQL read alike. */
export function withoutSecrets(fields: Fields): Fields {
  return fieldsOf(fields, SECRET, 0)
}

function fieldsOf(fields: object, secret: string, depth: number): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .slice(0, MAX_ITEMS)
      .map(([name, value]) => [
        text(name),
        isSecret(name) && !isIdOfToken(name, value) && typeof value !== 'boolean'
          ? secret
          : plain(value, secret, depth + 1),
      ]),
  )
}

function isSecret(name: string): boolean {
  const short = name.toLowerCase().replaceAll(/[-_ ]/g, '')
  return isSecretName(name) || FURTHER_ENDINGS.some((ending) => short.endsWith(ending))
}

/** `{ token: ID }` names a token; no token of ours looks like an id. */
function isIdOfToken(name: string, value: unknown): boolean {
  return name.toLowerCase().endsWith('token') && typeof value === 'string' && isUuid(value)
}

function plain(value: unknown, secret: string, depth = 0): unknown {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'boolean' || value === null || value === undefined) return value ?? null
  if (typeof value === 'number') return isPlainNumber(value) ? value : String(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return null
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Uint8Array) return `<${value.length} bytes>`
  if (depth >= MAX_DEPTH) return '…'
  if (value instanceof Map) return fieldsOf(Object.fromEntries(value), secret, depth)
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MAX_ITEMS).map((item) => plain(item, secret, depth + 1))
  }
  return fieldsOf(value, secret, depth)
}

/** One that JavaScript writes without an exponent: PostgreSQL writes none either. */
function isPlainNumber(value: number): boolean {
  return Number.isFinite(value) && !String(value).includes('e')
}

/** PostgreSQL stores no U+0000, and UTF-8 has no half of a surrogate pair. */
function text(value: string): string {
  const stored = scrubText(value).replaceAll('\u0000', '\uFFFD').toWellFormed()
  return stored.length > MAX_TEXT ? `${stored.slice(0, MAX_TEXT).toWellFormed()}…` : stored
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value ?? null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Map || value instanceof Set) return [...value].map(sorted)
  if (Array.isArray(value)) return value.map(sorted)
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  )
}
