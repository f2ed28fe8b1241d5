/**
 * The keys over everything secret that is stored. One 32-byte master key for each installation, two while it is being exchanged. Until
 * the first rotation it seals directly; from then on data keys do, which lie in the database wrapped under the master key. How sealed
 * bytes look is said in `sealed-bytes.ts`.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { writeOnce } from './durable-file.ts'
import type { Log } from './log.ts'
import { dataKeyOf, fingerprintOf, open, type Purpose, type SealKey, seal, sealKey } from './sealed-bytes.ts'

export const MASTER_KEY_BYTES = 32

export interface DataKey {
  readonly id: number
  readonly purpose: 'seal' | 'mask'
  readonly isCurrent: boolean
  /** 32 bytes. */
  readonly key: Buffer
}

export interface Keyring {
  /** Key of the masked view's digests, base64url; the same for all hubs of this installation, whatever rotates. */
  readonly maskKey: string
  /** True when this start made the key: nothing can have been sealed with it before. */
  readonly isNew: boolean
  /** Fingerprints of the master keys at hand: the one that counts, then the one before. */
  readonly masters: readonly string[]
  /** Data keys at hand. */
  readonly dataKeys: readonly number[]
  /** Data key that seals; 0: the master key itself. */
  readonly sealsWith: number
  /**
   * Encrypts.
   * @param boundTo what it belongs to, such as a row's id; opening needs the same
   */
  sealBytes(purpose: Purpose, plain: Uint8Array, boundTo: string): Buffer
  /**
   * @throws Failure MASTER_KEY_WRONG when it was altered, moved, or sealed under another key; DATA_KEY_UNKNOWN when it is under a data
   * key that this hub has not read yet
   */
  openBytes(purpose: Purpose, sealed: Uint8Array, boundTo: string): Buffer
  /** The same under the key that seals now; undefined when it is already. @throws as `openBytes` */
  resealBytes(purpose: Purpose, sealed: Uint8Array, boundTo: string): Buffer | undefined
  /** From now on these are the data keys. */
  take(keys: readonly DataKey[]): void
  /** Called when something is under a data key that is not known. */
  whenUnknown(look: () => void): void
  /** A data key, wrapped under each master key at hand. */
  wrapsOf(dataKeyId: number, key: Uint8Array): { master: string; sealed: Buffer }[]
  /** @returns undefined when it is under a master key that is not at hand. @throws Failure MASTER_KEY_WRONG when it was altered */
  unwrap(dataKeyId: number, master: string, sealed: Uint8Array): Buffer | undefined
  /** Master keys and data keys, for a backup of the keys and nothing else. */
  secrets(): { masters: readonly Uint8Array[]; dataKeys: readonly DataKey[] }
  /** Deletes a key file that this start made, when it turns out that the installation has another key. */
  forget(): Promise<void>
}

/**
 * A keyring over master keys at hand.
 * @param given one key, or the one that counts and the one before
 */
