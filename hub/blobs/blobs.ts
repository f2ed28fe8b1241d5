/**
 * Where texts lie: by the sha256 of their content, compressed, then encrypted. A store never holds anything in clear and
 * doing a step twice is harmless. Kinds of stores differ only in where the bytes go; `blobs.contract.ts` tests each alike.
 */
import { createHash } from 'node:crypto'
import { compress, decompress } from '@netraven/protocol/compression.ts'
import { MAX_TEXT_BYTES } from '@netraven/protocol/content.ts'
import { Failure, type FailureWire } from '@netraven/protocol/failure.ts'
import type { Keyring } from '../keyring.ts'

export interface BlobStore {
  /** Which store this is; stands in each row, such as `file:5f1c0a9be2d4`. */
  readonly name: string
  /**
   * Keeps a text for good: when this resolves it survives a power cut.
   * @param hash sha256 of the text, 64 hex digits
   * @returns `dataKey`: the one that it was sealed with; null: directly with the master key
   * @throws Failure STORAGE_FULL, STORAGE_PERMISSION, BACKEND_UNAVAILABLE; CONTENT_HASH_MISMATCH when the text has another hash
   */
  put(hash: string, text: Buffer): Promise<{ storedBytes: number; dataKey: number | null }>
  /**
   * Gives a text back, checked.
   * @throws Failure PATH_MISSING, BLOB_UNREADABLE, CONTENT_HASH_MISMATCH, STORAGE_PERMISSION, BACKEND_UNAVAILABLE
   */
  get(hash: string): Promise<Buffer>
  has(hash: string): Promise<boolean>
  /**
   * Seals a text again under the key that seals now; harmless when it is already.
   * @returns bytes that were written; 0 when none had to be
   * @throws Failure as `get`
   */
  reseal(hash: string): Promise<number>
  /** Removes a text; harmless when it is not there. */
  remove(hash: string): Promise<void>
  status(): Promise<BlobStoreStatus>
}

export interface BlobStoreStatus {
  readonly name: string
  /** For people: a folder, a bucket. */
  readonly location: string
  readonly healthy: boolean
  readonly failure?: FailureWire
  readonly totalBytes?: number
  readonly freeBytes?: number
}

/** sha256 as 64 hex digits. */
export function hashOf(text: Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

/**
 * A text as a store keeps it: zstd, then sealed to its hash.
 * @throws Failure CONTENT_HASH_MISMATCH when the text has another hash
 */
export async function encodeBlob(keyring: Keyring, hash: string, text: Buffer): Promise<Buffer> {
  const actual = hashOf(text)
  if (actual !== hash) throw new Failure('CONTENT_HASH_MISMATCH', { expected: hash, actual })
  const packed = await compress(text)
  return keyring.sealBytes('blobs', packed, hash)
}

/**
 * A stored text under the key that seals now; undefined when it is already.
 * @throws Failure DATA_KEY_UNKNOWN, BLOB_UNREADABLE
 */
export function resealBlob(keyring: Keyring, hash: string, stored: Buffer): Buffer | undefined {
  try {
    return keyring.resealBytes('blobs', stored, hash)
  } catch (cause) {
    if (cause instanceof Failure && cause.code === 'DATA_KEY_UNKNOWN') throw cause
    throw new Failure('BLOB_UNREADABLE', { contentHash: hash }, { cause })
  }
}

/**
 * The text again.
 * @throws Failure DATA_KEY_UNKNOWN; BLOB_UNREADABLE when it was altered or sealed under another key; CONTENT_HASH_MISMATCH when the text inside
 * is not the one of this hash
 */
export async function decodeBlob(keyring: Keyring, hash: string, stored: Buffer): Promise<Buffer> {
  let text: Buffer
  try {
    const packed = keyring.openBytes('blobs', stored, hash)
    text = await decompress(packed, MAX_TEXT_BYTES)
  } catch (cause) {
    // Another hub sealed it a moment ago; this one will know that key in a moment.
    if (cause instanceof Failure && cause.code === 'DATA_KEY_UNKNOWN') throw cause
    throw new Failure('BLOB_UNREADABLE', { contentHash: hash }, { cause })
  }
  const actual = hashOf(text)
  if (actual !== hash) throw new Failure('CONTENT_HASH_MISMATCH', { expected: hash, actual })
  return text
}
