/** Users, groups and roles on real databases: who may give what to whom, and what is felt by those who lose it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { warnOfExpiry } from '../hub/account-expiry.ts'
import { silentLog } from '../hub/log.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

const PASSWORD = 'four unrelated grey words'
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

describe.each(servers)('users on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(kind)
  })
  afterAll(() => api.close())

  let number = 0
  const add = async (wanted: object = {}) => {
    number += 1
    const username = `user${number}`
    const question = { username, password: PASSWORD, mustChangePassword: false, roles: ['viewer'], ...wanted }
    const { status, error } = await api.call('POST', '/api/users', question)
    expect([status, error?.code]).toEqual([201, undefined])
    return username
  }
  const login = async (username: string, password = PASSWORD) => {
    const { body, error } = await api.call('POST', '/api/auth/token', { username, password })
    return { token: String(body.access_token), code: error?.code, message: error?.message, body }
  }
  const as = async (token: string, method: string, path: string, body?: unknown) => {
    const answer = await api.call(method, path, body, { authorization: `Bearer ${token}` })
    return { ...answer, told: answer.error ? `${answer.status} ${answer.error.code}` : String(answer.status) }
  }
  const admin = (method: string, path: string, body?: unknown) => as(api.token, method, path, body)

  it('[PERM-3] nobody grants what they lack: by role, scope, group, role definition or membership', async () => {
    await admin('POST', '/api/roles', { name: 'helpdesk', scopes: ['read:users', 'admin:users', 'read:devices'] })
    await admin('POST', '/api/groups', { name: 'chiefs', roles: ['admin'] })
    const { token } = await login(await add({ roles: ['helpdesk'] }))
    const target = await add({ roles: [] })
    const refused = [
      ['POST', '/api/users', { username: 'eve', roles: ['admin'] }],
      ['POST', '/api/users', { username: 'eve', scopes: ['read:backup_secrets'] }],
      ['POST', '/api/users', { username: 'eve', scopes: ['read:*'] }],
      ['PATCH', `/api/users/${target}`, { roles: ['operator'] }],
      ['PUT', `/api/users/${target}/scopes`, { scopes: ['admin:*'] }],
      ['POST', '/api/groups', { name: 'more', roles: ['admin'] }],
      ['PUT', '/api/groups/chiefs/members', { members: [target] }],
      ['POST', '/api/roles', { name: 'more', scopes: ['admin:keys'] }],
      ['PATCH', '/api/roles/helpdesk', { scopes: ['admin:*'] }],
      ['PATCH', '/api/users/admin', { email: 'eve@example.net' }],
      ['POST', '/api/users/admin/reset-link', {}],
      ['DELETE', '/api/users/admin', undefined],
    ] as const
    for (const [method, path, body] of refused) {
      const { status, error } = await as(token, method, path, body)
      expect([method, path, status, error?.code]).toEqual([method, path, 403, 'MISSING_SCOPE'])
    }
    expect((await as(token, 'PUT', `/api/users/${target}/scopes`, { scopes: ['read:devices'] })).told).toBe('200')
  })

  it('[GEN-2] a group or a role that is not there is named, with the one that was meant', async () => {
    await admin('POST', '/api/groups', { name: 'night shift', roles: [] })
    const group = await admin('GET', '/api/groups/nigth shift')
    expect(group.told).toBe('404 GROUP_UNKNOWN')
    expect(group.error?.details).toMatchObject({ didYouMean: 'night shift' })
    expect((await admin('GET', '/api/roles/nobody')).told).toBe('404 ROLE_UNKNOWN')
  })

  it('the last administrator stays: not disabled, forgotten, demoted, or made to expire', async () => {
    for (const [method, path, body] of [
      ['DELETE', '/api/users/admin', undefined],
      ['DELETE', '/api/users/admin?forget=true', undefined],
      ['PATCH', '/api/users/admin', { roles: ['viewer'] }],
      ['PATCH', '/api/users/admin', { expiresAt: inDays(1) }],
      ['PATCH', '/api/users/ADMIN', { isActive: false }],
    ] as const) {
      expect([path, (await admin(method, path, body)).told]).toEqual([path, '409 LAST_ADMIN'])
    }
    const second = await add({ roles: ['admin'] })
    const { token } = await login(second)
    const both = await Promise.all([
      admin('PATCH', `/api/users/${second}`, { roles: [] }),
      as(token, 'PATCH', '/api/users/admin', { roles: [] }),
    ])
    expect(both.map((one) => one.status).toSorted()).toEqual([200, expect.any(Number)])
    if (both[1].status === 200) await as(token, 'PATCH', '/api/users/admin', { roles: ['admin'] })
    expect((await admin('GET', '/api/auth/me')).body.roles).toEqual(['admin'])
  })

  it('[TOK-6] a smaller role is felt at once by whoever is logged in, who is told what changed, when and by whom', async () => {
    const user = await add({ roles: ['operator'] })
    const { token } = await login(user)
    expect((await as(token, 'POST', '/api/sites', { name: `site of ${user}` })).told).toBe('201')
    await admin('PATCH', `/api/users/${user}`, { roles: ['viewer'] })
    expect((await as(token, 'GET', '/api/devices')).told).toBe('200')
    const { status, error } = await as(token, 'POST', '/api/sites', { name: 'no' })
    expect([status, error?.details]).toEqual([
      403,
      expect.objectContaining({
        reason: 'ACCESS_CHANGED',
        change: 'roles changed from operator to viewer',
        changedBy: 'admin',
      }),
    ])
    const shown = (await admin('GET', `/api/users/${user}`)).body
    expect(shown.accessChange).toMatchObject({ lost: expect.arrayContaining(['write:agents']) })
  })

  it('[TOK-6] the same for a group that is left, and an own role that shrinks', async () => {
    await admin('POST', '/api/roles', { name: 'shrinking', scopes: ['read:devices', 'write:agents'] })
    await admin('POST', '/api/groups', { name: 'leaving', roles: ['shrinking'] })
    const user = await add({ roles: [] })
    await admin('PUT', '/api/groups/leaving/members', { members: [user] })
    const { token } = await login(user)
    expect((await as(token, 'GET', '/api/devices')).told).toBe('200')
    await admin('PATCH', '/api/roles/shrinking', { scopes: ['read:devices'] })
    const { error } = await as(token, 'POST', '/api/sites', { name: 'no' })
    expect(error?.details).toMatchObject({ reason: 'ACCESS_CHANGED', change: 'the role shrinking was changed' })
    await admin('PUT', '/api/groups/leaving/members', { members: [] })
    expect((await as(token, 'GET', '/api/devices')).told).toBe('403 MISSING_SCOPE')
    expect((await admin('DELETE', '/api/roles/shrinking')).told).toBe('409 IN_USE')
    expect((await admin('DELETE', '/api/groups/leaving')).told).toBe('204')
    expect((await admin('DELETE', '/api/roles/shrinking')).told).toBe('204')
    expect((await admin('PATCH', '/api/roles/viewer', { scopes: [] })).told).toBe('409 ROLE_BUILT_IN')
  })

  it('[TOK-6] [AUTH-8] disabled or expired, all tokens stop at once; only the right password tells which it is', async () => {
    const user = await add()
    const { token } = await login(user)
    await admin('DELETE', `/api/users/${user}`)
    const { status, error } = await as(token, 'GET', '/api/devices')
    expect([status, error?.code, error?.details]).toEqual([
      401,
      'ACCESS_CHANGED',
      expect.objectContaining({ reason: 'the account was disabled', at: expect.any(String) }),
    ])
    expect(await login(user)).toMatchObject({ code: 'ACCOUNT_DISABLED', message: 'Invalid credentials' })
    expect(await login(user, 'wrong')).toMatchObject({ code: 'INVALID_CREDENTIALS', message: 'Invalid credentials' })
    expect((await admin('POST', `/api/users/${user}/reactivate`, { expiresAt: inDays(2) })).told).toBe('200')
    expect((await as(token, 'GET', '/api/devices')).told).toBe('200')
    await api.database.db
      .updateTable('users')
      .set({ expires_at: new Date(Date.now() - 1000) })
      .where('username', '=', user)
      .execute()
    expect(await login(user)).toMatchObject({ code: 'ACCOUNT_EXPIRED', message: 'Invalid credentials' })
    expect(await login(user, 'wrong')).toMatchObject({ code: 'INVALID_CREDENTIALS' })
    expect((await admin('POST', `/api/users/${user}/reactivate`, {})).body).toMatchObject({ expiresAt: null })
    expect((await login(user)).code).toBeUndefined()
    expect((await admin('POST', `/api/users/${user}/reactivate`, { expiresAt: inDays(-1) })).told).toBe(
      '400 REQUEST_INVALID',
    )
  })

  it('[AUTH-8] warns 14, 3 and 1 days ahead, once each, whichever hub looks', async () => {
    const { db } = api.database
    const user = await add({ expiresAt: inDays(13) })
    const look = async () =>
      (await Promise.all([0, 1].map(() => warnOfExpiry({ db, mail: undefined, log: silentLog() })))).flat()
    const { body } = await login(user)
    expect(body.accountExpiresAt).toEqual(expect.any(String))
    expect(body.warning).toMatch(/^Your account expires in 12 days/)
    expect((await look()).filter((name) => name === user)).toEqual([user])
    expect(await look()).toEqual([])
    for (const days of [2.5, 0.5]) {
      await db
        .updateTable('users')
        .set({ expires_at: new Date(inDays(days)), expiry_warned_for: new Date(inDays(days)) })
        .where('username', '=', user)
        .execute()
      await db
        .updateTable('users')
        .set((row) => ({ expiry_warned_for: row.ref('expires_at') }))
        .where('username', '=', user)
        .execute()
      expect(await look()).toEqual([user])
      expect(await look()).toEqual([])
    }
    expect((await login(await add())).body.warning).toBeNull()
  })

  it('[DIAG-8] users come in pages, found by name, role, group and state; nothing of a password in any', async () => {
    const names: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { body } = await admin('GET', `/api/users?limit=2${query}`)
      const page = body as { items: { username: string }[]; nextCursor: string | null }
      names.push(...page.items.map((one) => one.username))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(names).toEqual([...new Set(names)].toSorted())
    expect(names).toContain('admin')
    expect((await admin('GET', '/api/users?role=admin&active=true')).text).toContain('"username":"admin"')
    expect((await admin('GET', '/api/users/nobod')).told).toBe('404 USER_UNKNOWN')
    expect((await admin('POST', '/api/users', { username: ' ADMIN ' })).told).toBe('409 ALREADY_EXISTS')
    expect((await admin('POST', '/api/users', { username: 'x y' })).told).toBe('400 REQUEST_INVALID')
    expect((await admin('POST', '/api/users', { username: 'weak', password: 'Password1234' })).told).toBe(
      '422 PASSWORD_REFUSED',
    )
    for (const text of api.texts) expect(text).not.toMatch(/argon2|password_hash/)
  })

  it('a hub of the release before takes nobody who is no administrator now for one', async () => {
    const user = await add({ roles: ['admin'] })
    const hash = async () =>
      (
        await api.database.db
          .selectFrom('users')
          .select('password_hash')
          .where('username', '=', user)
          .executeTakeFirstOrThrow()
      ).password_hash
    const before = await hash()
    await admin('PATCH', `/api/users/${user}`, { roles: ['viewer'] })
    expect(await hash()).not.toBe(before)
    expect(await hash()).toContain('AAAAAAAA')
  })

  it('[AUTH-3] forgotten for good, a user leaves nothing to log in with', async () => {
    const user = await add()
    const { token } = await login(user)
    expect((await admin('DELETE', `/api/users/${user}?forget=true`)).told).toBe('204')
    expect((await as(token, 'GET', '/api/devices')).told).toBe('401 TOKEN_UNKNOWN')
    expect((await login('admin', ADMIN_PASSWORD)).code).toBeUndefined()
  })
})
