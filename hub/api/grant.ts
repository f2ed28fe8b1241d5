/** Access that was granted, and requests for it. */
import { z } from 'zod'
import { Id, IdOrName, Time } from './fields.ts'
import { PageQuery } from './page.ts'

export const Level = z.enum(['read', 'operate', 'manage']).meta({
  description:
    'read: see it and its backups. operate: also back it up and test it. manage: also change, remove and grant it',
})

const TagName = z.string().trim().min(1).max(600).meta({ description: '`key=value`, or `key` whatever its value' })

const resource = {
  device: IdOrName.optional(),
  tag: TagName.optional(),
  site: IdOrName.optional(),
}

const isOne = (...choices: unknown[]) => choices.filter((choice) => choice !== undefined).length === 1

export const NewGrant = z
  .object({
    ...resource,
    user: IdOrName.optional(),
    group: IdOrName.optional(),
    level: Level,
    expiresAt: Time.optional().meta({ description: "Absent: it does not end, or when the grantor's own access does" }),
  })
  .refine(({ device, tag, site }) => isOne(device, tag, site), 'give exactly one of device, tag and site')
  .refine(({ user, group }) => isOne(user, group), 'give exactly one of user and group')
export type NewGrant = z.infer<typeof NewGrant>

export const GrantQuery = PageQuery.extend({ ...resource, user: IdOrName.optional(), group: IdOrName.optional() })
export type GrantQuery = z.output<typeof GrantQuery>

export const Grant = z.object({
  id: Id,
  /** One of the three is not null. */
  device: z.string().nullable(),
  tag: z.string().nullable(),
  site: z.string().nullable(),
  /** One of both is not null. */
  user: z.string().nullable(),
  group: z.string().nullable(),
  level: Level,
  /** null: not for the caller to see. */
  madeBy: z.string().nullable(),
  createdAt: Time,
  updatedAt: Time,
  expiresAt: Time.nullable(),
})
export type Grant = z.infer<typeof Grant>

export const NewAccessRequest = z
  .object({ ...resource, level: Level, reason: z.string().trim().min(1).max(500) })
  .refine(({ device, tag, site }) => isOne(device, tag, site), 'give exactly one of device, tag and site')
export type NewAccessRequest = z.infer<typeof NewAccessRequest>

export const RequestState = z.enum(['open', 'approved', 'denied'])

export const AccessRequestQuery = PageQuery.extend({ state: RequestState.optional() })
export type AccessRequestQuery = z.output<typeof AccessRequestQuery>

export const AccessRequest = z.object({
  id: Id,
  user: z.string(),
  /** One of the three is not null: in the words of whoever asks, or, for whoever may answer, what it is called. */
  device: z.string().nullable(),
  tag: z.string().nullable(),
  site: z.string().nullable(),
  level: Level,
  reason: z.string(),
  state: RequestState,
  /** Whether the caller may answer it. */
  mayAnswer: z.boolean(),
  createdAt: Time,
  decidedAt: Time.nullable(),
  decidedBy: z.string().nullable(),
  answer: z.string().nullable(),
})
export type AccessRequest = z.infer<typeof AccessRequest>

export const Approval = z.object({
  level: Level.optional().meta({ description: 'Absent: as asked for' }),
  expiresAt: Time.optional(),
  answer: z.string().trim().max(500).optional().meta({ description: 'A word to whoever asked' }),
})
export type Approval = z.infer<typeof Approval>

export const Denial = z.object({ answer: z.string().trim().max(500).optional() })
