import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyringOf } from '../keyring.ts'
import { silentLog } from '../log.ts'
import { hashOf } from './blobs.ts'
import { openLocalBlobs } from './local.ts'

const keyring = keyringOf(Buffer.alloc(32, 1))
const text = Buffer.from('hostname r1\n')
const hash = hashOf(text)

/** Whether this process may mount a disk, as root mostly may. */
const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'netraven-mount-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0
  if (mounted) spawnSync('umount', [folder])
  rmdirSync(folder)
  return mounted
})()

describe('texts in a folder', () => {
  let folder: string
  let clean: (() => unknown)[]
  const open = (at = folder) => openLocalBlobs({ folder: at, keyring, log: silentLog() })
  const files = async () => {
    const found = await readdir(folder, { recursive: true, withFileTypes: true })
    return found.filter((entry) => entry.isFile()).map((entry) => entry.name)
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'netraven-local-'))
    clean = [() => rm(folder, { recursive: true, force: true })]
  })
  afterEach(async () => {
    for (const each of clean.toReversed()) await each()
  })

  it('lie under their hash, in two levels of folders, readable but not writable', async () => {
    const store = await open()
    await store.put(hash, text)
    const found = await stat(join(folder, 'sha256', hash.slice(0, 2), hash.slice(2, 4), hash))
    expect(found.mode & 0o777).toBe(0o440)
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  it('stay the same store over restarts and moves, and tell another one from themselves', async () => {
    const store = await open()
    expect(store.name).toMatch(/^file:[0-9a-f]{12}$/)
    expect((await open()).name).toBe(store.name)
    await rename(folder, `${folder}-moved`)
    clean.push(() => rm(`${folder}-moved`, { recursive: true, force: true }))
    expect((await open(`${folder}-moved`)).name).toBe(store.name)
    expect((await open()).name).not.toBe(store.name)
    expect(await store.status()).toMatchObject({ healthy: false, failure: { code: 'BACKEND_UNAVAILABLE' } })
  })

  it('never go under the mount point when the folder is gone', async () => {
    const store = await open()
    await rm(folder, { recursive: true })
    await mkdir(folder)
    await expect(store.put(hash, text)).rejects.toMatchObject({ code: 'PATH_MISSING', details: { errno: 'ENOENT' } })
    expect(await files()).toEqual([])
    expect(await store.status()).toMatchObject({ healthy: false, failure: { code: 'PATH_MISSING' } })
  })

  it('are kept again after somebody tidied empty folders away', async () => {
    const store = await open()
    await store.put(hash, text)
    await rm(join(folder, 'sha256', hash.slice(0, 2)), { recursive: true })
    await expect(store.put(hash, text)).rejects.toMatchObject({ code: 'PATH_MISSING' })
    await store.put(hash, text)
    expect(await store.get(hash)).toEqual(text)
  })

  it('that a crash left half written are swept at the next start, but not those that another hub is writing', async () => {
    await open()
    const temps = join(folder, 'tmp')
    for (const name of ['old.part', 'young.part', 'foreign.txt']) await writeFile(join(temps, name), 'half')
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
    for (const name of ['old.part', 'foreign.txt']) await utimes(join(temps, name), longAgo, longAgo)
    await open()
    expect((await readdir(temps)).toSorted()).toEqual(['foreign.txt', 'young.part'])
  })

  it('a text beyond the limit of the system is STORAGE_FULL and leaves no half file', async () => {
    await open()
    const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const program = `
      const { openLocalBlobs } = await import(${module('./local.ts')})
      const { hashOf } = await import(${module('./blobs.ts')})
      const { keyringOf } = await import(${module('../keyring.ts')})
      const { silentLog } = await import(${module('../log.ts')})
      const { randomBytes } = await import('node:crypto')
      const folder = process.argv[1]
      const store = await openLocalBlobs({ folder, keyring: keyringOf(Buffer.alloc(32, 1)), log: silentLog() })
      const text = randomBytes(1024 * 1024)
      const failure = await store.put(hashOf(text), text).catch((error) => error)
      process.stdout.write(JSON.stringify(failure))`
    const limited = 'ulimit -f 64; exec "$0" --input-type=module --eval "$1" "$2"'
    const { stdout } = spawnSync('sh', ['-c', limited, process.execPath, program, folder], { encoding: 'utf8' })
    expect(JSON.parse(stdout)).toMatchObject({ code: 'STORAGE_FULL', details: { errno: 'EFBIG' } })
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  it('a file in place of a folder, a folder in place of a text: coded, not a crash', async () => {
    const store = await open()
    await mkdir(join(folder, 'sha256', hash.slice(0, 2), hash.slice(2, 4), hash), { recursive: true })
    await expect(store.get(hash)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', details: { errno: 'EISDIR' } })
    await writeFile(join(folder, 'plain'), '')
    await expect(open(join(folder, 'plain', 'x'))).rejects.toMatchObject({ code: 'PATH_MISSING' })
  })

  it('refuses a hash that is none, so no path can be made of it', async () => {
    const store = await open()
    await expect(async () => store.get('../../../../etc/passwd')).rejects.toThrow(RangeError)
    await expect(store.put('x', text)).rejects.toThrow(RangeError)
  })

  describe.runIf(canMount)('on a disk of their own', () => {
    const mount = (...options: string[]) => {
      expect(spawnSync('mount', ['-t', 'tmpfs', ...options, 'tmpfs', folder]).status).toBe(0)
    }
    beforeEach(() => {
      mount('-o', 'size=1m')
      clean.push(() => spawnSync('umount', [folder]))
    })

    it('a full disk is STORAGE_FULL, leaves no half file, and after room was made all goes on', async () => {
      const store = await open()
      await store.put(hash, text)
      const large = randomBytes(2 * 1024 * 1024)
      await expect(store.put(hashOf(large), large)).rejects.toMatchObject({
        code: 'STORAGE_FULL',
        message: 'No space left on device',
        details: { contentHash: hashOf(large), errno: 'ENOSPC' },
      })
      expect(await readdir(join(folder, 'tmp'))).toEqual([])
      expect(await store.has(hashOf(large))).toBe(false)
      const small = Buffer.from('hostname r2\n')
      await store.put(hashOf(small), small)
      expect(await store.get(hash)).toEqual(text)
      expect(await store.status()).toMatchObject({ healthy: true, totalBytes: 1024 * 1024 })
    })

    it('a disk that became read-only is STORAGE_PERMISSION, and what it holds can still be read', async () => {
      const store = await open()
      await store.put(hash, text)
      mount('-o', 'remount,ro')
      const other = Buffer.from('hostname r2\n')
      await expect(store.put(hashOf(other), other)).rejects.toMatchObject({
        code: 'STORAGE_PERMISSION',
        details: { errno: 'EROFS' },
      })
      expect(await store.get(hash)).toEqual(text)
      expect(await store.status()).toMatchObject({ healthy: false, failure: { code: 'STORAGE_PERMISSION' } })
    })
  })

  // For root there are no such folders.
  if (process.getuid?.() !== 0) {
    it('a folder that must not be written is STORAGE_PERMISSION', async () => {
      const store = await open()
      await chmod(join(folder, 'tmp'), 0o500)
      await expect(store.put(hash, text)).rejects.toMatchObject({
        code: 'STORAGE_PERMISSION',
        details: { errno: 'EACCES' },
      })
      expect(await store.status()).toMatchObject({ healthy: false, failure: { code: 'STORAGE_PERMISSION' } })
    })
  }
})
