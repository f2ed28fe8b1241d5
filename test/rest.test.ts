/** What holds for the whole API: errors, ETags, keys of idempotency, orders of lists, many at once. Two hubs on one database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess } from '../hub/access.ts'
import { accessTokens } from '../hub/access-tokens.ts'
import type { BulkReport } from '../hub/api/device-bulk.ts'
import { createApp } from '../hub/app.ts'
import { migrate } from '../hub/db/migrate.ts'
import { silentLog } from '../hub/log.ts'
import { tokenKeys } from '../hub/token-keys.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

function secondHub({ database, keyring, installation, blobs }: TestApi) {
  const tokens = accessTokens(installation.id, tokenKeys(database.db, keyring, Date.now), Date.now)
  const log = silentLog()
  return createApp({
    config: { accessTokenMinutes: 30, runTimeoutMs: 3_600_000 },
    ...{ database, keyring, installation, blobs, tokens, log },
    migrations: migrate(database.db, { log }),
    access: openAccess({ db: database.db, tokens, clock: Date.now }),
    node: 'second',
    wake: async () => undefined,
  })
}

describe.each(servers)('the API on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(kind)
    for (const name of ['lab', 'branch']) await api.call('POST', '/api/sites', { name })
  })
  afterAll(() => api.close())
  const device = (name: string, more: object = {}) => ({
    name,
    address: '192.0.2.1',
    driver: 'linux',
    site: 'lab',
    ...more,
  })
  const count = async (table: 'devices' | 'sites') => {
    const { rows } = await api.database.statement(`select count(*)::int as n from ${table}`, [])
    return (rows[0] as { n: number }).n
  }

  describe('errors', () => {
    it('[GEN-1] say where to read on, at a page that the hub serves', async () => {
      const { error } = await api.call('GET', '/api/devices/nobody')
      expect(error).toMatchObject({ code: 'DEVICE_UNKNOWN', runbook: '/api/docs/failures#DEVICE_UNKNOWN' })
      const page = await api.call('GET', '/api/docs/failures')
      expect(page.text).toContain('id="DEVICE_UNKNOWN"')
    })

    it('[GEN-1] are problems (RFC 9457) for whoever asks for that, with the same facts', async () => {
      const asked = async (accept: string) => {
        const { headers, text, status } = await api.call('GET', '/api/devices/nobody', undefined, { accept })
        return { type: headers.get('content-type'), facts: JSON.parse(text), status }
      }
      const { type, facts, status } = await asked('application/problem+json, application/json;q=0.5')
      expect([type, status, facts.status]).toEqual(['application/problem+json', 404, 404])
      expect(facts).toMatchObject({
        type: '/api/docs/failures#DEVICE_UNKNOWN',
        title: 'Unknown device',
        code: 'DEVICE_UNKNOWN',
        details: { device: 'nobody' },
      })
      expect((await asked('application/json, application/problem+json;q=0.5')).type).toBe('application/json')
      expect((await asked('*/*')).type).toBe('application/json')
    })

    it('[GEN-2] stand in one catalogue, also under the older address', async () => {
      const one = await api.call('GET', '/api/diagnostics/catalog/tcp_timeout')
      expect(one.body).toMatchObject({ code: 'TCP_TIMEOUT', message: 'Device unreachable' })
      expect((await api.call('GET', '/api/failures/TCP_TIMEOUT')).body).toEqual(one.body)
      expect((await api.call('GET', '/api/diagnostics/catalog')).body).toEqual(
        (await api.call('GET', '/api/failures')).body,
      )
      expect((await api.call('GET', '/api/diagnostics/catalog/TCP_TIMEOUTS')).error?.details).toMatchObject({
        didYouMean: 'TCP_TIMEOUT',
      })
    })
  })

  it('[DIAG-7] the version is told without a login', async () => {
    const { status, body } = await api.call('GET', '/api/version', undefined, { authorization: '' })
    expect([status, body]).toEqual([200, expect.objectContaining({ version: '0.1.0', protocolVersion: 1 })])
  })

  it('[RL-4] what has not changed is not sent again, and is sent as soon as it has', async () => {
    const first = await api.call('GET', '/api/sites')
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^W\/"/)
    const again = await api.call('GET', '/api/sites', undefined, { 'if-none-match': `"other", ${tag}` })
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', tag])
    await api.call('POST', '/api/sites', { name: 'annex' })
    const later = await api.call('GET', '/api/sites', undefined, { 'if-none-match': tag })
    expect([later.status, later.headers.get('etag') === tag]).toEqual([200, false])
  })

  describe('a key of idempotency', () => {
    const post = (path: string, body: unknown, key: string) => api.call('POST', path, body, { 'idempotency-key': key })

    it('[RL-3] makes a POST be done once, and answers the second time as the first', async () => {
      const first = await post('/api/devices', device('once'), 'k1')
      const before = await count('devices')
      const again = await post('/api/devices', device('once'), 'k1')
      expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null])
      expect([again.status, again.headers.get('idempotency-replayed'), again.text]).toEqual([201, 'true', first.text])
      expect(await count('devices')).toBe(before)
    })
    it('[RL-3] is refused with another body or another path', async () => {
      await post('/api/sites', { name: 'k2' }, 'k2')
      for (const [path, body] of [
        ['/api/sites', { name: 'k2b' }],
        ['/api/devices', { name: 'k2' }],
      ] as const) {
        const { status, error } = await post(path, body, 'k2')
        expect([status, error?.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
      }
      expect((await post('/api/sites', { name: 'x' }, 'é')).error?.code).toBe('REQUEST_INVALID')
      expect((await post('/api/sites', { name: 'x' }, 'k'.repeat(256))).error?.code).toBe('REQUEST_INVALID')
    })

    it('[RL-3] lets one of two at once work, and asks the other to wait', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => post('/api/sites', { name: 'k3' }, 'k3')))
      const done = answers.filter(({ status }) => status === 201)
      const waits = answers.filter(({ status }) => status === 409)
      expect(done.length + waits.length).toBe(5)
      expect(done.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1)
      for (const { error, headers } of waits) {
        expect([error?.code, headers.get('retry-after')]).toEqual(['IDEMPOTENCY_IN_PROGRESS', '1'])
      }
    })

    it('[RL-3] is free again when the request was refused, and when its hub died', async () => {
      expect((await post('/api/devices', device('k4', { site: 'later' }), 'k4')).status).toBe(404)
      await api.call('POST', '/api/sites', { name: 'later' })
      expect((await post('/api/devices', device('k4', { site: 'later' }), 'k4')).status).toBe(201)
      await api.database.statement(
        `insert into idempotency_keys (principal, key, request_hash, holder, held_until)
         select 'user ' || id, 'k5', '\\x00', gen_random_uuid(), now() - interval '1 second' from users where username = 'admin'`,
        [],
      )
      expect((await post('/api/sites', { name: 'k5' }, 'k5')).status).toBe(201)
    })

    it('[RL-3] counts for its user, and its answers, tokens shown once among them, are sealed in the database', async () => {
      const made = await post('/api/agents/enrollment-tokens', { site: 'lab' }, 'k6')
      const again = await post('/api/agents/enrollment-tokens', { site: 'lab' }, 'k6')
      expect(again.body.token).toBe(made.body.token)
      const { rows } = await api.database.statement(
        'select encode(sealed_body, $1) as body, headers from idempotency_keys',
        ['escape'],
      )
      expect(JSON.stringify(rows)).not.toContain(String(made.body.token).slice(0, 40))
      const foreign = await api.call(
        'POST',
        '/api/agents/enrollment-tokens',
        { site: 'lab' },
        { 'idempotency-key': 'k6', authorization: '' },
      )
      expect(foreign.status).toBe(401)
    })

    it('[RL-3] is shared by hubs, survives them, and is forgotten after a day', async () => {
      const first = await post('/api/sites', { name: 'k7' }, 'k7')
      const other = secondHub(api)
      const again = await other.fetch(
        new Request('http://hub.test/api/sites', {
          method: 'POST',
          headers: {
            authorization: `Bearer ${api.token}`,
            'content-type': 'application/json',
            'idempotency-key': 'k7',
          },
          body: JSON.stringify({ name: 'k7' }),
        }),
      )
      const told = [again.status, again.headers.get('idempotency-replayed'), await again.text()]
      expect(told).toEqual([201, 'true', first.text])
      await api.database.statement("update idempotency_keys set sealed_body = decode('00', 'hex') where key = 'k1'", [])
      expect((await post('/api/devices', device('once'), 'k1')).error?.code).toBe('IDEMPOTENCY_ANSWER_GONE')
      await api.database.statement("update idempotency_keys set created_at = now() - interval '25 hours'", [])
      expect((await post('/api/sites', { name: 'k7' }, 'k7')).error?.code).toBe('ALREADY_EXISTS')
    })
  })

  describe('lists', () => {
    const names = ['a', 'B', 'c', 'D', 'e', 'f', 'G']
    beforeAll(async () => {
      for (const name of names) await api.call('POST', '/api/devices', device(`sort-${name}`, { group: 'sorting' }))
      await api.database.statement(
        "update devices set last_read_at = case when name in ('sort-a', 'sort-c', 'sort-G') then '2026-01-01 00:00:00.123456Z'::timestamptz end where group_name = 'sorting'",
        [],
      )
    })
    const walked = async (sort: string, limit: number) => {
      const found: string[] = []
      let cursor = ''
      do {
        const { body, error } = await api.call(
          'GET',
          `/api/devices?group=sorting&limit=${limit}&sort=${sort}${cursor && `&cursor=${cursor}`}`,
        )
        if (error) throw new Error(JSON.stringify(error))
        found.push(...(body.items as { name: string }[]).map(({ name }) => name.replace('sort-', '')))
        cursor = String(body.nextCursor ?? '')
      } while (cursor !== '')
      return found.join('')
    }

    it.each([
      ['name', 'aBcDefG'],
      ['-name', 'GfeDcBa'],
      ['-lastReadAt,name', 'acGBDef'],
      ['-lastReadAt,-name', 'GcafeDB'],
      ['lastReadAt,name', 'BDefacG'],
      ['lastReadAt,-name', 'feDBGca'],
      ['createdAt', 'aBcDefG'],
    ])('[DIAG-8] sorted by %s lose and repeat nothing, whatever the size of the page', async (sort, expected) => {
      for (const limit of [1, 2, 3, 7, 100]) expect([limit, await walked(sort, limit)]).toEqual([limit, expected])
    })

    it('[DIAG-8] refuse an order that is not on offer, and a cursor of another order', async () => {
      const { body } = await api.call('GET', '/api/devices?group=sorting&limit=2&sort=name')
      for (const query of [
        'sort=password',
        'sort=name,name',
        'sort=__proto__',
        `sort=-name&cursor=${body.nextCursor}`,
        'cursor=WyJuYW1lIiwxXQ',
      ]) {
        const { status, error } = await api.call('GET', `/api/devices?${query}`)
        expect([query, status, error?.code]).toEqual([query, 400, 'REQUEST_INVALID'])
      }
    })

    it.each(['/api/sites', '/api/agents', '/api/credentials', '/api/agents/enrollment-tokens', '/api/runs'])(
      '[DIAG-8] %s comes in pages',
      async (path) => {
        const { status, body } = await api.call('GET', `${path}?limit=1`)
        expect([status, (body.items as unknown[]).length <= 1]).toEqual([200, true])
      },
    )
  })

  describe('many devices', () => {
    it('change one by one: what is wrong with one stops no other', async () => {
      for (const name of ['m1', 'm2', 'm3']) await api.call('POST', '/api/devices', device(name, { group: 'many' }))
      const report = (
        await api.call('POST', '/api/devices/bulk', {
          op: 'set',
          ids: ['m1', 'nobody', 'M2'],
          change: { site: 'branch' },
        })
      ).body as unknown as BulkReport
      expect([report.succeeded, report.failed]).toEqual([2, 1])
      expect(report.items[1]).toMatchObject({ device: 'nobody', id: null, failure: { code: 'DEVICE_UNKNOWN' } })
      expect((await api.call('GET', '/api/devices/m2')).body.site).toBe('branch')
      const gone = await api.call('POST', '/api/devices/bulk', {
        op: 'remove',
        filter: { group: 'many', site: 'branch' },
      })
      expect(gone.body).toMatchObject({ total: 2, succeeded: 2 })
      expect((await api.call('GET', '/api/devices?group=many')).body.items).toHaveLength(1)
    })

    it('are never all meant by mistake', async () => {
      for (const body of [
        { op: 'remove' },
        { op: 'remove', filter: {} },
        { op: 'remove', ids: [] },
        { op: 'remove', ids: ['a'], filter: { group: 'g' } },
      ]) {
        expect((await api.call('POST', '/api/devices/bulk', body)).status).toBe(400)
      }
    })

    it('leave as CSV and as JSON, and either comes back unchanged', async () => {
      await api.call('POST', '/api/credentials', { name: 'core', username: 'u', password: 'canary-core' })
      await api.call(
        'POST',
        '/api/devices',
        device('x,"1"', { group: 'out', credential: 'core', tags: { rack: 'a; "b"' } }),
      )
      await api.call('POST', '/api/devices', device('x2', { group: 'out' }))
      const csv = await api.call('GET', '/api/devices/export?group=out')
      const json = await api.call('GET', '/api/devices/export?group=out&format=json')
      expect(csv.headers.get('content-type')).toContain('text/csv')
      expect(csv.text + json.text).not.toContain('canary')
      expect((await api.call('POST', '/api/devices/import', csv.text)).body).toMatchObject({ unchanged: 2, wrong: 0 })
      expect((await api.call('POST', '/api/devices/import', json.body)).body).toMatchObject({ unchanged: 2, wrong: 0 })
      const wrong = await api.call('POST', '/api/devices/import', {
        devices: [{ name: 'x3', address: 'no address', driver: 'linux' }],
      })
      expect(wrong.body).toMatchObject({ wrong: 1, added: 0 })
      expect((await api.call('GET', '/api/devices/import/schema')).status).toBe(200)
    })
  })
})
