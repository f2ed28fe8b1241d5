/**
 * Somebody asks what a target looks like from where an agent stands. The hub nudges with `look`, the agent asks for the order, looks,
 * and says what it saw. Only for agents with the ability `diagnostics`.
 */
import { z } from 'zod'
import { FailureWire } from './failure.ts'
import { Count, Uuid } from './hello.ts'
import { plainLine } from './plain.ts'

/** The agent looks no longer than this, ms. */
export const LOOK_LIMIT_MS = 10_000

export const LookKind = z.enum(['ping', 'dns', 'tcp'])
export type LookKind = z.infer<typeof LookKind>

export const DiagnosticOrder = z.object({
  id: Uuid,
  kind: LookKind,
  /** Host name or IP address; the agent checks it again, and its policy decides. */
  target: z.string().max(253),
  /** With `tcp`. */
  port: z.number().int().min(1).max(65535).optional(),
  /** After that nobody waits for the answer, ms since 1970 by the hub's clock. */
  deadlineMs: z.number().int().min(0).max(8.64e15),
})
export type DiagnosticOrder = z.infer<typeof DiagnosticOrder>

export const DiagnosticQuestion = z.object({})
export type DiagnosticQuestion = z.infer<typeof DiagnosticQuestion>

/** Absent: there is nothing to look at. */
export const DiagnosticAnswer = z.object({ order: DiagnosticOrder.optional() })
export type DiagnosticAnswer = z.infer<typeof DiagnosticAnswer>

const IpAddress = plainLine(64)
const Ms = z.number().min(0).max(3_600_000)

export const DnsSeen = z.object({
  kind: z.literal('dns'),
  /** What the name means on the jump host, best first; none: it means nothing there. */
  addresses: z.array(z.object({ address: IpAddress, /** By the agent's policy. */ admitted: z.boolean() })).max(64),
  /** Code of getaddrinfo, when there is no address. */
  reason: plainLine(64).optional(),
  ms: Count,
})
export type DnsSeen = z.infer<typeof DnsSeen>

export const TcpSeen = z.object({
  kind: z.literal('tcp'),
  address: IpAddress,
  port: z.number().int().min(1).max(65535),
  /** `silent` is what a firewall makes of it. */
  state: z.enum(['connected', 'refused', 'silent', 'no route']),
  ms: Count,
  /** First line that the server says by itself; absent: it said none. */
  line: plainLine(300).optional(),
  /** From the connection to that line, ms. */
  lineMs: Count.optional(),
})
export type TcpSeen = z.infer<typeof TcpSeen>

export const PingSeen = z.object({
  kind: z.literal('ping'),
  address: IpAddress,
  sent: Count,
  received: Count,
  /** Of each reply, ms. */
  timesMs: z.array(Ms).max(64),
  /** What another machine said instead, such as `Destination Host Unreachable`. */
  said: plainLine(300).optional(),
})
export type PingSeen = z.infer<typeof PingSeen>

export const Seen = z.discriminatedUnion('kind', [DnsSeen, TcpSeen, PingSeen])
export type Seen = z.infer<typeof Seen>

export const DiagnosedQuestion = z.object({
  diagnostic: Uuid,
  outcome: z.union([z.object({ seen: Seen }), z.object({ failure: FailureWire })]),
})
export type DiagnosedQuestion = z.infer<typeof DiagnosedQuestion>

export const DiagnosedAnswer = z.object({})
export type DiagnosedAnswer = z.infer<typeof DiagnosedAnswer>
