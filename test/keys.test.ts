import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Key } from '../hub/api/key.ts'
import { hashOf } from '../hub/blobs/blobs.ts'
import { openLocalBlobs } from '../hub/blobs/local.ts'
import { openCredential } from '../hub/credential-secret.ts'
import { newId } from '../hub/ids.ts'
import { type LiveInstallation, openInstallation, voucherFor } from '../hub/installation.ts'
import { type KeyClock, openKeyClock } from '../hub/key-clock.ts'
import { keyringOf } from '../hub/keyring.ts'
import { silentLog } from '../hub/log.ts'
import { dataKeyOf } from '../hub/sealed-bytes.ts'
import { noteLearnt } from '../hub/task-keys.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'
import { seedCredential } from './seed.ts'

const PASSPHRASE = 'canary passphrase of the keys'
const master = Buffer.alloc(32, 7)

describe.each(servers)('keys on %s', (kind) => {
  let api: TestApi
  let clean: (() => unknown)[]
  let folder: string

  beforeEach(async () => {
    clean = []
    api = await openTestApi(kind)
    folder = await mkdtemp(join(tmpdir(), 'netraven-keys-'))
  })
  afterEach(async () => {
    for (const each of clean.toReversed()) await each()
    await api.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** A hub beside the API under test: its own keyring and store folder, its clock ticking. */
  async function hub(name: string, masters: readonly Buffer[] = [master], blobFolder = join(folder, 'blobs')) {
    // The first is the hub of the API itself.
    const keyring = name === 'one' && masters.length === 1 ? api.keyring : keyringOf(masters)
    const { db } = api.database
    const installation = await openInstallation(db, keyring)
    const blobs = await openLocalBlobs({ folder: blobFolder, keyring, log: silentLog() })
    const told: string[] = []
    const clock = openKeyClock({
      ...{ db, keyring, installation, blobs, log: silentLog(), node: name, pauseMs: 0 },
      tellAgents: () => void told.push(name),
      accessTokenMs: 1_800_000,
    })
    clean.push(() => clock.close())
    await clock.tick()
    return { keyring, installation, blobs, clock, told }
  }
  const keys = async (of: Key['kind']) => {
    const { body } = await api.call('GET', '/api/admin/keys')
    return (body.items as Key[]).filter(({ kind: its }) => its === of)
  }
  const states = async (of: Key['kind']) => (await keys(of)).map(({ state }) => state)
  const rotate = (of: string) => api.call('POST', '/api/admin/keys/rotate', { kind: of })
  const until = (what: () => Promise<void>) => vi.waitFor(what, { timeout: 30_000, interval: 100 })
  const ticks = async (clocks: readonly KeyClock[], what: () => Promise<void>) =>
    until(async () => {
      for (const clock of clocks) await clock.tick()
      await what()
    })
  async function agent(name: string) {
    const { db } = api.database
    const site = await api.call('POST', '/api/sites', { name: `site ${name}` })
    const id = newId()
    const publicKey = newSigningKey().publicKey
    await db
      .insertInto('agents')
      .values({
        id,
        site_id: String(site.body.id),
        name,
        sign_public_key: publicKey,
        box_public_key: publicKey,
        drivers: '{}',
      })
      .execute()
    return id
  }

  it('[TOK-7] a data key takes over all that is stored, on two hubs, and the one before retires', async () => {
    const [one, two] = [await hub('one'), await hub('two')]
    const credential = await seedCredential(api.database.db, one.keyring, 'canary-secret')
    const text = Buffer.from('hostname r1\nenable secret canary\n')
    const texts = Array.from({ length: 120 }, (_, n) => Buffer.concat([text, Buffer.from(String(n))]))
    for (const each of texts) {
      const stored = await one.blobs.put(hashOf(each), each)
      await api.database.db
        .insertInto('blobs')
        .values({
          content_hash: hashOf(each),
          store: one.blobs.name,
          size_bytes: each.length,
          stored_bytes: stored.storedBytes,
          sealed_under: stored.dataKey,
        })
        .execute()
    }
    const maskKey = one.keyring.maskKey
    expect((await rotate('data')).status).toBe(200)
    await ticks([one.clock, two.clock], async () => {
      const [key] = await keys('data')
      expect(key).toMatchObject({ state: 'current', left: { rows: 0, bytes: 0, totalRows: expect.any(Number) } })
    })
    const row = await api.database.db
      .selectFrom('credentials')
      .selectAll()
      .where('id', '=', credential)
      .executeTakeFirstOrThrow()
    const sealed = row.sealed_secret ?? Buffer.alloc(0)
    expect(dataKeyOf(sealed)).toBe(two.keyring.sealsWith)
    expect(openCredential(two.keyring, credential, sealed)).toEqual({ password: 'canary-secret' })
    expect(() => openCredential(keyringOf(master), credential, sealed)).toThrow(
      expect.objectContaining({ code: 'DATA_KEY_UNKNOWN' }),
    )
    for (const each of texts) expect(await two.blobs.get(hashOf(each))).toEqual(each)
    expect([one.keyring.maskKey, two.keyring.maskKey]).toEqual([maskKey, maskKey])

    await rotate('data')
    await ticks([one.clock, two.clock], async () => expect(await states('data')).toEqual(['current', 'retired']))
    for (const each of texts) expect(await two.blobs.get(hashOf(each))).toEqual(each)
    expect(two.keyring.maskKey).toBe(maskKey)
    const events = await sql<{ action: string }>`select action from audit_entries where action like 'key %'`.execute(
      api.database.db,
    )
    expect(events.rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['key announced', 'key activated', 'key retired']),
    )
  }, 60_000)

  it('a data key is not used before every live hub knows it', async () => {
    const one = await hub('one')
    await sql`insert into key_holders (node, masters, knows, seals_with) values ('deaf', '{}', '{}', 0)`.execute(
      api.database.db,
    )
    await api.call('POST', '/api/admin/keys', { kind: 'data' })
    await one.clock.tick()
    const refused = await api.call('POST', '/api/admin/keys/activate', { kind: 'data' })
    expect([refused.status, refused.error?.code]).toEqual([409, 'KEY_NOT_READY'])
    expect(refused.error?.details).toMatchObject({ hubs: ['deaf'] })
    await sql`delete from key_holders where node = 'deaf'`.execute(api.database.db)
    expect((await api.call('POST', '/api/admin/keys/activate', { kind: 'data' })).status).toBe(200)
    expect(await states('data')).toEqual(['current'])
  })

  it('a hub that meets a data key before it has heard of it reads it at once', async () => {
    const one = await hub('one')
    const late = keyringOf(master)
    await rotate('data')
    await ticks([one.clock], async () => expect(await states('data')).toEqual(['current']))
    await ticks([one.clock], async () => expect(one.keyring.sealsWith).toBeGreaterThan(0))
    const sealed = one.keyring.sealBytes('check', Buffer.from('x'), 'y')
    let looked = 0
    late.whenUnknown(() => {
      looked += 1
    })
    expect(() => late.openBytes('check', sealed, 'y')).toThrow(expect.objectContaining({ code: 'DATA_KEY_UNKNOWN' }))
    expect(looked).toBe(1)
  })

  it('the master key is exchanged while hubs go on, and the old one opens nothing afterwards', async () => {
    const next = randomBytes(32)
    const before = await hub('before')
    const credential = await seedCredential(api.database.db, before.keyring, 'canary-secret')
    const maskKey = before.keyring.maskKey
    const alone = await rotate('master')
    expect([alone.status, alone.error?.code]).toEqual([409, 'MASTER_KEY_NOT_GIVEN'])
    await before.clock.close()

    const [one, two] = [await hub('one', [next, master]), await hub('two', [next, master])]
    // Until the exchange begins, what they seal can be opened by a hub that was not restarted yet.
    const early = one.keyring.sealBytes('check', Buffer.from('early'), 'x')
    expect(keyringOf(master).openBytes('check', early, 'x').toString()).toBe('early')
    const { announceKey } = await import('../hub/keys.ts')
    const actor = { kind: 'console', id: null, name: 'test', address: null, via: null, requestId: null } as const
    await announceKey({ db: api.database.db, keyring: one.keyring }, actor, 'master', true)
    await ticks([one.clock, two.clock], async () => {
      expect(await states('master')).toEqual(expect.arrayContaining(['current', 'retired']))
    })
    const fresh = await hub('fresh', [next])
    const row = await api.database.db
      .selectFrom('credentials')
      .selectAll()
      .where('id', '=', credential)
      .executeTakeFirstOrThrow()
    expect(openCredential(fresh.keyring, credential, row.sealed_secret ?? Buffer.alloc(0))).toEqual({
      password: 'canary-secret',
    })
    expect(fresh.keyring.maskKey).toBe(maskKey)
    await expect(openInstallation(api.database.db, keyringOf(master))).rejects.toMatchObject({
      code: 'MASTER_KEY_WRONG',
    })
  }, 60_000)

  it('a task key begins when all agents have learnt it; who has not is named, and may be left behind', async () => {
    const one = await hub('one')
    const jump = await agent('jump1')
    const late = await agent('jump2')
    const old = one.installation.signingKey
    await noteLearnt(api.database.db, late, [old.id])
    expect((await rotate('task')).status).toBe(200)
    await until(async () => {
      await one.clock.tick()
      expect(one.told).not.toEqual([])
    })
    const [next] = await keys('task')
    expect(next).toMatchObject({
      state: 'next',
      beginsByItself: true,
      agentsBehind: { count: 2, agents: ['jump1', 'jump2'] },
    })
    expect(one.installation.keys().map(({ id }) => id)).toEqual([old.id, next?.id])
    await noteLearnt(api.database.db, jump, [next?.id ?? ''])
    const refused = await api.call('POST', '/api/admin/keys/activate', { kind: 'task' })
    expect([refused.status, refused.error?.code, refused.error?.details]).toMatchObject([
      409,
      'KEY_AGENTS_BEHIND',
      { agents: ['jump2'] },
    ])
    expect((await api.call('POST', '/api/admin/keys/activate', { kind: 'task', force: true })).status).toBe(200)
    await one.clock.tick()
    expect(one.installation.signingKey.id).toBe(next?.id)
    expect(vouched(one.installation, [old.id])).toBe(old.id)
    expect(vouched(one.installation, [old.id, next?.id ?? ''])).toBe(next?.id)

    await rotate('task')
    const [third] = await keys('task')
    for (const id of [jump, late]) await noteLearnt(api.database.db, id, [third?.id ?? ''])
    await ticks([one.clock], async () => expect(one.installation.signingKey.id).toBe(third?.id))
  })

  it('a task key that may have been copied vouches for nothing', async () => {
    const one = await hub('one')
    const old = one.installation.signingKey.id
    await api.call('POST', '/api/admin/keys', { kind: 'task' })
    await one.clock.tick()
    await api.call('POST', '/api/admin/keys/activate', { kind: 'task', force: true, distrust: true })
    await one.clock.tick()
    expect(one.installation.known).not.toContain(old)
    expect(vouched(one.installation, [old])).toBe(one.installation.signingKey.id)
  })

  it('[TOK-7] a token key is announced, begins by itself, and tokens of the one before go on', async () => {
    await rotate('token')
    expect(await states('token')).toEqual(['next', 'current'])
    expect((await keys('token'))[0]).toMatchObject({ beginsByItself: true })
    await sql`update token_keys set created_at = now() - interval '1 minute' where state = 'next'`.execute(
      api.database.db,
    )
    const one = await hub('one')
    await ticks([one.clock], async () => expect((await states('token')).toSorted()).toEqual(['current', 'previous']))
    expect((await api.call('GET', '/api/admin/keys')).status).toBe(200)
  })

  it('is for those who hold admin:keys, and no answer or log holds a key', async () => {
    await api.call('GET', '/api/admin/keys')
    const [user] = [
      await api.call('POST', '/api/auth/service-token', { name: 'ci', scopes: ['read:devices'], validDays: 1 }),
    ]
    const headers = { authorization: `Bearer ${user?.body.token}` }
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['POST', '/rotate'],
      ['POST', '/activate'],
      ['POST', '/backup'],
      ['POST', '/restore'],
    ]) {
      const refused = await api.call(
        String(method),
        `/api/admin/keys${path}`,
        method === 'POST' ? {} : undefined,
        headers,
      )
      expect([path, refused.status]).toEqual([path, 403])
    }
    await api.call('POST', '/api/admin/keys/backup', { passphrase: PASSPHRASE })
    for (const written of [...api.log]) {
      expect(written).not.toContain(PASSPHRASE)
      expect(written).not.toContain(master.toString('base64'))
    }
  })
})

function vouched(installation: LiveInstallation, known: readonly string[]): string {
  return voucherFor(installation, known).id
}
