/** The API as a client meets it, on real databases: signing in, sites, credentials, and that no secret ever comes out. */
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureAdmin, findAccount } from '../hub/accounts.ts'
import { openCredential } from '../hub/credential-secret.ts'
import { isPassword, NOBODYS_HASH } from '../hub/passwords.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { postgresFor, servers } from './postgres.ts'

describe.each(servers)('the API on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(kind)
  })
  afterAll(() => api.close())

  const codeOf = async (method: string, path: string, body?: unknown) => {
    const { status, error } = await api.call(method, path, body)
    return [status, error?.code]
  }

  describe('signing in', () => {
    const login = (username: string, password: string) => api.call('POST', '/api/auth/token', { username, password })

    it('[AUTH-1] answers an unknown user and a wrong password with the very same words', async () => {
      const unknown = await login('nobody', ADMIN_PASSWORD)
      const wrong = await login('admin', `${ADMIN_PASSWORD} `)
      const { requestId: _, ...one } = unknown.error ?? {}
      const { requestId: __, ...other } = wrong.error ?? {}
      expect([unknown.status, one]).toEqual([401, other])
      expect(other).toMatchObject({ code: 'INVALID_CREDENTIALS', message: 'Invalid credentials' })
      expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="netraven"')
    })

    it('[AUTH-2] takes the user name in any case and with spaces around it, the password only as it is', async () => {
      expect((await login('  ADMIN ', ADMIN_PASSWORD)).body).toMatchObject({ token_type: 'bearer', expires_in: 1800 })
      expect((await login('admin', ADMIN_PASSWORD.toUpperCase())).status).toBe(401)
    })
  })

  it('[AUTH-9] the first start makes one admin, whoever starts first, and there is no default password', async () => {
    const test = await (await postgresFor(kind)).newDatabase()
    const { db } = test.open()
    const made = await Promise.all([ensureAdmin(db, undefined), ensureAdmin(db, undefined)])
    const shown = made.filter((password) => password !== undefined)
    expect(shown).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{24}$/)])
    const isTaken = async (password: string) =>
      isPassword((await findAccount(db, ' Admin '))?.hash ?? NOBODYS_HASH, password)
    expect(await isTaken(shown[0] ?? '')).toBe(true)
    for (const guess of ['', 'admin', 'password', 'netraven']) expect(await isTaken(guess)).toBe(false)
    expect(await ensureAdmin(db, 'another password')).toBeUndefined()
    expect(await isTaken('another password')).toBe(false)
    await test.drop()
  })

  describe('sites', () => {
    it('are found in any case, and each name is there once', async () => {
      expect((await api.call('POST', '/api/sites', { name: ' Head Office ' })).body).toMatchObject({
        name: 'Head Office',
        devices: 0,
      })
      expect(await codeOf('POST', '/api/sites', { name: 'HEAD OFFICE' })).toEqual([409, 'ALREADY_EXISTS'])
      const token = await api.call('POST', '/api/agents/enrollment-tokens', { site: 'head ofice' })
      expect([token.status, token.error?.code, token.error?.details.didYouMean]).toEqual([
        404,
        'SITE_UNKNOWN',
        'Head Office',
      ])
      expect((await api.call('GET', '/api/sites')).body.items).toHaveLength(1)
    })
  })

  describe('credentials', () => {
    const PASSWORD = 'canary-device-password'
    const ENABLE = 'canary-enable-password'
    const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

    const stored = async (name: string) => {
      const row = await api.database.db
        .selectFrom('credentials')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirstOrThrow()
      return openCredential(api.keyring, row.id, row.sealed_secret ?? Buffer.alloc(0))
    }

    it('[DAUTH-7] go in and never come out, and lie encrypted', async () => {
      const given = { name: 'core', username: 'backup', password: PASSWORD, enable: ENABLE }
      const saved = await api.call('POST', '/api/credentials', given)
      expect([saved.status, saved.body]).toEqual([201, expect.objectContaining({ kind: 'password', publicKey: null })])
      expect(await stored('core')).toEqual({ password: PASSWORD, enable: ENABLE })
      const row = await api.database.db
        .selectFrom('credentials')
        .selectAll()
        .where('name', '=', 'core')
        .executeTakeFirst()
      expect(row?.sealed_secret?.toString('latin1')).not.toContain('canary')
    })

    it('[DAUTH-3] a key is read when it is saved; its line for the device is shown', async () => {
      const saved = await api.call('POST', '/api/credentials', { name: 'key', username: 'backup', privateKey: key })
      expect(saved.body).toMatchObject({
        kind: 'key',
        keyFingerprint: expect.stringMatching(/^SHA256:/),
        publicKey: expect.stringMatching(/^ssh-ed25519 /),
      })
      expect((await api.call('GET', '/api/credentials/key')).body.publicKey).toBe(saved.body.publicKey)
      expect(
        await codeOf('POST', '/api/credentials', { name: 'cut', username: 'u', privateKey: key.slice(0, 70) }),
      ).toEqual([400, 'CREDENTIAL_INVALID'])
    })

    it.each([
      [{ name: 'none', username: 'u' }, 400, 'CREDENTIAL_INVALID'],
      [{ name: 'none', username: 'u', passphrase: 'x' }, 400, 'CREDENTIAL_INVALID'],
      [{ name: 'none', username: 'u', local: 'l', password: 'x' }, 400, 'CREDENTIAL_INVALID'],
      [{ name: 'CORE', username: 'u', password: 'x' }, 409, 'ALREADY_EXISTS'],
      [{ name: 'none', username: 'a\nb', password: 'x' }, 400, 'REQUEST_INVALID'],
    ])('%j is refused', async (given, status, code) => {
      expect(await codeOf('POST', '/api/credentials', given)).toEqual([status, code])
    })

    it('a new password replaces the old one; an enable password goes beside it, and away again', async () => {
      await api.call('PATCH', '/api/credentials/CORE', { enable: 'canary-e2' })
      expect(await stored('core')).toEqual({ password: PASSWORD, enable: 'canary-e2' })
      await api.call('PATCH', '/api/credentials/core', { enable: null, username: 'other' })
      expect(await stored('core')).toEqual({ password: PASSWORD })
      await api.call('PATCH', '/api/credentials/core', { password: 'canary-p2' })
      expect(await stored('core')).toEqual({ password: 'canary-p2' })
      expect((await api.call('GET', '/api/credentials/core')).body).toMatchObject({ username: 'other' })
      expect(await codeOf('PATCH', '/api/credentials/core', {})).toEqual([400, 'REQUEST_INVALID'])
      expect(await codeOf('PATCH', '/api/credentials/core', { name: 'key' })).toEqual([409, 'ALREADY_EXISTS'])
    })

    it('kept on the jump host has a name and no secret here', async () => {
      const saved = await api.call('POST', '/api/credentials', { name: 'there', username: '', local: 'core' })
      expect(saved.body).toMatchObject({ kind: 'local', local: 'core' })
      expect(await codeOf('PATCH', '/api/credentials/there', { enable: 'x' })).toEqual([400, 'CREDENTIAL_INVALID'])
    })

    it('can be removed only when no device needs them', async () => {
      await api.call('POST', '/api/sites', { name: 'c-site' })
      const device = { name: 'c1', address: '192.0.2.1', driver: 'linux', site: 'c-site', credential: 'key' }
      expect((await api.call('POST', '/api/devices', device)).status).toBe(201)
      const refused = await api.call('DELETE', '/api/credentials/key')
      expect([refused.status, refused.error?.code, refused.error?.details.devices]).toEqual([409, 'IN_USE', ['c1']])
      await api.call('DELETE', '/api/devices/c1')
      expect((await api.call('DELETE', '/api/credentials/key')).status).toBe(204)
      expect(await codeOf('GET', '/api/credentials/key')).toEqual([404, 'CREDENTIAL_UNKNOWN'])
    })
  })

  it('[DAUTH-7] none of the secrets above stands in any answer or any line of the log', () => {
    expect(api.texts.length).toBeGreaterThan(20)
    expect(api.log.length).toBeGreaterThan(10)
    expect(api.texts.join('\n')).not.toMatch(/canary|PRIVATE KEY/)
    expect(api.log.join('\n')).not.toMatch(/canary|PRIVATE KEY|nr[rs]_|eyJ/)
  })
})
