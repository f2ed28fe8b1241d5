/** Asking too often. */
import type { FailureEntry } from './entry.ts'

const wait = 'Wait {retryAfterSeconds} s, as the Retry-After header says, then try again.'
const administrator =
  'Contact your administrator to reset the counter or to adjust rate limit settings: `netraven limits list`, `netraven limits reset KEY`, `netraven limits set`; or `DELETE /api/admin/rate-limits/{key}` and `PUT /api/admin/rate-limits/rules`.'

export const limitsFailures = {
  RATE_LIMITED_PRINCIPAL: {
    message: 'Too Many Requests',
    status: 429,
    retry: 'backoff',
    causes: ['Exceeding API rate limits: your user, with all tokens, made more calls than the limit in the details'],
    remedies: [
      wait,
      'Reduce the frequency of API calls, and implement backoff and retry strategies in your client: `GET /api/auth/me/usage` tells how you stand.',
      'Cache responses where appropriate: an answer 304 to If-None-Match costs a quarter.',
      administrator,
    ],
  },
  RATE_LIMITED_IP: {
    message: 'Too Many Requests',
    status: 429,
    retry: 'backoff',
    causes: [
      'Login attempt limits, or too many calls without a valid token, from one address',
      'Several users share one IP address',
    ],
    remedies: [
      wait,
      'Wait for the rate limit window to reset (typically 15 minutes for logins), and ensure credentials are correct to avoid triggering rate limiting.',
      'Calls with a valid token count for the user, whatever the address: log in, and send the token.',
      'If multiple users share the same IP, consider changing your network configuration. Behind a load balancer, set TRUST_PROXY_HOPS to the number of proxies, or all users count as one address.',
      administrator,
    ],
  },
  RATE_LIMITED_ROUTE: {
    message: 'Too Many Requests',
    status: 429,
    retry: 'backoff',
    causes: ['Exceeding API rate limits: too many calls of a kind that costs much; the details name the bucket'],
    remedies: [
      wait,
      'Ask for more at once instead of more often: one import with many rows, one run over many devices.',
      administrator,
    ],
  },
} as const satisfies Record<string, FailureEntry>
