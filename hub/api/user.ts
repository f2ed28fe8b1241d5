/** Users as the API shows and takes them. */
import { z } from 'zod'
import { Id, isUuid, Name, Time } from './fields.ts'
import { PageQuery } from './page.ts'
import { GrantedScope } from './session.ts'

export const Username = z
  .string()
  .trim()
  .toLowerCase()
  .min(1)
  .max(120)
  .regex(/^[a-z0-9][a-z0-9._@+-]*$/, 'must be letters a to z, digits and . _ @ + -, and begin with a letter or a digit')
  .refine((name) => !isUuid(name), 'must not look like an id')
  .meta({ description: 'Trimmed and kept in lower case; the same in any case at login', example: 'ann' })

/** A new password; what it must be like is told by PASSWORD_REFUSED. */
export const NewPassword = z.string().min(1).max(1024).meta({ description: 'At least 12 characters; never trimmed' })

const RoleNames = z.array(Name).max(50).meta({ description: 'Names of roles, built-in or own' })
const Scopes = z.array(GrantedScope).max(200).meta({ description: 'Beyond those of the roles' })
const DisplayName = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'must be one line without control characters')
  .nullable()
  .meta({ description: 'As people call them' })
const Email = z.email().max(254).nullable().meta({ description: 'For reset links and warnings' })
const Expiry = Time.nullable().meta({ description: 'The account is of no use from then on; null: never' })

export const NewUser = z.object({
  username: Username,
  displayName: DisplayName.optional(),
  email: Email.optional(),
  password: NewPassword.optional().meta({
    description: 'Absent: nobody can log in with a password until a reset link was used',
  }),
  mustChangePassword: z
    .boolean()
    .default(true)
    .meta({ description: 'Whether the first login has to choose another password' }),
  roles: RoleNames.default([]),
  scopes: Scopes.default([]),
  expiresAt: Expiry.optional(),
})
export type NewUser = z.infer<typeof NewUser>

export const UserChange = z
  .object({
    displayName: DisplayName,
    email: Email,
    roles: RoleNames,
    expiresAt: Expiry,
    isActive: z.boolean().meta({ description: 'false: nobody can log in, and all sessions stop at once' }),
    password: NewPassword.meta({ description: 'Ends all sessions of the user' }),
    mustChangePassword: z.boolean().meta({ description: 'With a password, true when absent' }),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'nothing to change')
export type UserChange = z.infer<typeof UserChange>

export const UserScopes = z.object({ scopes: Scopes })
export type UserScopes = z.infer<typeof UserScopes>

export const Reactivation = z.object({
  expiresAt: Expiry.optional().meta({
    description: 'Until when; null: for good; absent: as before, or for good when that is over',
  }),
})
export type Reactivation = z.infer<typeof Reactivation>

export const User = z.object({
  id: Id,
  username: z.string(),
  displayName: z.string().nullable(),
  email: z.string().nullable(),
  roles: z.array(z.string()).meta({ description: 'Own ones; those of the groups count as well' }),
  scopes: z.array(z.string()).meta({ description: 'Beyond those of the roles' }),
  groups: z.array(z.object({ id: Id, name: z.string() })),
  isActive: z.boolean(),
  expiresAt: Time.nullable(),
  isExpired: z.boolean(),
  hasPassword: z.boolean(),
  mustChangePassword: z.boolean(),
  lockedUntil: Time.nullable().meta({ description: 'Too many wrong passwords; null: not locked' }),
  lastLoginAt: Time.nullable(),
  createdBy: z.string().nullable(),
  createdAt: Time,
  updatedAt: Time,
})
export type User = z.infer<typeof User>

export const UserDetail = User.extend({
  effectiveScopes: z.array(z.string()).meta({ description: 'All that the user may do, wildcards spelt out' }),
  accessChange: z
    .object({ at: Time, by: z.string().nullable(), reason: z.string().nullable(), lost: z.array(z.string()) })
    .nullable()
    .meta({ description: 'When the user last came to be allowed less; null: never' }),
  lock: z.object({
    lockedAt: Time.nullable(),
    lockedUntil: Time.nullable(),
    attempts: z
      .array(
        z.object({
          at: Time,
          address: z.string().nullable(),
          via: z.string().nullable(),
          counts: z.boolean().meta({ description: 'Whether it still counts towards a lock' }),
        }),
      )
      .meta({ description: 'Wrong passwords of the last day, newest first' }),
  }),
})
export type UserDetail = z.infer<typeof UserDetail>

const yesNo = z.enum(['true', 'false']).transform((word) => word === 'true')

export const UserQuery = PageQuery.extend({
  q: z.string().trim().max(120).optional().meta({ description: 'Part of the name, display name or e-mail address' }),
  role: z.string().max(120).optional().meta({ description: 'Those who have this role themselves' }),
  group: z.string().max(255).optional().meta({ description: 'Members of this group, by id or name' }),
  active: yesNo.optional(),
  locked: yesNo.optional().meta({ description: 'Whether too many wrong passwords hold the account back now' }),
})
export type UserQuery = z.infer<typeof UserQuery>

export const Forgetting = z.object({
  forget: z
    .enum(['true', 'false'])
    .transform((word) => word === 'true')
    .default(false)
    .meta({ description: 'Deletes the account for good instead of disabling it' }),
})

export const ResetLink = z.object({
  /** Shown once. */
  token: z.string(),
  link: z.string().nullable().meta({ description: 'null: NETRAVEN_PUBLIC_URL is not set, so it is not known' }),
  expiresAt: Time,
})
export type ResetLink = z.infer<typeof ResetLink>
