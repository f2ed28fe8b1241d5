/** Devices over the API on real databases: one by one, by file, and the runs that read them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImportReport } from '../hub/api/device.ts'
import { failTasks } from '../hub/task-ends.ts'
import { closeRuns, sweepTasks } from '../hub/tasks.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'
import { seedAgent } from './seed.ts'

describe.each(servers)('devices on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(kind)
    for (const name of ['lab', 'branch']) await api.call('POST', '/api/sites', { name })
    await api.call('POST', '/api/credentials', { name: 'core', username: 'u', password: 'canary-core' })
  })
  afterAll(() => api.close())

  const codeOf = async (method: string, path: string, body?: unknown) => {
    const { status, error } = await api.call(method, path, body)
    return [status, error?.code]
  }
  const add = (name: string, more: object = {}) =>
    api.call('POST', '/api/devices', { name, address: '192.0.2.1', driver: 'linux', site: 'lab', ...more })
  const load = async (text: string, query = '?site=lab') => {
    const answer = await api.call('POST', `/api/devices/import${query}`, text)
    return { ...answer, report: answer.body as unknown as ImportReport }
  }

  describe('one by one', () => {
    it('are added with an alias of their driver, found in any case, and changed field by field', async () => {
      const added = await add('SW 1/a', {
        driver: 'IOS',
        credential: 'CORE',
        tags: { rack: '7' },
        options: { commandTimeoutMs: 5000 },
      })
      expect([added.status, added.body]).toEqual([
        201,
        expect.objectContaining({
          name: 'SW 1/a',
          driver: 'cisco_ios',
          port: 22,
          site: 'lab',
          credential: 'core',
          hostKey: null,
        }),
      ])
      const path = `/api/devices/${encodeURIComponent('sw 1/A')}`
      const change = {
        port: 2222,
        credential: null,
        tags: { rack: null, row: 'b' },
        options: { commandTimeoutMs: null, legacyAlgorithms: true },
      }
      expect((await api.call('PATCH', path, change)).body).toMatchObject({
        name: 'SW 1/a',
        port: 2222,
        credential: null,
        tags: { row: 'b' },
        options: { legacyAlgorithms: true },
      })
      expect((await api.call('GET', path)).body).toMatchObject({
        address: '192.0.2.1',
        options: { legacyAlgorithms: true },
      })
    })

    it.each([
      [{ name: 'sw 1/A' }, 409, 'ALREADY_EXISTS'],
      [{ site: 'lob' }, 404, 'SITE_UNKNOWN'],
      [{ driver: 'linx' }, 422, 'DRIVER_UNKNOWN'],
      [{ credential: 'cores' }, 404, 'CREDENTIAL_UNKNOWN'],
      [{ address: '10.0.0' }, 400, 'REQUEST_INVALID'],
      [{ port: 0 }, 400, 'REQUEST_INVALID'],
      [{ hostKey: 'SHA256:short' }, 400, 'REQUEST_INVALID'],
      [{ transport: 'pigeon' }, 400, 'REQUEST_INVALID'],
      [{ transport: 'netconf' }, 422, 'TRANSPORT_UNSUPPORTED'],
    ])('%j is refused with a code', async (more, status, code) => {
      expect((({ status, error }) => [status, error?.code])(await add('wrong', more))).toEqual([status, code])
      expect(await codeOf('GET', '/api/devices/wrong')).toEqual([404, 'DEVICE_UNKNOWN'])
    })

    it('[DEV-8] accepting a host key is written down, with who and which', async () => {
      await add('hk')
      const hostKey = `SHA256:${'A'.repeat(43)}`
      expect((await api.call('PATCH', '/api/devices/hk', { hostKey })).body).toMatchObject({ hostKey })
      expect((await api.call('PATCH', '/api/devices/hk', { hostKey: null })).body).toMatchObject({ hostKey: null })
      const events = await api.database.db
        .selectFrom('events')
        .select(['actor', 'details'])
        .where('kind', '=', 'host key set')
        .orderBy('id')
        .execute()
      expect(events.map(({ actor, details }) => [actor, details.from, details.to])).toEqual([
        ['admin', null, hostKey],
        ['admin', hostKey, null],
      ])
    })

    it('[PERF-3] are listed in pages that fit together, by name', async () => {
      for (const number of [10, 9, 8, 7]) await add(`page-${number}`, { site: 'branch', group: 'G1' })
      const names: string[] = []
      let cursor = ''
      do {
        const { body } = await api.call('GET', `/api/devices?site=BRANCH&group=g1&limit=3${cursor}`)
        names.push(...(body.items as { name: string }[]).map(({ name }) => name))
        cursor = body.nextCursor ? `&cursor=${String(body.nextCursor)}` : ''
      } while (cursor)
      expect(names).toEqual(['page-10', 'page-7', 'page-8', 'page-9'])
      expect(await codeOf('GET', '/api/devices?cursor=zzz')).toEqual([400, 'REQUEST_INVALID'])
      expect(await codeOf('GET', '/api/devices?limit=0')).toEqual([400, 'REQUEST_INVALID'])
    })
  })

  describe('by file', () => {
    const good = 'name,address,driver,username,password,enable,rack\n'

    it('the good rows load, each wrong one is named with everything that is wrong with it', async () => {
      const { status, report } = await load(
        `${good}f1,192.0.2.11,ios,backup,canary-p1,,7\nf2,nowhere at all,iosx,backup,canary-p1,,\nf3,192.0.2.13,ios,backup,canary-p1,canary-e1,8\n`,
      )
      expect(status).toBe(200)
      expect(report).toMatchObject({
        dryRun: false,
        added: 2,
        wrong: 1,
        credentials: ['import-backup', 'import-backup-2'],
        tags: ['rack'],
      })
      expect(report.rows.map(({ line, outcome, problems }) => [line, outcome, problems.length])).toEqual([
        [2, 'added', 0],
        [3, 'wrong', 2],
        [4, 'added', 0],
      ])
      expect((await api.call('GET', '/api/devices/f3')).body).toMatchObject({
        credential: 'import-backup-2',
        tags: { rack: '8' },
        site: 'lab',
      })
    })

    it('again, it changes nothing; altered, it updates by name and leaves what it does not say', async () => {
      await api.call('PATCH', '/api/devices/f1', { port: 2222, group: 'kept' })
      const again = await load(`${good}F1,192.0.2.11,ios,backup,canary-p1,,7\n`, '')
      expect(again.report).toMatchObject({ added: 0, updated: 0, unchanged: 1, credentials: [] })
      const altered = await load('name,address,driver,site\nf1,192.0.2.99,cisco_xe,branch\n', '')
      expect(altered.report).toMatchObject({ updated: 1 })
      expect((await api.call('GET', '/api/devices/f1')).body).toMatchObject({
        address: '192.0.2.99',
        port: 2222,
        group: 'kept',
        site: 'branch',
        credential: 'import-backup',
        tags: { rack: '7' },
      })
    })

    it('a dry run judges everything and changes nothing', async () => {
      const before = await api.call('GET', '/api/credentials')
      const { report } = await load(`${good}dry,192.0.2.50,ios,new,canary-p9,,\n`, '?site=lab&dryRun=true')
      expect(report).toMatchObject({ dryRun: true, added: 1, credentials: ['import-new'] })
      expect(await codeOf('GET', '/api/devices/dry')).toEqual([404, 'DEVICE_UNKNOWN'])
      expect((await api.call('GET', '/api/credentials')).body).toEqual(before.body)
    })

    it.each([
      ['', 'CSV_INVALID'],
      ['just words', 'CSV_INVALID'],
      ['name,address,driver\nx', undefined],
    ])('%j ends with %s', async (text, code) => {
      expect((await load(text)).error?.code).toBe(code)
    })

    it('a site that is not there is refused before any row', async () => {
      expect((await load(`${good}a,b,c\n`, '?site=nowhere')).error?.code).toBe('SITE_UNKNOWN')
    })

    it('ten thousand devices load in one go', async () => {
      const rows = Array.from(
        { length: 10_000 },
        (_, index) => `bulk-${index},192.0.2.1,linux,u${index % 600},canary-bulk`,
      )
      const { report } = await load(`name,address,driver,username,password\n${rows.join('\n')}\n`, '?site=branch')
      expect([report.added, report.wrong, report.credentials.length]).toEqual([10_000, 0, 600])
    })

    it('no password of a file stands in any answer or in the log', () => {
      expect(api.texts.join('\n')).not.toContain('canary')
      expect(api.log.join('\n')).not.toContain('canary')
    })
  })

  describe('runs', () => {
    let site: string
    beforeAll(async () => {
      site = String((await api.call('POST', '/api/sites', { name: 'runs' })).body.id)
      for (const name of ['r1', 'r2', 'r3']) await add(name, { site: 'runs' })
    })
    const start = (wanted: object) => api.call('POST', '/api/runs', wanted)

    it('queue a task for each device, wake the site once, and say who is missing', async () => {
      const run = await start({ site: 'RUNS' })
      expect([run.status, run.body]).toEqual([
        201,
        expect.objectContaining({
          state: 'running',
          requestedBy: 'admin',
          total: 3,
          queued: 3,
          skipped: 0,
          sitesWithoutAgent: ['runs'],
        }),
      ])
      expect(api.woken).toEqual([site])
      const tasks = await api.call('GET', `/api/runs/${String(run.body.id)}/tasks?limit=2`)
      expect(tasks.body).toMatchObject({
        items: [{ device: 'r1', state: 'queued' }, { device: 'r2' }],
        nextCursor: expect.any(String),
      })
    })

    it('leave out what another run is reading; when that is all, it is busy', async () => {
      await add('r4', { site: 'runs' })
      expect((await start({ site: 'runs' })).body).toMatchObject({ total: 1, skipped: 3 })
      const busy = await start({ devices: ['R1'] })
      expect([busy.status, busy.error?.code, busy.error?.details.device]).toEqual([409, 'DEVICE_BUSY', 'r1'])
    })

    it('[JOB-1] show each failure with its device, its code and steps that name the case', async () => {
      const { db } = api.database
      const agent = await seedAgent(db, site)
      const task = await db
        .updateTable('tasks')
        .set({ state: 'leased', attempt: 1, agent_id: agent.id })
        .where('device_id', '=', (row) => row.selectFrom('devices').select('id').where('name', '=', 'r1'))
        .returning(['id', 'run_id'])
        .executeTakeFirstOrThrow()
      const failure = { code: 'TCP_TIMEOUT', details: { address: '192.0.2.1', port: 22 } }
      await db.transaction().execute((trx) => failTasks(trx, [{ task: task.id, failure, durationMs: 10 }]))
      await closeRuns(db)
      const run = await api.call('GET', `/api/runs/${task.run_id}`)
      expect(run.body).toMatchObject({
        ...{ total: 3, queued: 2, failed: 1 },
        failures: [{ device: 'r1', code: 'TCP_TIMEOUT', message: 'Device unreachable' }],
      })
      expect(JSON.stringify(run.body.failures)).toMatch(/\(site runs\).*nc -vz -w 10 192\.0\.2\.1 22/)
      expect((await api.call('GET', '/api/devices/r1')).body).toMatchObject({ lastFailure: { code: 'TCP_TIMEOUT' } })
    })

    it('a removed device is read no more, and its run ends without it', async () => {
      const run = await start({ devices: ['r1'] })
      expect((await api.call('DELETE', '/api/devices/r1')).status).toBe(204)
      expect((await api.call('GET', `/api/runs/${String(run.body.id)}`)).body).toMatchObject({
        state: 'finished',
        failed: 1,
        failures: [{ device: 'r1', code: 'CANCELLED' }],
      })
      expect(await codeOf('GET', '/api/devices/r1')).toEqual([404, 'DEVICE_UNKNOWN'])
      expect((await add('r1', { site: 'runs' })).status).toBe(201)
    })

    it('a device that moves takes its waiting task along', async () => {
      await api.call('PATCH', '/api/devices/r2', { site: 'lab' })
      const task = await api.database.db
        .selectFrom('tasks')
        .innerJoin('sites', 'sites.id', 'tasks.site_id')
        .innerJoin('devices', 'devices.id', 'tasks.device_id')
        .select('sites.name')
        .where('devices.name', '=', 'r2')
        .where('tasks.state', '=', 'queued')
        .executeTakeFirst()
      expect(task?.name).toBe('lab')
    })

    it.each([
      [{}, 400, 'REQUEST_INVALID'],
      [{ all: true, site: 'lab' }, 400, 'REQUEST_INVALID'],
      [{ all: false }, 400, 'REQUEST_INVALID'],
      [{ devices: [] }, 400, 'REQUEST_INVALID'],
      [{ devices: ['nobody'] }, 404, 'DEVICE_UNKNOWN'],
      [{ site: 'nowhere' }, 404, 'SITE_UNKNOWN'],
    ])('%j is refused with a code, and leaves no run behind', async (wanted, status, code) => {
      const before = await api.database.db.selectFrom('runs').select('id').execute()
      expect(await codeOf('POST', '/api/runs', wanted)).toEqual([status, code])
      expect(await api.database.db.selectFrom('runs').select('id').execute()).toHaveLength(before.length)
    })

    it('with no device at all there is nothing to run; a run that is not there is unknown', async () => {
      await api.call('POST', '/api/sites', { name: 'empty' })
      expect(await codeOf('POST', '/api/runs', { site: 'empty' })).toEqual([409, 'NO_DEVICES'])
      for (const id of ['x', '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b']) {
        expect(await codeOf('GET', `/api/runs/${id}`)).toEqual([404, 'RUN_UNKNOWN'])
        expect(await codeOf('GET', `/api/runs/${id}/tasks`)).toEqual([404, 'RUN_UNKNOWN'])
      }
      await sweepTasks(api.database.db)
    })
  })
})
