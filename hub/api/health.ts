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
    clock: z
      .object({ status: z.enum(['ok', 'degraded', 'unknown']), skewMs: z.number().int().nullable() })
      .optional()
      .meta({
        description:
          'How far the clock of this hub is ahead of the database’s; degraded beyond 60 s, when tokens of one hub would not count at another. Absent: a hub of the release before',
      }),
    agents: z.object({
      status: z.enum(['ok', 'degraded', 'unknown']),
      online: z.number().int(),
      enrolled: z.number().int(),
    }),
  }),
})
export type Health = z.infer<typeof Health>

export const Alive = z.object({ status: z.literal('ok') })
