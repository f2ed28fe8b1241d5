/**
 * The hub's keys change: a nudge `keys` says so, the agent asks for them, and tells in the same way what it has on its disk. The answer
 * is signed by a key that it trusts already, as everything is; so the present key vouches for the next one.
 */
import { z } from 'zod'
import { HubKey, TrustedKeyIds } from './hello.ts'

export const KeysQuestion = z.object({
  /** Ids of the hub's keys that are on the agent's disk. */
  trusted: TrustedKeyIds,
})
export type KeysQuestion = z.infer<typeof KeysQuestion>

export const KeysAnswer = z.object({
  /** All keys that the hub signs with now or next. */
  keys: z.array(HubKey).min(1).max(8),
})
export type KeysAnswer = z.infer<typeof KeysAnswer>
