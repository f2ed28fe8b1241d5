/** Nobody reads a stored password by sending it to a box of their own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

describe.each(servers)('where a stored secret is sent, on %s', (kind) => {
  let api: TestApi
  let member = ''
  beforeAll(async () => {
    api = await openTestApi(kind)
    await api.call('POST', '/api/sites', { name: 'lab' })
    await api.call('POST', '/api/credentials', { name: 'fleet', username: 'backup', password: 'canary-fleet' })
    const password = 'a password of the member'
    await api.call('POST', '/api/users', { username: 'mem', password, roles: ['member'], mustChangePassword: false })
    const { body } = await api.call('POST', '/api/auth/token', { username: 'mem', password })
    member = `Bearer ${String(body.access_token)}`
  })
  afterAll(() => api.close())

  const asMember = async (method: string, path: string, body: unknown) => {
    const { status, error, body: answer } = await api.call(method, path, body, { authorization: member })
    return error
      ? `${status} ${error.code} ${JSON.stringify(error.details.missing)}`
      : `${status} ${JSON.stringify(answer.rows ?? '')}`
  }
  const device = { site: 'lab', driver: 'cisco_ios' }

  it('[PERM-1] a credential is hung on a device only with exec:credentials', async () => {
    const mine = { ...device, name: 'mine', address: '192.0.2.1' }
    expect(await asMember('POST', '/api/devices', { ...mine, credential: 'fleet' })).toBe(
      '403 MISSING_SCOPE ["exec:credentials"]',
    )
    expect(await asMember('POST', '/api/devices', { ...mine, credentials: ['fleet'] })).toBe(
      '403 MISSING_SCOPE ["exec:credentials"]',
    )
    expect(await asMember('POST', '/api/devices', mine)).toMatch(/^201/)
    expect(await asMember('PATCH', '/api/devices/mine', { credential: 'fleet' })).toBe(
      '403 MISSING_SCOPE ["exec:credentials"]',
    )
    expect(await asMember('PATCH', '/api/devices/mine', { address: '192.0.2.2', tags: { rack: '7' } })).toMatch(/^200/)
  })

  it.each([
    { address: '192.0.2.66' },
    { port: 2222 },
    { transport: 'telnet' },
    { options: { legacyAlgorithms: true } },
    { via: null },
  ])('[PERM-1] a device that has one is not pointed elsewhere: %j', async (change) => {
    await api.call('PATCH', '/api/devices/mine', { credential: 'fleet' })
    expect(await asMember('PATCH', '/api/devices/mine', change)).toBe('403 MISSING_SCOPE ["exec:credentials"]')
    expect(await asMember('PATCH', '/api/devices/mine', { group: 'access' })).toMatch(/^200/)
  })

  it('[PERM-1] a host key is pinned only with admin:devices', async () => {
    await api.call('PATCH', '/api/devices/mine', { credential: null })
    expect(await asMember('PATCH', '/api/devices/mine', { hostKey: null })).toBe('403 MISSING_SCOPE ["admin:devices"]')
  })

  it('[PERM-1] a file does no more than its sender may', async () => {
    await api.call('PATCH', '/api/devices/mine', { credential: 'fleet' })
    const head = 'name,address,driver,site,credential,username,password\n'
    const row = async (text: string) => asMember('POST', '/api/devices/import', `${head}${text}\n`)
    expect(await row('other,192.0.2.9,cisco_ios,lab,fleet,,')).toContain('needs the scope exec:credentials')
    expect(await row('mine,192.0.2.66,cisco_ios,lab,,,')).toContain('needs the scope exec:credentials')
    expect(await row('other,192.0.2.9,cisco_ios,lab,,root,guess')).toContain('needs the scope write:credentials')
    expect(await row('other,192.0.2.9,cisco_ios,lab,,,')).toContain('"added"')
    expect(api.texts.join('\n')).not.toContain('canary-fleet')
  })
})
