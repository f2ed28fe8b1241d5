/** Signing in to the hub's API, tokens, scopes. */
import type { FailureEntry } from './entry.ts'

export const accessFailures = {
  INVALID_CREDENTIALS: {
    message: 'Invalid credentials',
    status: 401,
    retry: 'never',
    causes: ['Incorrect username or password', 'Account locked due to too many failed attempts', 'Expired account'],
    remedies: [
      'Double-check the username and the password, and that caps lock is not enabled.',
      'Try resetting your password using the "Forgot Password" feature: `POST /api/auth/forgot-password`.',
      'After 5 wrong passwords the account is locked: wait 15 minutes and try again, or contact your administrator to reset the counter: `netraven users unlock NAME`, or `POST /api/users/{id}/unlock`.',
      'Contact your administrator for a new password, or to reactivate your account: `netraven users reset-password NAME`, `netraven users reactivate NAME`, or `POST /api/users/{id}/reactivate`.',
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
  TOKEN_TRUNCATED: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: ['Malformed token: it was truncated or altered on the way'],
    remedies: [
      "Check that the token is properly encoded and hasn't been truncated: an access token has three parts with dots between them.",
      'Log in again to obtain a new token: `netraven login --hub URL --user NAME`.',
    ],
  },
  TOKEN_BAD_SIGNATURE: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: [
      'The token was altered, or signed with a key that no longer counts',
      'The token was issued by another hub installation',
    ],
    remedies: ['Log in again to obtain a new token: `netraven login --hub URL --user NAME`.'],
  },
  TOKEN_WRONG_AUDIENCE: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: ['The token was issued by another hub installation, or for another purpose'],
    remedies: ['Check that the address of the hub is the one that issued the token, and log in there.'],
  },
  TOKEN_REVOKED: {
    message: 'Token has been revoked',
    status: 401,
    retry: 'never',
    causes: [
      'Somebody logged out, changed the password, or ended the session',
      'A refresh token was used twice: somebody may have copied it',
    ],
    remedies: [
      'Log in again to obtain a new token: `netraven login --hub URL --user NAME`.',
      'Check with your administrator if your access has been restricted: `netraven users show NAME`, or `GET /api/users/{id}`.',
    ],
  },
  TOKEN_UNKNOWN: {
    message: 'Invalid token',
    status: 401,
    retry: 'never',
    causes: ['The token was revoked long ago', 'The token was issued by another hub installation'],
    remedies: [
      'Log in again to obtain a new token: `netraven login --hub URL --user NAME`.',
      'Check with your administrator if your access has been restricted: `netraven users show NAME`, or `GET /api/users/{id}`.',
    ],
  },
  ACCESS_CHANGED: {
    message: 'Access has been restricted',
    status: 401,
    retry: 'never',
    causes: ['The account was disabled or expired, or may do less than before'],
    remedies: [
      'Check with your administrator: `netraven users show NAME`, or `GET /api/users/{id}`, tells what changed and when.',
      'If it may go on: `POST /api/auth/refresh`, or log in again, to go on with what is left.',
    ],
  },
  REFRESH_INVALID: {
    message: 'Token refresh failed',
    status: 401,
    retry: 'never',
    causes: ['The refresh token expired, was used before, or its session has ended'],
    remedies: ['Log in again: `netraven login --hub URL --user NAME`, or `POST /api/auth/token`.'],
  },
  TOKEN_EXPIRED: {
    message: 'Token expired',
    status: 401,
    retry: 'never',
    causes: ['Token has expired'],
    remedies: [
      'Obtain a new token with the refresh token: `POST /api/auth/refresh`; the `netraven` command does it by itself.',
      'If refresh fails, log in again: `netraven login --hub URL --user NAME`.',
      'A service token is not refreshed: make another with `netraven tokens create NAME`.',
    ],
  },
  CSRF_REFUSED: {
    message: 'Request may come from another site',
    status: 403,
    retry: 'never',
    causes: [
      'The request was signed in by a cookie and lacks the header `X-NetRaven-CSRF`',
      'The browser says that a page of another site sent it',
    ],
    remedies: [
      'Send `X-NetRaven-CSRF: 1` with every request that changes something and is signed in by a cookie.',
      'Programs use `Authorization: Bearer <token>` and no cookie.',
      'A page of your own on another host: add its origin to CORS_ORIGINS. Behind a proxy: set NETRAVEN_PUBLIC_URL.',
    ],
  },
  COOKIES_NEED_TLS: {
    message: 'Cookies need TLS',
    status: 400,
    retry: 'never',
    causes: ['A login with cookies came over plain HTTP, and not from this very machine'],
    remedies: [
      'Serve the hub by TLS: TLS_CERT_FILE and TLS_KEY_FILE, or a proxy in front with TRUST_PROXY_HOPS.',
      'Or take the tokens from the answer: log in without `cookie`.',
    ],
  },
  KEY_NOT_READY: {
    message: 'Key not ready',
    status: 409,
    retry: 'never',
    causes: ['A key signs only after every hub has had time to read it', 'The key that signs now cannot be ended'],
    remedies: ['Announce a key, wait as long as the details say, then let it sign: `netraven keys list` shows each.'],
  },
  MISSING_SCOPE: {
    message: 'Insufficient permissions',
    status: 403,
    retry: 'never',
    causes: ['Missing required scope'],
    remedies: [
      'Check the API documentation at /api/openapi.json for the scopes that this endpoint requires.',
      'Contact your administrator to grant additional scopes if needed: `netraven users scopes NAME --add SCOPE`, or `PUT /api/users/{id}/scopes`.',
    ],
  },
  NOT_OWNER: {
    message: 'Access denied',
    status: 403,
    retry: 'never',
    causes: [
      'Resource ownership restriction: you only have access to resources you own or were explicitly granted access to',
    ],
    remedies: [
      'Contact the resource owner or administrator to request access: `{request}`, or `POST /api/access-requests`.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
