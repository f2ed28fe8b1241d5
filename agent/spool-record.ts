/**
 * One record of the spool as it lies on disk: a 4-byte big-endian length of what follows the nonce, a 12-byte nonce, then
 * AES-256-GCM (NIST SP 800-38D) of the content with the tag at its end.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Length and nonce. */
export const HEAD_BYTES = 4 + NONCE_BYTES

/** @param key 32 bytes */
export function sealRecord(key: Buffer, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, nonce, body])
}

/** @returns undefined when it was altered, cut, or written under another key */
export function unsealRecord(key: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < HEAD_BYTES + TAG_BYTES + 1) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(4, HEAD_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  const plain = decipher.update(sealed.subarray(HEAD_BYTES, sealed.length - TAG_BYTES))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return plain
}
