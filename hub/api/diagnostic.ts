/** A target as an agent sees it. */
import { LookKind, Seen } from '@netraven/protocol/diagnostic.ts'
import { z } from 'zod'
import { Address, Port } from './device.ts'
import { Id, Time } from './fields.ts'

export const LookTarget = z.object({
  /** Host name or IP address. */
  target: Address,
})
export type LookTarget = z.infer<typeof LookTarget>

/** SSH. */
export const USUAL_PORT = 22

export const LookPort = LookTarget.extend({ port: Port.default(USUAL_PORT) })
export type LookPort = z.infer<typeof LookPort>

/** What is to be looked at. */
export type LookAt = ({ readonly kind: 'ping' | 'dns' } & LookTarget) | ({ readonly kind: 'tcp' } & LookPort)

export const Diagnostic = z.object({
  id: Id,
  agent: z.string(),
  site: z.string(),
  kind: LookKind,
  /** As it was asked for. */
  target: z.string(),
  /** With `tcp`. */
  port: z.number().int().nullable(),
  at: Time,
  /** The name has an address, the port takes connections, or an echo came back. */
  ok: z.boolean(),
  seen: Seen,
})
export type Diagnostic = z.infer<typeof Diagnostic>
