/** Failed logins on real databases: counted for all hubs, lifted by time, by success and by an administrator. */

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess } from '../hub/access.ts'
import { accessTokens } from '../hub/access-tokens.ts'
import type { ErrorBody } from '../hub/api/error.ts'
import { createApp } from '../hub/app.ts'
import { migrate } from '../hub/db/migrate.ts'
import { silentLog } from '../hub/log.ts'
import { beginLogin, hashOfName } from '../hub/login-locks.ts'
import { hashPassword, isPassword, openPasswords } from '../hub/passwords.ts'
import { tokenKeys } from '../hub/token-keys.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

const PASSWORD = 'four unrelated grey words'
const HOME = '192.0.2.10'

describe.each(servers)('failed logins on %s', (kind) => {
  let api: TestApi
  let other: ReturnType<typeof createApp>
  let checked = 0
  const passwords = openPasswords({
    work: {
      hash: hashPassword,
      matches: (stored, password) => {
        checked += 1
        return isPassword(stored, password)
      },
    },
  })
  beforeAll(async () => {
    api = await openTestApi(kind, { passwords })
    const second = api.test.open()
    const tokens = accessTokens(api.installation.id, tokenKeys(second.db, api.keyring, Date.now), Date.now)
    other = createApp({
      config: { accessTokenMinutes: 30, runTimeoutMs: 3_600_000 },
      database: second,
      migrations: migrate(second.db, { log: silentLog() }),
      keyring: api.keyring,
      installation: api.installation,
      blobs: api.blobs,
      access: openAccess({ db: second.db, tokens, clock: Date.now }),
      tokens,
      passwords,
      log: silentLog(),
      node: 'other',
      wake: async () => undefined,
    })
  })
  afterAll(() => api.close())

  let number = 0
  const newUser = async () => {
    number += 1
    const username = `ann${number}`
    const wanted = { username, password: PASSWORD, mustChangePassword: false, roles: ['viewer'] }
    expect((await api.call('POST', '/api/users', wanted)).status).toBe(201)
    return username
  }
  const login = async (username: string, password: string, address = HOME, hub = api.app) => {
    const response = await hub.request(
      'http://hub.test/api/auth/token',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username, password }),
      },
      { incoming: { socket: { remoteAddress: address } } },
    )
    const body = (await response.json()) as { error?: ErrorBody }
    return {
      told: body.error ? `${response.status} ${body.error.code}` : String(response.status),
      message: body.error?.message,
      wait: Number(response.headers.get('retry-after')),
      body,
    }
  }
  const fail = async (username: string, times: number, address = HOME, hub = api.app) => {
    for (let count = 0; count < times; count += 1) await login(username, 'no', address, hub)
  }
  const age = async (username: string, minutes: number) => {
    const { db } = api.database
    const name = hashOfName(username)
    const earlier = sql`${minutes} * interval '1 minute'`
    await sql`update login_locks set locked_until = locked_until - ${earlier} where name_hash = ${name}`.execute(db)
    await sql`update login_attempts set at = at - ${earlier} where name_hash = ${name}`.execute(db)
  }

  it('[AUTH-4] [AUTH-5] five failures on one hub lock the account on the other, for the right password too', async () => {
    const user = await newUser()
    await fail(user, 2)
    await fail(user, 3, HOME, other)
    const before = checked
    for (const hub of [api.app, other]) {
      const { told, message, wait } = await login(user, PASSWORD, HOME, hub)
      expect([told, message]).toEqual(['429 LOGIN_LOCKED', 'Too Many Requests'])
      expect(wait).toBeGreaterThan(890)
      expect(wait).toBeLessThanOrEqual(900)
    }
    expect(checked).toBe(before)
  })

  it('[AUTH-5] the lock ends by itself after 15 minutes, and what is tried meanwhile does not prolong it', async () => {
    const user = await newUser()
    await fail(user, 5)
    await age(user, 10)
    const first = await login(user, 'no')
    await fail(user, 4)
    const later = await login(user, PASSWORD)
    expect([later.told, later.wait <= first.wait, later.wait <= 300]).toEqual(['429 LOGIN_LOCKED', true, true])
    await age(user, 5)
    expect((await login(user, 'no')).told).toBe('401 INVALID_CREDENTIALS')
    expect((await login(user, PASSWORD)).told).toBe('200')
  })

  it('[AUTH-4] a success resets the counter, and failures older than 15 minutes do not count', async () => {
    const user = await newUser()
    await fail(user, 4)
    expect((await login(user, PASSWORD)).told).toBe('200')
    await fail(user, 4)
    await age(user, 16)
    await fail(user, 4)
    expect((await login(user, PASSWORD)).told).toBe('200')
  })

  it('[AUTH-4] many wrong passwords at once are not looked at more often than five times', async () => {
    const user = await newUser()
    const before = checked
    const hubs = [api.app, other]
    const told = await Promise.all(
      Array.from({ length: 24 }, (_, at) => login(user, `no ${at}`, `198.51.100.${at}`, hubs[at % 2])),
    )
    expect(checked - before).toBeLessThanOrEqual(5)
    expect(told.filter((one) => one.told === '401 INVALID_CREDENTIALS')).toHaveLength(checked - before)
  })

  it('[AUTH-1] [AUTH-4] a name that nobody has costs the same work and is locked alike', async () => {
    const user = await newUser()
    const story = async (name: string) => {
      const told: unknown[] = []
      for (let count = 0; count < 7; count += 1) {
        const before = checked
        const one = await login(name, 'not the password')
        const { requestId: _, details, ...error } = one.body.error ?? { requestId: '', details: {} }
        told.push([one.told, checked - before, error, Object.keys(details)])
      }
      return told
    }
    expect(await story('nobody-at-all')).toEqual(await story(user))
  })

  it('[AUTH-7] strangers who lock an account do not lock out where it always logs in; that reserve is small', async () => {
    const user = await newUser()
    expect((await login(user, PASSWORD)).told).toBe('200')
    await fail(user, 5, '203.0.113.5')
    expect((await login(user, PASSWORD, '203.0.113.6')).told).toBe('429 LOGIN_LOCKED')
    expect((await login(user, PASSWORD)).told).toBe('200')
    expect((await login(user, PASSWORD, '203.0.113.5')).told).toBe('429 LOGIN_LOCKED')
    await fail(user, 3)
    expect((await login(user, PASSWORD)).told).toBe('429 LOGIN_LOCKED')
  })

  it('[AUTH-6] [GEN-3] an administrator sees who is locked, since when and from where, and resets the counter', async () => {
    const user = await newUser()
    await fail(user, 5, '203.0.113.77')
    const list = await api.call('GET', '/api/users?locked=true')
    expect(JSON.stringify(list.body.items)).toContain(user)
    const { body } = await api.call('GET', `/api/users/${user}`)
    expect(body.lock).toMatchObject({
      lockedUntil: expect.any(String),
      attempts: Array.from({ length: 5 }, () => expect.objectContaining({ address: '203.0.113.77', counts: true })),
    })
    expect((await api.call('POST', `/api/users/${user}/unlock`, {})).body).toMatchObject({ lockedUntil: null })
    expect((await login(user, PASSWORD, '203.0.113.77')).told).toBe('200')
  })

  it('[AUTH-4] a try whose hub died before it was settled counts as failed', async () => {
    const user = await newUser()
    const from = { username: user, address: HOME, via: null }
    for (let count = 0; count < 5; count += 1) await beginLogin(api.database.db, from)
    expect((await login(user, PASSWORD)).told).toBe('503 LOGIN_BUSY')
    await age(user, 2)
    expect((await login(user, PASSWORD)).told).toMatch(/^(503 LOGIN_BUSY|429 LOGIN_LOCKED)$/)
    await age(user, 14)
    expect((await login(user, PASSWORD)).told).toBe('200')
  })

  it('[AUTH-4] when failures can not be counted, nobody logs in', async () => {
    const user = await newUser()
    const before = checked
    await api.database.db.schema.alterTable('login_attempts').renameTo('away').execute()
    const { told } = await login(user, PASSWORD)
    await api.database.db.schema.alterTable('away').renameTo('login_attempts').execute()
    expect([told.slice(0, 3), checked - before]).toEqual(['500', 0])
  })
})
