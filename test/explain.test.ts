/**
 * The plan of every statement that a list makes, on a database with 100,000 rows of what grows. The statements are those of the API
 * itself, recorded while it answers; the planner is as it is configured.
 */
import { type CompiledQuery, type Kysely, type KyselyPlugin, PostgresQueryCompiler, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createApp } from '../hub/app.ts'
import type { Tables } from '../hub/db/tables.ts'
import { newId } from '../hub/ids.ts'
import { noLimits } from '../hub/limits.ts'
import { allScopes } from '../hub/scopes.ts'
import { hashOfToken, newServiceToken } from '../hub/service-token.ts'
import { openTestApi, type TestApi } from './api.ts'
import { crowdUser, seedCrowd } from './crowd.ts'
import { servers } from './postgres.ts'

/** A table with fewer may be read whole: people, groups, agents and credentials are thousands at most, and that takes some ms. */
const MANY_ROWS = 20_000

const USER = crowdUser(5)
const DEVICE = '00000000-0004-7000-8000-000000000006'
const RUN = '00000000-0003-7000-8000-000000000007'
const SINCE = 'since=2020-01-01T00:00:00Z'

const deviceFilters = ['site=crowd-site-7', 'group=crowd%207', 'driver=junos', 'owner=me', 'owner=none']
const devices = ['', ...deviceFilters, 'tag=rack=r7', 'tag=rack', 'site=crowd-site-7&driver=linux']
const sorts = (...names: string[]) => names.flatMap((name) => [`sort=${name}`, `sort=-${name}`])
const kept = ['', `device=${DEVICE}`, 'site=crowd-site-7', 'latest=true', `device=${DEVICE}&latest=true`]

/** Each list of the API, by its path in the document, and what is asked of it. */
const lists: Readonly<Record<string, readonly string[]>> = {
  '/access-requests': ['', 'state=open', 'state=approved', 'state=denied'],
  '/admin/rate-limits': [''],
  '/agents': ['', ...sorts('name', 'lastSeenAt', 'enrolledAt'), 'site=crowd-site-7', 'state=enrolled', 'state=revoked'],
  '/agents/enrollment-tokens': [''],
  '/artifacts': [...kept, 'site=crowd-site-7&latest=true'],
  '/audit-logs': [
    ...['', 'order=oldest', 'actor=crowd-user-7', `actor=${USER}`, 'action=crowd%20did%207', `target=${DEVICE}`],
    ...[
      'target=crowd-device-7',
      'targetKind=tag',
      'targetKind=none',
      'requestId=request-7',
      SINCE,
      'until=2020-01-01T00:00:00Z',
    ],
  ],
  '/auth/tokens': ['', 'kind=session', 'kind=service%20token', `user=${USER}`, 'ended=true'],
  '/backups': [...kept, 'site=crowd-site-7&latest=true'],
  '/credentials': ['', ...sorts('name', 'createdAt')],
  '/credentials/expiring': [''],
  '/credentials/{id}/usage': [''],
  '/devices': [...devices, ...sorts('name', 'lastReadAt', 'createdAt'), 'sort=-lastReadAt,name'],
  '/devices/{id}/backups': ['', 'latest=true'],
  '/grants': ['', `user=${USER}`, 'group=crowd-group-7', `device=${DEVICE}`, 'site=crowd-site-7', 'tag=rack=r11'],
  '/groups': [''],
  '/patterns': [''],
  '/roles': [''],
  '/runs': ['', ...sorts('createdAt'), 'state=running', 'state=finished', 'requestedBy=crowd-user-7', SINCE],
  '/runs/{id}/tasks': [''],
  '/sites': ['', ...sorts('name', 'createdAt')],
  '/tag-rules': [''],
  '/tags': ['', 'key=rack'],
  '/tags/{id}/devices': ['', ...deviceFilters],
  '/users': [
    '',
    'q=user7',
    'role=operator',
    'role=none',
    'group=crowd-group-7',
    'active=true',
    'active=false',
    'locked=true',
  ],
}

const ids: Readonly<Record<string, string>> = {
  '/credentials/{id}/usage': 'crowd-credential-7',
  '/devices/{id}/backups': DEVICE,
  '/runs/{id}/tasks': RUN,
  '/tags/{id}/devices': 'rack=r7',
}

/** Statements that read a whole table, and why that is right. */
const wholeTables: Readonly<Record<string, { readonly tables: readonly string[]; readonly why: string }>> = {
  '/admin/rate-limits': {
    tables: ['rate_limits'],
    why: 'holds who called within the last minutes; the rest is deleted each minute',
  },
  '/tags': { tables: ['devices'], why: 'counts what all devices carry' },
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string | undefined
  readonly Filter?: string | undefined
  readonly Plans?: readonly PlanNode[] | undefined
}
const PlanNode: z.ZodType<PlanNode> = z.lazy(() =>
  z.object({
    'Node Type': z.string(),
    'Relation Name': z.string().optional(),
    Filter: z.string().optional(),
    Plans: z.array(PlanNode).optional(),
  }),
)
const Explained = z.object({ rows: z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: PlanNode })]) })]) })

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** Compiles each statement once more, and keeps it. */
function recording(db: Kysely<Tables>, statements: CompiledQuery[]): Kysely<Tables> {
  const compiler = new PostgresQueryCompiler()
  const recorder: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      statements.push(compiler.compileQuery(node, queryId))
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return db.withPlugin(recorder)
}

