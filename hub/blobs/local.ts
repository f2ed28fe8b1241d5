/**
 * Texts in a folder: `<root>/sha256/ab/cd/<hash>`. A text is written to a temp file, fsynced, renamed, and the folder is
 * fsynced; so what has a name is whole. A crash leaves at most files ending in `.part`, swept at the next start.
 */
import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, readdir, readFile, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, type FailureCode } from '@netraven/protocol/failure.ts'
import { syncFolder, TEMP_ENDING, writeDurably, writeOnce } from '../durable-file.ts'
import type { Keyring } from '../keyring.ts'
import type { Log } from '../log.ts'
import { dataKeyOf } from '../sealed-bytes.ts'
import { type BlobStore, decodeBlob, encodeBlob, resealBlob } from './blobs.ts'
import { groupedSync } from './grouped-sync.ts'

export interface LocalBlobOptions {
  /** Absolute folder; made when absent, its parent's parents too. */
  readonly folder: string
  readonly keyring: Keyring
  readonly log: Log
  readonly nowMs?: () => number
}

/** A temp file that is older than this belongs to nobody any more; other hubs may be writing younger ones, ms. */
const STALE_AFTER_MS = 60 * 60 * 1000

/** Read by the owner and its group; nobody writes to a text once it has its name. */
const FILE_MODE = 0o440

/**
 * Opens a folder as a store and sweeps what crashes left in it.
 * @throws Failure STORAGE_PERMISSION, STORAGE_FULL, PATH_MISSING, BACKEND_UNAVAILABLE
 */
export async function openLocalBlobs({ folder, keyring, log, nowMs = Date.now }: LocalBlobOptions): Promise<BlobStore> {
  const temps = join(folder, 'tmp')
  const texts = join(folder, 'sha256')
  const sync = groupedSync(syncFolder)
  const ready = new Map<string, Promise<void>>()

  const guarded = async <T>(work: () => Promise<T>, contentHash?: string): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw storageFailure(error, folder, contentHash)
    }
  }

  const id = await guarded(async () => {
    await mkdir(texts, { recursive: true, mode: 0o750 })
    await mkdir(temps, { recursive: true, mode: 0o750 })
    await writeOnce(join(folder, 'store-id'), `${randomBytes(6).toString('hex')}\n`, { mode: 0o440 })
    await syncFolder(folder)
    await sweep(temps, nowMs() - STALE_AFTER_MS, log)
    return (await readFile(join(folder, 'store-id'), 'utf8')).trim()
  })

  /**
   * Makes the two folders over a text, durable with their names. Never the store's own: when that is gone, a disk is not
   * mounted, and writing under the mount point would lose the text.
   */
  const ensureFolder = async (parent: string, name: string): Promise<string> => {
    const path = join(parent, name)
    const known = ready.get(path)
    if (known) {
      await known
      return path
    }
    const making = mkdir(path, { mode: 0o750 })
      .catch((error) => {
        if (errnoOf(error) !== 'EEXIST') throw error
      })
      .then(() => sync(parent))
    ready.set(path, making)
    try {
      await making
    } catch (error) {
      ready.delete(path)
      throw error
    }
    return path
  }

  const pathOf = (hash: string) => {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new RangeError('a content hash has 64 hex digits')
    return join(texts, hash.slice(0, 2), hash.slice(2, 4), hash)
  }

  return {
    name: `file:${id}`,
    async put(hash, text) {
      const path = pathOf(hash)
      const stored = await encodeBlob(keyring, hash, text)
      await guarded(async () => {
        await ensureFolder(await ensureFolder(texts, hash.slice(0, 2)), hash.slice(2, 4))
        await writeDurably(path, stored, { mode: FILE_MODE, tempFolder: temps, syncFolder: sync }).catch((error) => {
          // Somebody tidied the folders away under us; look again at the next put.
          if (errnoOf(error) === 'ENOENT') ready.clear()
          throw error
        })
      }, hash)
      return { storedBytes: stored.length, dataKey: dataKeyOf(stored) || null }
    },
    async get(hash) {
      const stored = await guarded(() => readFile(pathOf(hash)), hash)
      return decodeBlob(keyring, hash, stored)
    },
    has: (hash) =>
      guarded(async () => {
        try {
          return (await stat(pathOf(hash))).isFile()
        } catch (error) {
          if (errnoOf(error) === 'ENOENT') return false
          throw error
        }
      }, hash),
    async reseal(hash) {
      const path = pathOf(hash)
      const sealed = resealBlob(keyring, hash, await guarded(() => readFile(path), hash))
      if (!sealed) return 0
      const options = { mode: FILE_MODE, tempFolder: temps, syncFolder: sync }
      await guarded(() => writeDurably(path, sealed, options), hash)
      return sealed.length
    },
    remove: (hash) => guarded(() => rm(pathOf(hash), { force: true }), hash),
    async status() {
      const base = { name: `file:${id}`, location: folder }
      try {
        return await guarded(async () => {
          const disk = await statfs(folder)
          const sizes = { totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize }
          await access(temps, constants.W_OK)
          const found = (await readFile(join(folder, 'store-id'), 'utf8')).trim()
          if (found === id) return { ...base, healthy: true, ...sizes }
          const failure = new Failure('BACKEND_UNAVAILABLE', {
            folder,
            reason: `the folder holds another store, ${found}`,
          })
          return { ...base, healthy: false, failure: failure.toJSON(), ...sizes }
        })
      } catch (error) {
        const failure = error instanceof Failure ? error : new Failure('INTERNAL', {}, { cause: error })
        return { ...base, healthy: false, failure: failure.toJSON() }
      }
    },
  }
}

const meanings: Readonly<Record<string, FailureCode>> = {
  ENOSPC: 'STORAGE_FULL',
  EDQUOT: 'STORAGE_FULL',
  EFBIG: 'STORAGE_FULL',
  EACCES: 'STORAGE_PERMISSION',
  EPERM: 'STORAGE_PERMISSION',
  EROFS: 'STORAGE_PERMISSION',
  ENOENT: 'PATH_MISSING',
  ENOTDIR: 'PATH_MISSING',
}

function storageFailure(error: unknown, folder: string, contentHash?: string): unknown {
  const errno = errnoOf(error)
  if (errno === undefined) return error
  const facts = { errno, folder, ...(contentHash && { contentHash }) }
  return new Failure(meanings[errno] ?? 'BACKEND_UNAVAILABLE', facts, { cause: error })
}

/** Deletes temp files of writers that are long gone. */
async function sweep(temps: string, beforeMs: number, log: Log): Promise<void> {
  const names = (await readdir(temps)).filter((name) => name.endsWith(TEMP_ENDING))
  for (const name of names) {
    const path = join(temps, name)
    const age = await stat(path).catch(() => undefined)
    if (!age || age.mtimeMs > beforeMs) continue
    await rm(path, { force: true })
    log.info({ path }, 'swept a half-written file')
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'errno' in error && 'code' in error ? String(error.code) : undefined
}
