/** A second factor on real databases: set up, asked for, guessed at, lost, required. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../hub/app.ts'
import { recoverUser } from '../hub/recovery.ts'
import { openTestApi, type TestApi } from './api.ts'
import { codeAt } from './authenticator.ts'
import { servers } from './postgres.ts'

const PASSWORD = 'four unrelated grey words'

describe.each(servers)('a second factor on %s', (kind) => {
  let api: TestApi
  let nowMs = Date.now()
  beforeAll(async () => {
    api = await openTestApi(kind, { clock: () => nowMs })
  })
  afterAll(() => api.close())

  let number = 0
  const add = async (roles = ['viewer']) => {
    number += 1
    const username = `factor${number}`
    await api.call('POST', '/api/users', { username, password: PASSWORD, mustChangePassword: false, roles })
    return username
  }
  const login = async (username: string, otp?: string, password = PASSWORD) => {
    const { status, body, error } = await api.call('POST', '/api/auth/token', {
      ...{ username, password },
      ...(otp !== undefined && { otp }),
    })
    return { told: error ? `${status} ${error.code}` : String(status), token: String(body.access_token) }
  }
  const as = async (token: string, method: string, path: string, body?: unknown) => {
    const answer = await api.call(method, path, body, { authorization: `Bearer ${token}` })
    return { ...answer, told: answer.error ? `${answer.status} ${answer.error.code}` : String(answer.status) }
  }
  /** As time passes, each code is another. */
  const code = (secret: string, steps = 0) => codeAt(secret, nowMs + steps * 30_000)
  const later = (steps: number) => {
    nowMs += steps * 30_000
  }
  const wrong = (secret: string) => String((Number(code(secret)) + 1) % 1_000_000).padStart(6, '0')
  const enrolled = async (roles?: string[]) => {
    const username = await add(roles)
    const { token } = await login(username)
    const begun = await as(token, 'POST', '/api/auth/second-factor')
    const secret = String(begun.body.secret)
    const confirmed = await as(token, 'POST', '/api/auth/second-factor/confirm', { code: code(secret) })
    expect([begun.told, confirmed.told]).toEqual(['201', '200'])
    later(1)
    return { username, token, secret, url: String(begun.body.url), codes: confirmed.body.recoveryCodes as string[] }
  }

  it('is asked for once it was confirmed, and a right password alone opens no session', async () => {
    const { username, secret, url } = await enrolled()
    expect(url).toBe(`otpauth://totp/NetRaven:${username}?secret=${secret}&issuer=NetRaven`)
    const sessions = () => api.database.db.selectFrom('sessions').select('id').execute()
    const before = (await sessions()).length
    expect((await login(username)).told).toBe('401 SECOND_FACTOR_REQUIRED')
    expect(await sessions()).toHaveLength(before)
    expect((await login(username, code(secret), 'wrong')).told).toBe('401 INVALID_CREDENTIALS')
    expect((await login(username, code(secret))).told).toBe('200')
  })

  it('one that was begun and not confirmed is not asked for; a wrong code confirms nothing', async () => {
    const username = await add()
    const { token } = await login(username)
    expect((await as(token, 'POST', '/api/auth/second-factor/confirm', { code: '000000' })).told).toBe(
      '409 SECOND_FACTOR_ABSENT',
    )
    const first = await as(token, 'POST', '/api/auth/second-factor')
    const second = await as(token, 'POST', '/api/auth/second-factor')
    const confirm = (given: string) => as(token, 'POST', '/api/auth/second-factor/confirm', { code: given })
    expect((await confirm(code(String(first.body.secret)))).told).toBe('401 SECOND_FACTOR_INVALID')
    expect((await login(username)).told).toBe('200')
    expect((await confirm(code(String(second.body.secret)))).told).toBe('200')
    expect((await as(token, 'POST', '/api/auth/second-factor')).told).toBe('409 SECOND_FACTOR_EXISTS')
  })

  it('a code works once, also when two hubs are asked at the same moment', async () => {
    const { username, secret } = await enrolled()
    const question = { username, password: PASSWORD, otp: code(secret) }
    const other = createApp(api.parts)
    const ask = (app: typeof other) =>
      app.request('/api/auth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(question),
      })
    const answers = await Promise.all([ask(api.app), ask(other)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401])
    expect((await login(username, code(secret))).told).toBe('401 SECOND_FACTOR_INVALID')
  })

  it('codes of one step before and after count; older ones, and ones before the last that was used, do not', async () => {
    const { username, secret } = await enrolled()
    later(5)
    expect((await login(username, code(secret, -2))).told).toBe('401 SECOND_FACTOR_INVALID')
    expect((await login(username, code(secret, 2))).told).toBe('401 SECOND_FACTOR_INVALID')
    expect((await login(username, code(secret, -1))).told).toBe('200')
    expect((await login(username, code(secret, 1))).told).toBe('200')
    expect((await login(username, code(secret, 0))).told).toBe('401 SECOND_FACTOR_INVALID')
  })

  it('[AUTH-4] [AUTH-6] five wrong codes lock it, whatever right passwords come between, until an administrator unlocks', async () => {
    const { username, secret } = await enrolled()
    for (let tries = 0; tries < 5; tries += 1) {
      expect((await login(username, wrong(secret))).told).toBe('401 SECOND_FACTOR_INVALID')
      expect((await login(username)).told).toBe('401 SECOND_FACTOR_REQUIRED')
    }
    expect((await login(username, code(secret))).told).toBe('429 LOGIN_LOCKED')
    await api.call('POST', `/api/users/${username}/unlock`, {})
    expect((await login(username, code(secret))).told).toBe('200')
  })

  it('[AUTH-7] whoever does not know the password can lock no second factor', async () => {
    const { username, secret } = await enrolled()
    for (const name of [`second factor ${username}`, `netraven second factor ${username}`]) {
      for (let tries = 0; tries < 6; tries += 1) await login(name, '000000', 'wrong')
    }
    expect((await login(username, code(secret))).told).toBe('200')
  })

  it('a recovery code stands in for a code, once, and is kept as a hash', async () => {
    const { username, token, codes } = await enrolled()
    expect(new Set(codes).size).toBe(10)
    expect((await login(username, codes[0])).told).toBe('200')
    expect((await login(username, codes[0])).told).toBe('401 SECOND_FACTOR_INVALID')
    expect((await login(username, codes[1]?.replaceAll('-', '').toUpperCase())).told).toBe('200')
    const { body } = await as(token, 'GET', '/api/auth/second-factor')
    expect(body).toMatchObject({ isSetUp: true, recoveryCodesLeft: 8 })
    const kept = await api.database.db.selectFrom('recovery_codes').selectAll().execute()
    for (const one of codes) expect(JSON.stringify(kept)).not.toContain(one)
  })

  it('the secret is sealed, and stands in no log, no audit entry and no later answer', async () => {
    const { secret, token, codes } = await enrolled()
    const rows = await api.database.db.selectFrom('second_factors').selectAll().execute()
    expect(rows.map((row) => row.sealed_secret.toString('latin1')).join()).not.toContain(secret)
    const entries = await api.database.db.selectFrom('audit_intake').selectAll().execute()
    const audit = await api.call('GET', '/api/audit?limit=200')
    const told = [JSON.stringify(entries), audit.text, api.log.join(), (await as(token, 'GET', '/api/auth/me')).text]
    for (const one of [secret, ...codes]) expect(told.join()).not.toContain(one)
  })

  it('is removed with the password and a code, not with one of them', async () => {
    const { username, token, secret } = await enrolled()
    const remove = async (password: string, given: string) =>
      (await as(token, 'DELETE', '/api/auth/second-factor', { password, code: given })).told
    expect(await remove('wrong', code(secret))).toBe('401 INVALID_CREDENTIALS')
    expect(await remove(PASSWORD, wrong(secret))).toBe('401 SECOND_FACTOR_INVALID')
    expect(await remove(PASSWORD, code(secret))).toBe('204')
    expect(await remove(PASSWORD, code(secret))).toBe('409 SECOND_FACTOR_ABSENT')
    expect((await login(username)).told).toBe('200')
  })

  it('an administrator takes it away from somebody, others do not; the audit log says so', async () => {
    const { username } = await enrolled()
    const { token } = await login(await add(['operator']))
    expect((await as(token, 'DELETE', `/api/users/${username}/second-factor`)).told).toBe('403 MISSING_SCOPE')
    expect((await api.call('DELETE', `/api/users/${username}/second-factor`)).status).toBe(204)
    expect((await api.call('DELETE', `/api/users/${username}/second-factor`)).error?.code).toBe('SECOND_FACTOR_ABSENT')
    expect((await login(username)).told).toBe('200')
    const entries = await api.database.db.selectFrom('events').select(['kind', 'actor']).execute()
    expect(entries).toContainEqual({ kind: 'second factor reset', actor: 'admin' })
  })

  it('[AUTH-6] an account that is recovered on the host has none any more', async () => {
    const { username } = await enrolled()
    await recoverUser(api.database.db, { username, password: 'another four grey words', operator: 'root' })
    expect((await login(username, undefined, 'another four grey words')).told).toBe('200')
  })

  it('where it is required, whoever has none may set it up and nothing else', async () => {
    const { config } = api.parts
    const strict = createApp({ ...api.parts, config: { ...config, requireSecondFactor: 'all' } })
    const lax = createApp({ ...api.parts, config: { ...config, requireSecondFactor: 'admins' } })
    const username = await add()
    const { token } = await login(username)
    const ask = async (app: typeof strict, path: string, body?: unknown, bearer = token) => {
      const answer = await app.request(path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const told = (await answer.json()) as { secret?: string; error?: { code: string } }
      return { ...told, told: told.error ? `${answer.status} ${told.error.code}` : String(answer.status) }
    }
    expect((await ask(strict, '/api/devices')).told).toBe('403 SECOND_FACTOR_SETUP_REQUIRED')
    expect((await ask(lax, '/api/devices')).told).toBe('200')
    expect((await ask(lax, '/api/users', undefined, api.token)).told).toBe('403 SECOND_FACTOR_SETUP_REQUIRED')
    expect((await ask(strict, '/api/auth/me')).told).toBe('200')
    const { secret = '' } = await ask(strict, '/api/auth/second-factor', {})
    const confirmed = await ask(strict, '/api/auth/second-factor/confirm', { code: code(secret) })
    expect(confirmed.told).toBe('200')
    expect((await ask(strict, '/api/devices')).told).toBe('200')
  })
})