// Plans are the same matter on both; one server is enough.
describe.each(servers.slice(-1))('lists over many rows on %s', (kind) => {
  let api: TestApi
  let app: ReturnType<typeof createApp>
  let user = ''
  const statements: CompiledQuery[] = []
  const crowded = new Set<string>()

  beforeAll(async () => {
    api = await openTestApi(kind)
    const { db } = api.test.open({ statementTimeoutMs: 0 })
    await seedCrowd(db, { sites: 1_000, devices: 50_000, versions: 100_000, rest: 100_000 })
    const counted = await sql<{ name: string }>`
      select relname as name from pg_class where relkind = 'r' and reltuples >= ${MANY_ROWS}`.execute(db)
    for (const { name } of counted.rows) crowded.add(name)
    user = newServiceToken()
    // Who reaches some devices: own ones, and those that were granted by device, by site and by tag.
    const scopes = allScopes.filter((scope) => scope !== 'all:devices' && scope !== 'admin:grants')
    await db.updateTable('users').set({ scopes }).where('id', '=', USER).execute()
    const token = {
      id: newId(),
      user_id: USER,
      name: 'plans',
      token_hash: hashOfToken(user),
      scopes,
      created_by: 'test',
    }
    await db
      .insertInto('service_tokens')
      .values({ ...token, expires_at: new Date(Date.now() + 86_400_000) })
      .execute()
    const { db: recorded, ping } = { ...api.database, db: recording(api.database.db, statements) }
    app = createApp({ ...api.parts, limits: noLimits, database: { db: recorded, ping } })
  }, 240_000)
  afterAll(() => api?.close())

  const ask = async (path: string, token: string) => {
    const response = await app.fetch(
      new Request(`http://hub.test/api${path}`, { headers: { authorization: `Bearer ${token}` } }),
    )
    const text = await response.text()
    expect([path, response.status, response.status === 200 ? '' : text]).toEqual([path, 200, ''])
    return z.object({ nextCursor: z.string().nullish() }).parse(JSON.parse(text)).nextCursor
  }

  /** What the planner would read as a whole, of each statement that was recorded since the last call. */
  const wholeReads = async () => {
    const found: string[] = []
    const seen = new Set<string>()
    for (const { sql: text, parameters } of statements.splice(0)) {
      const key = JSON.stringify([text, parameters])
      if (!/^\s*(?:select|with)\b/.test(text) || seen.has(key)) continue
      seen.add(key)
      const explained = await api.database.statement(`explain (format json) ${text}`, parameters)
      const { Plan } = Explained.parse(explained).rows[0]['QUERY PLAN'][0]
      for (const node of nodesOf(Plan)) {
        const table = node['Relation Name'] ?? ''
        if (node['Node Type'] === 'Seq Scan' && crowded.has(table))
          found.push(`${table}: ${node.Filter ?? 'all'} in ${text}`)
      }
    }
    return found
  }

  test('[PERF-2] no list of the API is left out here', async () => {
    const { body } = await api.call('GET', '/api/openapi.json')
    const Parameters = z.array(z.object({ name: z.string().optional() })).optional()
    const paths = z
      .record(z.string(), z.object({ get: z.object({ parameters: Parameters }).optional() }))
      .parse(body.paths)
    const paged = Object.entries(paths).flatMap(([path, { get }]) =>
      get?.parameters?.some(({ name }) => name === 'cursor') ? [path.replace(/^\/api/, '')] : [],
    )
    expect(paged.length).toBeGreaterThan(10)
    expect(paged.filter((path) => !(path in lists))).toEqual([])
  })

  test.each(Object.entries(lists))(
    '[PERF-2] %s is served from indexes, whatever is asked for',
    async (path, queries) => {
      const place = path.replace('{id}', encodeURIComponent(ids[path] ?? ''))
      const found: string[] = []
      for (const query of queries) {
        for (const [who, token] of [
          ['admin', api.token],
          ['somebody', user],
        ] as const) {
          const cursor = await ask(`${place}?${query}`, token)
          if (cursor && who === 'admin') await ask(`${place}?${query}&cursor=${encodeURIComponent(cursor)}`, token)
          found.push(...(await wholeReads()).map((read) => `${who} ?${query}: ${read}`))
        }
      }
      expect(found.filter((read) => !wholeTables[path]?.tables.some((table) => read.includes(`: ${table}:`)))).toEqual(
        [],
      )
    },
  )
})
