/** Signing in to the hub's API, tokens, scopes, limits. */
import type { FailureEntry } from '../failure.ts'

export const accessFailures = {
  INVALID_CREDENTIALS: {
    message: 'Invalid credentials',
    status: 401,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  TOKEN_MISSING: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  TOKEN_BAD_SCHEME: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  TOKEN_MALFORMED: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  TOKEN_UNKNOWN: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  TOKEN_EXPIRED: {
    message: 'Token expired',
    status: 401,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  MISSING_SCOPE: {
    message: 'Insufficient permissions',
    status: 403,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  NOT_OWNER: {
    message: 'Access denied',
    status: 403,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  RATE_LIMITED: {
    message: 'Too Many Requests',
    status: 429,
    retry: 'backoff',
    causes: [],
    remedies: [],
  },
} as const satisfies Record<string, FailureEntry>
