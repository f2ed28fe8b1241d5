/**
 * Somebody watches a test of a device: the agent says how far it has come, whenever it stands on another rung. Every message has all
 * there is so far, so that one that is lost costs nothing but a moment; the report stands in the place of all of them. Only to hubs
 * with the ability `climbs`.
 */
import { z } from 'zod'
import { Attempt, Count, Uuid } from './hello.ts'
import { Rung, rungs, Step } from './ladder.ts'

export const ClimbedQuestion = z.object({
  task: Uuid,
  attempt: Attempt,
  /** The rungs that are behind it, from the lowest on, without a gap. */
  steps: z.array(Step).max(rungs.length),
  /** The rung that it stands on, and for how long already, ms. Absent: it is between two, or done. */
  current: z.object({ rung: Rung, ms: Count }).optional(),
})
export type ClimbedQuestion = z.infer<typeof ClimbedQuestion>

/** Nothing to say: whoever is not heard goes on climbing. */
export const ClimbedAnswer = z.object({})
export type ClimbedAnswer = z.infer<typeof ClimbedAnswer>
