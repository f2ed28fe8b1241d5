/** One change to many devices. */
import { z } from 'zod'
import { DeviceChange, DeviceQuery } from './device.ts'
import { Id, IdOrName } from './fields.ts'

export const MAX_BULK = 1000

/** Which devices: those named, or those that fit. */
const chosen = {
  ids: z.array(IdOrName).min(1).max(MAX_BULK).optional().meta({ description: 'Ids, or names in any case' }),
  filter: DeviceQuery.refine(
    (filter) => Object.values(filter).some((value) => value !== undefined),
    'must name something',
  )
    .optional()
    .meta({ description: `Devices that fit all of it; at most ${MAX_BULK} may` }),
}
const isOne = ({ ids, filter }: { ids?: unknown; filter?: unknown }) => (ids === undefined) !== (filter === undefined)
const SAY = 'give exactly one of ids and filter'

export const BulkSet = z.object({ op: z.literal('set'), ...chosen, change: DeviceChange }).refine(isOne, SAY)
export const BulkRemove = z.object({ op: z.literal('remove'), ...chosen }).refine(isOne, SAY)
export const Bulk = z.union([BulkSet, BulkRemove])
export type Bulk = z.infer<typeof Bulk>

export const BulkItem = z.object({
  device: z.string().meta({ description: 'As it was asked for; its name when a filter found it' }),
  id: Id.nullable().meta({ description: 'null: there is no such device' }),
  outcome: z.enum(['changed', 'removed', 'failed']),
  failure: z
    .object({
      code: z.string(),
      message: z.string(),
      details: z.record(z.string(), z.unknown()),
      remedies: z.array(z.string()),
    })
    .nullable()
    .meta({ description: 'Why it failed; the others were done all the same' }),
})
export type BulkItem = z.infer<typeof BulkItem>

export const BulkReport = z.object({
  op: z.enum(['set', 'remove']),
  total: z.number().int(),
  succeeded: z.number().int(),
  failed: z.number().int(),
  items: z.array(BulkItem).meta({ description: 'In the order in which they were asked for' }),
})
export type BulkReport = z.infer<typeof BulkReport>