export function keyringOf(
  given: Uint8Array | readonly Uint8Array[],
  random: (size: number) => Buffer = randomBytes,
  made: Partial<Pick<Keyring, 'isNew' | 'forget'>> = {},
): Keyring {
  const secrets = given instanceof Uint8Array ? [given] : given
  for (const { length } of secrets) {
    if (length !== MASTER_KEY_BYTES)
      throw new RangeError(`a master key has ${MASTER_KEY_BYTES} bytes, this one ${length}`)
  }
  const masters = secrets.map((secret) => ({ fingerprint: fingerprintOf(secret), key: sealKey(secret) }))
  // While there are two and no data key, other hubs may have the older one alone.
  const founding = masters.at(-1)
  if (!founding) throw new RangeError('no master key')
  let dataKeys: readonly DataKey[] = []
  let sealKeys: ReadonlyMap<number, SealKey> = new Map()
  let current: DataKey | undefined
  let look: () => void = () => undefined

  const opened = (candidates: readonly SealKey[], purpose: Purpose, sealed: Uint8Array, boundTo: string): Buffer => {
    let cause: unknown
    for (const key of candidates) {
      try {
        return open(key, purpose, sealed, boundTo)
      } catch (error) {
        cause = error
      }
    }
    throw new Failure('MASTER_KEY_WRONG', { purpose }, { cause })
  }
  const keyring: Keyring = {
    isNew: made.isNew ?? false,
    forget: made.forget ?? (async () => undefined),
    masters: masters.map(({ fingerprint }) => fingerprint),
    get maskKey() {
      const kept = dataKeys.find(({ purpose }) => purpose === 'mask')
      return (kept?.key ?? founding.key.subKey('mask')).toString('base64url')
    },
    get dataKeys() {
      return dataKeys.map(({ id }) => id)
    },
    get sealsWith() {
      return current?.id ?? 0
    },
    sealBytes(purpose, plain, boundTo) {
      return seal((current && sealKeys.get(current.id)) ?? founding.key, purpose, plain, boundTo, random)
    },
    openBytes(purpose, sealed, boundTo) {
      const id = dataKeyOf(sealed)
      if (id === undefined) throw new Failure('MASTER_KEY_WRONG', { purpose })
      if (id === 0)
        return opened(
          masters.map(({ key }) => key),
          purpose,
          sealed,
          boundTo,
        )
      const key = sealKeys.get(id)
      if (key) return opened([key], purpose, sealed, boundTo)
      look()
      throw new Failure('DATA_KEY_UNKNOWN', { dataKey: id, purpose })
    },
    resealBytes(purpose, sealed, boundTo) {
      if (dataKeyOf(sealed) === keyring.sealsWith) return undefined
      return keyring.sealBytes(purpose, keyring.openBytes(purpose, sealed, boundTo), boundTo)
    },
    take(keys) {
      dataKeys = keys
      sealKeys = new Map(
        keys.filter(({ purpose }) => purpose === 'seal').map((one) => [one.id, sealKey(one.key, one.id)]),
      )
      current = keys.find(({ purpose, isCurrent }) => purpose === 'seal' && isCurrent)
    },
    whenUnknown(next) {
      look = next
    },
    wrapsOf: (id, plain) =>
      masters.map(({ fingerprint, key }) => ({
        master: fingerprint,
        sealed: seal(key, 'data-keys', plain, `data key ${id}`, random),
      })),
    unwrap(id, master, sealed) {
      const held = masters.find(({ fingerprint }) => fingerprint === master)
      return held && opened([held.key], 'data-keys', sealed, `data key ${id}`)
    },
    secrets: () => ({ masters: secrets, dataKeys }),
  }
  return keyring
}

export interface KeyringOptions {
  /** From the configuration; when absent, the file in the data directory counts. */
  readonly masterKey: Buffer | undefined
  /** The one before, while it is being exchanged. */
  readonly previousMasterKey?: Buffer | undefined
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
  const { masterKey, previousMasterKey: previous } = options
  if (masterKey) return keyringOf(previous ? distinct([masterKey, previous]) : masterKey)
  const file = masterKeyFile(options.dataDir)
  const found = await readMasterKeys(file)
  if (found) return keyringOf(previous ? distinct([...found, previous]) : found)
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
  return keyringOf(made, randomBytes, { isNew: true, forget: () => rm(file, { force: true }) })
}

/** Where the master key stands when it is not configured: one line, or two, the one that counts first. */
export function masterKeyFile(dataDir: string): string {
  return join(dataDir, 'master.key')
}

function distinct(keys: readonly Buffer[]): Buffer[] {
  return keys.filter((key, index) => keys.findIndex((other) => other.equals(key)) === index)
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

/**
 * Reads a file of master keys.
 * @returns undefined when there is none
 * @throws Failure MASTER_KEY_WRONG, DATA_DIR_UNUSABLE
 */
export async function readMasterKeys(file: string): Promise<Buffer[] | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw unusable(file, cause)
  }
  const keys = text.trim().split('\n').map(parseMasterKey)
  const found = keys.filter((key) => key !== undefined)
  if (found.length < keys.length || found.length > 2) {
    throw new Failure('MASTER_KEY_WRONG', {
      file,
      expected: '32 bytes as base64 or hex, one key or two, each on its own line',
    })
  }
  return distinct(found)
}

function unusable(file: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  return new Failure('DATA_DIR_UNUSABLE', { path: file, ...(code && { errno: code }) }, { cause })
}
