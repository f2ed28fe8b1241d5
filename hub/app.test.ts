import { newSigningKey } from '@netraven/protocol/keys.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { openAccess } from './access.ts'
import { accessTokens } from './access-tokens.ts'
import { createApp } from './app.ts'
import { openDatabase } from './db/connect.ts'
import { newId } from './ids.ts'
import { keyringOf } from './keyring.ts'
import { openLog, silentLog } from './log.ts'
import { MAX_BODY_BYTES } from './routes/hardening.ts'
import { scopes } from './scopes.ts'
import { tokenKeys } from './token-keys.ts'

/** Nobody listens on port 1. */
const database = openDatabase('postgres://nobody:canary-password@127.0.0.1:1/none', {
  poolMax: 2,
  statementTimeoutMs: 1000,
  acquireTimeoutMs: 1000,
  applicationName: 'test',
  log: silentLog(),
})
afterAll(() => database.close())

const keyring = keyringOf(Buffer.alloc(32))
const tokens = accessTokens(newId(), tokenKeys(database.db, keyring, Date.now), Date.now)
const access = openAccess({ db: database.db, tokens, clock: Date.now })
const lines: string[] = []
let isServing = true
const app = createApp({
  config: { accessTokenMinutes: 30, runTimeoutMs: 1000 },
  database,
  migrations: { status: async () => ({ database: '1', software: '1', done: [], pending: [], unknown: [] }) },
  keyring,
  access,
  tokens,
  installation: { id: newId(), signingKey: newSigningKey(), keys: () => [newSigningKey()] },
  blobs: {
    name: 'none',
    put: () => Promise.reject(new Error('unused')),
    get: () => Promise.reject(new Error('unused')),
    has: () => Promise.reject(new Error('unused')),
    reseal: () => Promise.reject(new Error('unused')),
    remove: () => Promise.reject(new Error('unused')),
    status: () => Promise.reject(new TypeError('canary-bug at heart')),
  },
  log: openLog({ level: 'trace', write: (line) => lines.push(line) }),
  node: 'test',
  wake: async () => undefined,
  isServing: () => isServing,
})

const ask = (path: string, init?: RequestInit) => app.request(`http://hub.test${path}`, init)
const post = (path: string, body: string, type = 'application/json') =>
  ask(path, { method: 'POST', body, headers: { 'content-type': type } })
const login = JSON.stringify({ username: 'admin', password: 'canary-login' })

