/** Logging in to the API. */
import { z } from 'zod'
import { isGrantable } from '../scopes.ts'
import { Id, Time } from './fields.ts'
import { FactorCode } from './second-factor.ts'

/** A scope such as `read:devices`, or a wildcard such as `read:*`. */
export const GrantedScope = z
  .string()
  .max(64)
  .refine(isGrantable, 'must be a scope of this hub, such as read:devices, or a wildcard such as read:*')
  .meta({ description: 'A scope such as `read:devices`, or a wildcard such as `read:*`' })

export const LoginRequest = z.object({
  /** Trimmed, any case. */
  username: z.string().min(1).max(255),
  /** Never trimmed. */
  password: z.string().min(1).max(1024),
  scopes: z
    .array(GrantedScope)
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Fewer than the user has; absent: all. More than the user has is never given' }),
  otp: FactorCode.optional().meta({
    description: 'Second factor: six digits of the authenticator, or a recovery code; needed when the account has one',
  }),
  cookie: z.boolean().optional().meta({
    description:
      'For browsers: true gives the tokens as cookies, and not in the answer. Needs the header `X-NetRaven-CSRF`',
  }),
})
export type LoginRequest = z.infer<typeof LoginRequest>

export const RefreshRequest = z.object({
  refresh_token: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: 'Absent: that of the cookie; the new tokens are then cookies as well' }),
})
export type RefreshRequest = z.infer<typeof RefreshRequest>

export const Login = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  /** Seconds. */
  expires_in: z.number().int(),
  /** Used once; the answer to it has the next. */
  refresh_token: z.string(),
  /** Seconds. */
  refresh_expires_in: z.number().int(),
  /** Held scopes, with spaces between them (RFC 6749, 3.3). */
  scope: z.string(),
  mustChangePassword: z
    .boolean()
    .optional()
    .meta({ description: 'true: somebody else set the password; nothing works before it is changed' }),
  accountExpiresAt: Time.nullable().optional().meta({ description: 'null: the account does not expire' }),
  warning: z
    .string()
    .nullable()
    .optional()
    .meta({ description: 'What the user should be told, such as that the account expires' }),
})
export type Login = z.infer<typeof Login>

/** What a browser is told that has the tokens as cookies. */
export const CookieLogin = Login.omit({ access_token: true, refresh_token: true })
export type CookieLogin = z.infer<typeof CookieLogin>

/** What a login is answered with. */
export const AnyLogin = z.union([Login, CookieLogin])

export const Me = z.object({
  id: Id,
  username: z.string(),
  displayName: z.string().nullable(),
  /** `service token`: the token acts for this user. */
  kind: z.enum(['user', 'service token']),
  roles: z.array(z.string()),
  /** Wildcards spelt out. */
  scopes: z.array(z.string()),
  tokenExpiresAt: Time,
  mustChangePassword: z
    .boolean()
    .meta({ description: 'true: somebody else set the password; nothing works before it is changed' }),
  accountExpiresAt: Time.nullable().meta({ description: 'null: the account does not expire' }),
  warning: z
    .string()
    .nullable()
    .meta({ description: 'What the user should be told, such as that the account expires' }),
})
export type Me = z.infer<typeof Me>

export const Ended = z.object({
  /** Sessions that were live. */
  ended: z.number().int(),
})
