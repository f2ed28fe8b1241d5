/** Limits of the API on real databases: two hubs that count together, rules that change while they run, a database that goes away. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accessTokens } from '../hub/access-tokens.ts'
import { LimitRules, Usage } from '../hub/api/rate-limit.ts'
import { createApp } from '../hub/app.ts'
import { runCommand } from '../hub/cli/main.ts'
import { migrate } from '../hub/db/migrate.ts'
import { newId } from '../hub/ids.ts'
import { forgetOldCounters } from '../hub/limit-counters.ts'
import { defaultLimits, LIMITS_CHANNEL } from '../hub/limit-rules.ts'
import { type Limits, openLimits } from '../hub/limits.ts'
import { openLog } from '../hub/log.ts'
import { openSession } from '../hub/sessions.ts'
import { tokenKeys } from '../hub/token-keys.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

const WINDOW_MS = 60_000

describe.each(servers)('limits on %s', (kind) => {
  let api: TestApi
  let apps: ReturnType<typeof createApp>[]
  let hubs: Limits[]
  let subscriptions: { close(): Promise<void> }[]
  const lines: string[] = []
  // Stands still at the beginning of a window, so that no test runs over its end.
  let nowMs = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS
  const clock = () => nowMs
  let statement: TestApi['database']['statement']

  beforeAll(async () => {
    api = await openTestApi(kind, { clock, config: { accessTokenMinutes: 1_440, runTimeoutMs: 1000 } })
    statement = api.database.statement
    const log = openLog({ level: 'trace', write: (line) => lines.push(line) })
    const { db } = api.database
    const shared = (...args: Parameters<typeof statement>) => statement(...args)
    const open = () => openLimits({ db, statement: shared, defaults: defaultLimits(), clock, log })
    hubs = [await open(), await open()]
    subscriptions = await Promise.all(
      hubs.map((limits) => api.database.listen([LIMITS_CHANNEL], (_, payload) => void limits.heard(payload))),
    )
    const { database, keyring, installation, blobs, access } = api
    const tokens = accessTokens(installation.id, tokenKeys(db, keyring, clock), clock)
    const rest = {
      database,
      keyring,
      installation,
      blobs,
      access,
      tokens,
      log,
      clock,
      migrations: migrate(db, { log }),
    }
    const config = { accessTokenMinutes: 600, runTimeoutMs: 1000, trustProxyHops: 1 }
    apps = hubs.map((limits) => createApp({ ...rest, config, limits, node: 'test', wake: async () => undefined }))
  })
  afterAll(async () => {
    for (const one of subscriptions) await one.close()
    for (const one of hubs) await one.close()
    await api.close()
  })
  beforeEach(() => {
    // Past what earlier tests counted, and what that carries over.
    nowMs += 15 * 2 * WINDOW_MS
    lines.length = 0
  })

  async function user(name: string, roles = ['viewer']): Promise<{ id: string; token: string }> {
    const { db } = api.database
    const id = newId()
    await db.insertInto('users').values({ id, username: name, password_hash: 'none', role: 'admin', roles }).execute()
    const { sessionId } = await openSession(db, { userId: id, scopes: null, address: null, via: null }, 7 * 86_400_000)
    const tokens = accessTokens(api.installation.id, tokenKeys(db, api.keyring, clock), clock)
    return { id, token: await tokens.issue(id, sessionId, 30 * 86_400_000) }
  }
  async function ask(
    hub: number,
    path: string,
    from: { token?: string; address?: string; method?: string; body?: unknown },
  ) {
    const headers = new Headers({ 'content-type': 'application/json' })
    if (from.token !== undefined) headers.set('authorization', `Bearer ${from.token}`)
    const method = from.method ?? 'GET'
    const init = { method, headers, ...(from.body !== undefined && { body: JSON.stringify(from.body) }) }
    const env = { incoming: { socket: { remoteAddress: '10.9.9.9' } } }
    headers.set('x-forwarded-for', from.address ?? '203.0.113.1')
    const response = await apps[hub]?.fetch(new Request(`http://hub.test/api${path}`, init), env)
    if (!response) throw new Error('no such hub')
    return { status: response.status, headers: response.headers, body: await response.json().catch(() => ({})) }
  }
  async function until(answer: () => Promise<number>, status: number) {
    await expect.poll(answer, { timeout: 5_000 }).toBe(status)
  }
  const setRules = (rules: unknown, allow: string[] = []) =>
    api.call('PUT', '/api/admin/rate-limits/rules', { rules, allow })

  it('[RL-1] [RL-2] each answer says how the caller stands, and the one over the limit says what to do', async () => {
    const { token, id } = await user('anna')
    const first = await ask(0, '/auth/me', { token })
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'ratelimit-limit': '300',
      'ratelimit-remaining': '299',
      'ratelimit-reset': '60',
      'ratelimit-policy': '300;w=60',
    })
    for (const path of ['/nowhere', '/users/none', '/sites']) {
      expect((await ask(0, path, { token })).headers.get('ratelimit-limit')).toBe('300')
    }
    for (let call = 4; call < 300; call += 1) await ask(0, '/auth/me', { token })
    const usage = await hubs[0]?.usage({ user: { id } } as Parameters<Limits['usage']>[0])
    expect(Usage.parse(usage).buckets[0]).toMatchObject({ bucket: 'principal', used: 300, remaining: 0 })
    const refused = await ask(0, '/auth/me', { token })
    expect(refused.status).toBe(429)
    const { error } = refused.body as { error: Record<string, unknown> }
    expect(error).toMatchObject({ code: 'RATE_LIMITED_PRINCIPAL', message: 'Too Many Requests' })
    expect(error.details).toMatchObject({ bucket: 'principal', limit: 300, windowSeconds: 60, retryAfterSeconds: 61 })
    expect(Object.fromEntries(refused.headers)).toMatchObject({ 'ratelimit-remaining': '0', 'retry-after': '61' })
    expect(JSON.stringify(error.remedies)).toContain('netraven limits reset KEY')
  })

  it('[RL-8] two hubs together let through the limit and no more', async () => {
    const { token } = await user('bert')
    const calls = Array.from({ length: 700 }, (_, call) => ask(call % 2, '/auth/me', { token }))
    const answers = (await Promise.all(calls)).map(({ status }) => status)
    expect(answers.filter((status) => status === 200)).toHaveLength(300)
    expect(answers.filter((status) => status === 429)).toHaveLength(400)
  })

  it('[RL-6] users behind one address do not share a limit; whoever has no token shares that of the address', async () => {
    const [one, other] = [await user('carl'), await user('cora')]
    for (let call = 0; call < 100; call += 1) {
      expect((await ask(0, '/auth/me', {})).status).toBe(401)
      expect((await ask(0, '/auth/me', { token: one.token })).status).toBe(200)
    }
    const refused = await ask(1, '/auth/me', { token: 'forged' })
    expect(refused.body).toMatchObject({ error: { code: 'RATE_LIMITED_IP', details: { bucket: 'anonymous' } } })
    expect((await ask(1, '/auth/me', { token: other.token })).status).toBe(200)
    expect((await ask(1, '/auth/me', { address: '203.0.113.2' })).status).toBe(401)
    // What the client wrote itself stands further left, and does not count.
    expect((await ask(1, '/auth/me', { address: '198.51.100.1, 203.0.113.1' })).status).toBe(429)
  })

  it('[RL-5] logins have a limit of their own', async () => {
    const { token } = await user('dora')
    const address = '203.0.113.50'
    const body = { username: 'nobody' }
    for (let call = 0; call < 50; call += 1) {
      expect((await ask(call % 2, '/auth/token', { method: 'POST', body, address })).status).toBe(400)
    }
    const refused = await ask(0, '/auth/token', { method: 'POST', body, address })
    expect(refused.body).toMatchObject({ error: { code: 'RATE_LIMITED_IP', details: { bucket: 'login', limit: 50 } } })
    expect((await ask(0, '/auth/me', { token, address })).status).toBe(200)
    expect((await ask(0, '/auth/me', { address })).status).toBe(401)
  })

  it('[RL-1] [RL-7] what costs much has a limit of its own', async () => {
    const { token, id } = await user('emil')
    expect((await setRules([{ bucket: 'heavy', limit: 2, user: id }])).status).toBe(200)
    const diff = () => ask(0, `/backups/${newId()}/diff/${newId()}`, { token })
    await until(async () => Number((await diff()).headers.get('ratelimit-limit')), 2)
    while ((await diff()).status !== 429) expect(true).toBe(true)
    expect((await diff()).body).toMatchObject({ error: { code: 'RATE_LIMITED_ROUTE', details: { bucket: 'heavy' } } })
    expect((await ask(0, '/auth/me', { token })).status).toBe(200)
  })

  it('[RL-7] rules for users, roles and ranges hold on every hub at once', async () => {
    const [one, other] = [await user('fred'), await user('fran', ['auditor'])]
    const rules = [
      { bucket: 'principal', limit: 7, user: 'FRED' },
      { bucket: 'principal', limit: 8, role: 'Auditor' },
      { bucket: 'anonymous', limit: 9, range: '192.0.2.0/24' },
    ]
    const set = await setRules(rules, ['198.51.100.0/24'])
    expect(LimitRules.parse(set.body)).toMatchObject({ rules, allow: ['198.51.100.0/24'], updatedBy: 'admin' })
    const limitOn = async (hub: number, from: { token?: string; address?: string }) =>
      Number((await ask(hub, '/auth/me', from)).headers.get('ratelimit-limit'))
    for (const hub of [0, 1]) {
      await until(() => limitOn(hub, { token: one.token }), 7)
      expect(await limitOn(hub, { token: other.token })).toBe(8)
      expect(await limitOn(hub, { address: '192.0.2.77' })).toBe(9)
      expect((await ask(hub, '/auth/me', { address: '198.51.100.9' })).headers.has('ratelimit-limit')).toBe(false)
    }
    expect((await api.call('GET', '/api/admin/rate-limits/rules')).body).toMatchObject({ rules })
    const written = await api.database.db
      .selectFrom('events')
      .select('details')
      .where('kind', '=', 'rate limits changed')
      .execute()
    expect(JSON.stringify(written.at(-1)?.details)).toContain('FRED')
  })

  it.each([
    [[{ bucket: 'nothing', limit: 1 }], []],
    [[{ bucket: 'principal', limit: 0 }], []],
    [[{ bucket: 'principal', limit: 1, range: '10.0.0.0/99' }], []],
    [[{ bucket: 'agent', limit: 1, user: 'x' }], []],
    [[{ bucket: 'principal', limit: 1, unknown: 1 }], []],
    [[], ['everywhere']],
  ])('[RL-7] rules that are wrong are refused: %j %j', async (rules, allow) => {
    expect((await setRules(rules, allow)).error?.code).toBe('REQUEST_INVALID')
  })

  it('[RL-7] only administrators see and change limits', async () => {
    const { token } = await user('gina')
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/rules'],
      ['PUT', '/rules'],
      ['DELETE', '/principal:x'],
    ]) {
      const answer = await ask(0, `/admin/rate-limits${path}`, { token, method: method ?? '' })
      expect(answer.body).toMatchObject({ error: { code: 'MISSING_SCOPE' } })
    }
  })

  it('[AUTH-6] [GEN-3] an administrator resets a counter, on every hub, and that is written down', async () => {
    const { token, id } = await user('hans')
    await Promise.all(Array.from({ length: 300 }, (_, call) => ask(call % 2, '/auth/me', { token })))
    for (const hub of [0, 1]) expect((await ask(hub, '/auth/me', { token })).status).toBe(429)
    const key = `principal:${id}`
    const { body } = await api.call('GET', '/api/admin/rate-limits?limit=500')
    expect(body.items).toContainEqual(
      expect.objectContaining({ key, bucket: 'principal', subject: 'hans', used: 300, windowSeconds: 60 }),
    )
    expect((await api.call('DELETE', `/api/admin/rate-limits/${key}`)).body).toEqual({ key, wasCounted: true })
    for (const hub of [0, 1]) await until(async () => (await ask(hub, '/auth/me', { token })).status, 200)
    expect((await api.call('DELETE', '/api/admin/rate-limits/login:192.0.2.1')).body).toMatchObject({
      wasCounted: false,
    })
    const written = await api.database.db
      .selectFrom('events')
      .select('details')
      .where('kind', '=', 'rate limit reset')
      .execute()
    expect(written.map(({ details }) => JSON.stringify(details)).join()).toContain(key)
  })

  it('[AUTH-6] [GEN-3] on the host of the hub no login is needed for that', async () => {
    const { token, id } = await user('ines')
    await Promise.all(Array.from({ length: 301 }, () => ask(0, '/auth/me', { token })))
    const out: string[] = []
    const terminal = {
      outRaw: () => undefined,
      out: () => undefined,
      err: (line: string) => out.push(line),
      json: (value: unknown) => out.push(JSON.stringify(value)),
      width: undefined,
    }
    const key = `principal:${id}`
    const parts = { terminal, environment: { DATABASE_URL: api.test.url }, config: {} } as unknown as Parameters<
      typeof runCommand
    >[1]
    expect([await runCommand(['limits', 'reset', key, '--on-host', '--json'], parts), out.join()]).toEqual([
      0,
      JSON.stringify({ key, wasCounted: true }),
    ])
    await until(async () => (await ask(0, '/auth/me', { token })).status, 200)
  })

  it('[RL-8] counters come in pages', async () => {
    for (let call = 0; call < 5; call += 1) await ask(0, '/auth/me', { address: `192.0.2.${call}` })
    const first = await api.call('GET', '/api/admin/rate-limits?limit=3')
    expect(first.body.items).toHaveLength(3)
    const second = await api.call('GET', `/api/admin/rate-limits?limit=500&cursor=${first.body.nextCursor}`)
    const keys = [first, second].flatMap(({ body }) => (body.items as { key: string }[]).map(({ key }) => key))
    expect(keys).toEqual([...new Set(keys)].toSorted())
    expect(keys).toContain('anonymous:192.0.2.4')
    await forgetOldCounters(api.database.db, nowMs + 86_400_000 * 2)
    expect((await api.database.db.selectFrom('rate_limits').select('key').execute()).length).toBe(0)
  })

  it('[RL-8] without the database each hub limits by itself, says so once, and nobody logs in', async () => {
    const { token } = await user('jack')
    await ask(0, '/auth/me', { token })
    const gone = api.test.open()
    await gone.ping()
    await gone.close()
    statement = gone.statement
    try {
      const answers = []
      for (let call = 0; call < 320; call += 1) answers.push((await ask(0, '/auth/me', { token })).status)
      expect(answers.filter((status) => status === 200).length).toBeGreaterThanOrEqual(299)
      expect(answers.at(-1)).toBe(429)
      const body = { username: 'admin', password: ADMIN_PASSWORD }
      const login = await ask(0, '/auth/token', { method: 'POST', body, address: '203.0.113.99' })
      expect([login.status, login.headers.get('retry-after')]).toEqual([503, '5'])
      expect(lines.filter((line) => line.includes('this hub limits by itself'))).toHaveLength(1)
    } finally {
      statement = api.database.statement
    }
    nowMs += 2_000
    expect((await ask(0, '/auth/me', { address: '203.0.113.98' })).status).toBe(401)
    expect(lines.filter((line) => line.includes('for all hubs together again'))).toHaveLength(1)
  })

  it('[RL-9] an agent that sends too much is answered later, and nothing is refused', async () => {
    const [limits] = hubs
    await setRules([{ bucket: 'agent', limit: 3, windowSeconds: 1 }])
    await limits?.heard('rules')
    const agent = newId()
    const order: number[] = []
    const turns = [1, 2, 3, 4].map((turn) => limits?.agentTurn(agent).then(() => order.push(turn)))
    await Promise.all(turns.slice(0, 3))
    expect(order).toEqual([1, 2, 3])
    await turns[3]
    expect(order).toEqual([1, 2, 3, 4])
  })
})
