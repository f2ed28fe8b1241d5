/** The first conversation of a connection: the agent proves who it is, the hub proves who it is, clocks meet. */
import { z } from 'zod'
import { FailureWire } from './failure.ts'

export const Hex16 = z.string().regex(/^[0-9a-f]{32}$/)
export const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
export const Uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

/** Sent in the clear by the hub as soon as a socket opens; it promises nothing, the signed answer to hello does. */
export const Challenge = z.object({
  /** Session of every envelope that the agent sends on this connection. */
  session: Hex16,
  /** The hub installation's uuid: receiver of the agent's envelopes. All hubs behind one load balancer share it. */
  hub: Uuid,
  newest: z.number().int(),
  oldest: z.number().int(),
})
export type Challenge = z.infer<typeof Challenge>

/** What the agent says before it may sign anything: who it claims to be. In the socket's handshake. */
export const Handshake = z.object({ agent: Uuid, protocol: z.number().int() })
export type Handshake = z.infer<typeof Handshake>

/** A hub's signing key. The agent keeps every key that a key it trusts has vouched for. */
export const HubKey = z.object({ publicKey: PublicKey })
export type HubKey = z.infer<typeof HubKey>

export const HelloQuestion = z.object({
  /** Session of every envelope that the hub sends on this connection: the agent's own challenge. */
  session: Hex16,
  /** Version of the agent's software, for people. */
  software: z.string().max(64),
  hostname: z.string().max(255),
  node: z.string().max(32),
  /** How many devices this agent reads at once. */
  concurrency: z.number().int().min(1).max(10_000),
  /** Drivers on board: name to digest. */
  drivers: z.record(z.string(), z.string()).default({}),
  /** Tasks that the agent still works on, to be kept over the reconnect. */
  holding: z.array(z.object({ task: Uuid, attempt: z.number().int() })).default([]),
  /** Results on disk that await the hub. */
  spooled: z.number().int().default(0),
})
export type HelloQuestion = z.infer<typeof HelloQuestion>

export const HelloAnswer = z.object({
  site: z.string(),
  name: z.string(),
  /** All keys that the hub signs with now or next. */
  keys: z.array(HubKey).min(1).max(8),
  leaseMs: z.number().int().positive(),
  renewEveryMs: z.number().int().positive(),
  /** Of what the agent said it holds: tasks that it must drop. */
  lost: z.array(Uuid).default([]),
})
export type HelloAnswer = z.infer<typeof HelloAnswer>

/** Plain refusal of a socket that has not proved itself: advice to a person, never acted upon except by waiting. */
export const Refusal = z.object({ refused: FailureWire })
export type Refusal = z.infer<typeof Refusal>
