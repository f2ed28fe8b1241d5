import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyringOf, openKeyring, parseMasterKey } from './keyring.ts'
import { openLog } from './log.ts'

const key = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
const plain = Buffer.from('enable secret')
const SEALED_BY_FIRST_RELEASE = 'AQEBAQEBAQEBAQEBAafdJaa5VdZeE5CiqiK+iqDYG1XClcAm8WXqunI5'
const MASK_KEY_OF_FIRST_RELEASE = 'bjH-MjznisUlmgIavWckxZrEFO8PSflvehFzH_fDh4g'

describe('sealing', () => {
  const keyring = keyringOf(key)

  it('opens what it sealed, any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), (bytes, boundTo) => {
        expect(keyring.openBytes('blobs', keyring.sealBytes('blobs', bytes, boundTo), boundTo)).toEqual(
          Buffer.from(bytes),
        )
      }),
    )
  })

  it('refuses every altered or shortened byte with a coded failure and nothing else', () => {
    const sealed = keyring.sealBytes('credentials', plain, 'row')
    const wrong = expect.objectContaining({ code: 'MASTER_KEY_WRONG' })
    const opened = (bytes: Uint8Array) => {
      try {
        return keyring.openBytes('credentials', bytes, 'row')
      } catch (error) {
        return error
      }
    }
    for (let index = 0; index < sealed.length; index += 1) {
      const altered = Buffer.from(sealed)
      altered[index] = (altered[index] ?? 0) ^ 1
      expect(opened(altered)).toEqual(wrong)
      expect(opened(sealed.subarray(0, index))).toEqual(wrong)
    }
    expect(opened(Buffer.concat([sealed, Buffer.of(0)]))).toEqual(wrong)
  })

  it('refuses what was moved to another row, another purpose, or is under another key', () => {
    const sealed = keyring.sealBytes('credentials', plain, 'row')
    const wrong = expect.objectContaining({ code: 'MASTER_KEY_WRONG' })
    expect(() => keyring.openBytes('credentials', sealed, 'other row')).toThrow(wrong)
    expect(() => keyring.openBytes('hub-keys', sealed, 'row')).toThrow(wrong)
    expect(() => keyringOf(Buffer.alloc(32, 7)).openBytes('credentials', sealed, 'row')).toThrow(wrong)
  })

  it('never seals the same twice alike, and reads what the first release wrote', () => {
    expect(keyring.sealBytes('check', plain, 'x')).not.toEqual(keyring.sealBytes('check', plain, 'x'))
    const fixed = keyringOf(key, (size) => Buffer.alloc(size, 1))
    expect(fixed.sealBytes('check', plain, 'x').toString('base64')).toBe(SEALED_BY_FIRST_RELEASE)
    expect(keyring.openBytes('check', Buffer.from(SEALED_BY_FIRST_RELEASE, 'base64'), 'x')).toEqual(plain)
    expect(keyring.maskKey).toBe(MASK_KEY_OF_FIRST_RELEASE)
  })

  it('wants a key of 32 bytes', () => {
    expect(() => keyringOf(Buffer.alloc(31))).toThrow(RangeError)
  })
})

describe('the master key', () => {
  let dataDir: string
  const lines: string[] = []
  const log = openLog({ level: 'trace', write: (line) => lines.push(line) })
  const open = (options: { masterKey?: Buffer; installed?: boolean } = {}) =>
    openKeyring({ masterKey: options.masterKey, dataDir, isInstalled: async () => options.installed ?? false, log })

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'netraven-keyring-'))
    lines.length = 0
  })
  afterEach(() => rm(dataDir, { recursive: true, force: true }))

  it('is read however people write 32 bytes', () => {
    for (const text of [
      key.toString('hex'),
      key.toString('hex').toUpperCase(),
      key.toString('base64'),
      key.toString('base64url'),
    ]) {
      expect(parseMasterKey(`  ${text}\n`)).toEqual(key)
    }
    for (const text of [
      '',
      'password',
      key.toString('hex').slice(2),
      key.subarray(1).toString('base64'),
      'é'.repeat(43),
    ]) {
      expect(parseMasterKey(text)).toBeUndefined()
    }
  })

  it('is made once, for its owner alone, with one line that says to keep a copy and does not show it', async () => {
    const made = await open()
    expect(made.isNew).toBe(true)
    const file = join(dataDir, 'master.key')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('keep a copy')
    expect(lines[0]).not.toContain((await readFile(file, 'utf8')).trim())
    const again = await open({ installed: true })
    expect(again.isNew).toBe(false)
    expect(again.openBytes('check', made.sealBytes('check', plain, 'x'), 'x')).toEqual(plain)
    expect(lines).toHaveLength(1)
  })

  it('is the same for hubs that start together on a shared folder', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => open()))
    expect(new Set(opened.map((keyring) => keyring.maskKey)).size).toBe(1)
    expect(opened.filter((keyring) => keyring.isNew)).toHaveLength(1)
  })

  it('from the configuration counts more than the file and leaves none', async () => {
    expect((await open({ masterKey: key })).maskKey).toBe(keyringOf(key).maskKey)
    await expect(stat(join(dataDir, 'master.key'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is never made over an existing installation', async () => {
    await expect(open({ installed: true })).rejects.toMatchObject({ code: 'MASTER_KEY_MISSING' })
    await expect(stat(join(dataDir, 'master.key'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('in a file that holds something else is refused, and the file stays', async () => {
    await writeFile(join(dataDir, 'master.key'), 'something else')
    await expect(open()).rejects.toMatchObject({ code: 'MASTER_KEY_WRONG' })
    expect(await readFile(join(dataDir, 'master.key'), 'utf8')).toBe('something else')
  })

  it('that cannot be written says where', async () => {
    await writeFile(join(dataDir, 'file'), '')
    dataDir = join(dataDir, 'file')
    const failure = await open().catch((error) => error)
    dataDir = join(dataDir, '..')
    expect(failure).toMatchObject({ code: 'DATA_DIR_UNUSABLE', details: { errno: 'ENOTDIR' } })
    await chmod(dataDir, 0o700)
  })
})
