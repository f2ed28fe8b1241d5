/**
 * Sealed boxes carry device credentials from the hub to the one agent that needs them (X25519, XSalsa20, Poly1305;
 * NaCl's `crypto_box`). The hub makes a key pair for each batch and forgets it, so that nothing recorded on the way can
 * be opened later with a stolen hub key; the costly curve step is done once a batch, each box then takes microseconds.
 */
import nacl from 'tweetnacl'
import { Failure } from './failure.ts'

/** 24-byte nonce, then the box with its 16-byte tag. */
const NONCE_BYTES = nacl.box.nonceLength

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
  /** @returns nonce and box, base64url */
  seal(value: unknown): string
}

/**
 * A sealer for one batch of boxes to one agent.
 * @param agentPublicKey the agent's X25519 public key, base64url
 */
export function sealTo(agentPublicKey: string): Sealer {
  const ours = nacl.box.keyPair()
  const shared = nacl.box.before(decode(agentPublicKey), ours.secretKey)
  ours.secretKey.fill(0)
  return {
    publicKey: encode(ours.publicKey),
    seal(value) {
      const nonce = nacl.randomBytes(NONCE_BYTES)
      const plain = Buffer.from(JSON.stringify(value))
      const box = nacl.box.after(plain, nonce, shared)
      plain.fill(0)
      return Buffer.concat([nonce, box]).toString('base64url')
    },
  }
}

/**
 * An opener for the boxes of one batch.
 * @throws Failure SEALED_BOX_INVALID from `open` when a box was altered or is for another key
 */
export function openFrom(senderPublicKey: string, secretKey: string): { open(box: string): unknown } {
  const sender = decode(senderPublicKey)
  const secret = decode(secretKey)
  const fits = sender.length === nacl.box.publicKeyLength && secret.length === nacl.box.secretKeyLength
  const shared = fits ? nacl.box.before(sender, secret) : undefined
  return {
    open(box) {
      const bytes = decode(box)
      const plain =
        shared && bytes.length >= NONCE_BYTES + nacl.box.overheadLength
          ? nacl.box.open.after(bytes.subarray(NONCE_BYTES), bytes.subarray(0, NONCE_BYTES), shared)
          : null
      if (!plain) throw new Failure('SEALED_BOX_INVALID')
      const text = Buffer.from(plain).toString()
      plain.fill(0)
      return JSON.parse(text)
    },
  }
}

const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const decode = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
