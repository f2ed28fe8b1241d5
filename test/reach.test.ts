/** Whose devices somebody reaches, over every operation of the API, on real databases. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../hub/ids.ts'
import { reaches } from '../hub/reach.ts'
import { ScopeSet } from '../hub/scopes.ts'
import { keepText } from './backups.ts'
import { servers } from './postgres.ts'
import { type Name, openReachField, type ReachField } from './reach-field.ts'
import { apart, type OnDevice, onDevice, overDevices, type Place } from './reach-operations.ts'

describe.each(servers)('reach on %s', (kind) => {
  let reach: ReachField
  beforeAll(async () => {
    reach = await openReachField(kind)
  })
  afterAll(() => reach.api.close())
  const call: ReachField['call'] = (...args) => reach.call(...args)
  const person: ReachField['person'] = (name) => reach.person(name)
  const addDevice: ReachField['addDevice'] = (...args) => reach.addDevice(...args)
  const grant: ReachField['grant'] = (...args) => reach.grant(...args)

  it('[PERM-5] every operation of the API says whose devices it may touch', () => {
    const told = reach.operations.filter(
      ({ id }) => Object.hasOwn(onDevice, id) || overDevices.includes(id) || apart.some((pattern) => pattern.test(id)),
    )
    expect(reach.operations.filter((one) => !told.includes(one)).map(({ id }) => id)).toEqual([])
    const known = new Set(reach.operations.map(({ id }) => id))
    expect([...Object.keys(onDevice), ...overDevices].filter((id) => !known.has(id))).toEqual([])
  })

  it('[PERM-1] [PERM-2] every operation that is not public refuses whoever is unknown, and whoever lacks its scopes', async () => {
    const wrong: string[] = []
    for (const { id, method, path, scopes } of reach.operations) {
      if (scopes === undefined) continue
      const at = path.replaceAll(/\{\w+\}/g, newId())
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined
      const unknown = await call(undefined, method, at, body)
      if (unknown.status !== 401) wrong.push(`${id} to nobody: ${unknown.status}`)
      if (scopes.length === 0) continue
      const lacking = await call('nobody', method, at, body)
      if (lacking.error?.code !== 'MISSING_SCOPE') wrong.push(`${id} without scopes: ${lacking.status}`)
    }
    expect(wrong).toEqual([])
  })

  const blank = (text: string, ids: readonly string[]) =>
    ids.reduce((rest, id) => rest.replaceAll(id, 'ID'), text).replaceAll(/"requestId":"[^"]*"/g, '')
  const idsOf = (place: Place) => Object.values(place)
  const unknownPlace = (place: Place): Place => ({
    ...{ device: newId(), run: newId(), version: newId(), artifact: newId(), pattern: newId() },
    ...{ trial: newId(), grant: newId(), request: newId(), site: place.site, credential: place.credential },
  })

  it.each(Object.entries(onDevice))(
    '[PERM-5] [PERM-6] %s: owner, granted, stranger, unknown',
    async (id, operation: OnDevice) => {
      const [method = ''] = id.split(' ')
      const { level, answers, isHidden = false } = operation
      const place = await reach.addPlace()
      const none = unknownPlace(place)
      const ask = (who: Name, of: Place) => call(who, method, operation.path(of), operation.body?.(of))
      const may = { read: ['reader', 'operator', 'owner'], operate: ['operator', 'owner'], manage: ['owner'] }[level]

      const forbidden = await ask('stranger', place)
      const unknown = await ask('stranger', none)
      expect([forbidden.status, unknown.status]).toEqual([404, 404])
      const { device: _, ...details } = forbidden.error?.details ?? {}
      if (operation.missing) expect(Object.keys(details)).not.toContain(operation.missing)
      expect(blank(forbidden.text, idsOf(place))).toBe(blank(unknown.text, idsOf(none)))
      expect((await ask('owner', none)).status).toBe(404)

      for (const who of ['reader', 'operator', 'owner'] as const) {
        const { status, error } = await ask(who, place)
        if (may.includes(who))
          expect([who, answers.includes(status), status, error?.code]).toEqual([who, true, status, error?.code])
        else if (isHidden) expect([who, status]).toEqual([who, 404])
        else expect([who, status, error?.code, error?.message]).toEqual([who, 403, 'NOT_OWNER', 'Access denied'])
      }
    },
  )

  it('[PERM-7] a refusal names the owner only to those who may see users, and says how to ask for access', async () => {
    const device = await addDevice()
    await grant(device, 'reader', 'read')
    await grant(device, 'stranger', 'read')
    const seen = await call('reader', 'DELETE', `/devices/${device}`)
    expect(seen.error?.details).toMatchObject({ owner: 'The owner', required: 'manage', held: 'read' })
    expect(seen.error?.remedies.join(' ')).toContain(`netraven access request device sw-${device} --level manage`)
    const unseen = await call('stranger', 'DELETE', `/devices/${device}`)
    expect(unseen.status).toBe(403)
    expect(unseen.text).not.toMatch(/The owner|"owner"/)
    const shown = await call('stranger', 'GET', `/devices/${device}`)
    expect(shown.body).toMatchObject({ owner: null, access: 'read' })
    await reach.api.database.db.deleteFrom('grants').where('device_id', '=', device).execute()
  })

  it('[PERM-5] lists, counts and pages are of what somebody reaches, and of nothing else', async () => {
    const mine: string[] = []
    for (let index = 0; index < 5; index += 1) {
      mine.push(await addDevice('stranger', { env: 'prod' }))
      const theirs = await addDevice('owner', { env: 'prod', canary: 'hidden' })
      await keepText(reach.api, reach.agent, theirs, `hostname ${theirs}\n`)
    }
    const own = await keepText(reach.api, reach.agent, mine[0] ?? '', 'hostname mine\n')
    const found: string[] = []
    let cursor = ''
    do {
      const { body } = await call('stranger', 'GET', `/devices?limit=2${cursor && `&cursor=${cursor}`}`)
      const page = body as { items: { id: string }[]; nextCursor: string | null }
      expect(page.items.length).toBeGreaterThan(0)
      found.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor ?? ''
    } while (cursor !== '')
    expect(found.toSorted()).toEqual(mine.toSorted())
    const items = async (path: string) =>
      ((await call('stranger', 'GET', path)).body.items ?? []) as Record<string, unknown>[]
    expect((await items('/backups')).map((row) => row.id)).toEqual([own])
    expect(await items('/artifacts')).toEqual([])
    expect(await items('/patterns')).toEqual([])
    expect((await items('/runs')).every((row) => row.total === 1)).toBe(true)
    expect((await items('/sites')).map((row) => row.devices)).toEqual([mine.length])
    expect((await items('/credentials')).map((row) => row.devices)).toEqual([mine.length])
    expect((await items(`/credentials/${reach.credential}/usage`)).length).toBe(mine.length)
    expect(await items('/tags')).toMatchObject([{ name: 'env=prod', devices: mine.length }])
    expect((await items('/tags/env%3Dprod/devices')).length).toBe(mine.length)
    expect(await items('/grants')).toEqual([])
    expect((await call('stranger', 'GET', '/storage/status')).body).toMatchObject({ versions: 1, texts: 1 })
    expect((await call('stranger', 'GET', '/drivers/linux')).body.devices).toBe(mine.length)
    const exported = await call('stranger', 'GET', '/devices/export')
    expect(exported.text.trim().split('\n').length).toBe(mine.length + 1)
    const tried = await call('stranger', 'POST', '/tag-rules/test', { match: { site: 'lab' }, tags: { a: 'b' } })
    expect(tried.body.changed).toBe(mine.length)
    expect((await call('stranger', 'DELETE', `/tags/canary%3Dhidden`)).status).toBe(404)
  })

  it('[PERM-5] a run over all devices is over those that somebody may back up, and each sees their part of it', async () => {
    const [one, both] = [await addDevice('other'), await addDevice('other')]
    await grant(both, 'stranger', 'read')
    const { status, body } = await call('other', 'POST', '/runs', { all: true })
    expect(status).toBe(201)
    const all = Number(body.total)
    expect(all).toBe(2)
    const part = await call('stranger', 'GET', `/runs/${body.id}`)
    expect(part.body).toMatchObject({ total: 1, queued: 1, state: 'running' })
    const { items } = (await call('stranger', 'GET', `/runs/${body.id}/tasks`)).body as { items: { device: string }[] }
    expect(items.map((task) => task.device)).toEqual([`sw-${both}`])
    expect((await call('stranger', 'POST', '/runs', { devices: [both] })).error?.code).toBe('NOT_OWNER')
    expect((await call('stranger', 'POST', '/runs', { devices: [one] })).error?.code).toBe('DEVICE_UNKNOWN')
  })

  it('[PERM-6] rows of a file, members of a bulk and a way over a device are refused one by one', async () => {
    const theirs = await addDevice('owner')
    const shared = await addDevice('owner')
    await grant(shared, 'stranger', 'read')
    const csv = `name,address,driver,site\nsw-${theirs},10.0.0.1,linux,lab\nsw-${shared},10.0.0.1,linux,lab\nnew-${theirs},10.0.0.2,linux,lab\n`
    const report = await reach.api.call('POST', '/api/devices/import', csv, {
      authorization: person('stranger').authorization,
    })
    expect(report.body).toMatchObject({ added: 1, updated: 0, wrong: 2 })
    expect(report.text).toContain('is taken')
    const added = await call('stranger', 'GET', `/devices/new-${theirs}`)
    expect(added.body).toMatchObject({ owner: 'stranger', access: 'manage' })
    const way = await call('stranger', 'PATCH', `/devices/new-${theirs}`, { via: theirs })
    expect([way.status, way.error?.code]).toEqual([404, 'DEVICE_UNKNOWN'])
    expect((await call('stranger', 'PATCH', `/devices/new-${theirs}`, { via: shared })).error?.code).toBe('NOT_OWNER')
    const tagged = await call('stranger', 'POST', '/tags/assign', {
      tags: { a: 'b' },
      devices: [theirs, shared, `new-${theirs}`],
    })
    const outcomes = (tagged.body.items as { outcome: string; error: { code: string } | null }[]).map(
      ({ outcome, error }) => error?.code ?? outcome,
    )
    expect(outcomes).toEqual(['DEVICE_UNKNOWN', 'NOT_OWNER', 'changed'])
    const bulk = await call('stranger', 'POST', '/devices/bulk', {
      op: 'set',
      ids: [theirs, shared],
      change: { group: 'x' },
    })
    expect((bulk.body.items as { failure: { code: string } }[]).map(({ failure }) => failure.code)).toEqual([
      'DEVICE_UNKNOWN',
      'NOT_OWNER',
    ])
  })

  it('the list of devices under reach is answered from indexes', async () => {
    const { db } = reach.api.database
    await sql`
      insert into devices (id, site_id, name, address, port, driver)
      select gen_random_uuid(), ${reach.site}, 'many-' || n, '10.0.0.1', 22, 'linux' from generate_series(1, 20000) n`.execute(
      db,
    )
    await grant(await addDevice(null), 'other', 'read')
    await sql`analyze devices`.execute(db)
    await sql`analyze grants`.execute(db)
    const who = {
      user: { ...person('other'), username: '', displayName: null },
      groupIds: [newId()],
      scopes: ScopeSet.of([]),
    }
    const query = db
      .selectFrom('devices')
      .selectAll()
      .where('removed_at', 'is', null)
      .where(reaches(who, 'read'))
      .orderBy(sql`lower(name)`)
      .limit(101)
    const plan = (await query.explain()).map((row) => Object.values(row as object).join()).join('\n')
    expect(plan).not.toContain('Seq Scan on devices')
    expect(plan).toMatch(/Index.* (on|using) devices_/)
  })
})
