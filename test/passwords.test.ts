/** Passwords that are changed or forgotten, on real databases, with a real mail server. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Mail, openMail } from '../hub/mail.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

const OLD = 'four unrelated grey words'
const NEW = 'five more unrelated grey words'

describe.each(servers)('passwords on %s', (kind) => {
  let api: TestApi
  let plain: TestApi
  let smtp: SMTPServer
  let mail: Mail
  const letters: string[] = []

  beforeAll(async () => {
    smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData(stream, _session, done) {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          // Quoted-printable breaks long lines (RFC 2045, 6.7).
          letters.push(Buffer.concat(chunks).toString().replaceAll('=\r\n', '').replaceAll('=3D', '='))
          done()
        })
      },
    })
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
    const { port } = smtp.server.address() as AddressInfo
    mail = openMail({ url: `smtp://127.0.0.1:${port}`, from: 'netraven@example.net' })
    const config = { accessTokenMinutes: 30, runTimeoutMs: 3_600_000, publicUrl: 'https://hub.example.net' }
    api = await openTestApi(kind, { mail, config })
    plain = await openTestApi(kind)
  })
  afterAll(async () => {
    mail.close()
    await api.close()
    await plain.close()
    await new Promise<void>((resolve) => smtp.close(() => resolve()))
  })

  let number = 0
  const add = async (wanted: object = {}, at = api) => {
    number += 1
    const username = `ann${number}`
    const question = { username, password: OLD, mustChangePassword: false, email: `${username}@example.net`, ...wanted }
    expect((await at.call('POST', '/api/users', { roles: ['viewer'], ...question })).status).toBe(201)
    return username
  }
  const login = async (username: string, password: string, at = api) => {
    const { body, error, status } = await at.call('POST', '/api/auth/token', { username, password })
    return { token: String(body.access_token), told: error ? `${status} ${error.code}` : String(status), body }
  }
  const as = async (token: string, method: string, path: string, body?: unknown, at = api) => {
    const { status, error, body: answered } = await at.call(method, path, body, { authorization: `Bearer ${token}` })
    return { told: error ? `${status} ${error.code}` : String(status), details: error?.details, body: answered }
  }
  const forgot = (username: string, at = api, address = '192.0.2.1') =>
    at.call('POST', '/api/auth/forgot-password', { username }, { 'x-forwarded-for': address })
  const tokenIn = (letter = '') => /nrp_[\w-]{43}/.exec(letter)?.[0] ?? ''
  const reset = async (token: string, password: string, at = api) => {
    const { status, error } = await at.call('POST', '/api/auth/reset-password', { token, password })
    return error ? `${status} ${error.code}` : String(status)
  }
  const letterTo = async (username: string) => {
    await vi.waitFor(() => expect(letters.some((letter) => letter.includes(`To: ${username}@`))).toBe(true), 10_000)
    return letters.find((letter) => letter.includes(`To: ${username}@`)) ?? ''
  }

  it('[AUTH-3] the link that is mailed works once, logs everybody out, and lifts a lock', async () => {
    const user = await add()
    const { token } = await login(user, OLD)
    for (let count = 0; count < 5; count += 1) await login(user, 'no')
    expect((await login(user, OLD)).told).toBe('429 LOGIN_LOCKED')
    const asked = await forgot(`${user.toUpperCase()}@example.net`)
    expect([asked.status, asked.body]).toEqual([202, { accepted: true }])
    const letter = await letterTo(user)
    expect(letter).toContain('https://hub.example.net/reset-password#nrp_')
    const link = tokenIn(letter)
    expect(await reset(link, 'short')).toBe('422 PASSWORD_REFUSED')
    expect(await reset(link, NEW)).toBe('204')
    expect(await reset(link, `${NEW} again`)).toBe('400 RESET_TOKEN_INVALID')
    expect((await as(token, 'GET', '/api/auth/me')).told).toBe('401 TOKEN_REVOKED')
    expect((await login(user, NEW)).told).toBe('200')
    const kept = JSON.stringify(await api.database.db.selectFrom('password_resets').selectAll().execute())
    expect(kept + api.log.join('')).not.toContain(link)
  })

  it('[AUTH-3] two who use one link at once: one wins', async () => {
    const user = await add()
    const { body } = await api.call('POST', `/api/users/${user}/reset-link`, {})
    const told = await Promise.all([reset(String(body.token), NEW), reset(String(body.token), NEW)])
    expect(told.toSorted()).toEqual(['204', '400 RESET_TOKEN_INVALID'])
  })

  it('[AUTH-3] nobody learns whether there is such a user, and no letter goes to a disabled one', async () => {
    const gone = await add()
    await api.call('DELETE', `/api/users/${gone}`)
    const before = letters.length
    for (const name of ['nobody', gone]) {
      const { status, body } = await forgot(name)
      expect([status, body]).toEqual([202, { accepted: true }])
    }
    await vi.waitFor(() =>
      expect(api.log.filter((line) => line.includes('of nobody who could use one'))).toHaveLength(2),
    )
    expect(letters).toHaveLength(before)
  })

  it('[AUTH-3] a user gets three letters an hour, an address asks twenty times', async () => {
    const user = await add()
    for (let count = 0; count < 5; count += 1) expect((await forgot(user, api, '192.0.2.2')).status).toBe(202)
    await vi.waitFor(() => {
      expect(letters.filter((letter) => letter.includes(`To: ${user}@`))).toHaveLength(3)
      expect(api.log.filter((line) => line.includes('asked for too often'))).toHaveLength(2)
    }, 10_000)
    for (let count = 0; count < 15; count += 1) await forgot(`nobody${count}`, api, '192.0.2.2')
    const { status, error } = await forgot('nobody', api, '192.0.2.2')
    expect([status, error?.message]).toEqual([429, 'Too Many Requests'])
  })

  it('[AUTH-3] a link is of no use after 30 minutes, or once the password was changed', async () => {
    const user = await add()
    const made = async () => String((await api.call('POST', `/api/users/${user}/reset-link`, {})).body.token)
    const old = await made()
    const { db } = api.database
    await db
      .updateTable('password_resets')
      .set({ expires_at: new Date(0) })
      .where('used_at', 'is', null)
      .execute()
    expect(await reset(old, NEW)).toBe('400 RESET_TOKEN_INVALID')
    const other = await made()
    const { token } = await login(user, OLD)
    const change = { currentPassword: OLD, newPassword: NEW }
    expect((await as(token, 'POST', '/api/auth/change-password', change)).told).toBe('204')
    expect(await reset(other, OLD)).toBe('400 RESET_TOKEN_INVALID')
    for (const junk of ['nrp_', 'x', `nrp_${'A'.repeat(43)}`]) {
      expect(await reset(junk, NEW)).toBe('400 RESET_TOKEN_INVALID')
    }
  })

  it('[AUTH-3] [GEN-3] without a mail server an administrator makes the link, and the log says who asked', async () => {
    const user = await add({}, plain)
    expect((await forgot(user, plain)).status).toBe(202)
    await vi.waitFor(() => expect(plain.log.join('')).toContain('no letter is sent: make a link'))
    const { body, status } = await plain.call('POST', `/api/users/${user}/reset-link`, {})
    expect([status, body.link]).toEqual([201, null])
    expect(await reset(String(body.token), NEW, plain)).toBe('204')
    expect((await login(user, NEW, plain)).told).toBe('200')
  })

  it('changing it ends all other sessions, and needs the present one', async () => {
    const user = await add()
    const [here, there] = [await login(user, OLD), await login(user, OLD)]
    const change = (currentPassword: string, newPassword: string) =>
      as(here.token, 'POST', '/api/auth/change-password', { currentPassword, newPassword })
    expect((await change('wrong', NEW)).told).toBe('401 INVALID_CREDENTIALS')
    expect((await change(OLD, OLD)).details).toMatchObject({ reason: 'the same as before' })
    expect((await change(OLD, `  ${user}  `.padEnd(20, '!'))).told).toMatch(/204|422/)
    const [next] = [await login(user, OLD)]
    if (next.told === '200') expect((await change(OLD, NEW)).told).toBe('204')
    expect((await as(here.token, 'GET', '/api/auth/me')).told).toBe('200')
    expect((await as(there.token, 'GET', '/api/auth/me')).told).toBe('401 TOKEN_REVOKED')
  })

  it('a password that somebody else set lets its user do nothing but choose another', async () => {
    const user = await add({ mustChangePassword: true, roles: ['admin'] })
    const { token, body } = await login(user, OLD)
    expect(body.mustChangePassword).toBe(true)
    expect((await as(token, 'GET', '/api/devices')).told).toBe('403 PASSWORD_CHANGE_REQUIRED')
    expect((await as(token, 'POST', '/api/users', { username: 'eve' })).told).toBe('403 PASSWORD_CHANGE_REQUIRED')
    expect((await as(token, 'GET', '/api/auth/me')).body).toMatchObject({ mustChangePassword: true })
    const change = { currentPassword: OLD, newPassword: NEW }
    expect((await as(token, 'POST', '/api/auth/change-password', change)).told).toBe('204')
    expect((await as(token, 'GET', '/api/devices')).told).toBe('200')
  })
})
