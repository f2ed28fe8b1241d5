import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyringOf } from '../keyring.ts'
import { silentLog } from '../log.ts'
import { type BlobStore, decodeBlob, encodeBlob, hashOf } from './blobs.ts'
import { openLocalBlobs } from './local.ts'

/** A store under test and a way to reach behind it. */
export interface StoreUnderTest {
  readonly store: BlobStore
  /** The stored bytes of a text. */
  read(hash: string): Promise<Buffer>
  /** Puts other bytes in their place. */
  overwrite(hash: string, bytes: Buffer): Promise<void>
  close(): Promise<void>
}

const keyring = keyringOf(Buffer.alloc(32, 1))
const config = Buffer.from('hostname r1\nenable secret c4nary-s3cret\n'.repeat(200))

/** What every kind of store keeps to. */
export function blobStoreContract(kind: string, open: () => Promise<StoreUnderTest>): void {
  describe(`a store of texts: ${kind}`, () => {
    let tested: StoreUnderTest
    let store: BlobStore
    beforeEach(async () => {
      tested = await open()
      store = tested.store
    })
    afterEach(() => tested.close())

    it('gives back what it keeps, smaller than it was', async () => {
      const { storedBytes } = await store.put(hashOf(config), config)
      expect(storedBytes).toBeLessThan(config.length / 2)
      expect(storedBytes).toBe((await tested.read(hashOf(config))).length)
      expect(await store.get(hashOf(config))).toEqual(config)
    })

    it.each([
      ['an empty text', Buffer.alloc(0)],
      ['bytes that are no text', Buffer.from([0, 255, 254, 10, 13])],
      ['a text that does not compress', randomBytes(100_000)],
      ['a text of 20 MB', Buffer.alloc(20 * 1024 * 1024, 'interface Ethernet1\n')],
    ])('keeps %s byte for byte', async (_, text) => {
      await store.put(hashOf(text), text)
      expect(text.equals(await store.get(hashOf(text)))).toBe(true)
    })

    it('takes the same text twice, also at once, and many texts at once', async () => {
      const texts = Array.from({ length: 50 }, (_, n) => Buffer.from(`hostname r${n % 25}\n`))
      await Promise.all(texts.map((text) => store.put(hashOf(text), text)))
      await Promise.all(texts.map((text) => store.put(hashOf(text), text)))
      for (const text of texts) expect(await store.get(hashOf(text))).toEqual(text)
    })

    it('knows what it has, and removing twice is harmless', async () => {
      const hash = hashOf(config)
      expect(await store.has(hash)).toBe(false)
      await store.put(hash, config)
      expect(await store.has(hash)).toBe(true)
      await store.remove(hash)
      await store.remove(hash)
      expect(await store.has(hash)).toBe(false)
      await expect(store.get(hash)).rejects.toMatchObject({ code: 'PATH_MISSING', details: { contentHash: hash } })
    })

    it('holds nothing in clear', async () => {
      await store.put(hashOf(config), config)
      const stored = await tested.read(hashOf(config))
      expect(stored.includes('c4nary')).toBe(false)
      expect(stored.includes('hostname')).toBe(false)
    })

    it('refuses a text under a hash that is not its own, and keeps nothing of it', async () => {
      const hash = hashOf(Buffer.from('another'))
      await expect(store.put(hash, config)).rejects.toMatchObject({ code: 'CONTENT_HASH_MISMATCH' })
      expect(await store.has(hash)).toBe(false)
    })

    it('never gives out an altered, cut or exchanged text, and a new put heals it', async () => {
      const hash = hashOf(config)
      await store.put(hash, config)
      const good = await tested.read(hash)
      const flipped = Buffer.from(good)
      flipped[20] = (flipped[20] ?? 0) ^ 1
      const other = await encodeBlob(keyring, hashOf(Buffer.from('other')), Buffer.from('other'))
      for (const bad of [flipped, good.subarray(0, -1), Buffer.alloc(0), other]) {
        await tested.overwrite(hash, bad)
        await expect(store.get(hash)).rejects.toMatchObject({ code: 'BLOB_UNREADABLE', details: { contentHash: hash } })
      }
      await store.put(hash, config)
      expect(await store.get(hash)).toEqual(config)
    })

    it('notices when what it holds under a hash is another text, though sealed by us', async () => {
      const hash = hashOf(config)
      await store.put(hash, config)
      const other = await encodeBlob(keyring, hashOf(Buffer.from('other')), Buffer.from('other'))
      const packed = keyring.openBytes('blobs', other, hashOf(Buffer.from('other')))
      await tested.overwrite(hash, keyring.sealBytes('blobs', packed, hash))
      await expect(store.get(hash)).rejects.toMatchObject({
        code: 'CONTENT_HASH_MISMATCH',
        details: { expected: hash, actual: hashOf(Buffer.from('other')) },
      })
    })

    it('says which store it is and how it is', async () => {
      expect(store.name).toMatch(/^[a-z0-9]+:\S+$/)
      expect(await store.status()).toMatchObject({ name: store.name, healthy: true })
    })
  })
}

blobStoreContract('a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'netraven-blobs-'))
  const path = (hash: string) => join(folder, 'sha256', hash.slice(0, 2), hash.slice(2, 4), hash)
  return {
    store: await openLocalBlobs({ folder, keyring, log: silentLog() }),
    read: (hash) => readFile(path(hash)),
    async overwrite(hash, bytes) {
      await chmod(path(hash), 0o640)
      await writeFile(path(hash), bytes)
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
})

describe('a stored text', () => {
  it('is unreadable under another master key', async () => {
    const stored = await encodeBlob(keyring, hashOf(config), config)
    const other = keyringOf(Buffer.alloc(32, 2))
    await expect(decodeBlob(other, hashOf(config), stored)).rejects.toMatchObject({ code: 'BLOB_UNREADABLE' })
  })
})