describe('the API, whatever goes wrong', () => {
  it.each([
    ['GET', '/nowhere'],
    ['GET', '/api/nowhere'],
    ['DELETE', '/api/sites'],
    ['PUT', '/api/health'],
  ])('%s %s is answered in the one envelope', async (method, path) => {
    const response = await ask(path, { method })
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      error: {
        code: 'NOT_FOUND',
        message: 'Not found',
        causes: expect.any(Array),
        remedies: expect.any(Array),
        runbook: '/api/docs/failures#NOT_FOUND',
        requestId: response.headers.get('x-request-id'),
        details: { method, path },
      },
      detail: 'Not found',
    })
  })

  it('[DB-1] a database that is down is 503, says when to come back, and gives away nothing', async () => {
    const response = await post('/api/auth/token', login)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    const text = await response.text()
    expect(JSON.parse(text).error).toMatchObject({ code: 'DB_UNAVAILABLE', message: 'Database unavailable' })
    expect(text).not.toMatch(/canary/)
  })

  it.each([
    ['no JSON', '{', 'application/json'],
    ['another type', login, 'text/plain'],
    ['nothing', '', 'application/json'],
    ['a list', '[]', 'application/json'],
    ['null', 'null', 'application/json'],
    ['a wrong field', '{"username":1}', 'application/json'],
    ['a field too long', JSON.stringify({ username: 'a', password: 'x'.repeat(2000) }), 'application/json'],
  ])('a body with %s names what is wrong with it', async (_, body, type) => {
    const response = await post('/api/auth/token', body, type)
    const { error } = (await response.json()) as { error: { code: string; details: { issues: unknown[] } } }
    expect([response.status, error.code]).toEqual([400, 'REQUEST_INVALID'])
    expect(error.details.issues.length).toBeGreaterThan(0)
  })

  it('never repeats what was sent', async () => {
    const response = await post(
      '/api/auth/token',
      JSON.stringify({ username: ['canary-a'], password: { x: 'canary-b' } }),
    )
    expect(await response.text()).not.toMatch(/canary/)
  })

  it.each([
    ['its length is announced', (body: Uint8Array) => body],
    ['it comes in pieces', (body: Uint8Array) => new Blob([body as Uint8Array<ArrayBuffer>]).stream()],
  ])('a body that is too large is refused when %s', async (_, made) => {
    const init = { method: 'POST', body: made(new Uint8Array(MAX_BODY_BYTES + 1)), duplex: 'half' } as RequestInit
    const response = await ask('/api/auth/token', init)
    expect([response.status, await response.json()]).toEqual([
      413,
      expect.objectContaining({ error: expect.objectContaining({ code: 'REQUEST_TOO_LARGE' }) }),
    ])
  })

  it('a bug shows an id, and the log has its stack under that id', async () => {
    const { status, body } = await bug()
    expect([status, body.error.code, body.detail]).toEqual([500, 'INTERNAL', 'Internal error'])
    expect(JSON.stringify(body)).not.toMatch(/canary-bug|\.ts/)
    const line = lines.find((one) => one.includes(body.error.requestId))
    expect(line).toMatch(/canary-bug at heart/)
    expect(line).toMatch(/app\.test\.ts/)
  })

  /** A route that has a bug: a store that throws what it may not. */
  async function bug() {
    const broken = createApp({
      config: { accessTokenMinutes: 30, runTimeoutMs: 1000 },
      database: {
        ...database,
        db: new Proxy(database.db, {
          get: () => () => {
            throw new TypeError('canary-bug at heart')
          },
        }),
      },
      migrations: { status: async () => ({ database: '1', software: '1', done: [], pending: [], unknown: [] }) },
      keyring,
      access,
      tokens,
      installation: { id: newId(), signingKey: newSigningKey(), keys: () => [] },
      blobs: { name: 'none', put: never, get: never, has: never, reseal: never, remove: never, status: never },
      log: openLog({ level: 'trace', write: (line) => lines.push(line) }),
      node: 'test',
      wake: async () => undefined,
    })
    const response = await broken.request('/api/auth/token', {
      method: 'POST',
      body: login,
      headers: { 'content-type': 'application/json' },
    })
    return {
      status: response.status,
      body: (await response.json()) as { error: { code: string; requestId: string }; detail: string },
    }
  }
  const never = () => Promise.reject(new Error('unused'))

  it('takes the id of a request from whoever asks, when it is fit for a log', async () => {
    const withId = (id: string) => ask('/api/health/live', { headers: { 'x-request-id': id } })
    expect((await withId('trace-1234')).headers.get('x-request-id')).toBe('trace-1234')
    expect((await withId('a b')).headers.get('x-request-id')).toMatch(/^[\w-]{16}$/)
  })

  it.each([
    [undefined, 'TOKEN_MISSING', 'Bearer realm="netraven"'],
    ['', 'TOKEN_MISSING', 'Bearer realm="netraven"'],
    ['Basic YTpi', 'TOKEN_BAD_SCHEME', 'Bearer realm="netraven", error="invalid_request"'],
    ['nra_x', 'TOKEN_BAD_SCHEME', 'Bearer realm="netraven", error="invalid_request"'],
    ['Bearer', 'TOKEN_TRUNCATED', 'Bearer realm="netraven", error="invalid_token", error_description="Invalid token"'],
    [
      'Bearer nra_cut',
      'TOKEN_TRUNCATED',
      'Bearer realm="netraven", error="invalid_token", error_description="Invalid token"',
    ],
  ])('[TOK-4] Authorization: %s is %s', async (authorization, code, challenge) => {
    const response = await ask('/api/sites', authorization === undefined ? {} : { headers: { authorization } })
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, challenge])
    expect(await response.json()).toMatchObject({ error: { code, message: 'Invalid token' }, detail: 'Invalid token' })
  })
})

