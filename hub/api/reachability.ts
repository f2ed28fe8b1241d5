/** Whether a device can be read, rung by rung. */
import { Step } from '@netraven/protocol/ladder.ts'
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
  /** All rungs in their order, once it has ended; empty when no agent came to test it. */
  steps: z.array(Step),
  /** null: it did not fail, or has not ended. */
  failure: RunFailure.omit({ device: true, site: true }).nullable(),
})
export type Reachability = z.infer<typeof Reachability>
