/** Two and three hubs on one database: what one of them revokes, the others no longer take, whether they hear of it or not. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Access, openAccess } from '../hub/access.ts'
import { accessTokens } from '../hub/access-tokens.ts'
import { ensureAdmin } from '../hub/accounts.ts'
import { createApp } from '../hub/app.ts'
import { openLocalBlobs } from '../hub/blobs/local.ts'
import type { Database } from '../hub/db/connect.ts'
import { startEmbedded } from '../hub/db/embedded.ts'
import type { Subscription } from '../hub/db/listener.ts'
import { migrate } from '../hub/db/migrate.ts'
import { openInstallation } from '../hub/installation.ts'
import { keyringOf } from '../hub/keyring.ts'
import { silentLog } from '../hub/log.ts'
import { ACCESS_CHANNEL } from '../hub/sessions.ts'
import { tokenKeys } from '../hub/token-keys.ts'
import { ADMIN_PASSWORD } from './api.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'

const log = silentLog()
const keyring = keyringOf(Buffer.alloc(32, 7))

interface Hub {
  readonly access: Access
  /** Words of the access channel, as they came. */
  readonly heard: string[]
  call(method: string, path: string, token?: string, body?: unknown): Promise<Response>
  /** Status, and the code of a refusal. */
  told(token: string): Promise<string>
  close(): Promise<void>
}

