/**
 * The master key and what is made of it. One 32-byte key per installation; each purpose has a sub-key of its own
 * (HKDF-SHA256, RFC 5869), so that what was sealed for one can't be passed off as another. Sealing is AES-256-GCM
 * (NIST SP 800-38D) with a random 96-bit nonce.
 *
 * ```
 * offset  bytes  field
 *      0      1  version, 1
 *      1     12  nonce
 *     13      n  ciphertext
 *   13+n     16  tag; covers the version, the purpose and what the caller binds it to
 * ```
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { writeOnce } from './durable-file.ts'
import type { Log } from './log.ts'

export const MASTER_KEY_BYTES = 32
const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SEAL_OVERHEAD = 1 + NONCE_BYTES + TAG_BYTES

export type Purpose = 'credentials' | 'blobs' | 'hub-keys' | 'check'

export interface Keyring {
  /** Key of the masked view's digests, base64url; the same for all hubs of this installation. */
  readonly maskKey: string
  /** True when this start made the key: nothing can have been sealed with it before. */
  readonly isNew: boolean
  /**
   * Encrypts.
   * @param boundTo what it belongs to, such as a row's id; opening needs the same
   */
  sealBytes(purpose: Purpose, plain: Uint8Array, boundTo: string): Buffer
  /** @throws Failure MASTER_KEY_WRONG when it was altered, moved, or sealed under another key */
  openBytes(purpose: Purpose, sealed: Uint8Array, boundTo: string): Buffer
  /** Deletes a key file that this start made, when it turns out that the installation has another key. */
  forget(): Promise<void>
}

/** A keyring over a master key at hand. */
export function keyringOf(masterKey: Uint8Array, random: (size: number) => Buffer = randomBytes): Keyring {
  if (masterKey.length !== MASTER_KEY_BYTES) {
    throw new RangeError(`a master key has ${MASTER_KEY_BYTES} bytes, this one ${masterKey.length}`)
  }
  const subKey = (name: string) => Buffer.from(hkdfSync('sha256', masterKey, 'netraven', `netraven 1 ${name}`, 32))
  const keys: Record<Purpose, Buffer> = {
    credentials: subKey('credentials'),
    blobs: subKey('blobs'),
    'hub-keys': subKey('hub-keys'),
    check: subKey('check'),
  }
  return {
    maskKey: subKey('mask').toString('base64url'),
    isNew: false,
    forget: async () => undefined,
    sealBytes(purpose, plain, boundTo) {
      const nonce = random(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', keys[purpose], nonce)
      cipher.setAAD(additional(purpose, boundTo))
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    openBytes(purpose, sealed, boundTo) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
      if (bytes.length < SEAL_OVERHEAD || bytes[0] !== VERSION) throw new Failure('MASTER_KEY_WRONG', { purpose })
      const decipher = createDecipheriv('aes-256-gcm', keys[purpose], bytes.subarray(1, 1 + NONCE_BYTES))
      decipher.setAAD(additional(purpose, boundTo))
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
      try {
        return Buffer.concat([
          decipher.update(bytes.subarray(1 + NONCE_BYTES, bytes.length - TAG_BYTES)),
          decipher.final(),
        ])
      } catch (cause) {
        throw new Failure('MASTER_KEY_WRONG', { purpose }, { cause })
      }
    },
  }
}

export interface KeyringOptions {
  /** From the configuration; when absent, the file in the data directory counts. */
  readonly masterKey: Buffer | undefined
  readonly dataDir: string
  /** Whether the database already belongs to an installation: then no new key is ever made. */
  readonly isInstalled: () => Promise<boolean>
  readonly log: Log
}

/**
 * Finds the master key, or makes it at the first start.
 * @throws Failure MASTER_KEY_MISSING when the installation has a key that is neither configured nor in the data directory;
 * MASTER_KEY_WRONG when the file does not hold a key; DATA_DIR_UNUSABLE when it can't be read or written
 */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  if (options.masterKey) return keyringOf(options.masterKey)
  const file = join(options.dataDir, 'master.key')
  const found = await readKeyFile(file)
  if (found) return keyringOf(found)
  if (await options.isInstalled()) throw new Failure('MASTER_KEY_MISSING', { file })
  const made = randomBytes(MASTER_KEY_BYTES)
  try {
    await mkdir(options.dataDir, { recursive: true })
    const isOurs = await writeOnce(file, `${made.toString('base64')}\n`)
    if (!isOurs) return await openKeyring(options)
  } catch (cause) {
    throw unusable(file, cause)
  }
  options.log.warn({ file }, 'new master key: keep a copy of this file elsewhere, without it backups cannot be read')
  return { ...keyringOf(made), isNew: true, forget: () => rm(file, { force: true }) }
}

/**
 * Reads a master key as people write it: 32 bytes as hex, base64 or base64url, spaces around it ignored.
 * @returns undefined when it is none of these
 */
export function parseMasterKey(text: string): Buffer | undefined {
  const word = text.trim()
  if (/^[0-9a-f]{64}$/i.test(word)) return Buffer.from(word, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(word)) return undefined
  return Buffer.from(word.replaceAll('-', '+').replaceAll('_', '/'), 'base64')
}

async function readKeyFile(file: string): Promise<Buffer | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw unusable(file, cause)
  }
  const key = parseMasterKey(text)
  if (!key) throw new Failure('MASTER_KEY_WRONG', { file, expected: '32 bytes as base64 or hex' })
  return key
}

function unusable(file: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  return new Failure('DATA_DIR_UNUSABLE', { path: file, ...(code && { errno: code }) }, { cause })
}

function additional(purpose: Purpose, boundTo: string): Buffer {
  return Buffer.from(`netraven ${VERSION} ${purpose}\n${boundTo}`)
}
