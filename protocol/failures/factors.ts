/** Second factors and single sign-on. */
import type { FailureEntry } from './entry.ts'

export const factorsFailures = {
  SECOND_FACTOR_REQUIRED: {
    message: 'Second factor required',
    status: 401,
    retry: 'never',
    causes: ['The password is right; the account also has a second factor'],
    remedies: [
      'Log in again with the code that your authenticator shows: `netraven login --hub URL --user NAME --otp CODE`, or `otp` in `POST /api/auth/token`.',
      'Without the authenticator: give one of the recovery codes in its place; each works once.',
      'Without either, contact your administrator: `netraven users reset-second-factor NAME`.',
    ],
  },
  SECOND_FACTOR_INVALID: {
    message: 'Invalid code',
    status: 401,
    retry: 'never',
    causes: ['The code is wrong, too old, or was used before', 'The clock of the authenticator is wrong'],
    remedies: [
      'Wait for the next code of the authenticator, at most 30 seconds, and use it at once: each code works once.',
      'Set the clock of the device that shows the codes by the network.',
      'Or give one of the recovery codes that was not used before. After 5 wrong codes the account is locked for 15 minutes.',
    ],
  },
  SECOND_FACTOR_SETUP_REQUIRED: {
    message: 'Second factor must be set up',
    status: 403,
    retry: 'never',
    causes: ['This hub asks for a second factor (REQUIRE_SECOND_FACTOR), and the account has none'],
    remedies: ['Set one up: `netraven second-factor setup`, or `POST /api/auth/second-factor`; then go on.'],
  },
  SECOND_FACTOR_EXISTS: {
    message: 'Second factor is set up already',
    status: 409,
    retry: 'never',
    causes: ['The account has a second factor that was confirmed'],
    remedies: [
      'To exchange it, remove it first: `netraven second-factor remove`, or `DELETE /api/auth/second-factor`.',
    ],
  },
  SECOND_FACTOR_ABSENT: {
    message: 'No second factor',
    status: 409,
    retry: 'never',
    causes: ['The account has no second factor, or its setup was not begun'],
    remedies: ['Begin with `netraven second-factor setup`, or `POST /api/auth/second-factor`.'],
  },
  SSO_OFF: {
    message: 'Single sign-on is not set up',
    status: 404,
    retry: 'never',
    causes: ['The hub has no OIDC_ISSUER'],
    remedies: ['Log in with a password, or set OIDC_ISSUER, OIDC_CLIENT_ID and NETRAVEN_PUBLIC_URL on the hub.'],
  },
  SSO_FAILED: {
    message: 'Single sign-on failed',
    status: 401,
    retry: 'never',
    causes: ['{reason}'],
    remedies: [
      'Begin again, in one browser and within 10 minutes: `netraven login --sso`, or `GET /api/auth/oidc/start`.',
      'When it fails again: check OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and the redirect address at the provider, `NETRAVEN_PUBLIC_URL/api/auth/oidc/callback`.',
    ],
  },
  SSO_UNAVAILABLE: {
    message: 'Sign-on provider unavailable',
    status: 503,
    retry: 'backoff',
    causes: ['The provider of OIDC_ISSUER cannot be reached, or does not answer as one'],
    remedies: [
      'Try again in a moment; a password, where the account has one, works meanwhile.',
      'Check on the hub that `OIDC_ISSUER/.well-known/openid-configuration` can be read. A provider in a private network must be in OUTBOUND_ALLOWED_NETWORKS.',
    ],
  },
  SSO_NO_ROLE: {
    message: 'No access to this hub',
    status: 403,
    retry: 'never',
    causes: ['None of the groups at the provider is mapped to a role (OIDC_ROLE_MAP)'],
    remedies: ['Contact your administrator to be put into a group that is in OIDC_ROLE_MAP.'],
  },
  SSO_ACCOUNT_EXISTS: {
    message: 'Account is not linked',
    status: 409,
    retry: 'never',
    causes: ['There is a local account of the same name or e-mail address, which is never taken over'],
    remedies: [
      'If it is the same person, an administrator links it: `netraven users link-sso NAME --subject SUBJECT`, or `POST /api/users/{id}/link-sso`.',
    ],
  },
  SSO_ACCOUNT_UNKNOWN: {
    message: 'No account',
    status: 403,
    retry: 'never',
    causes: ['Nobody here has this subject, and OIDC_AUTO_CREATE is off'],
    remedies: ['An administrator adds the user and links it: `netraven users link-sso NAME --subject SUBJECT`.'],
  },
} as const satisfies Record<string, FailureEntry>
