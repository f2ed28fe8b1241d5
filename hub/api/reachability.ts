/** Whether a device can be read, rung by rung. */
import { Rung, Step } from '@netraven/protocol/ladder.ts'
import { Transport } from '@netraven/protocol/transport.ts'
import { z } from 'zod'
import { Id, Time } from './fields.ts'
import { RunFailure } from './run.ts'

export const Reachability = z.object({
  id: Id,
  /** The run of this one test: `/api/runs/{id}`. */
  run: Id,
  device: z.string(),
  site: z.string(),
  address: z.string(),
  port: z.number().int(),
  driver: z.string(),
  transport: Transport,
  state: z.enum(['queued', 'running', 'passed', 'failed', 'cancelled']),
  /** Who tests it, or tested it; null: nobody yet. */
  agent: z.string().nullable(),
  /** Whether any agent of the site is online just now: without one a queued test waits. */
  agentOnline: z.boolean(),
  requestedAt: Time,
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  /** Of the test itself. */
  durationMs: z.number().int().nullable(),
  /** Rungs in their order: all once it has ended, until then those that are behind it. Empty when no agent came to test it. */
  steps: z.array(Step),
  /** The rung that it stands on: since when, and how long that was when this was answered, ms. null: on none. */
  current: z.object({ rung: Rung, since: Time, ms: z.number().int() }).nullable().default(null),
  /** null: it did not fail, or has not ended. */
  failure: RunFailure.omit({ device: true, site: true }).nullable(),
})
export type Reachability = z.infer<typeof Reachability>
