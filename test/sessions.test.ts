/** Sessions and their tokens on real databases: refreshed, copied, ended, forged; and what each refusal says. */
import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess } from '../hub/access.ts'
import { accessTokens } from '../hub/access-tokens.ts'
import { newId } from '../hub/ids.ts'
import { ACCESS_CHANNEL, forgetEndedSessions } from '../hub/sessions.ts'
import { tokenKeys } from '../hub/token-keys.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe.each(servers)('sessions on %s', (kind) => {
  let api: TestApi
  let nowMs = Date.now()
  beforeAll(async () => {
    api = await openTestApi(kind, { clock: () => nowMs })
  })
  afterAll(() => api.close())

  const login = async (extra: object = {}) => {
    const { body } = await api.call('POST', '/api/auth/token', {
      username: 'admin',
      password: ADMIN_PASSWORD,
      ...extra,
    })
    return { access: String(body.access_token), refresh: String(body.refresh_token), scope: String(body.scope) }
  }
  const as = async (authorization: string, path = '/api/auth/me') => {
    const { status, error } = await api.call('GET', path, undefined, { authorization })
    return error ? `${status} ${error.code}` : String(status)
  }
  const refresh = async (refresh_token: string) => {
    const { status, body, error } = await api.call('POST', '/api/auth/refresh', { refresh_token })
    return { told: error ? `${status} ${error.code} ${error.details.reason}` : String(status), body }
  }
  const age = (seconds: number) =>
    api.database.db
      .updateTable('refresh_tokens')
      .set({ used_at: new Date(Date.now() - seconds * 1000) })
      .where('used_at', 'is not', null)
      .execute()

  it('the database knows no token, only hashes of refresh tokens', async () => {
    const { access, refresh } = await login()
    const { db } = api.database
    const rows = JSON.stringify([
      await db.selectFrom('sessions').selectAll().execute(),
      await db.selectFrom('token_keys').selectAll().execute(),
    ])
    expect(rows).not.toContain(access)
    const hashes = await db.selectFrom('refresh_tokens').select('token_hash').execute()
    expect(hashes.map((row) => row.token_hash.toString('hex'))).toContain(
      createHash('sha256').update(refresh).digest('hex'),
    )
  })

  it('[TOK-2] a refresh token brings new tokens after the access token has expired, and is then used up', async () => {
    const first = await login()
    nowMs += 32 * 60_000
    expect(await as(`Bearer ${first.access}`)).toBe('401 TOKEN_EXPIRED')
    const { told, body } = await refresh(first.refresh)
    expect(told).toBe('200')
    expect(await as(`Bearer ${String(body.access_token)}`)).toBe('200')
    nowMs = Date.now()
  })

  it('[TOK-2] a refresh token that is used twice ends the whole session, except within ten seconds', async () => {
    const first = await login()
    const second = await refresh(first.refresh)
    expect((await refresh(first.refresh)).told).toBe('200')
    await age(11)
    expect((await refresh(first.refresh)).told).toBe('401 REFRESH_INVALID used before')
    expect((await refresh(String(second.body.refresh_token))).told).toBe('401 REFRESH_INVALID ended')
    const { error } = await api.call('GET', '/api/auth/me', undefined, { authorization: `Bearer ${first.access}` })
    expect([error?.code, error?.message, error?.details.reason]).toEqual([
      'TOKEN_REVOKED',
      'Token has been revoked',
      'a refresh token was used twice',
    ])
  })

  it('[TOK-3] what is no refresh token, an unknown and an expired one say so, and to log in again', async () => {
    expect((await refresh('nrr_short')).told).toBe('401 REFRESH_INVALID malformed')
    expect((await refresh(`nrr_${'A'.repeat(43)}`)).told).toBe('401 REFRESH_INVALID unknown')
    const { refresh: token } = await login()
    await api.database.db
      .updateTable('refresh_tokens')
      .set({ expires_at: new Date(0) })
      .execute()
    expect((await refresh(token)).told).toBe('401 REFRESH_INVALID expired')
  })

  it('[TOK-5] logging out ends this session at once on every hub, and no other', async () => {
    const [one, other] = [await login(), await login()]
    const elsewhere = openAccess({
      db: api.database.db,
      tokens: accessTokens(api.installation.id, tokenKeys(api.database.db, api.keyring, Date.now), Date.now),
      clock: () => 0,
    })
    const told = Promise.withResolvers<void>()
    const subscription = await api.database.listen([ACCESS_CHANNEL], (_, payload) => {
      elsewhere.forget(payload)
      if (payload.startsWith('session ')) told.resolve()
    })
    expect((await elsewhere.principalOf(`Bearer ${one.access}`)).user.username).toBe('admin')
    const { status } = await api.call('POST', '/api/auth/logout', undefined, { authorization: `Bearer ${one.access}` })
    expect(status).toBe(204)
    await told.promise
    await expect(elsewhere.principalOf(`Bearer ${one.access}`)).rejects.toMatchObject({ code: 'TOKEN_REVOKED' })
    expect(await as(`Bearer ${one.access}`)).toBe('401 TOKEN_REVOKED')
    expect(await as(`Bearer ${other.access}`)).toBe('200')
    await subscription.close()
  })

  it('[TOK-5] logging out everywhere ends them all', async () => {
    const [one, other] = [await login(), await login()]
    const { body } = await api.call('POST', '/api/auth/logout-all', undefined, {
      authorization: `Bearer ${one.access}`,
    })
    expect(Number(body.ended)).toBeGreaterThanOrEqual(2)
    expect(await as(`Bearer ${other.access}`)).toBe('401 TOKEN_REVOKED')
    expect((await refresh(other.refresh)).told).toBe('401 REFRESH_INVALID ended')
    api.token = (await login()).access
  })

  it('[TOK-5] a session that ended is forgotten after a week', async () => {
    const { access } = await login()
    await api.call('POST', '/api/auth/logout', undefined, { authorization: `Bearer ${access}` })
    await api.database.db
      .updateTable('sessions')
      .set({ ended_at: new Date(Date.now() - 8 * 86_400_000) })
      .where('ended_at', 'is not', null)
      .execute()
    await forgetEndedSessions(api.database.db)
    nowMs = Date.now() + 2_000
    expect(await as(`Bearer ${access}`)).toBe('401 TOKEN_UNKNOWN')
    nowMs = Date.now()
  })

  it('[PERM-1] [PERM-3] a login that asks for fewer scopes gets those and no more', async () => {
    const { access, scope } = await login({ scopes: ['read:devices', 'read:agents'] })
    expect(scope.split(' ').toSorted()).toEqual(['read:agents', 'read:devices'])
    expect(await as(`Bearer ${access}`, '/api/devices')).toBe('200')
    const { status, error } = await api.call('GET', '/api/credentials', undefined, {
      authorization: `Bearer ${access}`,
    })
    expect([status, error?.code, error?.message]).toEqual([403, 'MISSING_SCOPE', 'Insufficient permissions'])
    expect(error?.details).toMatchObject({ required: ['read:credentials'], missing: ['read:credentials'] })
    expect(error?.details.held).toEqual(expect.arrayContaining(['read:agents', 'read:devices']))
  })

  describe('tokens that are not ours', () => {
    const claims = () => ({
      iss: api.installation.id,
      aud: 'netraven-api',
      sub: newId(),
      sid: newId(),
      iat: Math.floor(nowMs / 1000),
      exp: Math.floor(nowMs / 1000) + 600,
    })
    const pair = generateKeyPairSync('ed25519')
    const forged = (header: object, body: object = claims()) => {
      const text = `${part(header)}.${part(body)}`
      return `Bearer ${text}.${sign(null, Buffer.from(text), pair.privateKey).toString('base64url')}`
    }
    const kid = async () => (await tokenKeys(api.database.db, api.keyring, Date.now).current()).id

    it('[TOK-4] unsigned, signed with the public key as a password, with a key brought along: none counts', async () => {
      const id = await kid()
      const { public_key } = await api.database.db.selectFrom('token_keys').selectAll().executeTakeFirstOrThrow()
      const none = `Bearer ${part({ alg: 'none', kid: id, typ: 'at+jwt' })}.${part(claims())}.`
      expect(await as(none)).toBe('401 TOKEN_TRUNCATED')
      expect(await as(`${none}AAAA`)).toBe('401 TOKEN_BAD_SIGNATURE')
      const text = `${part({ alg: 'HS256', kid: id, typ: 'at+jwt' })}.${part(claims())}`
      for (const secret of [public_key, Buffer.from(public_key, 'base64url'), '']) {
        const mac = createHmac('sha256', secret).update(text).digest('base64url')
        expect(await as(`Bearer ${text}.${mac}`)).toBe('401 TOKEN_BAD_SIGNATURE')
      }
      const jwk = pair.publicKey.export({ format: 'jwk' })
      expect(await as(forged({ alg: 'EdDSA', typ: 'at+jwt', jwk }))).toBe('401 TOKEN_BAD_SIGNATURE')
      expect(await as(forged({ alg: 'EdDSA', typ: 'at+jwt', kid: id }))).toBe('401 TOKEN_BAD_SIGNATURE')
    })

    it.each(["' or '1'='1", '../../etc/passwd', '__proto__', 'constructor', '\u0000', 'x'.repeat(900)])(
      '[TOK-4] a key called %j is not looked for anywhere else',
      async (kid) => expect(await as(forged({ alg: 'EdDSA', typ: 'at+jwt', kid }))).toBe('401 TOKEN_BAD_SIGNATURE'),
    )

    it('[TOK-4] cut off at any place, or with any letter changed, it is refused', async () => {
      const { access } = await login()
      for (let length = 1; length < access.length; length += 13) {
        expect(await as(`Bearer ${access.slice(0, length)}`)).toMatch(/^401 TOKEN_(TRUNCATED|BAD_SIGNATURE)$/)
      }
      for (let at = 0; at < access.length - 1; at += 11) {
        const letter = access[at] === 'A' ? 'B' : 'A'
        const told = await as(`Bearer ${access.slice(0, at)}${letter}${access.slice(at + 1)}`)
        expect(told).toMatch(/^401 TOKEN_(TRUNCATED|BAD_SIGNATURE|WRONG_AUDIENCE)$/)
      }
      expect(await as(`Bearer ${access}`)).toBe('200')
    })

    it('[TOK-4] a token of another installation is told apart', async () => {
      const keys = tokenKeys(api.database.db, api.keyring, Date.now)
      const foreign = await accessTokens(newId(), keys, () => nowMs).issue(newId(), newId(), 60_000)
      expect(await as(`Bearer ${foreign}`)).toBe('401 TOKEN_WRONG_AUDIENCE')
    })

    it('[TOK-4] no token, another scheme, and too many words are each told apart', async () => {
      const { access } = await login()
      expect(await as('')).toBe('401 TOKEN_MISSING')
      expect(await as(`Basic ${access}`)).toBe('401 TOKEN_BAD_SCHEME')
      expect(await as(access)).toBe('401 TOKEN_BAD_SCHEME')
      expect(await as(`Bearer ${access} x`)).toBe('401 TOKEN_TRUNCATED')
      expect(await as(`Bearer ${access}${'A'.repeat(3000)}`)).toBe('401 TOKEN_TRUNCATED')
    })
  })

  it('[TOK-7] clocks of two hubs may differ by a minute', async () => {
    nowMs = Date.now()
    const { access } = await login()
    nowMs = Date.now() + 30 * 60_000 + 55_000
    expect(await as(`Bearer ${access}`)).toBe('200')
    nowMs += 10_000
    expect(await as(`Bearer ${access}`)).toBe('401 TOKEN_EXPIRED')
    nowMs = Date.now()
  })

  it('[TOK-7] hubs that start together make one signing key', async () => {
    await api.database.db.deleteFrom('token_keys').execute()
    const made = await Promise.all([0, 1, 2].map(() => tokenKeys(api.database.db, api.keyring, Date.now).current()))
    expect(new Set(made.map((key) => key.id)).size).toBe(1)
    expect(await api.database.db.selectFrom('token_keys').select('id').execute()).toHaveLength(1)
  })
})
