/** Access that is granted and asked for, and rules that tag devices, on real databases. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLine } from '../hub/cli/command-line.ts'
import { requireSay } from '../hub/grant-resources.ts'
import { newId } from '../hub/ids.ts'
import { ScopeSet } from '../hub/scopes.ts'
import { servers } from './postgres.ts'
import { openReachField, type ReachField } from './reach-field.ts'

describe.each(servers)('grants on %s', (kind) => {
  let reach: ReachField
  beforeAll(async () => {
    reach = await openReachField(kind)
  })
  afterAll(() => reach.api.close())
  const call: ReachField['call'] = (...args) => reach.call(...args)
  const person: ReachField['person'] = (name) => reach.person(name)
  const addDevice: ReachField['addDevice'] = (...args) => reach.addDevice(...args)
  const grant: ReachField['grant'] = (...args) => reach.grant(...args)

  it('[PERM-6] access comes by device, site and tag, to people and groups, and ends when it expires', async () => {
    const { db } = reach.api.database
    const device = await addDevice('owner', { 'key=odd': 'x', zone: 'a' })
    const status = async () => (await call('other', 'GET', `/devices/${device}`)).status
    const group = newId()
    await db
      .insertInto('groups')
      .values({ id: group, name: `g-${group}` })
      .execute()
    await db
      .insertInto('group_members')
      .values({ group_id: group, user_id: person('other').id })
      .execute()
    // By then nothing is remembered of the person any more.
    reach.later(2_000)
    expect(await status()).toBe(404)
    const to = [
      { site_id: reach.site, user_id: person('other').id },
      { tag_key: 'zone', tag_value: 'a', user_id: person('other').id },
      { tag_key: 'zone', group_id: group },
      { device_id: device, group_id: group },
    ]
    for (const columns of to) {
      const id = newId()
      await db
        .insertInto('grants')
        .values({ id, ...columns, level: 'read', made_by: 'test' })
        .execute()
      expect(await status()).toBe(200)
      await db
        .updateTable('grants')
        .set({ expires_at: new Date(0) })
        .where('id', '=', id)
        .execute()
      expect(await status()).toBe(404)
    }
    for (const tag of [
      { tag_key: 'zone', tag_value: 'b' },
      { tag_key: 'key', tag_value: 'odd' },
    ]) {
      await db
        .insertInto('grants')
        .values({ id: newId(), ...tag, user_id: person('other').id, level: 'read', made_by: 't' })
        .execute()
      expect(await status()).toBe(404)
    }
    await db.deleteFrom('grants').where('user_id', '=', person('other').id).execute()
  })

  it('[PERM-3] [PERM-6] whoever adds people to a group could grant them what was granted to it', async () => {
    const { db } = reach.api.database
    const device = await addDevice('owner')
    const id = newId()
    await db
      .insertInto('groups')
      .values({ id, name: `g-${id}` })
      .execute()
    const granted = { id: newId(), device_id: device, group_id: id, level: 'read', made_by: 'test' } as const
    await db.insertInto('grants').values(granted).execute()
    const add = async (name: 'owner' | 'operator') => {
      const { status, error } = await call(name, 'PUT', `/groups/${id}/members`, { members: ['stranger'] })
      return `${status} ${error?.code}`
    }
    const seen = async () => (await call('stranger', 'GET', `/devices/${device}`)).status
    expect(await add('operator')).toBe('403 MISSING_SCOPE')
    await grant(device, 'operator', 'operate')
    expect(await add('operator')).toBe('403 NOT_OWNER')
    await db.deleteFrom('grants').where('user_id', '=', person('operator').id).execute()
    await grant(device, 'operator', 'manage', { expires_at: new Date(Date.now() + 3_600_000) })
    expect([await add('operator'), await seen()]).toEqual(['403 NOT_OWNER', 404])
    expect(await add('owner')).toBe('200 undefined')
    expect(await seen()).toBe(200)
    const emptied = await call('operator', 'PUT', `/groups/${id}/members`, { members: [] })
    expect(emptied.status).toBe(200)
    await db.deleteFrom('groups').where('id', '=', id).execute()
  })

  it('[PERM-6] nobody grants more, or for longer, than they have; whoever sees all devices may not give them away', async () => {
    const device = await addDevice('owner')
    const ends = new Date(Date.now() + 3_600_000)
    await grant(device, 'operator', 'manage', { expires_at: ends })
    const wanted = { device, user: 'other', level: 'manage' }
    const kept = await call('operator', 'PUT', '/grants', wanted)
    expect(kept.body.expiresAt).toBe(ends.toISOString())
    const longer = { ...wanted, expiresAt: new Date(ends.getTime() + 1000).toISOString() }
    expect((await call('operator', 'PUT', '/grants', longer)).error?.code).toBe('REQUEST_INVALID')
    expect(
      (await call('stranger', 'PUT', '/grants', { site: 'lab', user: 'stranger', level: 'read' })).error?.code,
    ).toBe('NOT_OWNER')
    expect(
      (await call('stranger', 'PUT', '/grants', { tag: 'env', user: 'stranger', level: 'read' })).error?.code,
    ).toBe('NOT_OWNER')
    const viewer = {
      user: { id: newId(), username: '', displayName: null },
      groupIds: [],
      scopes: ScopeSet.of(['all:devices']),
    }
    const columns = { device_id: device, site_id: null, tag_key: null, tag_value: null }
    await expect(
      requireSay(reach.api.database.db, viewer, { kind: 'device', name: 'x', columns }),
    ).rejects.toMatchObject({
      code: 'NOT_OWNER',
    })
  })

  it('[PERM-6] whoever asks for access is told the same whether or not there is such a device; its owner sees it and grants it', async () => {
    const device = await addDevice('owner')
    const asked = { level: 'operate', reason: 'a line card' }
    const real = await call('stranger', 'POST', '/access-requests', { device: `sw-${device}`, ...asked })
    const none = await call('stranger', 'POST', '/access-requests', { device: `no-${device}`, ...asked })
    const shape = ({ text, status }: typeof real, name: string) =>
      `${status} ${text.replace(name, 'NAME').replaceAll(/"(id|createdAt)":"[^"]*"/g, '')}`
    expect(shape(real, `sw-${device}`)).toBe(shape(none, `no-${device}`))
    expect((await call('stranger', 'POST', '/access-requests', { device: `SW-${device}`, ...asked })).error?.code).toBe(
      'ALREADY_EXISTS',
    )
    expect((await call('stranger', 'POST', '/access-requests', { device, ...asked })).status).toBe(201)
    const { items } = (await call('owner', 'GET', '/access-requests?state=open')).body as {
      items: Record<string, unknown>[]
    }
    const own = items.filter((row) => row.user === 'stranger')
    expect(own).toMatchObject([{ device: `sw-${device}`, level: 'operate', mayAnswer: true }])
    expect((await call('stranger', 'POST', `/access-requests/${real.body.id}/approve`, {})).error?.code).toBe(
      'NOT_OWNER',
    )
    const approved = await call('owner', 'POST', `/access-requests/${real.body.id}/approve`, {})
    expect(approved.body).toMatchObject({ state: 'approved', decidedBy: expect.stringContaining('owner') })
    expect((await call('stranger', 'GET', `/devices/${device}`)).body.access).toBe('operate')
    expect((await call('owner', 'POST', `/access-requests/${real.body.id}/deny`, {})).error?.code).toBe(
      'ALREADY_EXISTS',
    )
    const entry = await reach.api.database.db
      .selectFrom('audit_entries')
      .select('details')
      .where('action', '=', 'access requested')
      .where('target_id', '=', device)
      .execute()
    expect(entry).toMatchObject([{ details: { owner: 'owner', level: 'operate' } }])
  })

  it('a rule tags devices when they are added and when it is applied; the one of higher priority wins', async () => {
    const admin = (method: string, path: string, body?: unknown) => reach.api.call(method, `/api${path}`, body)
    const rule = { name: 'low', match: { address: '10.77.0.0/16' }, tags: { city: 'x', floor: '1' } }
    expect((await admin('POST', '/tag-rules', rule)).status).toBe(201)
    const high = { name: 'high', priority: 5, match: { name: 'CORE-*' }, tags: { city: 'berlin' } }
    expect((await admin('POST', '/tag-rules', high)).status).toBe(201)
    const made = { name: 'core-77', address: '10.77.1.2', driver: 'linux', site: 'lab', tags: { own: 'yes' } }
    const { body } = await admin('POST', '/devices', made)
    expect(body).toMatchObject({ tags: { own: 'yes', city: 'berlin', floor: '1' }, owner: null, access: 'manage' })
    await reach.api.database.db.updateTable('devices').set({ tags: '{}' }).where('name', '=', 'core-77').execute()
    expect((await admin('POST', '/tag-rules/low/apply')).body).toMatchObject({ changed: 1 })
    expect((await admin('GET', '/devices/core-77')).body).toMatchObject({ tags: { city: 'x', floor: '1' } })
    expect((await call('owner', 'POST', '/tag-rules', { ...rule, name: 'mine' })).error?.details).toMatchObject({
      missing: ['all:devices'],
    })
    expect((await admin('DELETE', '/sites/lab')).error?.code).toBe('IN_USE')
    await admin('DELETE', '/tag-rules/low')
    await admin('DELETE', '/tag-rules/high')
  })

  it('[PERM-6] on the command line: grant, ask, answer, tag, give away, rename', async () => {
    const cli = (token: string) =>
      commandLine({
        fetch: async (input, init) => reach.api.fetch(new Request(input, init)),
        env: { NETRAVEN_HUB: 'http://127.0.0.1:8000', NETRAVEN_TOKEN: token },
      })
    const bearer = (name: 'owner' | 'stranger') => cli(person(name).authorization.replace('Bearer ', ''))
    const [owner, stranger, admin] = [bearer('owner'), bearer('stranger'), cli(reach.api.token)]
    const device = `sw-${await addDevice('owner')}`
    const said = async (line: typeof owner, ...words: string[]) => {
      const { code, out, err } = await line.run(words)
      return [code, code === 0 ? out : err]
    }
    const show = ['devices', 'show', device]
    expect(await said(stranger, ...show)).toEqual([1, expect.stringContaining('Unknown device')])
    const ask = ['access', 'request', 'device', device, '--level', 'operate', '--reason', 'a line card']
    expect(await said(stranger, ...ask)).toEqual([0, expect.stringContaining('Asked.')])
    const found = (await owner.run(['access', 'requests', '--json'])).json() as { id: string; device: string }[]
    const request = found.find((one) => one.device === device)
    expect(await said(owner, 'access', 'approve', request?.id ?? '')).toEqual([
      0,
      expect.stringContaining('may operate device'),
    ])
    expect(await said(stranger, ...show)).toEqual([0, expect.stringMatching(/you may: +operate/)])
    expect(await said(stranger, 'devices', 'remove', device)).toEqual([
      1,
      expect.stringContaining('Access denied [NOT_OWNER]'),
    ])
    expect(await said(owner, 'grants', 'list', '--device', device)).toEqual([0, expect.stringContaining('stranger')])
    const grants = (await owner.run(['grants', 'list', '--device', device, '--json'])).json() as { id: string }[]
    expect(await said(owner, 'grants', 'remove', grants[0]?.id ?? '')).toEqual([0, 'Taken away.\n'])
    expect(await said(owner, 'grants', 'add', '--device', device, '--level', 'read')).toEqual([
      2,
      expect.stringContaining('--user'),
    ])
    expect(await said(owner, 'tags', 'assign', 'env=cli', '--device', device)).toEqual([
      0,
      expect.stringContaining('1 device changed'),
    ])
    expect(await said(owner, 'tags', 'devices', 'env=cli')).toEqual([0, `${device}\n`])
    expect(await said(owner, 'tags', 'describe', 'env=cli', '--description', 'for tests')).toEqual([
      0,
      expect.stringContaining('1 device'),
    ])
    expect(await said(owner, 'tags', 'unassign', 'env', '--device', device, '--device', 'none')).toEqual([
      1,
      expect.stringContaining('none: Unknown device'),
    ])
    const rule = ['--match', device, '--tag', 'made=by-rule']
    expect(await said(admin, 'tag-rules', 'add', 'mine', ...rule)).toEqual([0, expect.stringContaining('added')])
    expect(await said(admin, 'tag-rules', 'test', ...rule)).toEqual([
      0,
      expect.stringContaining('1 device would change'),
    ])
    expect(await said(admin, 'tag-rules', 'apply', 'mine')).toEqual([0, expect.stringContaining('1 device changed')])
    expect(await said(admin, 'devices', 'set', device, '--owner', 'stranger')).toEqual([
      0,
      expect.stringContaining('changed'),
    ])
    expect(await said(owner, ...show)).toEqual([1, expect.stringContaining('Unknown device')])
    expect(await said(admin, 'devices', 'set', device, '--owner', 'none')).toEqual([
      0,
      expect.stringContaining('changed'),
    ])
    expect(await said(admin, 'sites', 'rename', 'lab', 'lab2')).toEqual([0, 'Site lab is now lab2.\n'])
    expect(await said(admin, 'sites', 'remove', 'lab2')).toEqual([1, expect.stringContaining('Still in use')])
    await admin.run(['sites', 'rename', 'lab2', 'lab'])
  })
})
