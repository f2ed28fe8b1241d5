/** When tokens were last used, from where, and by whose clock: on real databases. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

interface Listed {
  readonly id: string
  readonly isCurrent: boolean
  readonly address: string | null
  readonly lastUsedAt: string | null
}

describe.each(servers)('the use of tokens on %s', (kind) => {
  let api: TestApi
  let nowMs = Date.now()
  beforeAll(async () => {
    const config = { accessTokenMinutes: 30, runTimeoutMs: 3_600_000, trustProxyHops: 1 }
    api = await openTestApi(kind, { clock: () => nowMs, config })
  })
  afterAll(() => api.close())

  const as = (token: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    api.call(method, path, body, { authorization: `Bearer ${token}`, ...headers })
  const login = async () => {
    const { body } = await api.call('POST', '/api/auth/token', { username: 'admin', password: ADMIN_PASSWORD })
    return String(body.access_token)
  }
  const make = async (name: string) => {
    const wanted = { name, scopes: ['read:devices'], validDays: 30 }
    const { body } = await api.call('POST', '/api/auth/service-token', wanted)
    return { token: String(body.token), id: String(body.id) }
  }
  const list = async (token: string) => ((await as(token, 'GET', '/api/auth/tokens')).body.items ?? []) as Listed[]

  it('[TOK-8] last use is kept with its address, without a write per request', async () => {
    const { token, id } = await make('tracked')
    const seen = async () => (await list(api.token)).find((one) => one.id === id)
    const writes = async () => {
      const { rows } = await sql<{ xmin: string }>`select xmin::text from service_tokens where id = ${id}`.execute(
        api.database.db,
      )
      return rows[0]?.xmin
    }
    const use = (from: string) => as(token, 'GET', '/api/auth/me', undefined, { 'x-forwarded-for': from })
    const before = await writes()
    await Promise.all(['192.0.2.1', '192.0.2.1', '192.0.2.1'].map(use))
    expect([await writes(), (await seen())?.lastUsedAt]).toEqual([before, null])
    await api.access.writeUses()
    const after = await writes()
    expect(await seen()).toMatchObject({ lastUsedAt: expect.any(String), address: '192.0.2.1' })
    await use('192.0.2.2')
    await api.access.writeUses()
    expect(await writes()).toBe(after)
    nowMs += 60_001
    await sql`update service_tokens set last_used_at = now() - interval '61 seconds' where id = ${id}`.execute(
      api.database.db,
    )
    await use('192.0.2.3')
    await api.access.writeUses()
    expect((await seen())?.address).toBe('192.0.2.3')
    nowMs -= 60_001
  })

  it('[TOK-8] last use of a session is kept the same way', async () => {
    const token = await login()
    const current = async () => (await list(token)).find((one) => one.isCurrent)
    const id = (await current())?.id ?? ''
    const old = new Date(Date.now() - 3_600_000)
    await api.database.db.updateTable('sessions').set({ last_used_at: old }).where('id', '=', id).execute()
    await api.access.writeUses()
    expect(Date.parse((await current())?.lastUsedAt ?? '')).toBeGreaterThan(old.getTime() + 3_500_000)
  })

  it('lists are read from an index', async () => {
    for (const table of ['sessions', 'service_tokens']) {
      const plan = await api.database.db.connection().execute(async (db) => {
        // With a handful of rows every plan is as good; with many, these would be the bad ones.
        await sql`set enable_seqscan = off; set enable_bitmapscan = off`.execute(db)
        const found = await sql`explain select * from ${sql.table(table)}
          where user_id = ${crypto.randomUUID()} order by id desc limit 101`.execute(db)
        await sql`reset all`.execute(db)
        return JSON.stringify(found.rows)
      })
      expect(plan).toContain(`${table}_user_newest`)
      expect(plan).not.toContain('Sort')
    }
  })

  it('[TOK-7] [DIAG-7] a clock that is more than a minute off the database’s is shown by health', async () => {
    const clockOf = async () => {
      const { body } = await api.call('GET', '/api/health')
      return (body.components as { clock: { status: string; skewMs: number } }).clock
    }
    nowMs = Date.now()
    expect((await clockOf()).status).toBe('ok')
    nowMs = Date.now() + 90_000
    const ahead = await clockOf()
    expect([ahead.status, Math.round(ahead.skewMs / 10_000)]).toEqual(['degraded', 9])
    nowMs = Date.now()
  })
})
