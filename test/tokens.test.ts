/** Service tokens, and sessions as their owners see them, on real databases. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addAccount } from '../hub/accounts.ts'
import { hashPassword } from '../hub/passwords.ts'
import { hashOfToken, isServiceToken } from '../hub/service-token.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

const PASSWORD = 'canary-password-of-others'

interface Listed {
  readonly id: string
  readonly kind: string
  readonly user: string
  readonly name: string | null
  readonly isCurrent: boolean
  readonly endedBecause: string | null
}

describe.each(servers)('tokens on %s', (kind) => {
  let api: TestApi
  let nowMs = Date.now()
  let ann = ''
  beforeAll(async () => {
    api = await openTestApi(kind, { clock: () => nowMs, config: { ...config, trustProxyHops: 1 } })
    const hash = await hashPassword(PASSWORD)
    await api.database.db.transaction().execute(async (trx) => {
      await addAccount(trx, { username: 'ann', hash, roles: ['viewer'], createdBy: 'admin' })
      await addAccount(trx, { username: 'bob', hash, roles: ['operator'], createdBy: 'admin' })
    })
    ann = await login('ann', PASSWORD)
  })
  afterAll(() => api.close())
  const config = { accessTokenMinutes: 30, runTimeoutMs: 3_600_000 }

  const login = async (username: string, password: string) =>
    String((await api.call('POST', '/api/auth/token', { username, password })).body.access_token)
  const as = (token: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    api.call(method, path, body, { authorization: `Bearer ${token}`, ...headers })
  const told = async (answer: ReturnType<typeof as>) => {
    const { status, error } = await answer
    return error ? `${status} ${error.code}` : String(status)
  }
  const make = async (token: string, name: string, scopes: string[], extra: object = {}) => {
    const { status, body } = await as(token, 'POST', '/api/auth/service-token', {
      name,
      scopes,
      validDays: 30,
      ...extra,
    })
    return { status, token: String(body.token), id: String(body.id), body }
  }
  const list = async (token: string, query = '') =>
    ((await as(token, 'GET', `/api/auth/tokens${query}`)).body.items ?? []) as Listed[]

  it('[TOK-8] is shown once, kept as a hash, and known to scanners by prefix and checksum', async () => {
    const made = await make(ann, 'once', ['read:devices'])
    expect([made.status, isServiceToken(made.token)]).toEqual([201, true])
    expect(await told(as(made.token, 'GET', '/api/devices'))).toBe('200')
    const rows = JSON.stringify(await sql`select * from service_tokens`.execute(api.database.db))
    expect(rows).not.toContain(made.token)
    const { token_hash } = await api.database.db
      .selectFrom('service_tokens')
      .select('token_hash')
      .where('id', '=', made.id)
      .executeTakeFirstOrThrow()
    expect(token_hash.equals(hashOfToken(made.token))).toBe(true)
    expect((await as(ann, 'GET', '/api/auth/tokens?ended=true')).text).not.toContain(made.token)
    expect(JSON.stringify(await sql`select * from events`.execute(api.database.db))).not.toContain(made.token)
    expect(api.log.join('')).not.toContain(made.token)
  })

  it('[TOK-8] must have an end, within a year', async () => {
    const ask = (body: object) =>
      told(as(ann, 'POST', '/api/auth/service-token', { name: 'x', scopes: ['read:devices'], ...body }))
    for (const validDays of [undefined, 0, -1, 366, 1.5, null]) {
      expect(await ask({ validDays })).toBe('400 REQUEST_INVALID')
    }
    const { body } = await make(ann, 'a year', ['read:devices'], { validDays: 365 })
    const days = (Date.parse(String(body.expiresAt)) - Date.parse(String(body.createdAt))) / 86_400_000
    expect(days).toBe(365)
  })

  it('[TOK-8] a name is taken while its token lives, and free again when it expired or was revoked', async () => {
    const first = await make(ann, 'Nightly', ['read:devices'])
    const again = () =>
      as(ann, 'POST', '/api/auth/service-token', { name: 'nightly', scopes: ['read:jobs'], validDays: 1 })
    expect(await told(again())).toBe('409 ALREADY_EXISTS')
    await api.database.db
      .updateTable('service_tokens')
      .set({ expires_at: new Date(0) })
      .where('id', '=', first.id)
      .execute()
    expect(await told(again())).toBe('201')
  })

  it('[PERM-3] [TOK-8] nobody makes a token with scopes that they lack, nor from a narrower session', async () => {
    const { error } = await as(ann, 'POST', '/api/auth/service-token', {
      ...{ name: 'more', validDays: 1 },
      scopes: ['read:devices', 'write:devices', 'read:*'],
    })
    expect([error?.code, error?.details.missing]).toEqual(['MISSING_SCOPE', ['write:devices', 'read:*']])
    const { body } = await api.call('POST', '/api/auth/token', {
      ...{ username: 'admin', password: ADMIN_PASSWORD },
      scopes: ['read:devices'],
    })
    expect((await make(String(body.access_token), 'wider', ['read:jobs'])).status).toBe(403)
  })

  it('[TOK-8] does what its scopes say, and never more than its owner may do now', async () => {
    const made = await make(api.token, 'for bob', ['read:devices', 'write:devices', 'read:users'], { user: 'bob' })
    expect(made.body).toMatchObject({ user: 'bob', createdBy: 'admin', kind: 'service token' })
    expect((await as(made.token, 'GET', '/api/auth/me')).body).toMatchObject({
      ...{ username: 'bob', kind: 'service token', scopes: ['read:users', 'read:devices', 'write:devices'] },
    })
    expect(await told(as(made.token, 'GET', '/api/credentials'))).toBe('403 MISSING_SCOPE')
    const changed = {
      ...{ roles: ['viewer'], access_changed_at: new Date(), access_changed_by: 'admin' },
      access_lost: ['write:devices'],
    }
    await api.database.db.updateTable('users').set(changed).where('username', '=', 'bob').execute()
    nowMs += 1_001
    const { error } = await as(made.token, 'POST', '/api/devices', {})
    expect([error?.code, error?.details]).toEqual([
      'MISSING_SCOPE',
      expect.objectContaining({ missing: ['write:devices'], reason: 'ACCESS_CHANGED', changedBy: 'admin' }),
    ])
    await api.database.db.updateTable('users').set({ is_active: false }).where('username', '=', 'bob').execute()
    nowMs += 1_001
    const refused = await as(made.token, 'GET', '/api/auth/me')
    expect([refused.error?.code, refused.error?.message, refused.error?.details.reason]).toEqual([
      'ACCESS_CHANGED',
      'Access has been restricted',
      'the account was disabled',
    ])
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/)
    await api.database.db
      .updateTable('users')
      .set({ is_active: true, roles: ['operator'] })
      .where('username', '=', 'bob')
      .execute()
    nowMs += 1_001
  })

  it('[TOK-6] a session of an account that may do less now says so, one that began later does not', async () => {
    const before = await login('bob', PASSWORD)
    await sql`update users set roles = '{member}', access_changed_at = now(), access_changed_by = 'admin',
      access_lost = '{read:credentials}'
      where username = 'bob'`.execute(api.database.db)
    nowMs += 1_001
    const details = async (token: string) => (await as(token, 'GET', '/api/credentials')).error?.details
    expect(await details(before)).toMatchObject({ reason: 'ACCESS_CHANGED', changedBy: 'admin' })
    const after = await details(await login('bob', PASSWORD))
    expect([after?.missing, after?.reason]).toEqual([['read:credentials'], undefined])
  })

  it('[PERM-3] [TOK-8] makes no others: a token that leaks does not outlive its end', async () => {
    const own = await make(ann, 'mother', ['read:devices'])
    expect((await make(own.token, 'child', ['read:devices'])).status).toBe(403)
    const trusted = await make(api.token, 'automation', ['admin:tokens', 'read:devices'])
    expect((await make(trusted.token, 'child', ['read:devices'])).status).toBe(201)
    expect((await make(trusted.token, 'too much', ['write:devices'])).status).toBe(403)
  })

  it('[TOK-8] those of others are seen, made and ended with admin:tokens only; without it nobody learns who there is', async () => {
    const theirs = await make(api.token, 'private', ['read:devices'])
    expect((await list(ann)).every((one) => one.user === 'ann')).toBe(true)
    for (const query of ['?user=admin', '?user=nobody-of-that-name', '?everyone=true']) {
      expect(await told(as(ann, 'GET', `/api/auth/tokens${query}`))).toBe('403 MISSING_SCOPE')
    }
    expect(await told(as(ann, 'DELETE', '/api/auth/tokens?user=admin'))).toBe('403 MISSING_SCOPE')
    expect(await told(as(ann, 'DELETE', '/api/auth/tokens?user=nobody'))).toBe('403 MISSING_SCOPE')
    expect((await make(ann, 'for admin', ['read:devices'], { user: 'admin' })).status).toBe(403)
    const foreign = await as(ann, 'DELETE', `/api/auth/tokens/${theirs.id}`)
    const unknown = await as(ann, 'DELETE', `/api/auth/tokens/${crypto.randomUUID()}`)
    expect([foreign.status, foreign.error?.message]).toEqual([404, unknown.error?.message])
    expect(await told(as(theirs.token, 'GET', '/api/devices'))).toBe('200')
    expect(await told(as(api.token, 'GET', '/api/auth/tokens?user=nobody'))).toBe('404 NOT_FOUND')
    expect(new Set((await list(api.token, '?everyone=true&limit=500')).map((one) => one.user))).toEqual(
      new Set(['admin', 'ann', 'bob']),
    )
  })

  it('lists sessions and service tokens together, newest first, page by page, each once', async () => {
    const all = await list(ann, '?limit=500&ended=true')
    expect(all.length).toBeGreaterThan(4)
    expect(all.map((one) => one.id)).toEqual(
      all
        .map((one) => one.id)
        .toSorted()
        .toReversed(),
    )
    expect(all.filter((one) => one.isCurrent)).toMatchObject([{ kind: 'session' }])
    const paged: Listed[] = []
    for (let query = '?limit=2&ended=true'; ; ) {
      const { body } = await as(ann, 'GET', `/api/auth/tokens${query}`)
      paged.push(...((body.items ?? []) as Listed[]))
      if (body.nextCursor === null) break
      query = `?limit=2&ended=true&cursor=${String(body.nextCursor)}`
    }
    expect(paged).toEqual(all)
    expect(new Set((await list(ann, '?kind=session')).map((one) => one.kind))).toEqual(new Set(['session']))
    expect(await told(as(ann, 'GET', '/api/auth/tokens?cursor=xyz'))).toBe('400 REQUEST_INVALID')
  })

  it('[TOK-5] revoking one ends it at once, tells whoever uses it, and is written down', async () => {
    const made = await make(ann, 'short-lived', ['read:devices'])
    expect(await told(as(made.token, 'GET', '/api/devices'))).toBe('200')
    expect(await told(as(ann, 'DELETE', `/api/auth/tokens/${made.id}`))).toBe('204')
    expect(await told(as(ann, 'DELETE', `/api/auth/tokens/${made.id}`))).toBe('204')
    const refused = await as(made.token, 'GET', '/api/devices')
    expect([refused.error?.code, refused.error?.message]).toEqual(['TOKEN_REVOKED', 'Token has been revoked'])
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/)
    expect((await list(ann, '?ended=true')).find((one) => one.id === made.id)?.endedBecause).toBe('revoked')
    const events = await api.database.db
      .selectFrom('events')
      .select('kind')
      .where(sql<boolean>`details->>'token' = ${made.id}`)
      .orderBy('id')
      .execute()
    expect(events.map((event) => event.kind)).toEqual(['service token made', 'service token revoked'])
  })

  it('[TOK-5] an administrator ends one session, or all that somebody has', async () => {
    const one = await login('ann', PASSWORD)
    const [session] = (await list(one, '?kind=session')).filter((each) => each.isCurrent)
    expect(await told(as(api.token, 'DELETE', `/api/auth/tokens/${session?.id}`))).toBe('204')
    const { error } = await as(one, 'GET', '/api/auth/me')
    expect([error?.code, error?.details.reason]).toEqual(['TOKEN_REVOKED', 'revoked by admin'])
    const other = await login('ann', PASSWORD)
    const service = await make(other, 'all of them', ['read:devices'])
    const { body } = await as(api.token, 'DELETE', '/api/auth/tokens?user=ANN')
    expect(body).toEqual({ sessions: expect.any(Number), serviceTokens: expect.any(Number) })
    expect(await told(as(other, 'GET', '/api/auth/me'))).toBe('401 TOKEN_REVOKED')
    expect(await told(as(service.token, 'GET', '/api/auth/me'))).toBe('401 TOKEN_REVOKED')
    expect(await list(api.token, '?user=ann')).toEqual([])
    ann = await login('ann', PASSWORD)
  })

  it('[TOK-1] one that expired says so, and that it is not refreshed but made anew', async () => {
    const made = await make(ann, 'over', ['read:devices'])
    await api.database.db
      .updateTable('service_tokens')
      .set({ expires_at: new Date(Date.now() - 1000) })
      .where('id', '=', made.id)
      .execute()
    const { status, error, headers } = await as(made.token, 'GET', '/api/devices')
    expect([status, error?.code, error?.message, error?.details.token]).toEqual([
      ...[401, 'TOKEN_EXPIRED', 'Token expired', 'over'],
    ])
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(error?.remedies.join(' ')).toContain('netraven tokens create')
  })

  it('[TOK-1] [TOK-2] an access token that expired names where to get the next', async () => {
    const token = await login('ann', PASSWORD)
    nowMs += 32 * 60_000
    const { status, error, headers } = await as(token, 'GET', '/api/auth/me')
    nowMs = Date.now() + 10_000
    expect([status, error?.code, error?.message]).toEqual([401, 'TOKEN_EXPIRED', 'Token expired'])
    expect(error?.details.refreshWith).toBe('/api/auth/refresh')
    expect(error?.remedies.join(' ')).toContain('/api/auth/refresh')
    expect(headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/)
  })

  it('[TOK-4] a service token that was cut, altered or never made is told apart, each with its causes', async () => {
    const { token } = await make(ann, 'whole', ['read:devices'])
    const cases = [
      [token.slice(0, -1), 'TOKEN_TRUNCATED'],
      [`${token.slice(0, 8)}${token[8] === 'A' ? 'B' : 'A'}${token.slice(9)}`, 'TOKEN_TRUNCATED'],
      ['nrs_', 'TOKEN_TRUNCATED'],
      ['nrs_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE3uncHS', 'TOKEN_UNKNOWN'],
    ]
    for (const [text = '', code] of cases) {
      const { status, error, headers } = await as(text, 'GET', '/api/auth/me')
      expect([status, error?.code, error?.message]).toEqual([401, code, 'Invalid token'])
      expect(error?.causes.length).toBeGreaterThan(0)
      expect(headers.get('www-authenticate')).toContain('error="invalid_token"')
    }
  })
})
