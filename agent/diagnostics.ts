/**
 * Looks at a target when somebody at the hub wants to know what this agent sees: one at a time, ten seconds at most, and only within
 * the networks of the agent's own policy.
 */
import { isIP } from 'node:net'
import { isHostName } from '@netraven/protocol/address.ts'
import type { Answer, Asked } from '@netraven/protocol/calls.ts'
import {
  type DiagnosticOrder,
  type DnsSeen,
  LOOK_LIMIT_MS,
  type PingSeen,
  type Seen,
  type TcpSeen,
} from '@netraven/protocol/diagnostic.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { admittedOf } from './approach.ts'
import { type Clock, systemClock } from './clock.ts'
import { reasonOf } from './conversation.ts'
import type { Log } from './log.ts'
import type { Policy } from './policy.ts'

/** A name that takes longer has no answer, ms. */
const DNS_LIMIT_MS = 5_000
const MAX_ADDRESSES = 64

export interface DiagnosticParts {
  readonly policy: Pick<Policy, 'admitAddress'>
  readonly call: {
    (name: 'diagnostic', question: Asked<'diagnostic'>): Promise<Answer<'diagnostic'>>
    (name: 'diagnosed', question: Asked<'diagnosed'>): Promise<Answer<'diagnosed'>>
  }
  /** Finds the addresses of a host name, best first. @throws an Error with the code of getaddrinfo */
  readonly resolve: (name: string) => Promise<string[]>
  readonly tcp: (address: string, port: number, parts: { signal: AbortSignal; clock: Clock }) => Promise<TcpSeen>
  readonly ping: (address: string, signal: AbortSignal) => Promise<PingSeen>
  readonly hubNowMs: () => number
  readonly clock?: Clock
  readonly log: Log
}

export class Diagnostics {
  readonly #parts: DiagnosticParts
  #running: AbortController | undefined
  #again = false

  constructor(parts: DiagnosticParts) {
    this.#parts = parts
  }

  /** Somebody may want to know something: asks, looks, and says what was seen. */
  nudge(): void {
    if (this.#running) {
      this.#again = true
      return
    }
    const abort = new AbortController()
    this.#running = abort
    this.#serve(abort)
      .catch((error: unknown) => this.#parts.log.warn({ err: error }, 'what was seen could not be told'))
      .finally(() => {
        this.#running = undefined
        if (!this.#again) return
        this.#again = false
        this.nudge()
      })
  }

  /** This agent stops: nobody waits for what is being looked at. */
  stop(): void {
    this.#again = false
    this.#running?.abort(new Failure('CANCELLED'))
  }

  async #serve(abort: AbortController): Promise<void> {
    const { call, log, hubNowMs, clock = systemClock } = this.#parts
    const { order } = await call('diagnostic', {})
    if (!order) return
    const limitMs = Math.min(LOOK_LIMIT_MS, order.deadlineMs - hubNowMs())
    if (limitMs <= 0) return
    const cancel = clock.after(limitMs, () => abort.abort(new Failure('DIAGNOSTIC_UNANSWERED', { limitMs })))
    const { id, kind, target, port } = order
    log.info({ diagnosticId: id, kind, target, port }, 'looking at a target')
    try {
      const outcome = await lookAt(this.#parts, order, abort.signal).then(
        (seen) => ({ seen }),
        (error: unknown) => ({ failure: this.#failureOf(order, error).toJSON() }),
      )
      await call('diagnosed', { diagnostic: id, outcome })
    } finally {
      cancel()
    }
  }

  #failureOf({ id }: DiagnosticOrder, error: unknown): Failure {
    if (error instanceof Failure) {
      this.#parts.log.info({ diagnosticId: id, code: error.code }, error.message)
      return error
    }
    this.#parts.log.error({ diagnosticId: id, err: error }, 'looking at a target failed unexpectedly')
    return new Failure('INTERNAL')
  }
}

type LookParts = Pick<DiagnosticParts, 'policy' | 'resolve' | 'tcp' | 'ping' | 'clock'>

/**
 * @throws Failure TARGET_INVALID, POLICY_NETWORK; of what needs an address, DNS_FAILED; NO_ROUTE, PING_UNAVAILABLE; or the reason of
 *   the signal
 */
export async function lookAt(parts: LookParts, order: DiagnosticOrder, signal: AbortSignal): Promise<Seen> {
  const { policy, tcp, ping, clock = systemClock } = parts
  const { kind, target, port } = order
  if (isIP(target) === 0 && !isHostName(target)) throw new Failure('TARGET_INVALID')
  const startedMs = clock.nowMs()
  const { addresses, reason } = await addressesOf(parts, target, signal)
  if (kind === 'dns') {
    return dnsSeen(policy, target, addresses, { reason, ms: Math.max(0, Math.round(clock.nowMs() - startedMs)) })
  }
  if (addresses.length === 0) throw new Failure('DNS_FAILED', { address: target, reason })
  const address = admittedOf(target, addresses, policy)
  if (kind === 'ping') return ping(address, signal)
  return tcp(address, port ?? 22, { signal, clock })
}

/** @throws Failure POLICY_NETWORK when the name means something, but nothing that may be looked at */
function dnsSeen(
  policy: LookParts['policy'],
  target: string,
  addresses: readonly string[],
  { reason, ms }: { readonly reason: string | undefined; readonly ms: number },
): DnsSeen {
  if (addresses.length === 0) return { kind: 'dns', addresses: [], reason: reason ?? 'ENOTFOUND', ms }
  admittedOf(target, addresses, policy)
  const shown = addresses.slice(0, MAX_ADDRESSES).map((address) => ({ address, admitted: isAdmitted(policy, address) }))
  return { kind: 'dns', addresses: shown, ms }
}

function isAdmitted(policy: LookParts['policy'], address: string): boolean {
  try {
    policy.admitAddress(address)
    return true
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

interface Resolved {
  readonly addresses: readonly string[]
  /** Code of getaddrinfo; `ETIMEOUT` when it said nothing in time. */
  readonly reason?: string
}

/** getaddrinfo can't be called off, only no longer waited for. */
async function addressesOf(
  { resolve, clock = systemClock }: LookParts,
  target: string,
  signal: AbortSignal,
): Promise<Resolved> {
  if (isIP(target) !== 0) return { addresses: [target] }
  const over = new AbortController()
  const cancel = clock.after(DNS_LIMIT_MS, () => over.abort())
  const aborted = new Promise<Resolved>((done, reject) => {
    over.signal.addEventListener('abort', () => done({ addresses: [], reason: 'ETIMEOUT' }), { once: true })
    const callOff = () => reject(reasonOf(signal))
    if (signal.aborted) callOff()
    else signal.addEventListener('abort', callOff, { once: true })
  })
  const found = resolve(target).then(
    (addresses): Resolved => ({ addresses }),
    (error: unknown): Resolved => ({
      addresses: [],
      reason: error instanceof Error && 'code' in error ? String(error.code) : 'unknown',
    }),
  )
  try {
    return await Promise.race([found, aborted])
  } finally {
    cancel()
  }
}
