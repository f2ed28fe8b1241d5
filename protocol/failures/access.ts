/** Signing in to the hub's API, tokens, scopes, limits. */
import type { FailureEntry } from './entry.ts'

export const accessFailures = {
  INVALID_CREDENTIALS: {
    message: 'Invalid credentials',
    status: 401,
    retry: 'never',
    causes: ['Incorrect username or password', 'Account locked due to too many failed attempts', 'Expired account'],
    remedies: [
      'Double-check the username and the password, and that caps lock is not enabled.',
      'After 5 wrong passwords the account is locked: wait 15 minutes and try again.',
      'Contact your administrator for a new password or to reactivate your account.',
    ],
  },
  TOKEN_MISSING: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: ['The request carries no token'],
    remedies: [
      'Send the token with every request: `Authorization: Bearer <token>`.',
      'Obtain one with `POST /api/auth/token`, or on the command line with `netraven login --hub URL --user NAME`.',
    ],
  },
  TOKEN_BAD_SCHEME: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: ['Malformed token: the Authorization header does not begin with "Bearer "'],
    remedies: ["Ensure you're sending the token in the correct format: `Authorization: Bearer <token>`."],
  },
  TOKEN_MALFORMED: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: ['Malformed token: it was truncated or altered on the way'],
    remedies: [
      "Check that the token is properly encoded and hasn't been truncated.",
      'Log in again to obtain a new token: `netraven login --hub URL --user NAME`.',
    ],
  },
  TOKEN_UNKNOWN: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: ['Token has been revoked', 'The token was issued by another hub installation'],
    remedies: [
      'Log in again to obtain a new token: `netraven login --hub URL --user NAME`.',
      'Check with your administrator if your access has been restricted.',
    ],
  },
  TOKEN_EXPIRED: {
    message: 'Token expired',
    status: 401,
    retry: 'never',
    causes: ['Token has expired'],
    remedies: [
      'Log in again to obtain a new token: `netraven login --hub URL --user NAME`, or `POST /api/auth/token`.',
    ],
  },
  MISSING_SCOPE: {
    message: 'Insufficient permissions',
    status: 403,
    retry: 'never',
    causes: ['Missing required scope'],
    remedies: [
      'Check the API documentation at /api/openapi.json for the scopes that this endpoint requires.',
      'Contact your administrator to grant additional scopes if needed.',
    ],
  },
  NOT_OWNER: {
    message: 'Access denied',
    status: 403,
    retry: 'never',
    causes: [
      'Resource ownership restriction: you only have access to resources you own or were explicitly granted access to',
    ],
    remedies: ['Contact the resource owner or administrator to request access.'],
  },
  RATE_LIMITED: {
    message: 'Too Many Requests',
    status: 429,
    retry: 'backoff',
    causes: ['Exceeding API rate limits', 'Login attempt limits', 'Several users share one IP address'],
    remedies: [
      'Wait as long as the Retry-After header says, then try again; implement backoff in your client.',
      'After failed logins: wait for the rate limit window to reset (typically 15 minutes), and ensure the credentials are correct.',
      'Behind a load balancer: set TRUST_PROXY_HOPS to the number of proxies, or all users count as one address.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
