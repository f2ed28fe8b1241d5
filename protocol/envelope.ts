/**
 * Every message between hub and agent travels in an envelope. The signature covers the bytes on the wire, so the
 * receiver verifies first and parses second; nothing of an unverified body is ever looked at.
 *
 * ```
 * offset  bytes  field
 *      0      1  protocol version
 *      1      8  id of the signing key
 *      9     16  receiver: the agent's or the hub's uuid
 *     25     16  session: the receiver's challenge on this connection, never zeros
 *     41      4  sequence: rises with every envelope of a session
 *     45      4  in reply to: the question's sequence, 0 in a question
 *     49      6  issued at, ms since 1970 by the sender's clock
 *     55      4  lifetime in ms
 *     59      1  length S of the subject
 *     60      S  subject, such as `claim?` (question) or `claim!` (answer)
 *   60+S      4  length J of the body
 *   64+S      J  body, as body.ts writes it
 * 64+S+J      …  bytes that come along (compressed text)
 * last 64        Ed25519 signature over a context line and everything before it
 * ```
 * All numbers are unsigned big-endian. The session ties an envelope to one connection, the sequence to one place in
 * it: what is recorded and played again, on this connection or on another, is refused.
 */
import { decodeBody, encodeBody } from './body.ts'
import { Failure } from './failure.ts'
import type { SigningKey, VerifyKey } from './keys.ts'
import { KEY_ID_BYTES } from './keys.ts'
import { OLDEST_SERVED_VERSION, PROTOCOL_VERSION } from './version.ts'

const FIXED_BYTES = 60
const SIGNATURE_BYTES = 64
const CONTEXT = Buffer.from('netraven envelope\n')

/** How far clocks may differ before an envelope counts as early or late, ms. */
export const CLOCK_LEEWAY_MS = 60_000

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const SESSION = /^(?!0{32})[0-9a-f]{32}$/
const SUBJECT = /^[\x21-\x7e]{1,255}$/

export interface Seal {
  readonly key: SigningKey
  /** uuid of the receiver, lower case. */
  readonly to: string
  /** 32 hex digits, lower case, not all zero. */
  readonly session: string
  /** 1 … 2^32-1. */
  readonly sequence: number
  /** Sequence of the question that this answers; 0 in a question. */
  readonly inReplyTo: number
  /** 1 … 255 characters of visible ASCII. */
  readonly subject: string
  readonly issuedAtMs: number
  /** 0 … 2^32-1. */
  readonly lifetimeMs: number
  /** JSON. */
  readonly value: unknown
  readonly bytes?: Uint8Array
}

export interface Opened {
  readonly keyId: string
  readonly session: string
  readonly sequence: number
  readonly inReplyTo: number
  readonly subject: string
  readonly issuedAtMs: number
  readonly lifetimeMs: number
  readonly value: unknown
  readonly bytes: Uint8Array
}

export interface Expectation {
  /** Finds a trusted key by its id; at rotation two are live. */
  readonly keys: (keyId: string) => VerifyKey | undefined
  /** uuid of whoever opens. */
  readonly me: string
  readonly session: string
  readonly subject: string
  readonly nowMs: number
  /** In an answer: the question's sequence. */
  readonly inReplyTo?: number
  /** Set for the first message of a connection, whose clocks have not met; the session alone keeps it fresh. */
  readonly ignoreClock?: boolean
}

/**
 * Signs a message.
 * @throws RangeError when a field does not fit its place; nothing is ever cut to fit
 */
export function seal(message: Seal): Buffer {
  const { key, to, session, subject, bytes = new Uint8Array(0) } = message
  if (!UUID.test(to)) throw new RangeError('the receiver must be a uuid')
  if (!SESSION.test(session)) throw new RangeError('the session must be 32 hex digits, not all zero')
  if (!SUBJECT.test(subject)) throw new RangeError('the subject must be 1 to 255 characters of visible ASCII')
  const body = encodeBody(message.value)
  const subjectEnd = FIXED_BYTES + subject.length
  const unsigned = Buffer.alloc(subjectEnd + 4 + body.length + bytes.length)
  unsigned[0] = PROTOCOL_VERSION
  unsigned.write(key.id, 1, KEY_ID_BYTES, 'hex')
  unsigned.write(to.replaceAll('-', ''), 9, 16, 'hex')
  unsigned.write(session, 25, 16, 'hex')
  unsigned.writeUInt32BE(whole(message.sequence), 41)
  unsigned.writeUInt32BE(whole(message.inReplyTo), 45)
  unsigned.writeUIntBE(whole(message.issuedAtMs), 49, 6)
  unsigned.writeUInt32BE(whole(message.lifetimeMs), 55)
  unsigned[59] = subject.length
  unsigned.write(subject, FIXED_BYTES, 'latin1')
  unsigned.writeUInt32BE(body.length, subjectEnd)
  body.copy(unsigned, subjectEnd + 4)
  unsigned.set(bytes, subjectEnd + 4 + body.length)
  const signature = key.sign(Buffer.concat([CONTEXT, unsigned]))
  return Buffer.concat([unsigned, signature])
}

