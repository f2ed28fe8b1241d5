/** The document of the API against the API itself: it lints clean, and every operation, really called, answers what it says. */
import { readdir } from 'node:fs/promises'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiDocument, Operation, ResponseObject } from '../hub/api-document.ts'
import { namedRooms } from '../hub/api-schemas.ts'
import { scopes } from '../hub/scopes.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { keepText } from './backups.ts'
import { servers } from './postgres.ts'
import { seedAgent } from './seed.ts'

/** `/agents/enrollment-tokens/{id}` is DELETE, `/agents/{id}/…` is not: no request fits both. */
const ALLOWED = new Set(['no-ambiguous-paths'])

interface Called {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** It must be done. */
  readonly isFine?: boolean
}

describe.each(servers)('the document of the API on %s', (kind) => {
  let api: TestApi
  let document: ApiDocument
  const values: Record<string, string> = {}
  beforeAll(async () => {
    api = await openTestApi(kind)
    document = (await api.call('GET', '/api/openapi.json')).body as unknown as ApiDocument
    formats.default(ajv)
    ajv.addSchema({ $id: 'api:', components: document.components })
    const { body: site } = await api.call('POST', '/api/sites', { name: 'lab' })
    const agent = await seedAgent(api.database.db, String(site.id))
    const { body: credential } = await api.call('POST', '/api/credentials', {
      name: 'core',
      username: 'u',
      password: 'canary',
    })
    const device = { name: 'sw1', address: '192.0.2.1', driver: 'linux', site: 'lab', tags: { rack: '7' } }
    const { body: made } = await api.call('POST', '/api/devices', device)
    const first = await keepText(api, agent, String(made.id), 'hostname sw1\n')
    const second = await keepText(api, agent, String(made.id), 'hostname sw1\nntp server 192.0.2.9\n')
    const { body: run } = await api.call('POST', '/api/runs', { devices: ['sw1'] })
    Object.assign(values, {
      agents: agent.id,
      backups: second,
      credentials: String(credential.id),
      devices: String(made.id),
      runs: String(run.id),
      from: first,
      to: second,
      code: 'TCP_TIMEOUT',
      name: 'cisco_ios',
      kind: 'dns',
    })
  })
  afterAll(() => api.close())

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    )
  const filled = (path: string) =>
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const noun = path.split('/')[2] ?? ''
      return encodeURIComponent((name === 'id' ? values[noun] : values[name]) ?? '019a0000-0000-7000-8000-000000000001')
    })

  const ajv = new Ajv2020({ strict: false, allErrors: true })
  /** What is wrong with an answer; empty: nothing. */
  const complaints = async (
    { method, path, body, headers, isFine = false }: Called,
    template: string,
    operation: Operation,
  ) => {
    const url = `http://hub.test${path}`
    const type = typeof body === 'string' ? 'text/csv' : 'application/json'
    const response = await api.fetch(
      new Request(url, {
        method,
        headers: {
          authorization: `Bearer ${api.token}`,
          ...(body !== undefined && { 'content-type': type }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    )
    const name = `${method} ${template} ${response.status}`
    const given = operation.responses[String(response.status)] ?? operation.responses['5XX']
    const isServerError = response.status >= 500 && response.status !== 503
    if (!given || isServerError) return [`${name} is not declared: ${(await response.text()).slice(0, 300)}`]
    const declared =
      '$ref' in given ? (document.components.responses?.[given.$ref.split('/')[3] ?? ''] as ResponseObject) : given
    const found: string[] = isFine && !response.ok ? [`${name} is not done`] : []
    if (response.headers.get('x-request-id') === null) found.push(`${name} has no request id`)
    if ('$ref' in declared) return [`${name} refers to a reference`]
    const content = declared.content ?? {}
    const kind = response.headers.get('content-type')?.split(';')[0]
    if (kind === undefined || kind === null) return found
    if (kind === 'text/event-stream') {
      await response.body?.cancel()
      return found
    }
    const text = await response.text()
    if (text === '') return found
    const { schema } = content[kind] ?? {}
    if (schema === undefined) return [...found, `${name} answers ${kind}, which is not declared`]
    if (!kind.endsWith('json')) return found
    const moved = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api:#/components'))
    const validate = ajv.compile(moved)
    if (!validate(JSON.parse(text)))
      found.push(`${name}: ${ajv.errorsText(validate.errors).slice(0, 400)} in ${text.slice(0, 300)}`)
    return found
  }

  it('[PERM-2] lints clean under Redocly’s recommended rules', async () => {
    const config = await createConfig({ extends: ['recommended'] })
    const problems = await lintFromString({ source: JSON.stringify(document), config })
    const told = problems
      .filter(({ ruleId }) => !ALLOWED.has(ruleId))
      .map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)
    expect(told).toEqual([])
  })

  it('[PERM-2] each operation has a name of its own, a described tag, and scopes that exist', () => {
    const names = operations().map(({ operation }) => operation.operationId)
    expect(new Set(names).size).toBe(names.length)
    const tags = (document.tags as { name: string; description: string }[]).filter(
      (tag) => tag.description === tag.name,
    )
    expect(tags).toEqual([])
    const asked = operations().flatMap(({ operation }) => operation.security?.flatMap((one) => one.bearer ?? []) ?? [])
    expect([...new Set(asked)].filter((scope) => !Object.hasOwn(scopes, scope))).toEqual([])
  })

  it('[PERM-2] every shape of hub/api has its name there, so that a generated client has types', async () => {
    const files = (await readdir('hub/api')).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    const rooms = files.map((file) => file.replace('.ts', '')).filter((name) => !['fields', 'page'].includes(name))
    expect(rooms.filter((room) => !namedRooms.includes(room))).toEqual([])
    expect(Object.keys(document.components.schemas ?? {})).toEqual(
      expect.arrayContaining(['Device', 'Run', 'Backup', 'ErrorEnvelope', 'Problem']),
    )
  })

  it('[GEN-1] [PERM-2] every operation, really called, answers as the document says', async () => {
    const found: string[] = []
    // What takes away goes last, or nothing would be left to ask for.
    const order = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE']
    const all = operations().toSorted((one, other) => order.indexOf(one.method) - order.indexOf(other.method))
    const ends = /logout|\/auth\/tokens|change-password|\/users\/\{id\}|drain/
    for (const { method, path, operation } of [
      ...all.filter((one) => !ends.test(one.path)),
      ...all.filter((one) => ends.test(one.path)),
    ]) {
      const called = { method, path: filled(path) }
      const hasBody = operation.requestBody !== undefined
      const isBodyless = method === 'GET' || method === 'DELETE'
      found.push(...(await complaints({ ...called, headers: { authorization: 'Bearer nonsense' } }, path, operation)))
      if (isBodyless || !hasBody) found.push(...(await complaints(called, path, operation)))
      if (hasBody) found.push(...(await complaints({ ...called, body: {} }, path, operation)))
      found.push(
        ...(await complaints(
          {
            ...called,
            path: path.replaceAll(/\{\w+\}/g, 'nothing-there'),
            headers: { accept: 'application/problem+json' },
          },
          path,
          operation,
        )),
      )
    }
    expect(found).toEqual([])
    expect(all.length).toBeGreaterThan(80)
    // Logging out was among them.
    const { body } = await api.call('POST', '/api/auth/token', { username: 'admin', password: ADMIN_PASSWORD })
    api.token = String(body.access_token)
  })

  it('[DIAG-8] questions that are in order are answered as the document says', async () => {
    const found: string[] = []
    const asked: [string, string, unknown?][] = [
      ['POST', '/api/sites', { name: 'annex' }],
      ['GET', '/api/devices?sort=-lastReadAt,name&limit=1'],
      ['POST', '/api/devices', { name: 'sw9', address: '192.0.2.9', driver: 'linux', site: 'lab' }],
      ['POST', '/api/devices/bulk', { op: 'set', ids: ['sw9', 'nobody'], change: { group: 'core' } }],
      ['POST', '/api/devices/import?site=lab', 'name,address,driver\nsw10,192.0.2.10,linux\n'],
      ['POST', '/api/devices/import?site=lab', { devices: [{ name: 'sw11', address: '192.0.2.11', driver: 'linux' }] }],
      ['GET', '/api/devices/export?format=json'],
      ['POST', '/api/agents/enrollment-tokens', { site: 'lab' }],
      ['GET', '/api/runs?state=finished'],
      ['GET', '/api/users?limit=1'],
    ]
    for (const [method, path, body] of asked) {
      const template = path.split('?')[0] ?? ''
      const operation = document.paths[template]?.[method.toLowerCase()]
      if (operation) found.push(...(await complaints({ method, path, body, isFine: true }, template, operation)))
      else found.push(`${method} ${template} is not in the document`)
    }
    expect(found).toEqual([])
  })

  it('[PERM-2] is shown to people on one page that loads nothing from elsewhere', async () => {
    const { text, headers } = await api.call('GET', '/api/docs')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    // Said in short: a whole page in a failure helps nobody.
    expect(/<script|<link|src=|@import|url\(/.exec(text)?.[0]).toBeUndefined()
    const words = ['read:devices', 'id="schema-Device"', 'Idempotency-Key', '&quot;hostKey&quot;']
    expect(words.filter((word) => !text.includes(word))).toEqual([])
  })

  it('[RL-4] a stored text has its sha256 as its ETag, and the masked view another', async () => {
    const path = `/api/backups/${values.backups}/content`
    const raw = await api.call('GET', `${path}?raw=true`)
    const tag = raw.headers.get('etag') ?? ''
    expect(tag).toBe(`"${raw.headers.get('x-content-sha256')}"`)
    const again = await api.call('GET', `${path}?raw=true`, undefined, { 'if-none-match': tag })
    expect([again.status, again.text]).toEqual([304, ''])
    const masked = await api.call('GET', path)
    expect(masked.headers.get('etag')).toMatch(/^"[0-9a-f]{64}"$/)
    expect(
      (await api.call('GET', path, undefined, { 'if-none-match': String(masked.headers.get('etag')) })).status,
    ).toBe(304)
  })
})
