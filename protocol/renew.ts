/** Heartbeat and lease renewal in one: the agent names what it holds, the hub what it no longer does. */
import { z } from 'zod'
import { Attempt, Count, Uuid } from './hello.ts'

export const RenewQuestion = z.object({
  holding: z.array(z.object({ task: Uuid, attempt: Attempt })).max(10_000),
  health: z.object({
    rssBytes: z.number().int().min(0),
    spooled: Count,
    active: Count,
  }),
})
export type RenewQuestion = z.infer<typeof RenewQuestion>

export const RenewAnswer = z.object({
  /** Tasks that the agent must drop: cancelled, expired or handed to another. */
  lost: z.array(Uuid).default([]),
})
export type RenewAnswer = z.infer<typeof RenewAnswer>
