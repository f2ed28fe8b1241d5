/** A failure as the API answers it: whole, from the one table, with the facts of the case filled in. */
import { type Failure, remediesOf } from '@netraven/protocol/failure.ts'
import type { ErrorEnvelope, Problem } from './api/error.ts'

export function envelopeOf(failure: Failure, requestId: string): ErrorEnvelope {
  const { code, details, message, entry } = failure
  return {
    error: {
      code,
      message,
      causes: [...entry.causes],
      remedies: remediesOf(failure),
      runbook: runbookOf(code),
      requestId,
      details: { ...details },
    },
    detail: message,
  }
}

/** Where a person reads on about a code: a page that the hub serves, the same in every release. */
export const runbookOf = (code: string) => `/api/docs/failures#${code}`

/** The envelope as RFC 9457 wants it. */
export function problemOf(failure: Failure, requestId: string): Problem {
  const { code, message, causes, remedies, runbook, details } = envelopeOf(failure, requestId).error
  const instance = `urn:netraven:request:${requestId}`
  const { status } = failure.entry
  return {
    type: runbook,
    title: message,
    status,
    detail: message,
    instance,
    code,
    causes,
    remedies,
    requestId,
    details,
  }
}

/** Whether somebody would rather have a problem (RFC 9457) than our envelope. */
export function prefersProblem(accept: string | undefined): boolean {
  const weights = (accept ?? '')
    .toLowerCase()
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
      const weight = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1)
      return { type, weight: Number.isFinite(weight) ? weight : 0 }
    })
  const of = (type: string) => Math.max(0, ...weights.filter((one) => one.type === type).map(({ weight }) => weight))
  return of('application/problem+json') > 0 && of('application/problem+json') >= of('application/json')
}

/** Headers that belong to a refusal (RFC 9110, 10.2.3 and 11.6.1; RFC 6750, 3). */
export function headersOf(failure: Failure): Record<string, string> {
  const { status, retry } = failure.entry
  const asked = failure.details.retryAfterSeconds
  const seconds = typeof asked === 'number' ? Math.ceil(asked) : 5
  return {
    ...(status === 429 && limitHeaders(failure)),
    ...(status === 401 && { 'www-authenticate': challengeOf(failure) }),
    ...(retry === 'backoff' && [409, 429, 503, 507].includes(status) && { 'retry-after': String(seconds) }),
  }
}

/** Of a call that was not let through: nothing remains. */
function limitHeaders({ details: { limit, windowSeconds, resetSeconds } }: Failure): Record<string, string> {
  if (typeof limit !== 'number' || typeof windowSeconds !== 'number') return {}
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': '0',
    'ratelimit-reset': String(resetSeconds),
    'ratelimit-policy': `${limit};w=${windowSeconds}`,
  }
}

function challengeOf({ code, message }: Failure): string {
  const realm = 'Bearer realm="netraven"'
  if (code === 'TOKEN_BAD_SCHEME') return `${realm}, error="invalid_request"`
  const isBadToken = (code.startsWith('TOKEN_') && code !== 'TOKEN_MISSING') || code === 'ACCESS_CHANGED'
  return isBadToken ? `${realm}, error="invalid_token", error_description="${message}"` : realm
}