/** A hub of its own in all but the process. @param isDeaf every word of the access channel is lost on it */
async function openHub(database: Database, folder: string, now: { ms: number }, isDeaf = false): Promise<Hub> {
  const clock = () => now.ms
  const installation = await openInstallation(database.db, keyring)
  const tokens = accessTokens(installation.id, tokenKeys(database.db, keyring, clock), clock)
  const access = openAccess({ db: database.db, tokens, clock })
  const heard: string[] = []
  const subscription: Subscription | undefined = isDeaf
    ? undefined
    : await database.listen([ACCESS_CHANNEL], (_, payload) => {
        access.forget(payload)
        heard.push(payload)
      })
  const app = createApp({
    config: { accessTokenMinutes: 30, runTimeoutMs: 3_600_000 },
    blobs: await openLocalBlobs({ folder, keyring, log }),
    ...{ database, keyring, installation, access, tokens, log, clock },
    migrations: migrate(database.db, { log }),
    node: 'test',
    wake: async () => undefined,
  })
  const hub: Hub = {
    access,
    heard,
    call: async (method, path, token, body) =>
      app.fetch(
        new Request(`http://hub.test${path}`, {
          method,
          headers: { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      ),
    async told(token) {
      const response = await hub.call('GET', '/api/auth/me', token)
      const { error } = (await response.json()) as { error?: { code: string } }
      return error ? `${response.status} ${error.code}` : String(response.status)
    },
    close: async () => subscription?.close(),
  }
  return hub
}

async function login(hub: Hub): Promise<string> {
  const question = { username: 'admin', password: ADMIN_PASSWORD }
  const response = await hub.call('POST', '/api/auth/token', undefined, question)
  return ((await response.json()) as { access_token: string }).access_token
}

describe.each(servers)('hubs on one database, %s', (kind) => {
  let test: TestDatabase
  let folder: string
  let hubs: Hub[]
  const now = { ms: Date.now() }
  beforeAll(async () => {
    test = await (await postgresFor(kind)).newDatabase()
    folder = await mkdtemp(join(tmpdir(), 'netraven-hubs-'))
    const database = test.open()
    await ensureAdmin(database.db, ADMIN_PASSWORD)
    hubs = [
      await openHub(test.open(), folder, now),
      await openHub(test.open(), folder, now),
      await openHub(test.open(), folder, now, true),
    ]
  })
  afterAll(async () => {
    await Promise.all(hubs.map((hub) => hub.close()))
    await test.drop()
    await rm(folder, { recursive: true, force: true })
  })
  const three = () => {
    const [one, other, deaf] = hubs
    if (!one || !other || !deaf) throw new Error('there are three')
    return { one, other, deaf }
  }

  it('[TOK-5] [HA-1] a session that ends on one is over on the other at once, and within a second where the word is lost', async () => {
    const { one, other, deaf } = three()
    const token = await login(one)
    for (const hub of hubs) expect(await hub.told(token)).toBe('200')
    expect((await one.call('POST', '/api/auth/logout', token)).status).toBe(204)
    expect(await one.told(token)).toBe('401 TOKEN_REVOKED')
    await vi.waitFor(() => expect(other.heard.some((word) => word.startsWith('session '))).toBe(true))
    expect(await other.told(token)).toBe('401 TOKEN_REVOKED')
    // Nothing told it, and not a moment has passed: this is what the second is for.
    expect(await deaf.told(token)).toBe('200')
    now.ms += 1_000
    expect(await deaf.told(token)).toBe('401 TOKEN_REVOKED')
  })

  it('[TOK-5] [TOK-8] so is a service token', async () => {
    const { one, other, deaf } = three()
    const session = await login(one)
    const question = { name: 'ci', scopes: ['read:devices'], validDays: 1 }
    const made = await one.call('POST', '/api/auth/service-token', session, question)
    const { id, token } = (await made.json()) as { id: string; token: string }
    for (const hub of hubs) expect(await hub.told(token)).toBe('200')
    expect((await one.call('DELETE', `/api/auth/tokens/${id}`, session)).status).toBe(204)
    await vi.waitFor(() => expect(other.heard).toContain(`token ${id}`))
    expect([await one.told(token), await other.told(token)]).toEqual(['401 TOKEN_REVOKED', '401 TOKEN_REVOKED'])
    expect(await deaf.told(token)).toBe('200')
    now.ms += 1_000
    expect(await deaf.told(token)).toBe('401 TOKEN_REVOKED')
  })

  it('[TOK-5] so is everything of a user', async () => {
    const { one, other, deaf } = three()
    const [session, second] = [await login(one), await login(other)]
    for (const hub of hubs) expect([await hub.told(session), await hub.told(second)]).toEqual(['200', '200'])
    const before = other.heard.length
    expect((await one.call('DELETE', '/api/auth/tokens?user=admin', session)).status).toBe(200)
    await vi.waitFor(() => expect(other.heard.slice(before).some((word) => word.startsWith('user '))).toBe(true))
    for (const hub of [one, other]) expect(await hub.told(second)).toBe('401 TOKEN_REVOKED')
    now.ms += 1_000
    expect(await deaf.told(second)).toBe('401 TOKEN_REVOKED')
  })
})

describe('a PostgreSQL that is started again', () => {
  it('[TOK-5] [HA-2] what was revoked while nobody could listen is felt as soon as the hub listens again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'netraven-restart-'))
    const dataDir = join(folder, 'data')
    const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
    const first = await startEmbedded({ dataDir, log, settings })
    const postgres = await postgresFor('embedded')
    const [mine, theirs] = [postgres.openAt(first.url), postgres.openAt(first.url)]
    await migrate(mine.db, { log }).up()
    await ensureAdmin(mine.db, ADMIN_PASSWORD)
    // The clock stands: nothing that is remembered grows old by itself.
    const hub = await openHub(mine, join(folder, 'blobs'), { ms: Date.now() })
    const token = await login(hub)
    expect(await hub.told(token)).toBe('200')
    await first.stop()
    const second = await startEmbedded({ dataDir, log, settings })
    expect(second.url).toBe(first.url)
    // As another hub would, but with its word lost.
    await vi.waitFor(() =>
      theirs.db.updateTable('sessions').set({ ended_at: new Date(), ended_because: 'revoked' }).execute(),
    )
    await vi.waitFor(() => expect(hub.heard).toContain(''), { timeout: 15_000 })
    expect(await hub.told(token)).toBe('401 TOKEN_REVOKED')
    const again = await login(hub)
    expect(await hub.told(again)).toBe('200')
    expect((await hub.call('POST', '/api/auth/logout-all', again)).status).toBe(200)
    await vi.waitFor(() => expect(hub.heard.some((word) => word.startsWith('user '))).toBe(true))
    await hub.close()
    await Promise.all([mine.close(), theirs.close()])
    await second.stop()
    await rm(folder, { recursive: true, force: true })
  }, 60_000)
})
