/**
 * One connection's bookkeeping on either side: numbers what goes out, and refuses what came before or out of order.
 */

import { MESSAGE_LIFETIME_MS } from './calls.ts'
import { type Opened, open, seal } from './envelope.ts'
import { Failure } from './failure.ts'
import type { SigningKey, VerifyKey } from './keys.ts'

const MAX_SEQUENCE = 0xffff_ffff

export interface SessionParts {
  readonly me: string
  readonly peer: string
  /** Signs what we send; a function when it may change while the connection lasts. */
  readonly key: SigningKey | (() => SigningKey)
  /** Challenge of the peer: session of what we send. A hub learns it from the agent's hello. */
  readonly theirChallenge: () => string
  /** Our own challenge: session of what we accept. */
  readonly ourChallenge: string
  readonly keys: (keyId: string) => VerifyKey | undefined
  /** Clock in ms, corrected to the peer's where known. */
  readonly nowMs: () => number
  /** After so many messages the connection is used up. Default: all that a sequence can count. */
  readonly maxSequence?: number
}

export interface Sealing {
  readonly subject: string
  readonly value: unknown
  readonly bytes?: Uint8Array
  readonly inReplyTo?: number
}

export class Session {
  readonly #parts: SessionParts
  #sent = 0
  #seen = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  /**
   * Seals the next message.
   * @returns its bytes, and its sequence, which its answer must name
   * @throws Failure LINK_DOWN when the connection is used up; RangeError as envelope.ts's `seal`, also before the peer's
   * challenge is known
   */
  seal(message: Sealing): { envelope: Buffer; sequence: number } {
    const { key, peer, theirChallenge, nowMs, maxSequence = MAX_SEQUENCE } = this.#parts
    if (this.#sent >= maxSequence) throw new Failure('LINK_DOWN', { reason: 'the connection is used up' })
    const sequence = ++this.#sent
    const envelope = seal({
      key: typeof key === 'function' ? key() : key,
      to: peer,
      session: theirChallenge(),
      sequence,
      inReplyTo: message.inReplyTo ?? 0,
      subject: message.subject,
      issuedAtMs: Math.round(nowMs()),
      lifetimeMs: MESSAGE_LIFETIME_MS,
      value: message.value,
      ...(message.bytes ? { bytes: message.bytes } : {}),
    })
    return { envelope, sequence }
  }

  /**
   * Opens the next message; each is accepted once, and none after a later one. What is refused leaves no trace.
   * @throws Failure as envelope.ts's `open`, also ENVELOPE_REPLAYED for a sequence that is not new
   */
  open(envelope: Uint8Array, expected: { subject: string; inReplyTo?: number; ignoreClock?: boolean }): Opened {
    const { keys, me, ourChallenge, nowMs } = this.#parts
    const opened = open(envelope, { ...expected, keys, me, session: ourChallenge, nowMs: nowMs() })
    if (opened.sequence <= this.#seen) throw new Failure('ENVELOPE_REPLAYED', { sequence: opened.sequence })
    this.#seen = opened.sequence
    return opened
  }
}
