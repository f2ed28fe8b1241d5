/** What errors of PostgreSQL (SQLSTATE, appendix A of its manual) and of the way to it (errno) mean. */
import { Failure, type FailureCode } from '@netraven/protocol/failure.ts'

/** Exact SQLSTATEs. */
const states: Readonly<Record<string, FailureCode>> = {
  '28000': 'DB_AUTH',
  '28P01': 'DB_AUTH',
  '3D000': 'DB_MISSING',
  '53300': 'DB_TOO_MANY_CONNECTIONS',
  '57P01': 'DB_UNAVAILABLE',
  '57P02': 'DB_UNAVAILABLE',
  '57P03': 'DB_UNAVAILABLE',
  '57P05': 'DB_UNAVAILABLE',
  // "cannot execute … in a read-only transaction": a standby that was not promoted, or a fail-over under way.
  '25006': 'DB_UNAVAILABLE',
}

/** The way to the server: refused, unknown name, no route, broken or silent. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ENOENT',
  'EACCES',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
])

/**
 * What an error of the database means.
 * @returns undefined when it is none of the connection's, such as a violated constraint or a bug
 */
export function classify(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  // Node tries each address of a name and reports all of them.
  if (error instanceof AggregateError) return error.errors.map(classify).find((failure) => failure !== undefined)
  if (!(error instanceof Error)) return undefined
  const state = sqlState(error)
  if (state !== undefined) {
    const code = states[state] ?? (state.startsWith('08') ? 'DB_UNAVAILABLE' : undefined)
    return code && new Failure(code, { sqlState: state }, { cause: error })
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code !== undefined && unreachable.has(code)) {
    const where = Object.fromEntries(
      ['address', 'port', 'hostname'].flatMap((name) => {
        const value: unknown = Reflect.get(error, name)
        return value === undefined ? [] : [[name, value]]
      }),
    )
    return new Failure('DB_UNAVAILABLE', { reason: code, ...where }, { cause: error })
  }
  if (code?.startsWith('ERR_TLS') || code?.startsWith('ERR_SSL') || code?.includes('CERT')) {
    return new Failure('DB_UNAVAILABLE', { reason: code }, { cause: error })
  }
  if (code === undefined && isConnectionLoss(error)) {
    return new Failure('DB_UNAVAILABLE', { reason: error.message }, { cause: error })
  }
  return undefined
}

/** Whether PostgreSQL asks to repeat the whole transaction: serialization_failure, deadlock_detected. */
export function isRepeatable(error: unknown): boolean {
  const state = sqlState(error)
  return state === '40001' || state === '40P01'
}

/** SQLSTATE of an error of the server; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  // The server's errors carry a severity; errno codes do not.
  return 'severity' in error && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}

/** Names of a violated constraint (class 23): `unique`, `foreign`, or others. */
export function violation(error: unknown): { kind: 'unique' | 'foreign' | 'other'; constraint: string } | undefined {
  const state = sqlState(error)
  if (!state?.startsWith('23')) return undefined
  const constraint = error instanceof Error && 'constraint' in error ? String(error.constraint) : ''
  return { kind: state === '23505' ? 'unique' : state === '23503' ? 'foreign' : 'other', constraint }
}

/** The driver reports a lost connection by words alone; these are all of its words (pg 8, pg-pool 3). */
function isConnectionLoss(error: Error): boolean {
  return /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|server closed the connection|The server does not support SSL|Cannot use a pool after calling end)/i.test(
    error.message,
  )
}
