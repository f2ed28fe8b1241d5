/** Single sign-on at a real provider, on real databases. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../hub/app.ts'
import { openTestApi, type TestApi } from './api.ts'
import { type Provider, startProvider } from './peers/oidc.ts'
import { servers } from './postgres.ts'

const PUBLIC = 'http://127.0.0.1:8000'

describe.each(servers)('single sign-on on %s', (kind) => {
  let api: TestApi
  let provider: Provider
  let app: TestApi['app']
  const appFor = (issuer: string, autoCreate = true) => {
    const roleMap = [
      { group: 'netops', role: 'operator' },
      { group: 'readers', role: 'viewer' },
    ]
    const client = { clientId: 'netraven', clientSecret: 'canary-client-secret', scopes: 'openid profile email' }
    const oidc = { issuer, ...client, groupsClaim: 'groups', roleMap, autoCreate }
    return createApp({ ...api.parts, config: { ...api.parts.config, publicUrl: PUBLIC, oidc } })
  }
  beforeAll(async () => {
    provider = await startProvider(`${PUBLIC}/api/auth/oidc/callback`)
    api = await openTestApi(kind)
    app = appFor(provider.issuer)
  })
  afterAll(async () => {
    await api?.close()
    await provider?.close()
  })

  const start = async (query = '', hub = app) => {
    const answer = await hub.request(`${PUBLIC}/api/auth/oidc/start${query}`)
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const body = answer.status === 303 ? undefined : ((await answer.json()) as { error: { code: string } })
    return { url: answer.headers.get('location') ?? '', cookie, told: body?.error.code ?? String(answer.status) }
  }
  const come = async (back: string, cookie: string, hub = app) => {
    const answer = await hub.request(back, { headers: { cookie } })
    const location = answer.headers.get('location') ?? ''
    if (answer.status === 303) return { told: '303', location, code: /#sso=(.+)/.exec(location)?.[1] ?? '' }
    const { error } = (await answer.json()) as { error: { code: string; details: { reason?: string } } }
    return { told: `${answer.status} ${error.code} ${error.details.reason ?? ''}`.trim(), location, code: '' }
  }
  const exchange = async (question: object, cookie = '') => {
    const headers = { 'content-type': 'application/json', cookie }
    const answer = await app.request('/api/auth/oidc/token', {
      ...{ method: 'POST', headers, body: JSON.stringify(question) },
    })
    const body = (await answer.json()) as { access_token?: string; error?: { code: string } }
    return { told: body.error ? `${answer.status} ${body.error.code}` : '200', token: body.access_token ?? '' }
  }
  const signOn = async (subject: string) => {
    const { url, cookie } = await start('?redirect=/devices')
    const came = await come(await provider.walk(url, subject), cookie)
    return { ...came, cookie }
  }
  const me = async (token: string) =>
    (await api.call('GET', '/api/auth/me', undefined, { authorization: `Bearer ${token}` })).body

  it('somebody with a mapped group is given an account with its role; the code works once, in that browser', async () => {
    await provider.person('s1', { preferred_username: 'Sue', email: 'sue@example.net', groups: ['netops', 'else'] })
    const { told, location, code, cookie } = await signOn('s1')
    expect([told, location]).toEqual(['303', expect.stringMatching(/^http:\/\/127\.0\.0\.1:8000\/devices#sso=/)])
    expect((await exchange({ code })).told).toBe('401 SSO_FAILED')
    const { token } = await exchange({ code }, cookie)
    expect(await me(token)).toMatchObject({ username: 'sue', roles: ['operator'] })
    expect((await exchange({ code }, cookie)).told).toBe('401 SSO_FAILED')
  })

  it('groups count anew at each login, own roles stay, and whoever has no mapped one is refused and loses them', async () => {
    await provider.person('s2', { preferred_username: 'tom', groups: ['netops'] })
    await signOn('s2')
    await api.call('PATCH', '/api/users/tom', { roles: ['operator', 'auditor'] })
    await provider.person('s2', { preferred_username: 'tom', groups: ['readers'] })
    const { code, cookie } = await signOn('s2')
    const { token } = await exchange({ code }, cookie)
    expect((await me(token)).roles).toEqual(['auditor', 'viewer'])
    await provider.person('s2', { preferred_username: 'tom', groups: [] })
    expect((await signOn('s2')).told).toBe('403 SSO_NO_ROLE')
    // Another hub hears of it a moment later.
    await expect.poll(async () => (await me(token)).roles).toEqual(['auditor'])
  })

  it('a local account of the same name is not taken over, until an administrator links it', async () => {
    const password = 'four unrelated grey words'
    await api.call('POST', '/api/users', { username: 'una', password, roles: ['member'] })
    await provider.person('s3', { preferred_username: 'una', groups: ['readers'] })
    expect((await signOn('s3')).told).toBe('409 SSO_ACCOUNT_EXISTS')
    const linked = await app.request('/api/users/una/link-sso', {
      method: 'POST',
      headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ subject: 's3' }),
    })
    expect(linked.status).toBe(204)
    expect((await signOn('s3')).told).toBe('303')
  })

  it('where accounts are not made by themselves, a stranger is refused', async () => {
    const strict = appFor(provider.issuer, false)
    await provider.person('s9', { preferred_username: 'zoe', groups: ['readers'] })
    const { url, cookie } = await start('', strict)
    expect((await come(await provider.walk(url, 's9'), cookie, strict)).told).toBe('403 SSO_ACCOUNT_UNKNOWN')
  })

  it('a wrong state, another browser, a second return and a late one are refused', async () => {
    await provider.person('s4', { preferred_username: 'vic', groups: ['readers'] })
    const { url, cookie } = await start()
    const back = await provider.walk(url, 's4')
    const forged = new URL(back)
    forged.searchParams.set('state', 'x'.repeat(43))
    expect((await come(forged.href, cookie)).told).toBe('401 SSO_FAILED unknown state')
    expect((await come(back, '')).told).toBe('401 SSO_FAILED another browser began it')
    expect((await come(back, cookie)).told).toBe('303')
    expect((await come(back, cookie)).told).toBe('401 SSO_FAILED used before')
    const late = await start()
    const lateBack = await provider.walk(late.url, 's4')
    await api.database.db
      .updateTable('sign_ons')
      .set({ expires_at: new Date(0) })
      .where('used_at', 'is', null)
      .execute()
    expect((await come(lateBack, late.cookie)).told).toBe('401 SSO_FAILED took more than 10 minutes')
  })

  it('an id token with another nonce or an altered one opens nothing', async () => {
    const { url, cookie } = await start()
    const altered = new URL(url)
    altered.searchParams.set('nonce', 'another-nonce')
    expect((await come(await provider.walk(altered.href, 's4'), cookie)).told).toMatch(/^401 SSO_FAILED .*nonce/)
    await provider.tamper(true)
    expect((await signOn('s4')).told).toMatch(/^401 SSO_FAILED .*signature/)
    await provider.tamper(false)
    expect((await signOn('s4')).told).toBe('303')
  })

  it('a command takes its tokens with what only it knows, at a port of its own machine and nowhere else', async () => {
    const verifier = randomBytes(32).toString('base64url')
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const port = encodeURIComponent('http://127.0.0.1:50123/')
    const { url, cookie } = await start(`?redirect=${port}&challenge=${challenge}`)
    const { location } = await come(await provider.walk(url, 's4'), cookie)
    const code = new URL(location).searchParams.get('code')
    expect((await exchange({ code }, cookie)).told).toBe('401 SSO_FAILED')
    expect((await exchange({ code, verifier })).told).toBe('200')
    for (const bad of [
      '//evil.example',
      'https://evil.example/',
      '/\\evil.example',
      'http://127.0.0.1:1@evil.example/',
    ])
      expect((await start(`?redirect=${encodeURIComponent(bad)}&challenge=${challenge}`)).told).toBe('REQUEST_INVALID')
    expect((await start(`?redirect=${port}`)).told).toBe('REQUEST_INVALID')
  })

  it('a provider that is away says so, and so does a hub without one; refusals are in the audit log', async () => {
    expect((await start('', appFor('http://127.0.0.1:9'))).told).toBe('SSO_UNAVAILABLE')
    expect((await start('', api.app)).told).toBe('SSO_OFF')
    const entries = await api.database.db.selectFrom('events').select(['kind', 'details']).execute()
    const codes = entries.filter(({ kind: one }) => one === 'sign-on refused').map(({ details }) => details.code)
    expect(codes).toEqual(expect.arrayContaining(['SSO_FAILED', 'SSO_NO_ROLE', 'SSO_ACCOUNT_EXISTS']))
    expect(api.log.join()).not.toContain('canary-client-secret')
  })
})
