/**
 * Sealed boxes carry device credentials from the hub to the one agent that needs them (X25519, XSalsa20, Poly1305;
 * NaCl's `crypto_box`). The hub makes a key pair for each batch and forgets it, so that nothing recorded on the way can
 * be opened later with a stolen hub key; the costly curve step is done once a batch, each box then takes microseconds.
 *
 * A box is a 2-byte number, big-endian, and NaCl's box (16-byte tag, ciphertext) of a packed JSON text (packing.ts). The
 * number, after 22 zeros, is the nonce: it counts the boxes of the batch, and no other batch has this key. The plaintext is
 * never compressed: its size would tell whether two secrets are alike.
 */
import { isUtf8 } from 'node:buffer'
import nacl from 'tweetnacl'
import { abbreviate, expand } from './dictionary.ts'
import { Failure } from './failure.ts'
import { frame, pack, unframe, unpack } from './packing.ts'

const COUNT_BYTES = 2
const MAX_BOXES = 0xffff

/** What any secret key agrees on with a public key of small order: HSalsa20 of zeros. */
const SHARED_BY_ALL = 'NR-G-qO5iEaKhQEitlsKzs6cSCaAau7mPenA2ivX-R4'

export interface BoxKeys {
  /** 32 bytes, base64url. */
  readonly publicKey: string
  /** 32 bytes, base64url. Secret. */
  readonly secretKey: string
}

/** Makes an X25519 key pair. */
export function newBoxKeys(): BoxKeys {
  const pair = nacl.box.keyPair()
  return { publicKey: encode(pair.publicKey), secretKey: encode(pair.secretKey) }
}

export interface Sealer {
  /** Goes with the boxes: the ephemeral public key that opens them. */
  readonly publicKey: string
  /** @returns count and box, base64url. @throws RangeError after 65,535 boxes, or when the value is not JSON */
  seal(value: unknown): string
}

/**
 * A sealer for one batch of boxes to one agent.
 * @param agentPublicKey the agent's X25519 public key, 32 bytes in base64url
 * @throws RangeError when that is no key, or one that anybody could open (a point of small order, RFC 7748 section 6.1)
 */
export function sealTo(agentPublicKey: string): Sealer {
  const theirs = decode(agentPublicKey)
  if (theirs?.length !== nacl.box.publicKeyLength) throw new RangeError('an X25519 public key has 32 bytes')
  const ours = nacl.box.keyPair()
  const shared = nacl.box.before(theirs, ours.secretKey)
  ours.secretKey.fill(0)
  if (encode(shared) === SHARED_BY_ALL) throw new RangeError('this X25519 public key is of small order')
  let count = 0
  return {
    publicKey: encode(ours.publicKey),
    seal(value) {
      const json: string | undefined = JSON.stringify(value)
      if (json === undefined) throw new RangeError('a sealed value must be JSON')
      if (count >= MAX_BOXES) throw new RangeError('a batch has at most 65535 boxes')
      count += 1
      const { tokens, text } = pack(json)
      const plain = frame(tokens, Buffer.from(abbreviate(text)))
      const box = nacl.box.after(plain, nonce(count), shared)
      plain.fill(0)
      return Buffer.concat([Uint8Array.of(count >> 8, count & 0xff), box]).toString('base64url')
    },
  }
}

/**
 * An opener for the boxes of one batch. Keys that are none make an opener that opens nothing.
 * @throws Failure SEALED_BOX_INVALID from `open`, and nothing else: a box was altered or is for another key
 */
export function openFrom(senderPublicKey: string, secretKey: string): { open(box: string): unknown } {
  const shared = agree(decode(senderPublicKey), decode(secretKey))
  return {
    open(box) {
      const bytes = decode(box)
      if (!shared || !bytes || bytes.length < COUNT_BYTES) throw new Failure('SEALED_BOX_INVALID')
      const [high = 0, low = 0] = bytes
      const plain = nacl.box.open.after(bytes.subarray(COUNT_BYTES), nonce(high * 256 + low), shared)
      if (!plain) throw new Failure('SEALED_BOX_INVALID')
      try {
        return read(plain)
      } catch {
        // The cause would quote the plaintext.
        throw new Failure('SEALED_BOX_INVALID')
      } finally {
        plain.fill(0)
      }
    },
  }
}

function read(plain: Uint8Array): unknown {
  const { tokens, rest } = unframe(plain)
  if (!isUtf8(rest)) throw new RangeError('not UTF-8')
  return JSON.parse(unpack({ tokens, text: expand(Buffer.from(rest.buffer, rest.byteOffset, rest.length).toString()) }))
}

function agree(sender: Uint8Array | undefined, secret: Uint8Array | undefined): Uint8Array | undefined {
  if (sender?.length !== nacl.box.publicKeyLength || secret?.length !== nacl.box.secretKeyLength) return undefined
  const shared = nacl.box.before(sender, secret)
  secret.fill(0)
  return shared
}

function nonce(count: number): Uint8Array {
  const bytes = new Uint8Array(nacl.box.nonceLength)
  bytes[bytes.length - 2] = count >> 8
  bytes[bytes.length - 1] = count & 0xff
  return bytes
}

const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/** Exactly what `encode` writes; Buffer alone skips characters that are none of base64url. */
function decode(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
  return encode(bytes) === text ? bytes : undefined
}
