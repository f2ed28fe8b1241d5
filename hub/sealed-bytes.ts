/**
 * Sealed bytes: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce, under a sub-key of its own for each purpose (HKDF-SHA256,
 * RFC 5869), so that what was sealed for one can't be passed off as another.
 *
 * ```
 * version 1, directly under the master key     version 2, under a data key
 * offset  bytes  field                         offset  bytes  field
 *      0      1  version, 1                         0      1  version, 2
 *                                                   1      4  id of the data key, big-endian
 *      1     12  nonce                              5     12  nonce
 *     13      n  ciphertext                        17      n  ciphertext
 *   13+n     16  tag                             17+n     16  tag
 * ```
 *
 * The tag covers the version, the id of the data key, the purpose and what the caller binds it to.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

export const purposes = [
  'credentials',
  'blobs',
  'hub-keys',
  'token-keys',
  'second-factors',
  'answers',
  'data-keys',
  'check',
] as const
export type Purpose = (typeof purposes)[number]

/** A key with its sub-keys. */
export interface SealKey {
  /** What sealed bytes under it begin with. */
  readonly head: Buffer
  readonly subKey: (name: string) => Buffer
}

/** @param dataKeyId absent: a master key */
export function sealKey(key: Uint8Array, dataKeyId?: number): SealKey {
  const subKeys = new Map<string, Buffer>()
  return {
    head: dataKeyId === undefined ? Buffer.of(1) : headOf(dataKeyId),
    subKey(name) {
      const known = subKeys.get(name)
      if (known) return known
      const made = Buffer.from(hkdfSync('sha256', key, 'netraven', `netraven 1 ${name}`, 32))
      subKeys.set(name, made)
      return made
    },
  }
}

/** What begins bytes that are sealed under a data key. */
export function headOf(dataKeyId: number): Buffer {
  const head = Buffer.alloc(5)
  head[0] = 2
  head.writeUInt32BE(dataKeyId, 1)
  return head
}

/** @returns id of the data key; 0: directly under a master key; undefined: these are no sealed bytes */
export function dataKeyOf(sealed: Uint8Array): number | undefined {
  if (sealed[0] === 1 && sealed.length >= 1 + NONCE_BYTES + TAG_BYTES) return 0
  if (sealed[0] !== 2 || sealed.length < 5 + NONCE_BYTES + TAG_BYTES) return undefined
  return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).readUInt32BE(1)
}

/** Names a master key without telling anything about it: 16 hex digits. */
export function fingerprintOf(masterKey: Uint8Array): string {
  const named = sealKey(masterKey).subKey('fingerprint')
  return createHash('sha256').update(named).digest('hex').slice(0, 16)
}

export function seal(
  key: SealKey,
  purpose: Purpose,
  plain: Uint8Array,
  boundTo: string,
  random: (size: number) => Buffer = randomBytes,
): Buffer {
  const nonce = random(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key.subKey(purpose), nonce)
  cipher.setAAD(additional(key, purpose, boundTo))
  return Buffer.concat([key.head, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @throws Error of node:crypto when it was altered, moved or is under another key */
export function open(key: SealKey, purpose: Purpose, sealed: Uint8Array, boundTo: string): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).subarray(key.head.length)
  const decipher = createDecipheriv('aes-256-gcm', key.subKey(purpose), bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(additional(key, purpose, boundTo))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  const inner = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)
  return Buffer.concat([decipher.update(inner), decipher.final()])
}

function additional({ head }: SealKey, purpose: Purpose, boundTo: string): Buffer {
  const version = head.length === 1 ? '1' : `2 ${head.readUInt32BE(1)}`
  return Buffer.from(`netraven ${version} ${purpose}\n${boundTo}`)
}
