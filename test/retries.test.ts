/** A device that was too busy is read once more: its task waits, comes back, and ends once, whatever else arrives. */
import { zstdCompressSync } from 'node:zlib'
import type { Report } from '@netraven/protocol/report.ts'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Backups } from '../hub/backups.ts'
import { inTransaction } from '../hub/db/connect.ts'
import { newId } from '../hub/ids.ts'
import { silentLog } from '../hub/log.ts'
import type { RetryPolicy } from '../hub/retries.ts'
import { sweep } from '../hub/schedules.ts'
import { claimTasks, renewTasks } from '../hub/tasks.ts'
import { openTestApi, type TestApi } from './api.ts'
import { Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { type SeededAgent, seedAgent, seedCredential, seedDevice, seedRun, seedSite, signedReport } from './seed.ts'

const limits = { leaseMs: 45_000, taskTimeoutMs: 300_000 }
const policy: RetryPolicy = { afterMs: 30_000, random: () => 0.5 }
const BUSY = { command: 'show running-config', kind: 'stalled', rung: 'command' }

describe.each(servers)('a read of a busy device on %s', (kind) => {
  let api: TestApi
  let backups: Backups
  let site: string
  let agent: SeededAgent
  let device: string

  beforeAll(async () => {
    api = await openTestApi(kind)
    backups = backupsWith(policy)
  })
  afterAll(() => api.close())
  beforeEach(async () => {
    site = await seedSite(api.database.db)
    agent = await seedAgent(api.database.db, site)
    device = await seedDevice(api.database.db, site)
  })

  const backupsWith = (retries?: RetryPolicy) =>
    new Backups({
      db: api.database.db,
      inTransaction: (work) => inTransaction(api.database.db, work),
      blobs: api.blobs,
      newId,
      log: silentLog(),
      ...(retries && { retries }),
    })
  const taskOf = (id: string) =>
    api.database.db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const deviceRow = () =>
    api.database.db.selectFrom('devices').selectAll().where('id', '=', device).executeTakeFirstOrThrow()
  const versions = () =>
    api.database.db
      .selectFrom('versions')
      .selectAll()
      .where('device_id', '=', device)
      .orderBy('first_seen_at')
      .execute()
  const claim = (by = agent) => claimTasks(api.database.db, by, 5, limits)
  const sweepNow = () =>
    sweep({
      db: api.database.db,
      wake: async (siteId) => void api.woken.push(siteId),
      forgetEndedSessions: async () => undefined,
      writeUses: async () => undefined,
      lookAtAccounts: async () => undefined,
      keepAudit: async () => undefined,
      log: silentLog(),
    })
  const timeComes = (id: string) => sql`update tasks set not_before = now() where id = ${id}`.execute(api.database.db)
  const failed = (task: { id: string; attempt: number }, code = 'DEVICE_COMMAND_TIMEOUT', details: object = BUSY) =>
    ({
      ...{ task: task.id, attempt: task.attempt, device, capturedAtMs: Date.now(), durationMs: 1000 },
      outcome: { kind: 'failed', failure: { code, details: { ...details } } },
    }) satisfies Report
  const read = (task: { id: string; attempt: number }, text = 'hostname a\n') =>
    signedReport(agent.key, { ...task, deviceId: device }, text)
  const bring = (report: ReturnType<typeof read>, text = 'hostname a\n') =>
    backups.content(agent, { report, encoding: 'zstd', part: 0, parts: 1 }, zstdCompressSync(text))

  /** A run whose one task was handed out. */
  async function begun(deadlineAt?: Date) {
    const { runId } = await seedRun(api.database.db, site, [device], deadlineAt)
    const [task] = await claim()
    if (!task) throw new Error('nothing to claim')
    return { runId, task }
  }
  /** A run whose one task failed and waits to be tried again. */
  async function waiting() {
    const { runId, task } = await begun()
    expect(await backups.report(agent, [failed(task)])).toEqual([{ task: task.id, state: 'recorded' }])
    return { runId, task }
  }
  /** The second try of a waiting task. */
  async function secondTry(id: string) {
    await timeComes(id)
    const [again] = await claim()
    if (again?.id !== id) throw new Error('it was not handed out again')
    return again
  }

  it('[TMO-2] waits its time, its run goes on, and who asks is told the truth', async () => {
    const { runId, task } = await waiting()
    expect(await claim()).toEqual([])
    const { body: run } = await api.call('GET', `/api/runs/${runId}`)
    expect(run).toMatchObject({
      state: 'running',
      total: 1,
      queued: 1,
      leased: 0,
      succeeded: 0,
      failed: 0,
      failures: [],
    })
    const { retrying } = run as { retrying: { tasks: number; inSeconds: number } }
    expect(retrying.tasks).toBe(1)
    const row = await taskOf(task.id)
    const waitsMs = (row.not_before?.getTime() ?? 0) - (row.leased_at?.getTime() ?? 0)
    expect([retrying.inSeconds <= 45, waitsMs >= 45_000]).toEqual([true, true])
    const { body: page } = await api.call('GET', `/api/runs/${runId}/tasks`)
    const earlier = { attempt: 1, code: 'DEVICE_COMMAND_TIMEOUT', message: 'Command Execution Timeout', details: BUSY }
    expect(page.items).toMatchObject([
      { state: 'queued', notBefore: row.not_before?.toISOString(), earlierTries: [earlier], failure: null },
    ])
    expect(await deviceRow()).toMatchObject({ last_task_id: null, last_failure_code: null })
    const { status, error } = await api.call('POST', '/api/runs', { devices: [device] })
    expect([status, error]).toMatchObject([409, { code: 'DEVICE_BUSY', details: { run: runId } }])
  })

  it('[TMO-2] its site is told when the time comes, by any hub, and it succeeds once', async () => {
    const { runId, task } = await waiting()
    await sweepNow()
    expect(api.woken).not.toContain(site)
    await timeComes(task.id)
    await sweepNow()
    expect(api.woken).toContain(site)
    const again = await secondTry(task.id)
    expect(again.attempt).toBe(2)
    expect(await backups.report(agent, [read(again)])).toMatchObject([{ state: 'need' }])
    expect(await bring(read(again))).toEqual({ state: 'recorded' })
    const { body: run } = await api.call('GET', `/api/runs/${runId}`)
    expect(run).toMatchObject({ state: 'finished', total: 1, queued: 0, succeeded: 1, changed: 1, failed: 0 })
    expect(run).not.toHaveProperty('retrying')
    expect(await taskOf(task.id)).toMatchObject({ state: 'succeeded', failure_code: null, not_before: null })
    expect(await versions()).toHaveLength(1)
  })

  it('[TMO-2] the second failure is final, and says that it was the second', async () => {
    const { runId, task } = await waiting()
    const again = await secondTry(task.id)
    await backups.report(agent, [failed(again, 'BANNER_TIMEOUT', { rung: 'banner' })])
    const { body: run } = await api.call('GET', `/api/runs/${runId}`)
    const failure = { code: 'BANNER_TIMEOUT', details: { attempts: 2, before: 'DEVICE_COMMAND_TIMEOUT' } }
    expect(run).toMatchObject({ state: 'finished', failed: 1, failures: [failure] })
    expect(await deviceRow()).toMatchObject({ last_task_id: task.id, last_failure_code: 'BANNER_TIMEOUT' })
  })

  it('[TMO-2] [STK-3] what still comes of the first try counts no more, neither while it waits nor afterwards', async () => {
    const { task } = await waiting()
    const still = async () => {
      const before = await taskOf(task.id)
      for (const late of [failed(task), read(task)])
        expect(await backups.report(agent, [late])).toEqual([{ task: task.id, state: 'recorded' }])
      expect(await bring(read(task))).toEqual({ state: 'recorded' })
      const held = [{ task: task.id, attempt: 1 }]
      expect(await renewTasks(api.database.db, agent.id, held, limits.leaseMs)).toEqual([task.id])
      const stranger = await seedAgent(api.database.db, site)
      expect(await backups.report(stranger, [failed(task)])).toMatchObject([{ failure: { code: 'TASK_NOT_HELD' } }])
      expect(await taskOf(task.id)).toEqual(before)
    }
    await still()
    const again = await secondTry(task.id)
    await still()
    await backups.report(agent, [read(again)])
    await bring(read(again))
    await still()
    expect(await versions()).toHaveLength(1)
  })

  it('[TMO-2] a try whose agent was lost does not use up the other one, and may still bring its result', async () => {
    const { task } = await begun()
    const expire = () =>
      sql`update tasks set lease_until = now() - interval '1 second' where id = ${task.id}`.execute(api.database.db)
    await expire()
    await sweepNow()
    const [second] = await claim()
    await backups.report(agent, [failed({ id: task.id, attempt: second?.attempt ?? 0 })])
    const third = await secondTry(task.id)
    await expire()
    await sweepNow()
    expect(await backups.report(agent, [read(third)])).toMatchObject([{ state: 'need' }])
    expect(await bring(read(third))).toEqual({ state: 'recorded' })
  })

  it.each([
    ['a closed port', 'PORT_REFUSED', { rung: 'tcp' }, {}],
    ['a refused password', 'PASSWORD_REJECTED', { rung: 'login' }, {}],
    ['what the site forbids', 'POLICY_NETWORK', { rung: 'tcp' }, {}],
    ['a device that refused a login before it fell silent', 'DEVICE_COMMAND_TIMEOUT', BUSY, { refused: [0] }],
  ])('[TMO-2] [DAUTH-5] %s is final at once', async (_, code, details, extra) => {
    const { task } = await begun()
    await backups.report(agent, [{ ...failed(task, code, details), ...extra }])
    const { state, failure_code, failure_details } = await taskOf(task.id)
    expect([state, failure_code]).toEqual(['failed', code])
    expect(failure_details).not.toHaveProperty('attempts')
  })

  it('[TMO-2] it fails at once when its run would be over before the second try, or when that is switched off', async () => {
    // Time for the pause of 45 s, not for the 1 s of another try.
    const { task } = await begun(new Date(Date.now() + 45_500))
    await backups.report(agent, [failed(task)])
    expect(await taskOf(task.id)).toMatchObject({ state: 'failed', not_before: null })
    for (const off of [undefined, { ...policy, afterMs: 0 }]) {
      const { task: other } = await begun()
      await backupsWith(off).report(agent, [failed(other)])
      expect(await taskOf(other.id)).toMatchObject({ state: 'failed', failure_code: 'DEVICE_COMMAND_TIMEOUT' })
    }
  })

  it('[TMO-2] when nobody comes for the second try in time, it is the first failure that stands', async () => {
    const { runId, task } = await waiting()
    await sql`update tasks set deadline_at = now() where id = ${task.id}`.execute(api.database.db)
    await sweepNow()
    const { body: run } = await api.call('GET', `/api/runs/${runId}`)
    const failures = [{ code: 'DEVICE_COMMAND_TIMEOUT', details: { ...BUSY, attempts: 1 } }]
    expect(run).toMatchObject({ state: 'finished', failed: 1, failures })
  })

  it('[TMO-2] a removed device is not tried again, and one that moved waits at its new site', async () => {
    const moved = await begun()
    const elsewhere = await seedSite(api.database.db)
    await api.database.db.updateTable('devices').set({ site_id: elsewhere }).where('id', '=', device).execute()
    await backups.report(agent, [failed(moved.task)])
    expect(await taskOf(moved.task.id)).toMatchObject({ state: 'queued', site_id: elsewhere })
    await api.call('DELETE', `/api/devices/${device}`)
    await timeComes(moved.task.id)
    expect(await claim(await seedAgent(api.database.db, elsewhere))).toEqual([])
    const { body: run } = await api.call('GET', `/api/runs/${moved.runId}`)
    expect(run).toMatchObject({ state: 'finished', failed: 1, failures: [{ code: 'CANCELLED' }] })
  })

  it('[TMO-2] [DAUTH-5] it is not tried again with a credential that has ended while it waited', async () => {
    const { db } = api.database
    const credential = await seedCredential(db, api.keyring, 'canary-password')
    await db.updateTable('devices').set({ credential_id: credential }).where('id', '=', device).execute()
    const { task } = await waiting()
    await db.updateTable('credentials').set({ revoked_at: sql`now()` }).where('id', '=', credential).execute()
    expect(await claim()).toEqual([])
    const { state, failure_code, failure_details } = await taskOf(task.id)
    expect([state, failure_code]).toEqual(['failed', 'CREDENTIAL_EXPIRED'])
    expect(failure_details).toMatchObject({ attempts: 1, before: 'DEVICE_COMMAND_TIMEOUT' })
  })

  it('[TMO-2] a test says at once what it saw', async () => {
    await api.database.db
      .updateTable('agents')
      .set({ connection: 'c', last_seen_at: sql`now()`, abilities: ['test'] })
      .where('id', '=', agent.id)
      .execute()
    await api.call('POST', `/api/devices/${device}/reachability`, {})
    const [task] = await claim()
    if (!task) throw new Error('nothing to claim')
    const told = failed(task)
    await backups.report(agent, [{ ...told, outcome: { ...told.outcome, kind: 'tested', steps: [] } }])
    expect(await taskOf(task.id)).toMatchObject({ state: 'failed', earlier_tries: [] })
  })
})

describe('a device that hangs', () => {
  let test: TestDatabase
  let field: Field

  beforeAll(async () => {
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    field = await Field.open({ databaseUrl: test.url, devices: 1, agents: 1, hubEnv: { RETRY_AFTER_MS: '200' } })
    await field.agent(1)
  })
  afterAll(async () => {
    await field?.close()
    await test?.drop()
  })

  it('[TMO-2] at its first read and answers at the second has succeeded, once', async () => {
    const device = field.fleet.device('dev0001')
    await field.cli(['devices', 'set', device.name, '--idle-timeout', '1'])
    device.fail({ hang: 'command' })
    const running = field.cli(['backup', 'run', '--device', device.name, '--wait', '--json'])
    // Who is connected keeps the fault that it met; the next one meets none.
    await expect.poll(() => device.stats.logins, { timeout: 30_000 }).toBe(1)
    device.fail({})
    const { code, stdout } = await running
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { total: 1, succeeded: 1, changed: 1, failed: 0, failures: [] },
    ])
    expect(device.stats.logins).toBe(2)
    const { runId } = JSON.parse(stdout) as { runId: string }
    const { items } = (await (await field.api(`/runs/${runId}/tasks`)).json()) as { items: unknown[] }
    const earlierTries = [{ attempt: 1, code: 'DEVICE_COMMAND_TIMEOUT' }]
    expect(items).toMatchObject([{ state: 'succeeded', attempt: 2, earlierTries }])
  })
})
