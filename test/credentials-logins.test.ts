/** Several credentials of a device, credentials that end, and devices that are left alone after a refused login. */
import type { Report } from '@netraven/protocol/report.ts'
import { openFrom } from '@netraven/protocol/sealed-box.ts'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Backups } from '../hub/backups.ts'
import { inTransaction } from '../hub/db/connect.ts'
import { newId } from '../hub/ids.ts'
import { silentLog } from '../hub/log.ts'
import { ordersFor } from '../hub/orders.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'
import { type SeededAgent, seedAgent, seedSite, signedReport } from './seed.ts'

type Task = Awaited<ReturnType<typeof ordersFor>>['tasks'][number]

describe.each(servers)('logins on %s', (kind) => {
  let api: TestApi
  let backups: Backups
  let site: string
  let siteName: string
  let agent: SeededAgent
  /** Names of this test's own credentials and device. */
  let names: { one: string; two: string; three: string; device: string }
  let count = 0

  beforeAll(async () => {
    api = await openTestApi(kind)
    const { db } = api.database
    backups = new Backups({
      db,
      inTransaction: (work) => inTransaction(db, work),
      blobs: api.blobs,
      newId,
      log: silentLog(),
    })
  })
  afterAll(() => api.close())
  beforeEach(async () => {
    count += 1
    siteName = `site${count}`
    site = await seedSite(api.database.db, siteName)
    agent = await seedAgent(api.database.db, site)
    names = { one: `one${count}`, two: `two${count}`, three: `three${count}`, device: `sw${count}` }
    for (const name of [names.one, names.two, names.three]) {
      await api.call('POST', '/api/credentials', { name, username: name, password: `pw-${name}` })
    }
  })

  const add = (more: object) =>
    api.call('POST', '/api/devices', {
      name: names.device,
      address: '127.0.0.1',
      driver: 'linux',
      site: siteName,
      ...more,
    })
  const device = async () => (await api.call('GET', `/api/devices/${names.device}`)).body
  const start = async () => (await api.call('POST', '/api/runs', { devices: [names.device] })).body
  /** The device's task, and the user names of its logins in order. */
  const claim = async () => {
    const parts = { db: api.database.db, keyring: api.keyring, leaseMs: 45_000, taskTimeoutMs: 300_000 }
    const { tasks, sealKey } = await ordersFor(parts, { ...agent, drivers: {} }, 10)
    const task = tasks[0]
    const boxes = [task?.box, ...(task?.others ?? []).map(({ box }) => box)]
    const box = openFrom(sealKey ?? '', agent.boxSecretKey)
    const logins = boxes.flatMap((one) =>
      one === undefined ? [] : [box.open(one) as { username: string; task: string }],
    )
    return { task, users: logins.map(({ username }) => username), bound: logins.map((login) => login.task) }
  }
  const ended = (task: Task | undefined, code: string, more: Partial<Report> = {}) =>
    backups.report(agent, [
      {
        task: task?.id ?? '',
        attempt: task?.attempt ?? 1,
        device: task?.device.id ?? '',
        capturedAtMs: Date.now(),
        durationMs: 5,
        outcome: { kind: 'failed', failure: { code, details: { address: '127.0.0.1' } } },
        ...more,
      },
    ])
  const read = async (task: Task | undefined, more: Partial<Report> = {}) => {
    if (!task) throw new Error('nothing to read')
    const report = signedReport(agent.key, { id: task.id, attempt: task.attempt, deviceId: task.device.id }, 'a\nb\n')
    return backups.report(agent, [{ ...report, ...more }])
  }
  /** One run of the device, to its end. */
  const runOnce = async (code: string, more: Partial<Report> = {}) => {
    await start()
    const { task, users } = await claim()
    await ended(task, code, more)
    return users
  }
  const resetPause = () => api.call('POST', `/api/devices/${names.device}/cooldown/reset`)
  const failureOf = (run: Record<string, unknown>) =>
    (run.failures as { code: string; message: string; details: Record<string, unknown>; remedies: string[] }[])[0]

  describe('[DAUTH-6] several credentials', () => {
    it('stand in their order, and a change of one field leaves or replaces them all', async () => {
      const { one, two, three } = names
      expect((await add({ credentials: [one, two.toUpperCase()] })).body).toMatchObject({
        credential: one,
        credentials: [one, two],
      })
      const path = `/api/devices/${names.device}`
      const change = async (body: object) => (await api.call('PATCH', path, body)).body.credentials
      expect(await change({ port: 2222 })).toEqual([one, two])
      expect(await change({ credentials: [three, one, two] })).toEqual([three, one, two])
      expect(await change({ credential: two })).toEqual([two])
      expect(await change({ credentials: [] })).toEqual([])
      const codes = [{ credentials: [one, one] }, { credential: one, credentials: [two] }, { credentials: ['no'] }]
      const errors = await Promise.all(codes.map(async (body) => (await api.call('PATCH', path, body)).error?.code))
      expect(errors).toEqual(['REQUEST_INVALID', 'REQUEST_INVALID', 'CREDENTIAL_UNKNOWN'])
      await change({ credentials: [one, two] })
      expect((await api.call('DELETE', `/api/credentials/${two}`)).error).toMatchObject({
        code: 'IN_USE',
        details: { devices: [names.device] },
      })
      expect((await api.call('GET', `/api/credentials/${two}`)).body.devices).toBe(1)
    })

    it('two go with a task, each in a box of its own for that task', async () => {
      await add({ credentials: [names.three, names.one, names.two] })
      await start()
      const { task, users, bound } = await claim()
      expect(users).toEqual([names.three, names.one])
      expect(bound).toEqual([task?.id, task?.id])
      expect(new Set([task?.credential, task?.others?.[0]?.credential]).size).toBe(2)
    })

    it('one that the device refused the last time goes behind; a login brings it back', async () => {
      const { one, two, three } = names
      await add({ credentials: [one, two, three] })
      await start()
      const first = await claim()
      expect(first.users).toEqual([one, two])
      await read(first.task, { login: 1, refused: [0] })
      await sql`update tasks set state = 'cancelled' where state = 'leased'`.execute(api.database.db)
      expect((await device()).logins).toMatchObject([
        { credential: one, successRate: 0, lastSucceededAt: null, lastRefusedAt: expect.stringMatching(/Z$/) },
        { credential: two, successRate: 1, lastSucceededAt: expect.stringMatching(/Z$/), lastRefusedAt: null },
        { credential: three, successRate: null },
      ])
      expect(await runOnce('DEVICE_COMMAND_TIMEOUT', { login: 0 })).toEqual([two, three])
      expect(await runOnce('PASSWORD_REJECTED', { login: 1, refused: [0] })).toEqual([two, three])
      expect(await runOnce('CONNECTION_LOST')).toEqual([three, one])
      const rates = ((await device()).logins as { successRate: number }[]).map(({ successRate }) => successRate)
      expect(rates).toEqual([0, expect.closeTo(0.9), 1])
      await api.call('PATCH', `/api/devices/${names.device}`, { credentials: [one, two] })
      expect(await runOnce('CONNECTION_LOST')).toEqual([one, two])
    })

    it('come from a file, and the same file again changes nothing', async () => {
      const load = async (cell: string) => {
        const file = `name,address,driver,site,credential\n${names.device},127.0.0.1,linux,${siteName},${cell}\n`
        return (await api.call('POST', '/api/devices/import', file)).body
      }
      expect(await load(`${names.one}; ${names.two}`)).toMatchObject({ added: 1 })
      expect((await device()).credentials).toEqual([names.one, names.two])
      expect(await load(`${names.one} ${names.two}`)).toMatchObject({ unchanged: 1 })
      expect(await load(`${names.two};${names.one}`)).toMatchObject({ updated: 1 })
      expect((await device()).credentials).toEqual([names.two, names.one])
    })
  })

  describe('[DAUTH-4] a credential that has ended', () => {
    const past = new Date(Date.now() - 1000).toISOString()

    it('is not offered; another one is', async () => {
      await add({ credentials: [names.one, names.two] })
      await api.call('PATCH', `/api/credentials/${names.one}`, { expiresAt: past })
      expect(await runOnce('CONNECTION_LOST')).toEqual([names.two])
    })

    it('fails the task before any connection when it is the only one, also when it was revoked, until new secrets come', async () => {
      await add({ credential: names.one })
      await api.call('PATCH', `/api/credentials/${names.one}`, { expiresAt: past })
      const run = await start()
      expect(run.state).toBe('finished')
      expect(failureOf(run)).toMatchObject({
        code: 'CREDENTIAL_EXPIRED',
        details: { credential: names.one, ended: past },
      })
      expect((await claim()).task).toBeUndefined()
      await api.call('PATCH', `/api/credentials/${names.one}`, { password: 'new' })
      expect(await runOnce('CONNECTION_LOST')).toEqual([names.one])
      await api.call('POST', `/api/credentials/${names.one}/revoke`)
      expect(failureOf(await start())?.code).toBe('CREDENTIAL_EXPIRED')
      const events = await api.database.db
        .selectFrom('events')
        .selectAll()
        .where('kind', '=', 'credential revoked')
        .execute()
      expect(events.at(-1)?.details).toMatchObject({ name: names.one })
      await sql`update credentials set kind = 'key' where name = ${names.one}`.execute(api.database.db)
      expect(failureOf(await start())).toMatchObject({
        code: 'KEY_EXPIRED',
        message: 'Authentication failed: the key has expired or been revoked',
      })
    })

    it.each([
      [31.5, null],
      [29.5, 30],
      [6.5, 7],
      [0.5, 1],
      [-1, 0],
    ])('%d days before its end it warns: %s', async (days, warnDays) => {
      const expiresAt = new Date(Date.now() + days * 86_400_000).toISOString()
      const { body } = await api.call('PATCH', `/api/credentials/${names.one}`, { expiresAt })
      expect(body).toMatchObject({ expiresAt, expiry: { warnDays, daysLeft: Math.max(0, Math.floor(days)) } })
      expect((await api.call('PATCH', `/api/credentials/${names.one}`, { expiresAt: null })).body.expiry).toBeNull()
    })
  })

  describe('[DAUTH-5] a device that refused its credentials', () => {
    it('is left alone for a while, and says until when and how to end that', async () => {
      await add({ credential: names.one })
      await runOnce('PASSWORD_REJECTED', { refused: [0] })
      const { coolDown } = (await device()) as { coolDown: { until: string } }
      expect(coolDown).toMatchObject({ failures: 1, code: 'PASSWORD_REJECTED' })
      expect(Date.parse(coolDown.until)).toBeGreaterThan(Date.now() + 14 * 60_000)
      const failure = failureOf(await start())
      expect(failure).toMatchObject({
        code: 'CREDENTIAL_COOLDOWN',
        details: { until: coolDown.until, credential: names.one, after: 'PASSWORD_REJECTED' },
      })
      expect(failure?.remedies.at(-1)).toContain(`netraven devices reset-cooldown ${names.device}`)
      expect((await claim()).task).toBeUndefined()
      expect((await resetPause()).body.coolDown).toBeNull()
      expect(await runOnce('CONNECTION_LOST')).toEqual([names.one])
      const events = await api.database.db
        .selectFrom('events')
        .selectAll()
        .where('kind', '=', 'device cool-down reset')
        .execute()
      expect(events.at(-1)).toMatchObject({ actor: 'admin', details: { name: names.device } })
      expect((await api.call('POST', '/api/devices/nothing/cooldown/reset')).error?.code).toBe('DEVICE_UNKNOWN')
    })

    it('three times in a row is taken for locked; both credentials are named', async () => {
      await add({ credentials: [names.one, names.two] })
      const expire = () => sql`update devices set login_cooldown_until = now()`.execute(api.database.db)
      const reset = (name: string) => api.call('POST', `/api/credentials/${name}/guard/reset`, {})
      for (const _ of [1, 2, 3]) {
        await runOnce('PASSWORD_REJECTED', { refused: [0, 1] })
        await expire()
      }
      expect((await device()).lastFailure).toMatchObject({ code: 'ACCOUNT_LOCK_SUSPECTED' })
      await runOnce('KEY_REJECTED', { refused: [0, 1] })
      const failure = failureOf(await start())
      expect(failure).toMatchObject({ code: 'ACCOUNT_LOCK_SUSPECTED', details: { failures: 4, after: 'KEY_REJECTED' } })
      expect(failure?.remedies[0]).toBe('Try accessing the device directly to unlock the account.')
      const { failure_details: details } = await api.database.db
        .selectFrom('tasks')
        .select('failure_details')
        .where('failure_code', '=', 'ACCOUNT_LOCK_SUSPECTED')
        .where(sql`failure_details->>'reported'`, '=', 'KEY_REJECTED')
        .where('site_id', '=', site)
        .executeTakeFirstOrThrow()
      expect(details).toMatchObject({ refusedCredentials: [names.one, names.two], address: '127.0.0.1' })
      await resetPause()
      await Promise.all([reset(names.one), reset(names.two)])
      await start()
      await read((await claim()).task)
      expect(await device()).toMatchObject({ coolDown: null })
    })

    it.each([
      ['a new password', () => api.call('PATCH', `/api/credentials/${names.two}`, { password: 'new' })],
      ['another credential', () => api.call('PATCH', `/api/devices/${names.device}`, { credential: names.three })],
    ])('%s ends that', async (_, mend) => {
      await add({ credentials: [names.one, names.two] })
      await runOnce('PASSWORD_REJECTED', { refused: [0, 1] })
      await mend()
      expect((await device()).coolDown).toBeNull()
    })

    it('a wrong enable password counts, a device that only takes another kind of login does not', async () => {
      await add({ credential: names.one })
      await runOnce('METHOD_UNSUPPORTED')
      expect((await device()).coolDown).toBeNull()
      await runOnce('ENABLE_FAILED', { refused: [0] })
      expect((await device()).coolDown).toMatchObject({ code: 'ENABLE_FAILED' })
    })
  })
})
