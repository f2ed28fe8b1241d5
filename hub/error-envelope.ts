/** A failure as the API answers it: whole, from the one table, with the facts of the case filled in. */
import { type Failure, remediesOf } from '@netraven/protocol/failure.ts'
import type { ErrorEnvelope } from './api/error.ts'

export function envelopeOf(failure: Failure, requestId: string): ErrorEnvelope {
  const { code, details, message, entry } = failure
  return {
    error: {
      code,
      message,
      causes: [...entry.causes],
      remedies: remediesOf(failure),
      requestId,
      details: { ...details },
    },
    detail: message,
  }
}

/** Headers that belong to a refusal (RFC 9110, 10.2.3 and 11.6.1; RFC 6750, 3). */
export function headersOf(failure: Failure): Record<string, string> {
  const { status, retry } = failure.entry
  const asked = failure.details.retryAfterSeconds
  const seconds = typeof asked === 'number' ? Math.ceil(asked) : 5
  return {
    ...(status === 401 && { 'www-authenticate': challengeOf(failure) }),
    ...(retry === 'backoff' && [429, 503, 507].includes(status) && { 'retry-after': String(seconds) }),
  }
}

function challengeOf({ code, message }: Failure): string {
  const realm = 'Bearer realm="netraven"'
  if (code === 'TOKEN_BAD_SCHEME') return `${realm}, error="invalid_request"`
  const isBadToken = code.startsWith('TOKEN_') && code !== 'TOKEN_MISSING'
  return isBadToken ? `${realm}, error="invalid_token", error_description="${message}"` : realm
}
