/**
 * Every message between hub and agent travels in an envelope. The signature covers the bytes on the wire, so the
 * receiver verifies first and parses second; nothing of an unverified body is ever looked at.
 *
 * ```
 * offset  bytes  field
 *      0      1  protocol version
 *      1      8  id of the signing key
 *      9     16  receiver: the agent's or the hub's uuid
 *     25     16  session: the receiver's challenge on this connection, or zeros outside a connection
 *     41      4  sequence: rises with every envelope of a session
 *     45      4  in reply to: the question's sequence, 0 in a question
 *     49      6  issued at, ms since 1970 by the sender's clock
 *     55      4  lifetime in ms
 *     59      1  length S of the subject
 *     60      S  subject, such as `claim?` (question) or `claim!` (answer)
 *   60+S      4  length J of the JSON part as deflated
 *   64+S      J  JSON, raw deflate with the protocol's dictionary
 * 64+S+J      …  bytes that come along (compressed text)
 * last 64        Ed25519 signature over a context line and everything before it
 * ```
 * All numbers are unsigned big-endian. The session ties an envelope to one connection, the sequence to one place in
 * it: what is recorded and played again, on this connection or on another, is refused.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { bodyDictionary } from './dictionary.ts'
import { Failure } from './failure.ts'
import type { SigningKey, VerifyKey } from './keys.ts'
import { KEY_ID_BYTES } from './keys.ts'
import { OLDEST_SERVED_VERSION, PROTOCOL_VERSION } from './version.ts'

const FIXED_BYTES = 60
const SIGNATURE_BYTES = 64
const CONTEXT = Buffer.from('netraven envelope\n')

/** No JSON part may inflate beyond this, so a small message can't fill the memory. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024

/** How far clocks may differ before an envelope counts as early or late, ms. */
export const CLOCK_LEEWAY_MS = 60_000

/** Session of an envelope that is not bound to a connection. */
export const NO_SESSION = '00000000000000000000000000000000'

export interface Seal {
  readonly key: SigningKey
  /** uuid of the receiver. */
  readonly to: string
  /** 32 hex digits. */
  readonly session: string
  /** 1 … 2^32-1. */
  readonly sequence: number
  /** Sequence of the question that this answers; 0 in a question. */
  readonly inReplyTo: number
  readonly subject: string
  readonly issuedAtMs: number
  readonly lifetimeMs: number
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

/** Signs a message. */
export function seal(message: Seal): Buffer {
  const subject = Buffer.from(message.subject, 'latin1')
  const body = deflateRawSync(JSON.stringify(message.value), { dictionary: bodyDictionary, level: 6 })
  const bytes = message.bytes ?? new Uint8Array(0)
  const unsigned = Buffer.allocUnsafe(FIXED_BYTES + subject.length + 4 + body.length + bytes.length)
  unsigned[0] = PROTOCOL_VERSION
  unsigned.write(message.key.id, 1, KEY_ID_BYTES, 'hex')
  unsigned.write(message.to.replaceAll('-', ''), 9, 16, 'hex')
  unsigned.write(message.session, 25, 16, 'hex')
  unsigned.writeUInt32BE(message.sequence, 41)
  unsigned.writeUInt32BE(message.inReplyTo, 45)
  unsigned.writeUIntBE(message.issuedAtMs, 49, 6)
  unsigned.writeUInt32BE(message.lifetimeMs, 55)
  unsigned[59] = subject.length
  subject.copy(unsigned, FIXED_BYTES)
  unsigned.writeUInt32BE(body.length, FIXED_BYTES + subject.length)
  body.copy(unsigned, FIXED_BYTES + subject.length + 4)
  unsigned.set(bytes, FIXED_BYTES + subject.length + 4 + body.length)
  const signature = message.key.sign(Buffer.concat([CONTEXT, unsigned]))
  return Buffer.concat([unsigned, signature])
}

/**
 * Verifies an envelope, then parses it.
 * @throws Failure ENVELOPE_MALFORMED, _VERSION, _UNKNOWN_KEY, _BAD_SIGNATURE, _FOREIGN, _SUBJECT, _REPLAYED, _EARLY or
 * _EXPIRED, in this order of examination; never anything else, whatever the bytes
 */
export function open(envelope: Uint8Array, expected: Expectation): Opened {
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
    if (aheadMs > CLOCK_LEEWAY_MS) throw new Failure('ENVELOPE_EARLY', { aheadMs })
    const lateMs = expected.nowMs - head.issuedAtMs - head.lifetimeMs
    if (lateMs > CLOCK_LEEWAY_MS) throw new Failure('ENVELOPE_EXPIRED', { lateMs })
  }
  const value = parse(unsigned.subarray(subjectEnd + 4, bodyEnd))
  return { ...head, value, bytes: unsigned.subarray(bodyEnd) }
}

function parse(deflated: Uint8Array): unknown {
  try {
    const json = inflateRawSync(deflated, {
      dictionary: bodyDictionary,
      maxOutputLength: MAX_BODY_BYTES,
      finishFlush: constants.Z_FINISH,
    })
    return JSON.parse(json.toString())
  } catch (cause) {
    throw new Failure('ENVELOPE_MALFORMED', { part: 'body' }, { cause })
  }
}