describe('health without a database', () => {
  it('[DIAG-7] is 503 with the components and the reason; the process itself lives', async () => {
    const response = await ask('/api/health')
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await response.json()).toMatchObject({
      status: 'down',
      components: { database: { status: 'down', code: 'DB_UNAVAILABLE' } },
      error: { code: 'DB_UNAVAILABLE' },
      detail: 'Database unavailable',
    })
    expect((await ask('/api/health/live')).status).toBe(200)
    expect((await ask('/api/health/ready')).status).toBe(503)
  })

  it('[HA-1] a hub that was told to stop is no longer ready', async () => {
    isServing = false
    const response = await ask('/api/health/ready')
    expect([response.status, await response.json()]).toEqual([
      503,
      expect.objectContaining({ error: expect.objectContaining({ code: 'SHUTTING_DOWN' }) }),
    ])
    isServing = true
  })
})

interface OpenApi {
  readonly openapi: string
  readonly paths: Record<
    string,
    Record<string, { security?: { bearer?: string[] }[]; responses: Record<string, unknown>; summary?: string }>
  >
}

describe('the OpenAPI document', () => {
  it('is there for people too, on a page that loads nothing from elsewhere', async () => {
    const response = await ask('/api/docs')
    const text = await response.text()
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    expect(text).toContain('<code>POST /api/devices/import</code>')
    expect(text).not.toMatch(/<script|https?:\/\/(?!www\.w3)/)
  })

  it('[PERM-2] declares every route that is mounted, and no scope that does not exist', async () => {
    const document = (await (await ask('/api/openapi.json')).json()) as OpenApi
    const declared = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    )
    const mounted = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)
    const documents = ['GET /api/docs', 'GET /api/docs/failures', 'GET /api/openapi.json']
    expect([...new Set(mounted)].filter((route) => !declared.includes(route)).toSorted()).toEqual(documents)
    const named = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ security = [] }) => security.flatMap(({ bearer }) => bearer ?? [])),
    )
    expect([...new Set(named)].filter((scope) => !Object.hasOwn(scopes, scope))).toEqual([])
  })

  it('[PERM-2] says of every operation who may call it, and what a refusal looks like', async () => {
    const document = (await (await ask('/api/openapi.json')).json()) as OpenApi
    expect(document.openapi).toMatch(/^3\.1/)
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, ...operation })),
    )
    expect(operations.length).toBeGreaterThan(30)
    expect(operations.filter((one) => !one.security || !one.summary || !('default' in one.responses))).toEqual([])
    const anyone = operations.filter(({ security }) => security?.length === 0).map(({ name }) => name)
    expect(anyone.toSorted()).toEqual([
      'GET /api/auth/oidc/callback',
      'GET /api/auth/oidc/start',
      'GET /api/diagnostics/catalog',
      'GET /api/diagnostics/catalog/{code}',
      'GET /api/failures',
      'GET /api/failures/{code}',
      'GET /api/health',
      'GET /api/health/live',
      'GET /api/health/ready',
      'GET /api/version',
      'POST /api/agents/enroll',
      'POST /api/auth/forgot-password',
      'POST /api/auth/oidc/token',
      'POST /api/auth/refresh',
      'POST /api/auth/reset-password',
      'POST /api/auth/token',
    ])
    for (const { name, security } of operations.filter((one) => one.security?.length !== 0)) {
      const [method = '', path = ''] = name.split(' ')
      const response = await ask(path.replaceAll(/\{\w+\}/g, 'x'), { method })
      expect([name, security?.length, response.status]).toEqual([name, 1, 401])
    }
  })
})
