/** Accounts of the hub: locks, passwords, users, groups and roles. */
import type { FailureEntry } from './entry.ts'

export const accountsFailures = {
  LOGIN_LOCKED: {
    message: 'Too Many Requests',
    status: 429,
    retry: 'backoff',
    causes: ['Account locked due to too many failed attempts: 5 wrong passwords in 15 minutes'],
    remedies: [
      'Wait 15 minutes and try again, with the right password: attempts made meanwhile do not prolong the lock.',
      'Contact your administrator to reset the counter: `netraven users unlock NAME`, or `POST /api/users/{id}/unlock`.',
      'When nobody else can: on the host of the hub, `netraven users recover NAME`.',
    ],
  },
  LOGIN_BUSY: {
    message: 'Too many logins at once',
    status: 503,
    retry: 'backoff',
    causes: ['More passwords are being checked than the hub has time for', 'Several logins of this account at once'],
    remedies: [
      'Try again in a moment.',
      'Programs should log in once and refresh, or use a service token, instead of logging in for each request.',
    ],
  },
  ACCOUNT_EXPIRED: {
    message: 'Invalid credentials',
    status: 401,
    retry: 'never',
    causes: ['Expired account: the password is right'],
    remedies: [
      'Contact your administrator to reactivate your account: `netraven users reactivate NAME`, or `POST /api/users/{id}/reactivate`.',
    ],
  },
  ACCOUNT_DISABLED: {
    message: 'Invalid credentials',
    status: 401,
    retry: 'never',
    causes: ['The account was disabled: the password is right'],
    remedies: [
      'Contact your administrator to reactivate your account: `netraven users reactivate NAME`, or `POST /api/users/{id}/reactivate`.',
    ],
  },
  PASSWORD_CHANGE_REQUIRED: {
    message: 'Password change required',
    status: 403,
    retry: 'never',
    causes: ['The password was set by somebody else'],
    remedies: ['Choose your own: `netraven passwd`, or `POST /api/auth/change-password`; then go on.'],
  },
  PASSWORD_REFUSED: {
    message: 'Password refused',
    status: 422,
    retry: 'never',
    causes: ['The password is {reason}'],
    remedies: [
      'Choose one of at least 12 characters that nobody would try first; several unrelated words are good and easy to keep.',
    ],
  },
  RESET_TOKEN_INVALID: {
    message: 'Reset link is no longer valid',
    status: 400,
    retry: 'never',
    causes: ['The link is older than 30 minutes', 'It was used, or the password was changed since', 'It was cut off'],
    remedies: [
      'Ask for another one: "Forgot Password", or `POST /api/auth/forgot-password`.',
      'Contact your administrator for a link: `netraven users reset-password NAME`, or `POST /api/users/{id}/reset-link`.',
    ],
  },
  USER_UNKNOWN: {
    message: 'Unknown user',
    status: 404,
    retry: 'never',
    causes: ['There is no user of that name'],
    remedies: ['See who there is: `netraven users list`.', 'Add one: `netraven users add NAME`.'],
  },
  GROUP_UNKNOWN: {
    message: 'Unknown group',
    status: 404,
    retry: 'never',
    causes: ['There is no group of that name'],
    remedies: ['See what there is: `netraven groups list`.', 'Add one: `netraven groups add NAME`.'],
  },
  ROLE_UNKNOWN: {
    message: 'Unknown role',
    status: 404,
    retry: 'never',
    causes: ['There is no role of that name'],
    remedies: ['See what there is: `netraven roles list`.', 'Add one: `netraven roles add NAME --scope SCOPE`.'],
  },
  ROLE_BUILT_IN: {
    message: 'Built-in roles cannot be changed',
    status: 409,
    retry: 'never',
    causes: ['The role {role} comes with the hub'],
    remedies: ['Add one of your own with the scopes that you want: `netraven roles add NAME --scope SCOPE`.'],
  },
  LAST_ADMIN: {
    message: 'The last administrator must stay',
    status: 409,
    retry: 'never',
    causes: ['Nobody would be left who can log in with a password, may do everything, and does not expire'],
    remedies: [
      'First make somebody else an administrator: `netraven users set NAME --role admin`.',
      'When nobody can log in any more: on the host of the hub, `netraven users recover NAME`.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
