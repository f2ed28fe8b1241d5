/** Limits of the API: rules, counters, and how somebody stands. */
import { z } from 'zod'
import { parseRange } from '../address-ranges.ts'
import { Id, IdOrName, Name, Time } from './fields.ts'

export const limitBuckets = {
  principal: 'all calls of one user, service tokens among them',
  anonymous: 'all calls of one address that nobody signed in for',
  heavy: 'calls of one user that cost much: imports, diffs, searches, runs, tests',
  content: 'texts and files that one user reads',
  login: 'logins from one address',
  'forgot-password': 'forgotten passwords from one address',
  enroll: 'agents that join from one address',
  agent: 'messages of one agent; more are answered later, and none is refused',
} as const

export type LimitBucket = keyof typeof limitBuckets
export const limitBucketNames = Object.keys(limitBuckets) as LimitBucket[]

export const LimitBucket = z.enum(limitBucketNames).meta({ description: 'What is counted' })

const points = z.number().int().min(1).max(1_000_000)
const seconds = z.number().int().min(1).max(86_400)

export const AddressRangeText = z
  .string()
  .trim()
  .max(64)
  .refine((text) => parseRange(text) !== undefined, 'must be an address or a range such as 10.0.0.0/8 or 2001:db8::/32')

export const LimitRule = z
  .strictObject({
    bucket: LimitBucket,
    limit: points.meta({ description: 'Points in a window' }),
    windowSeconds: seconds.optional().meta({ description: 'Absent: as the bucket has it' }),
    user: IdOrName.optional().meta({ description: 'For this user alone: id or name' }),
    role: Name.optional().meta({ description: 'For users with this role alone' }),
    range: AddressRangeText.optional().meta({ description: 'For calls from these addresses alone' }),
  })
  .refine(
    ({ bucket, user, role, range }) => bucket !== 'agent' || (user ?? role ?? range) === undefined,
    'agents have one limit for all: leave out user, role and range',
  )
export type LimitRule = z.infer<typeof LimitRule>

export const NewLimitRules = z.strictObject({
  rules: z.array(LimitRule).max(500).meta({ description: 'The first that fits counts' }),
  allow: z
    .array(AddressRangeText)
    .max(200)
    .default([])
    .meta({ description: 'Calls from these addresses are never limited' }),
})
export type NewLimitRules = z.infer<typeof NewLimitRules>

export const LimitRules = z.object({
  rules: z.array(z.object({ ...LimitRule.shape, windowSeconds: seconds.optional() })),
  allow: z.array(z.string()),
  defaults: z
    .array(z.object({ bucket: LimitBucket, limit: z.number(), windowSeconds: z.number(), about: z.string() }))
    .meta({ description: 'Limits where no rule fits; from the settings of the hub' }),
  updatedAt: Time.nullable(),
  updatedBy: z.string().nullable(),
})
export type LimitRules = z.infer<typeof LimitRules>

export const LimitCounter = z.object({
  key: z.string().meta({ description: 'For DELETE /api/admin/rate-limits/{key}' }),
  bucket: z.string(),
  subject: z.string().meta({ description: 'User or address; the whole /64 of an IPv6 address' }),
  used: z.number().meta({ description: 'Points in this window, with those that a hub has taken ahead' }),
  windowSeconds: z.number(),
  resetsAt: Time,
})
export type LimitCounter = z.infer<typeof LimitCounter>

export const LimitKey = z.object({
  key: z
    .string()
    .min(3)
    .max(200)
    .regex(/^[a-z-]+:[\w:.-]+$/)
    .meta({ description: 'As the list of counters shows it' }),
})

export const LimitReset = z.object({
  key: z.string(),
  wasCounted: z.boolean().meta({ description: 'false: there was nothing to reset' }),
})
export type LimitReset = z.infer<typeof LimitReset>

export const Usage = z.object({
  buckets: z.array(
    z.object({
      bucket: LimitBucket,
      about: z.string(),
      limit: z.number(),
      windowSeconds: z.number(),
      used: z.number(),
      remaining: z.number(),
      resetsAt: Time,
    }),
  ),
  userId: Id,
})
export type Usage = z.infer<typeof Usage>
