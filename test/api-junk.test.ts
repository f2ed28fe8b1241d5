/**
 * Junk to every endpoint: the OpenAPI document says what there is, so a new route is tested without anyone thinking of it.
 * Whatever comes in, the answer is coded, nothing is lost, and no inside shows.
 */
import { failures } from '@netraven/protocol/failure.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answered, openTestApi, type TestApi } from './api.ts'
import { keepText } from './backups.ts'
import { servers } from './postgres.ts'
import { seedAgent } from './seed.ts'

interface Operation {
  readonly method: string
  readonly path: string
  readonly bodyType: string | undefined
  readonly query: readonly string[]
}

const words = [
  'x',
  '..',
  '%00',
  '%F0%9F%A6%85',
  "'%3B drop table devices%3B--",
  '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b',
  `${'x'.repeat(300)}`,
]
const bodies: readonly unknown[] = [
  undefined,
  null,
  [],
  {},
  7,
  { name: 7 },
  { name: null, site: [], devices: {} },
  { name: '\u0000', site: '\u0000', address: '\u0000', driver: '\u0000', username: '\u0000', password: '\u0000' },
  { name: 'x'.repeat(5000), username: 'x'.repeat(5000), password: 'x'.repeat(5000) },
  { __proto__: { admin: true }, constructor: { prototype: 1 }, devices: ['__proto__'], site: 'constructor' },
  JSON.parse(`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`),
]

describe.each(servers)('junk to every endpoint on %s', (kind) => {
  let api: TestApi
  let operations: Operation[]
  let token: string

  beforeAll(async () => {
    api = await openTestApi(kind)
    token = api.token
    const site = String((await api.call('POST', '/api/sites', { name: 'lab' })).body.id)
    const agent = await seedAgent(api.database.db, site)
    const device = await api.call('POST', '/api/devices', {
      name: 'sw1',
      address: '192.0.2.1',
      driver: 'ios',
      site: 'lab',
    })
    await keepText(api, agent, String(device.body.id), 'hostname sw1\nend\n')
    const { body } = await api.call('GET', '/api/openapi.json')
    const paths = body.paths as Record<
      string,
      Record<string, { parameters?: { in: string; name: string }[]; requestBody?: { content: object } }>
    >
    operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        bodyType: Object.keys(operation.requestBody?.content ?? {})[0],
        query: (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name),
      })),
    )
  })
  afterAll(() => api.close())

  /** The only operations that take without asking: they end the session of the walk. */
  const isLogout = ({ method, path }: Operation) =>
    path.startsWith('/api/auth/logout') || (method === 'DELETE' && path === '/api/auth/tokens')

  const census = async () => {
    const { db } = api.database
    const names = ['sites', 'devices', 'credentials', 'agents', 'users', 'versions', 'blobs'] as const
    const counts = names.map(async (name) => [name, (await db.selectFrom(name).selectAll().execute()).length] as const)
    return Object.fromEntries(await Promise.all(counts))
  }

  function expectSound(what: string, { status, error, text, headers }: Answered): void {
    expect(headers.get('x-request-id'), what).toMatch(/^[\w-]+$/)
    expect(text, what).not.toMatch(/\bat \S+ \(|node_modules|\.ts:\d|syntax error|SELECT |canary/)
    if (status < 300) return
    expect(status, `${what}: ${text}`).toBeLessThan(500)
    const known = error ? Object.entries(failures).find(([code]) => code === error.code)?.[1] : undefined
    expect([status, error?.message], `${what}: ${text}`).toEqual([known?.status, known?.message])
  }

  it('wrong paths, wrong queries, wrong bodies: always a coded answer, and nothing is lost', async () => {
    const before = await census()
    expect(operations.length).toBeGreaterThan(30)
    for (const operation of operations.filter((one) => !isLogout(one))) {
      for (const [index, body] of bodies.entries()) {
        const word = words[index % words.length] ?? 'x'
        const path = operation.path.replaceAll(/\{\w+\}/g, word)
        const query = operation.query.map((name) => `${name}=${encodeURIComponent(word)}`).join('&')
        const what = `${operation.method} ${path}?${query} ${JSON.stringify(body)?.slice(0, 80)}`
        const sent = operation.method === 'GET' || operation.method === 'DELETE' ? undefined : body
        expectSound(what, await api.call(operation.method, `${path}${query && index % 2 ? `?${query}` : ''}`, sent))
      }
    }
    expect(await census()).toEqual(before)
    expect((await api.call('GET', '/api/auth/me')).body).toMatchObject({ username: 'admin' })
  })

  it('bodies that are not what they say: always a coded answer', async () => {
    for (const operation of operations.filter(({ bodyType }) => bodyType !== undefined)) {
      const path = operation.path.replaceAll(/\{\w+\}/g, 'x')
      for (const [text, type] of [
        ['{"name":', 'application/json'],
        ['\u0000\u0001\u0002', 'application/json'],
        ['name=x', 'application/x-www-form-urlencoded'],
        ['--x\r\n', 'multipart/form-data; boundary=x'],
        ['<a/>', 'application/xml'],
        ['{}', 'application/json; charset=klingon'],
        ['"', 'text/csv'],
      ] as const) {
        expectSound(
          `${operation.method} ${path} ${type}`,
          await api.call(operation.method, path, text, { 'content-type': type }),
        )
      }
    }
  })

  it('any JSON at all to any endpoint that takes some: never a bug', async () => {
    const takers = operations.filter(
      ({ bodyType, path }) => bodyType === 'application/json' && path !== '/api/auth/token',
    )
    const field = fc.constantFrom(
      'name',
      'site',
      'address',
      'driver',
      'devices',
      'all',
      'tags',
      'options',
      'port',
      'username',
      'local',
      'token',
      'x',
    )
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('lab', 'sw1', 'ios', '192.0.2.1', true, null, 22),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...takers), fc.dictionary(field, value), async (operation, body) => {
        const path = operation.path.replaceAll(/\{\w+\}/g, 'nothing-of-this-name')
        expectSound(`${operation.method} ${path} ${JSON.stringify(body)}`, await api.call(operation.method, path, body))
      }),
      { numRuns: 300 },
    )
  })

  it('without a token every operation that needs one says so, and does nothing', async () => {
    const before = await census()
    api.token = ''
    for (const { method, path } of operations) {
      const answer = await api.call(method, path.replaceAll(/\{\w+\}/g, 'sw1'), method === 'GET' ? undefined : {})
      expectSound(`${method} ${path}`, answer)
    }
    api.token = token
    expect(await census()).toEqual(before)
  })

  it('no bug was met on the way, and the log says the same', () => {
    expect(api.log.filter((line) => line.includes('"level":"error"'))).toEqual([])
  })
})
