/** A failure as a person reads it on a terminal: what, which case, why, what to do. Never a stack. */
import { Failure } from '@netraven/protocol/failure.ts'
import { envelopeOf } from '../error-envelope.ts'
import { Refused } from './refusal.ts'

/** sysexits.h: 75 is EX_TEMPFAIL, 78 is EX_CONFIG. */
export const EXIT = { done: 0, failed: 1, usage: 2, later: 75, configuration: 78 } as const

const USAGE_CODES = new Set(['USAGE', 'REQUEST_INVALID'])
const CONFIGURATION_CODES = new Set([
  'CONFIG_INVALID',
  'DATA_DIR_LOCKED',
  'DATA_DIR_UNUSABLE',
  'DB_AUTH',
  'DB_MISSING',
  'EMBEDDED_DB_FAILED',
  'HUB_PLAINTEXT',
  'HUB_TLS',
  'MASTER_KEY_MISSING',
  'MASTER_KEY_WRONG',
  'NODE_TOO_OLD',
  'NOT_LOGGED_IN',
  'PORT_IN_USE',
  'SCHEMA_MISMATCH',
  'TOKEN_BAD_SCHEME',
  'TOKEN_EXPIRED',
  'TOKEN_TRUNCATED',
  'TOKEN_BAD_SIGNATURE',
  'TOKEN_WRONG_AUDIENCE',
  'TOKEN_REVOKED',
  'ACCESS_CHANGED',
  'REFRESH_INVALID',
  'TOKEN_MISSING',
  'TOKEN_UNKNOWN',
])

/** Exit code of a command that ended with this failure. */
export function exitCodeOf(failure: Failure): number {
  if (USAGE_CODES.has(failure.code)) return EXIT.usage
  if (CONFIGURATION_CODES.has(failure.code)) return EXIT.configuration
  return failure.entry.retry === 'backoff' ? EXIT.later : EXIT.failed
}

/** What the hub said, or what the table says, in one shape. */
export function errorOf(failure: Failure) {
  if (failure.cause instanceof Refused) return failure.cause.error
  const { requestId: _, ...error } = envelopeOf(failure, '').error
  return error
}

/** Lines for stderr. */
export function failureText(failure: Failure): string {
  const error = errorOf(failure)
  const lines = [`${error.message} [${error.code}]`, ...factsOf(error.details)]
  // Whoever mistyped an option needs no theory.
  if (error.causes.length > 0 && error.code !== 'USAGE') lines.push('Possible causes:', ...steps(error.causes))
  if (error.remedies.length > 0) lines.push('What to do:', ...steps(error.remedies))
  if ('requestId' in error && error.requestId) lines.push(`Request id: ${error.requestId}`)
  return lines.join('\n')
}

/** Lines of a list. What the case at hand does not say stands in capitals, for the reader to fill in. */
export function steps(list: readonly string[]): string[] {
  return list.map((step) => `  - ${step.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())}`)
}

function factsOf(details: Readonly<Record<string, unknown>>): string[] {
  const { didYouMean, ...facts } = details
  const lines = Object.entries(facts).flatMap(([name, value]) => {
    if (Array.isArray(value)) return [`  ${name}:`, ...value.map((item) => `    - ${inline(item)}`)]
    return value === undefined || value === null ? [] : [`  ${name}: ${inline(value)}`]
  })
  return didYouMean === undefined ? lines : [...lines, `  Did you mean ${inline(didYouMean)}?`]
}

/** `{ path: 'name', message: 'must not be empty' }` reads `name: must not be empty`. */
function inline(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const { path, message, variable, read, expected, ...rest } = value as Record<string, unknown>
  if (variable !== undefined) {
    return `${variable}${read === undefined ? '' : ` is ${JSON.stringify(read)}`}: must be ${expected}`
  }
  if (message !== undefined) return path === '' || path === undefined ? String(message) : `${path}: ${message}`
  return JSON.stringify({ path, read, expected, ...rest })
}

/** Anything thrown, as a failure; what is not known is a bug and says so. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new Failure('INTERNAL', { reason }, { cause: error })
}