/** Buffer refuses what is too large; fractions and NaN it would cut. */
function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError('a number in an envelope must be whole')
  return value
}

/**
 * Verifies an envelope, then parses it.
 * @param envelope as it arrived; anything but bytes is malformed
 * @throws Failure ENVELOPE_MALFORMED, _VERSION, _UNKNOWN_KEY, _BAD_SIGNATURE, _FOREIGN, _SUBJECT, _REPLAYED, _EARLY or
 * _EXPIRED, in this order of examination, and at last ENVELOPE_MALFORMED for a body; never anything else
 */
export function open(envelope: Uint8Array, expected: Expectation): Opened {
  if (!(envelope instanceof Uint8Array)) throw new Failure('ENVELOPE_MALFORMED', { kind: typeof envelope })
  const all = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength)
  if (all.length < FIXED_BYTES + 4 + SIGNATURE_BYTES) throw new Failure('ENVELOPE_MALFORMED', { bytes: all.length })
  const version = all[0] ?? 0
  if (version < OLDEST_SERVED_VERSION || version > PROTOCOL_VERSION) {
    throw new Failure('ENVELOPE_VERSION', { version, oldest: OLDEST_SERVED_VERSION, newest: PROTOCOL_VERSION })
  }
  const keyId = all.toString('hex', 1, 1 + KEY_ID_BYTES)
  const key = expected.keys(keyId)
  if (!key) throw new Failure('ENVELOPE_UNKNOWN_KEY', { keyId })
  const unsigned = all.subarray(0, all.length - SIGNATURE_BYTES)
  if (!key.verify(Buffer.concat([CONTEXT, unsigned]), all.subarray(all.length - SIGNATURE_BYTES))) {
    throw new Failure('ENVELOPE_BAD_SIGNATURE', { keyId })
  }

  const subjectEnd = FIXED_BYTES + (all[59] ?? 0)
  if (unsigned.length < subjectEnd + 4) throw new Failure('ENVELOPE_MALFORMED', { bytes: all.length })
  const bodyEnd = subjectEnd + 4 + unsigned.readUInt32BE(subjectEnd)
  if (unsigned.length < bodyEnd) throw new Failure('ENVELOPE_MALFORMED', { bytes: all.length })
  const head = {
    keyId,
    session: all.toString('hex', 25, 41),
    sequence: all.readUInt32BE(41),
    inReplyTo: all.readUInt32BE(45),
    issuedAtMs: all.readUIntBE(49, 6),
    lifetimeMs: all.readUInt32BE(55),
    subject: all.toString('latin1', FIXED_BYTES, subjectEnd),
  }
  if (all.toString('hex', 9, 25) !== expected.me.replaceAll('-', '')) throw new Failure('ENVELOPE_FOREIGN')
  if (head.subject !== expected.subject) {
    throw new Failure('ENVELOPE_SUBJECT', { subject: head.subject, expected: expected.subject })
  }
  if (head.session !== expected.session) throw new Failure('ENVELOPE_REPLAYED', { from: 'another connection' })
  if (head.inReplyTo !== (expected.inReplyTo ?? 0)) throw new Failure('ENVELOPE_REPLAYED', { from: 'another question' })
  if (!expected.ignoreClock) {
    const aheadMs = head.issuedAtMs - expected.nowMs
    // Written so that a clock that is not a number refuses.
    if (!(aheadMs <= CLOCK_LEEWAY_MS)) throw new Failure('ENVELOPE_EARLY', { aheadMs })
    const lateMs = expected.nowMs - head.issuedAtMs - head.lifetimeMs
    if (!(lateMs <= CLOCK_LEEWAY_MS)) throw new Failure('ENVELOPE_EXPIRED', { lateMs })
  }
  const value = decodeBody(unsigned.subarray(subjectEnd + 4, bodyEnd))
  return { ...head, value, bytes: unsigned.subarray(bodyEnd) }
}
