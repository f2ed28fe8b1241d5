/** The first conversation of a connection: the agent proves who it is, the hub proves who it is, clocks meet. */
import { z } from 'zod'
import { FailureWire } from './failure.ts'
import { plainLine } from './plain.ts'
import { Transport } from './transport.ts'

const MAX_COUNT = 2 ** 31 - 1
const DAY_MS = 86_400_000

/** 16 bytes, not all zero. */
export const Hex16 = z.string().regex(/^(?!0{32})[0-9a-f]{32}$/)
/** 32 bytes in base64url; the last character carries four bits, so one key has one spelling. */
export const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
export const Uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

/** How often a task was handed out; fits an `integer` column, as do other counts. */
export const Attempt = z.number().int().min(1).max(MAX_COUNT)
export const Count = z.number().int().min(0).max(MAX_COUNT)

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

/** Ids of keys as `keys.ts` makes them. */
export const TrustedKeyIds = z.array(z.string().regex(/^[0-9a-f]{16}$/)).max(16)

export const HelloQuestion = z.object({
  /** Session of every envelope that the hub sends on this connection: the agent's own challenge. */
  session: Hex16,
  /** Version of the agent's software, for people. */
  software: plainLine(64),
  hostname: plainLine(255),
  node: plainLine(32),
  /** How many devices this agent reads at once. */
  concurrency: z.number().int().min(1).max(10_000),
  /** Drivers on board: name to digest. */
  drivers: z
    .record(z.string().max(64), z.string().max(64))
    .refine((drivers) => Object.keys(drivers).length <= 2000)
    .default({}),
  /** Ways in that this agent knows; it gets no task with another one. */
  transports: z.array(Transport).max(32).default(['ssh']).catch(['ssh']),
  /** What it can do beyond backups, such as `test`; it gets no task that wants more. Absent: nothing. */
  abilities: z.array(z.string().max(32)).max(64).default([]),
  /** Tasks that the agent still works on, to be kept over the reconnect. */
  holding: z
    .array(z.object({ task: Uuid, attempt: Attempt }))
    .max(10_000)
    .default([]),
  /** Ids of the hub's keys that are on the agent's disk; the hub signs the answer with one of them. Absent: an older agent. */
  trusted: TrustedKeyIds.optional(),
  /** Results on disk that await the hub. */
  spooled: Count.default(0),
})
export type HelloQuestion = z.infer<typeof HelloQuestion>

/** How careful the agent is with a credential that has not opened a device for a while. */
export const LoginCare = z.object({
  /** Devices that may be logged in to at once with it. */
  atOnce: z.number().int().min(1).max(MAX_COUNT),
  /** Refusals in a row after which it is held back. */
  refusals: z.number().int().min(1).max(MAX_COUNT),
  /** For how long, ms. */
  heldBackMs: z
    .number()
    .int()
    .min(0)
    .max(DAY_MS * 7),
})
export type LoginCare = z.infer<typeof LoginCare>

export const HelloAnswer = z.object({
  site: z.string(),
  name: z.string(),
  /** All keys that the hub signs with now or next. */
  keys: z.array(HubKey).min(1).max(8),
  leaseMs: z.number().int().positive().max(DAY_MS),
  renewEveryMs: z.number().int().positive().max(DAY_MS),
  /** What the hub takes beyond texts and reports: `artifacts`, `climbs`; it is sent nothing else. Absent: nothing. */
  abilities: z.array(z.string().max(32)).max(64).default([]),
  /** Of what the agent said it holds: tasks that it must drop. */
  lost: z.array(Uuid).default([]),
  /** Absent: the agent's own measure, three at once, three refusals, 15 minutes. */
  care: LoginCare.optional(),
})
export type HelloAnswer = z.infer<typeof HelloAnswer>

/** Plain refusal of a socket that has not proved itself: advice to a person, never acted upon except by waiting. */
export const Refusal = z.object({ refused: FailureWire })
export type Refusal = z.infer<typeof Refusal>
