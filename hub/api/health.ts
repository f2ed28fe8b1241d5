/** How the hub is. */
import { z } from 'zod'
import { Time } from './fields.ts'

const Component = z.object({ status: z.enum(['ok', 'down']), code: z.string().optional() })

export const Health = z.object({
  /** `degraded`: works, but something needs a person. `down`: 503. */
  status: z.enum(['ok', 'degraded', 'down']),
  version: z.string(),
  time: Time,
  components: z.object({
    database: Component,
    /** Whether the database has the schema of this version. */
    schema: Component,
    storage: Component,
    agents: z.object({
      status: z.enum(['ok', 'degraded', 'unknown']),
      online: z.number().int(),
      enrolled: z.number().int(),
    }),
  }),
})
export type Health = z.infer<typeof Health>

export const Alive = z.object({ status: z.literal('ok') })
