/** Sessions and service tokens, as their owner sees them: never the tokens themselves. */
import { z } from 'zod'
import { Id, IdOrName, Name, Time } from './fields.ts'
import { PageQuery } from './page.ts'
import { GrantedScope } from './session.ts'

const LONGEST_DAYS = 365

export const TokenKind = z.enum(['session', 'service token'])
export type TokenKind = z.infer<typeof TokenKind>

export const NewServiceToken = z.object({
  name: Name.meta({ description: 'What it is for; unique among the live tokens of its owner' }),
  scopes: z.array(GrantedScope).min(1).max(100).meta({
    description:
      'What the token may do, never more than its owner may at the time of use. Without `all:devices` it reaches only devices that its owner owns or was granted',
  }),
  validDays: z
    .number()
    .int()
    .min(1)
    .max(LONGEST_DAYS)
    .meta({ description: `Days until it expires, 1 to ${LONGEST_DAYS}; there is none without an end` }),
  user: IdOrName.optional().meta({ description: 'For whom it acts; absent: oneself. Another needs `admin:tokens`' }),
})
export type NewServiceToken = z.infer<typeof NewServiceToken>

export const Token = z.object({
  id: Id,
  kind: TokenKind,
  /** User name of the owner. */
  user: z.string(),
  /** Of a service token. */
  name: z.string().nullable(),
  scopes: z.array(z.string()).nullable().meta({ description: 'null: a session with all that its user may do' }),
  createdAt: Time,
  createdBy: z.string(),
  expiresAt: Time,
  /** Right to about a minute; null: never. */
  lastUsedAt: Time.nullable(),
  /** Address that it was last used from; of a session, the one that it was opened from. */
  address: z.string().nullable(),
  /** Program that opened a session, as it calls itself. */
  via: z.string().nullable(),
  /** When it was revoked or logged out; null: it was not. One that expired has none either. */
  endedAt: Time.nullable(),
  endedBecause: z.string().nullable(),
  /** Whether this very request uses it. */
  isCurrent: z.boolean(),
})
export type Token = z.infer<typeof Token>

export const CreatedServiceToken = Token.extend({
  token: z.string().meta({ description: 'Shown this once' }),
})
export type CreatedServiceToken = z.infer<typeof CreatedServiceToken>

export const TokenQuery = PageQuery.extend({
  user: IdOrName.optional().meta({ description: 'Whose; absent: one’s own. Those of others need `admin:tokens`' }),
  everyone: z.enum(['true', 'false']).optional().meta({ description: 'Those of all users; needs `admin:tokens`' }),
  kind: TokenKind.optional(),
  ended: z.enum(['true', 'false']).optional().meta({ description: '`true`: also those that ended or expired' }),
})
export type TokenQuery = z.infer<typeof TokenQuery>

export const RevokeQuery = z.object({
  user: IdOrName.meta({ description: 'Whose. Those of others need `admin:tokens`' }),
  kind: TokenKind.optional().meta({ description: 'Only these; absent: sessions and service tokens' }),
})
export type RevokeQuery = z.infer<typeof RevokeQuery>

export const Revoked = z.object({
  /** How many were live. */
  sessions: z.number().int(),
  serviceTokens: z.number().int(),
})
export type Revoked = z.infer<typeof Revoked>
