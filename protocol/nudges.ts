/** What a hub tells an agent without wanting an answer. A nudge may be lost; nothing depends on it. Unsigned, harmless. */
import { z } from 'zod'

export const nudges = {
  /** There is work at the agent's site: claim. */
  work: z.object({}),
  /** Somebody wants to know what this agent sees: ask for the order, see `diagnostic.ts`. Older agents do not hear it. */
  look: z.object({}),
  /** The hub's keys changed: ask for them, see `learn-keys.ts`. Sent to agents that can. */
  keys: z.object({}),
  /** The hub closes this connection: why, and how long to wait before the next, ms. */
  goodbye: z.object({ code: z.string(), waitMs: z.number().int().min(0).max(600_000) }),
} as const
export type Nudges = { [Name in keyof typeof nudges]: z.infer<(typeof nudges)[Name]> }
