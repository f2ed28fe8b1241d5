/** What a browser and a stranger are told and allowed, on the whole API. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listenHttp } from '../hub/server.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

const ORIGIN = 'https://tools.test'
const tls = { 'x-forwarded-proto': 'https' }
const csrf = { 'x-netraven-csrf': '1' }

describe.each(servers)('the API towards strangers on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    const config = { accessTokenMinutes: 30, runTimeoutMs: 3_600_000, trustProxyHops: 1, corsOrigins: [ORIGIN] }
    api = await openTestApi(kind, { config })
  })
  afterAll(() => api.close())

  it('every answer, good or bad, has the headers that leave a browser nothing to try', async () => {
    const paths = [
      '/api/health/live',
      '/api/devices',
      '/api/nowhere',
      '/',
      '/api/openapi.json',
      '/api/docs',
      '/api/docs/failures',
    ]
    for (const path of paths) {
      const { headers } = await api.call('GET', path)
      const told = Object.fromEntries(headers)
      expect([path, told]).toEqual([
        path,
        expect.objectContaining({
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
          'referrer-policy': 'no-referrer',
          'content-security-policy': expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'$/),
          'cache-control': 'no-store',
        }),
      ])
      for (const name of ['server', 'x-powered-by', 'strict-transport-security', 'access-control-allow-origin'])
        expect([path, name, headers.has(name)]).toEqual([path, name, false])
    }
    const { headers } = await api.call('GET', '/api/devices', undefined, tls)
    expect(headers.get('strict-transport-security')).toBe('max-age=63072000')
    const unknown = await api.call('GET', '/api/devices', undefined, { authorization: 'Bearer x' })
    expect([unknown.status, unknown.headers.get('content-security-policy')]).toEqual([
      401,
      expect.stringContaining("'none'"),
    ])
  })

  it('a page elsewhere may call it when its origin was named, exactly, and no other', async () => {
    const from = async (origin: string, method: string) => {
      const { headers } = await api.call(method, '/api/sites', undefined, {
        origin,
        'access-control-request-method': 'POST',
      })
      return [headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]
    }
    for (const method of ['OPTIONS', 'GET']) {
      expect(await from(ORIGIN, method)).toEqual([ORIGIN, 'true'])
      for (const other of ['https://evil.test', 'https://tools.test.evil.test', 'http://tools.test', 'null', '*'])
        expect([other, await from(other, method)]).toEqual([other, [null, null]])
    }
  })

  describe('cookies', () => {
    const wanted = { username: 'admin', password: ADMIN_PASSWORD, cookie: true }
    const login = async (headers: Record<string, string>) => {
      const saved = api.token
      api.token = ''
      const answer = await api.call('POST', '/api/auth/token', wanted, headers)
      api.token = saved
      return { ...answer, jar: answer.headers.getSetCookie() }
    }
    const jarOf = (cookies: readonly string[]) => cookies.map((one) => one.split(';')[0]).join('; ')
    const send = async (method: string, path: string, body: unknown, headers: Record<string, string>) => {
      const saved = api.token
      api.token = ''
      const answer = await api.call(method, path, body, headers)
      api.token = saved
      return answer
    }

    it('a browser gets its tokens where no script can read them, and signs in with them', async () => {
      const { status, jar, body, text } = await login({ ...tls, ...csrf })
      expect(status).toBe(200)
      expect(body).not.toHaveProperty('access_token')
      expect(text).not.toMatch(/nrr_|eyJ/)
      expect(jar.map((one) => one.replace(/=[^;]+/, '=…'))).toEqual([
        expect.stringMatching(/^__Host-netraven=…; Max-Age=1800; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
        expect.stringMatching(
          /^__Secure-netraven-refresh=…; Max-Age=\d+; Path=\/api\/auth\/refresh; HttpOnly; Secure; SameSite=Strict$/,
        ),
      ])
      const cookie = jarOf(jar)
      const me = await send('GET', '/api/auth/me', undefined, { ...tls, cookie })
      expect([me.status, me.body.username]).toEqual([200, 'admin'])
      // From TLS only: whoever could write cookies over plain HTTP must not be able to plant one.
      expect((await send('GET', '/api/auth/me', undefined, { cookie })).error?.code).toBe('TOKEN_MISSING')
      expect((await send('GET', '/api/auth/me', undefined, { ...tls, cookie, authorization: 'Bearer x' })).status).toBe(
        401,
      )
    })

    it('what changes something needs a header of our page, and no word of the browser against it', async () => {
      const { jar } = await login({ ...tls, ...csrf })
      const cookie = jarOf(jar)
      let number = 0
      const told = async (headers: Record<string, string>) => {
        number += 1
        const { status, error } = await send(
          'POST',
          '/api/sites',
          { name: `${kind}-${number}` },
          { ...tls, cookie, ...headers },
        )
        return error?.code ?? status
      }
      expect(await told({})).toBe('CSRF_REFUSED')
      expect(await told({ ...csrf, 'sec-fetch-site': 'cross-site' })).toBe('CSRF_REFUSED')
      expect(await told({ ...csrf, 'sec-fetch-site': 'same-site' })).toBe('CSRF_REFUSED')
      expect(await told({ ...csrf, origin: 'https://evil.test' })).toBe('CSRF_REFUSED')
      expect(await told({ ...csrf, origin: 'null' })).toBe('CSRF_REFUSED')
      expect(await told(csrf)).toBe(201)
      expect(await told({ ...csrf, 'sec-fetch-site': 'same-origin', origin: 'https://hub.test' })).toBe(201)
      expect(await told({ ...csrf, 'sec-fetch-site': 'cross-site', origin: ORIGIN })).toBe(201)
      // A token in the header is not sent by a browser on its own.
      const { status } = await api.call(
        'POST',
        '/api/sites',
        { name: `${kind}-by-token` },
        { ...tls, cookie, origin: 'https://evil.test' },
      )
      expect(status).toBe(201)
    })

    it('the refresh token is renewed in its cookie; logging out takes both away', async () => {
      const { jar } = await login({ ...tls, ...csrf })
      const first = jarOf(jar)
      expect((await send('POST', '/api/auth/refresh', {}, { ...tls, cookie: first })).error?.code).toBe('CSRF_REFUSED')
      const { status, headers, body } = await send('POST', '/api/auth/refresh', {}, { ...tls, ...csrf, cookie: first })
      const cookie = jarOf(headers.getSetCookie())
      expect([status, body.refresh_token, headers.getSetCookie().length]).toEqual([200, undefined, 2])
      expect(cookie).not.toBe(first)
      const out = await send('POST', '/api/auth/logout', undefined, { ...tls, ...csrf, cookie })
      expect([out.status, out.headers.getSetCookie().map((one) => /Max-Age=0/.test(one))]).toEqual([204, [true, true]])
      expect((await send('GET', '/api/auth/me', undefined, { ...tls, cookie })).error?.code).toBe('TOKEN_REVOKED')
      expect((await send('POST', '/api/auth/refresh', {}, { ...tls, ...csrf, cookie })).error?.code).toBe(
        'REFRESH_INVALID',
      )
      expect((await send('POST', '/api/auth/refresh', {}, tls)).error?.code).toBe('REFRESH_INVALID')
    })

    it('no session is opened for a login with cookies that may not have them', async () => {
      const sessions = async () => (await api.database.db.selectFrom('sessions').select('id').execute()).length
      const before = await sessions()
      expect((await login(csrf)).error?.code).toBe('COOKIES_NEED_TLS')
      expect((await login(tls)).error?.code).toBe('CSRF_REFUSED')
      expect((await login({ ...tls, ...csrf, 'sec-fetch-site': 'cross-site' })).error?.code).toBe('CSRF_REFUSED')
      expect(await sessions()).toBe(before)
    })

    it('on this machine there are cookies without TLS, under another name', async () => {
      const { status, jar } = await login({ ...csrf, 'x-forwarded-for': '127.0.0.1' })
      expect([status, jar.map((one) => one.split('=')[0]), jar.some((one) => /Secure/.test(one))]).toEqual([
        200,
        ['netraven', 'netraven-refresh'],
        false,
      ])
      expect((await send('GET', '/api/auth/me', undefined, { cookie: jarOf(jar) })).status).toBe(200)
    })
  })

  describe('bounds', () => {
    const tell = async (body: string, path = '/api/sites', type = 'application/json') => {
      const { status, error } = await api.call('POST', path, body, { 'content-type': type })
      return [status, error?.code]
    }

    it.each([
      ['100,000 levels', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, [400, 'REQUEST_INVALID']],
      ['100,000 lists', `${'['.repeat(100_000)}`, [400, 'REQUEST_INVALID']],
      [
        '50,000 keys',
        `{${Array.from({ length: 50_000 }, (_, at) => `"k${at}":1`).join(',')}}`,
        [400, 'REQUEST_INVALID'],
      ],
      ['__proto__', '{"name":"polluted","__proto__":{"admin":true}}', [400, 'REQUEST_INVALID']],
      ['a key twice', '{"name":"one","name":"two"}', [400, 'REQUEST_INVALID']],
      ['1 MiB and more', JSON.stringify({ name: 'x'.repeat(1024 * 1024) }), [413, 'REQUEST_TOO_LARGE']],
    ])('JSON with %s is refused', async (_, body, expected) => {
      expect(await tell(body)).toEqual(expected)
      expect(await tell(body, '/api/sites', 'application/json; charset=utf-8')).toEqual(expected)
      expect(await tell(body, '/api/sites', 'application/merge-patch+json')).toEqual(expected)
    })

    it('keys of prototypes are data like any other, and reach nothing', async () => {
      await tell('{"name":"proto-test","constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1}}')
      expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    })

    it('whoever is not known may send little', async () => {
      expect(await tell(JSON.stringify({ username: 'x', password: 'y'.repeat(70_000) }), '/api/auth/token')).toEqual([
        413,
        'REQUEST_TOO_LARGE',
      ])
    })

    it('an address of 8 KiB is the longest', async () => {
      const ask = async (bytes: number) => (await api.call('GET', `/api/devices?search=${'x'.repeat(bytes)}`)).status
      expect([await ask(9_000), await ask(1_000_000)]).toEqual([414, 414])
      expect((await api.call('GET', `/api/devices/${'x'.repeat(9_000)}`)).error?.code).toBe('URL_TOO_LONG')
    })

    it('a method in a header or in the query is not listened to', async () => {
      const { body } = await api.call('POST', '/api/sites', { name: 'kept' })
      const path = `/api/sites/${String(body.id)}`
      for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override'])
        await api.call('POST', path, {}, { [name]: 'DELETE' })
      await api.call('POST', `${path}?_method=DELETE`, {})
      await api.call('GET', path, undefined, { 'x-http-method-override': 'DELETE' })
      expect((await api.call('GET', path)).status).toBe(200)
    })

    it('a request that breaks off is no fault of the hub', async () => {
      const http = await listenHttp(api.app, { host: '127.0.0.1', port: 0 })
      const before = api.log.length
      const socket = connect(Number(new URL(http.url).port), '127.0.0.1')
      socket.write(
        `POST /api/sites HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"name":`,
      )
      await new Promise<void>((resolve) => http.server.once('request', () => setImmediate(resolve)))
      socket.destroy()
      const said = () => api.log.slice(before).some((line) => line.includes('request refused'))
      await expect.poll(said, { timeout: 20_000 }).toBe(true)
      expect(api.log.slice(before).filter((line) => /"level":"(?:error|warn)"/.test(line))).toEqual([])
      await http.close()
    })
  })
})
