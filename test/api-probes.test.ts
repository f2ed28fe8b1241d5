/**
 * Probes as scanners send them, in every string that any operation takes: in paths, queries, headers and at every depth of a body. None is
 * more than data: no table is lost, no text of the machine's files comes back, nothing waits because a statement was told to.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiDocument } from '../hub/api-document.ts'
import { openTestApi, type TestApi } from './api.ts'
import {
  type Asked,
  awayElsewhere,
  operationsOf,
  type Question,
  questionOf,
  resolved,
  type Schema,
} from './api-questions.ts'
import { keepText } from './backups.ts'
import { servers } from './postgres.ts'
import { seedAgent } from './seed.ts'

/** What each would show: the name of a file, a wait of a minute, a table that is gone, a value that was computed. */
const probes = [
  "' OR '1'='1",
  "' OR 1=1-- -",
  '" OR ""="',
  "1' AND 1=CAST((SELECT version()) AS int)-- -",
  "1'; SELECT pg_sleep(60)-- -",
  "1' AND (SELECT 1 FROM pg_sleep(60))='1",
  '1 AND 1=(SELECT 1 FROM PG_SLEEP(60))',
  "'; DROP TABLE devices CASCADE-- -",
  '1); DROP TABLE users;--',
  "' UNION ALL SELECT NULL,NULL,usename||':'||passwd FROM pg_shadow-- -",
  "$$;SELECT pg_read_file('/etc/passwd');$$",
  "\\'; COPY (SELECT 1) TO PROGRAM 'id'-- -",
  '%27%20OR%201=1--',
  'id,(SELECT pg_sleep(60))',
  '../../../../../../etc/passwd',
  '..%2f..%2f..%2f..%2fetc%2fpasswd',
  '....//....//....//etc/passwd',
  '..\\..\\..\\windows\\win.ini',
  '/etc/passwd',
  'file:///etc/passwd',
  '%2e%2e/%2e%2e/etc/passwd%00.json',
  '#{7*7}{{7*7}}<%= 7*7 %>',
  '$(sleep 60)`sleep 60`|sleep 60;',
  '<script>alert(1)</script>',
  '\r\nSet-Cookie: a=b',
  'a\0b',
] as const

const LATE_MS = 30_000

