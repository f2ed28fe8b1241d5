/** The audit log: who did what, from where, through what. */
import { z } from 'zod'
import { Id, Time } from './fields.ts'
import { PageQuery } from './page.ts'

const Hash = z.string().regex(/^[0-9a-f]{64}$/)
const AnyFields = z.record(z.string(), z.unknown())

export const AuditEntry = z.object({
  seq: z.number().int().meta({ description: 'Place in the chain, from 1, without a gap' }),
  id: Id,
  at: Time.meta({ description: 'Clock of the database, microseconds' }),
  action: z.string().meta({ description: 'What was done, such as `device removed`' }),
  actor: z.object({
    kind: z
      .string()
      .meta({ description: 'user, service token, agent, hub, console, anonymous; unknown: from an earlier release' }),
    id: z.string().nullable(),
    name: z.string(),
    address: z.string().nullable().meta({ description: 'Where the request came from' }),
    via: z.string().nullable().meta({ description: 'Program, as it calls itself' }),
    requestId: z.string().nullable(),
  }),
  target: z.object({ kind: z.string(), id: z.string().nullable(), name: z.string().nullable() }).nullable(),
  before: AnyFields.nullable().meta({ description: 'Of a change: the fields that changed, secrets blanked' }),
  after: AnyFields.nullable(),
  details: AnyFields,
  prevHash: Hash.meta({ description: '`hash` of the entry before; zeros in the first' }),
  hash: Hash.meta({ description: 'sha256 over the canonical JSON (RFC 8785) of the entry without this field' }),
})
export type AuditEntry = z.infer<typeof AuditEntry>

const Moment = z.iso.datetime({ offset: true })
const since = Moment.optional().meta({ description: 'Not before this moment' })
const until = Moment.optional().meta({ description: 'Before this moment' })

export const AuditQuery = PageQuery.extend({
  order: z.enum(['newest', 'oldest']).default('newest').meta({ description: 'Which comes first' }),
  actor: z.string().min(1).max(255).optional().meta({ description: 'Name or id of who did it' }),
  action: z.string().min(1).max(120).optional().meta({ description: 'What was done, such as `device removed`' }),
  target: z.string().min(1).max(255).optional().meta({ description: 'Name or id of what it was done to' }),
  targetKind: z.string().min(1).max(60).optional().meta({ description: 'Such as `device`' }),
  requestId: z.string().min(1).max(64).optional().meta({ description: 'Of one request' }),
  since,
  until,
})
export type AuditQuery = z.infer<typeof AuditQuery>

export const AuditExportQuery = z.object({ since, until })

export const AuditVerificationQuery = z.object({
  after: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'Begin behind this entry: `checkedTo` of the answer before' }),
  limit: z.coerce.number().int().min(1).max(50_000).default(10_000).meta({ description: 'At most so many entries' }),
})

export const AuditProblem = z.object({
  kind: z.string(),
  seq: z.number().int().meta({ description: 'The entry that it is about' }),
  message: z.string(),
})

export const AuditVerification = z.object({
  verified: z.boolean().meta({ description: 'Whether nothing is wrong with this piece' }),
  entries: z.number().int().meta({ description: 'How many were checked' }),
  checkpoints: z.number().int().meta({ description: 'How many signatures of the hub were right' }),
  problems: z.array(AuditProblem).meta({ description: 'The first hundred' }),
  problemCount: z.number().int(),
  checkedTo: z.number().int(),
  head: z.number().int().meta({ description: 'The newest entry' }),
  done: z.boolean().meta({ description: 'Whether the head was reached' }),
  headHash: Hash,
  signedBy: z.array(z.string()).meta({ description: "Fingerprints of the hub's keys" }),
})
export type AuditVerification = z.infer<typeof AuditVerification>