describe.each(servers)('probes in every string of every operation on %s', (kind) => {
  let api: TestApi
  let operations: Asked[]
  let schemas: Readonly<Record<string, unknown>>
  const ids: Record<string, string> = {}

  beforeAll(async () => {
    api = await openTestApi(kind)
    const { body: site } = await api.call('POST', '/api/sites', { name: 'lab' })
    const agent = await seedAgent(api.database.db, String(site.id))
    const { body: made } = await api.call('POST', '/api/devices', {
      name: 'sw1',
      address: '192.0.2.1',
      driver: 'linux',
      site: 'lab',
    })
    ids.backups = await keepText(api, agent, String(made.id), 'hostname sw1\n')
    Object.assign(ids, { sites: 'lab', devices: 'sw1', agents: agent.id })
    const document = (await api.call('GET', '/api/openapi.json')).body as unknown as ApiDocument
    schemas = document.components.schemas ?? {}
    // It is asked for last: it ends the session.
    operations = operationsOf(document).filter(({ path }) => !/^\/api\/auth\/logout/.test(path))
  })
  afterAll(() => api.close())

  /** A value that fits, as far as a schema tells. */
  const fitting = (given: Schema, depth = 0): unknown => {
    const schema = resolved(given, schemas)
    if (schema.const !== undefined) return schema.const
    if (schema.enum) return schema.enum[0]
    const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0]
    if (choice) return fitting(choice, depth)
    const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0]
    if (type === 'object') {
      const fields = depth > 4 ? [] : Object.entries(schema.properties ?? {})
      return Object.fromEntries(fields.map(([name, field]) => [name, fitting(field, depth + 1)]))
    }
    if (type === 'array') return depth > 4 ? [] : [fitting(schema.items ?? {}, depth + 1)]
    if (type === 'integer' || type === 'number') return Math.max(1, schema.minimum ?? 1)
    if (type === 'boolean') return false
    return 'lab'
  }
  /** Where strings stand in a value, as paths of keys. */
  const strings = (value: unknown, at: readonly string[] = []): string[][] => {
    if (typeof value === 'string') return [[...at]]
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, inner]) => strings(inner, [...at, key]))
  }
  const replaced = (value: unknown, [key, ...rest]: readonly string[], probe: string): unknown => {
    if (key === undefined) return probe
    if (Array.isArray(value))
      return value.map((one, index) => (String(index) === key ? replaced(one, rest, probe) : one))
    const fields = value as Record<string, unknown>
    return { ...fields, [key]: replaced(fields[key], rest, probe) }
  }

  /** Questions to one operation, each with the probe in one place. */
  const questions = (asked: Asked, probe: string): Question[] => {
    const noun = asked.path.split('/')[2] ?? ''
    const usual = Object.fromEntries(
      asked.places
        .filter((place) => place.in === 'path' || place.required)
        .map((place) => [
          `${place.in} ${place.name}`,
          place.in === 'path' ? (ids[noun] ?? 'lab') : fitting(place.schema),
        ]),
    )
    const sent = asked.body && fitting(asked.body.schema)
    const inPlaces = asked.places.map((place) =>
      questionOf(asked, { ...usual, [`${place.in} ${place.name}`]: probe }, sent),
    )
    const inBody = asked.body ? strings(sent).map((at) => questionOf(asked, usual, replaced(sent, at, probe))) : []
    return [...inPlaces, ...inBody]
  }

  it('are data and nothing more', async () => {
    const { db } = api.database
    const tables = async () => (await db.introspection.getTables()).map(({ name }) => name).toSorted()
    const before = await tables()
    let asked = 0
    for (const operation of operations) {
      // Each place meets several probes, and each probe many places: the sweep of all by all is `PROBES=all`.
      const turn = asked
      const chosen =
        process.env.PROBES === 'all' ? probes : [0, 13].map((step) => probes[(turn + step) % probes.length] ?? '')
      for (const probe of chosen) {
        for (const question of questions(operation, probe)) {
          asked += 1
          const { method, path, body, headers } = question
          const what = `${method} ${path} ${body ?? ''}`.slice(0, 600)
          const startedMs = performance.now()
          const request = new Request(`http://hub.test${path}`, {
            method,
            headers: { authorization: `Bearer ${api.token}`, ...headers },
            ...(body !== undefined && { body }),
          })
          const answer = await api.fetch(request)
          const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream')
          const text = isStream ? '' : await answer.text()
          if (isStream) await answer.body?.cancel()
          if (answer.status >= 500) expect(awayElsewhere, `${what}\n${text}`).toContain(JSON.parse(text).error.code)
          expect(performance.now() - startedMs, what).toBeLessThan(LATE_MS)
          expect(text, what).not.toMatch(
            /root:x:0|for 16-bit app|PostgreSQL 1\d|syntax error at|invalid input syntax|\bpg_catalog\b|SQLSTATE/,
          )
          expect([what, answer.headers.get('set-cookie')]).toEqual([what, null])
          expect(answer.headers.get('content-type') ?? '', what).not.toMatch(/html/)
          const isSignedOut = answer.status === 401 && /"code":"(?:TOKEN_|ACCESS_)/.test(text)
          expect(isSignedOut && what).toBe(false)
        }
      }
    }
    expect(asked).toBeGreaterThan(500)
    expect(await tables()).toEqual(before)
    expect(api.log.filter((line) => line.includes('"level":"error"'))).toEqual([])
  }, 600_000)

  it('a path that climbs stays where it is', async () => {
    for (const path of [
      '/api/../etc/passwd',
      '/api/%2e%2e/%2e%2e/etc/passwd',
      '/api//etc/passwd',
      '/api/backups/..%2f..%2fmaster.key/content',
      '/api/docs/..%5c..%5cmaster.key',
      '/..;/api/devices',
    ]) {
      const { status, text } = await api.call('GET', path)
      expect([path, status, /root:|BEGIN/.test(text)]).toEqual([path, 404, false])
    }
  })
})
