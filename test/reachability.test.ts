/** Tests of devices in the queue and over the API, on real databases. */
import type { Question } from '@netraven/protocol/calls.ts'
import type { Failure } from '@netraven/protocol/failure.ts'
import type { Step } from '@netraven/protocol/ladder.ts'
import type { Report } from '@netraven/protocol/report.ts'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Reachability } from '../hub/api/reachability.ts'
import { Backups } from '../hub/backups.ts'
import { noteClimb } from '../hub/climbs.ts'
import { inTransaction } from '../hub/db/connect.ts'
import { newId } from '../hub/ids.ts'
import { silentLog } from '../hub/log.ts'
import { ordersFor } from '../hub/orders.ts'
import { claimTasks, renewTasks, sweepTasks } from '../hub/tasks.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'
import { type SeededAgent, seedAgent, seedDevice, seedRun, seedSite, signedReport } from './seed.ts'

const limits = { leaseMs: 45_000, taskTimeoutMs: 300_000 }

describe.each(servers)('testing devices on %s', (kind) => {
  let api: TestApi
  let backups: Backups
  let site: string
  let agent: SeededAgent
  let device: string

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
    site = await seedSite(api.database.db)
    agent = await seedAgent(api.database.db, site)
    device = await seedDevice(api.database.db, site)
    await comes(['test'])
  })

  const comes = (abilities: string[]) =>
    api.database.db
      .updateTable('agents')
      .set({ connection: 'c', last_seen_at: sql`now()`, abilities })
      .where('id', '=', agent.id)
      .execute()
  const goes = () =>
    api.database.db.updateTable('agents').set({ connection: null }).where('id', '=', agent.id).execute()
  const path = () => `/api/devices/${device}/reachability`
  const start = () => api.call('POST', path(), {})
  const claimed = async () => {
    const [task] = await claimTasks(api.database.db, agent, 5, limits)
    if (!task) throw new Error('nothing to claim')
    return task
  }
  const report = async (outcome: Report['outcome']) => {
    const { id, attempt } = await claimed()
    const said: Report = { task: id, attempt, device, capturedAtMs: Date.now(), durationMs: 40, outcome }
    const [result] = await backups.report({ id: agent.id, key: agent.key }, [said])
    return result
  }
  const deviceRow = () =>
    api.database.db.selectFrom('devices').selectAll().where('id', '=', device).executeTakeFirstOrThrow()

  it('[DEV-2] a test is queued, woken for, claimed as one, and its rungs are shown when it has ended', async () => {
    const started = await start()
    expect([started.status, started.body]).toEqual([
      202,
      expect.objectContaining({ state: 'queued', agent: null, agentOnline: true, steps: [], failure: null }),
    ])
    expect(api.woken.at(-1)).toBe(site)
    const before = await deviceRow()
    const steps = [{ rung: 'tcp', state: 'passed', ms: 3, detail: '127.0.0.1 port 22' }] as const
    expect(await report({ kind: 'tested', steps: [...steps] })).toMatchObject({ state: 'recorded' })
    const { body } = await api.call('GET', path())
    expect(body).toMatchObject({ id: started.body.id, state: 'passed', steps, failure: null, durationMs: 40 })
    expect(await deviceRow()).toEqual(before)
    const run = await api.call('GET', `/api/runs/${String(body.run)}`)
    expect(run.body).toMatchObject({ state: 'finished', total: 1, succeeded: 1, failed: 0 })
  })

  const behind: Step[] = [
    { rung: 'dns', state: 'skipped', ms: 0 },
    { rung: 'tcp', state: 'passed', ms: 3, detail: '127.0.0.1 port 22' },
  ]
  const atBanner = { steps: behind, current: { rung: 'banner', ms: 3000 } } as const
  const climbs = (question: Question<'climbed'>, by = agent) => noteClimb(api.database.db, by.id, question)
  const refusal = (answer: Promise<unknown>) =>
    answer.then(
      () => 'taken',
      (error: Failure) => error.code,
    )
  const shown = async () => (await api.call('GET', path())).body

  it('[DEV-2] while it climbs, the rungs behind it and the one that it stands on are shown, until the report replaces them', async () => {
    await start()
    const { id: task, attempt } = await claimed()
    expect(await shown()).toMatchObject({ state: 'running', steps: [], current: null })
    await climbs({ task, attempt, ...atBanner })
    const { current, ...test } = await shown()
    expect(test).toMatchObject({ state: 'running', steps: behind, failure: null, durationMs: null })
    expect(current).toMatchObject({ rung: 'banner', ms: expect.any(Number), since: expect.any(String) })
    const { ms, since } = Reachability.shape.current.parse(current) ?? { ms: 0, since: '' }
    expect(ms).toBeGreaterThanOrEqual(3000)
    expect((await start()).body).toMatchObject({ steps: behind, current: { rung: 'banner', since } })
    await climbs({ task, attempt, steps: behind })
    expect(await shown()).toMatchObject({ steps: behind, current: null })

    await climbs({ task, attempt, ...atBanner })
    const steps: Step[] = [{ rung: 'tcp', state: 'passed', ms: 4 }]
    const facts = { capturedAtMs: Date.now(), durationMs: 40 }
    const said: Report = { task, attempt, device, ...facts, outcome: { kind: 'tested', steps } }
    expect(await backups.report(agent, [said])).toMatchObject([{ state: 'recorded' }])
    // One that was overtaken by the report.
    await climbs({ task, attempt, ...atBanner })
    expect(await shown()).toMatchObject({ state: 'passed', steps, current: null })
  })

  it('[DEV-2] a rung is taken from the agent that holds the test in this very attempt, and from nobody else', async () => {
    await start()
    const { id: task, attempt } = await claimed()
    const other = await seedAgent(api.database.db, site)
    expect(await refusal(climbs({ task, attempt, ...atBanner }, other))).toBe('TASK_NOT_HELD')
    expect(await refusal(climbs({ task, attempt: attempt + 1, ...atBanner }))).toBe('TASK_NOT_HELD')
    expect(await refusal(climbs({ task: newId(), attempt, ...atBanner }))).toBe('TASK_NOT_HELD')
    expect(await shown()).toMatchObject({ steps: [], current: null })

    device = await seedDevice(api.database.db, site)
    const { tasks } = await seedRun(api.database.db, site, [device])
    const backup = await claimed()
    expect([backup.id, await refusal(climbs({ task: backup.id, attempt: 1, ...atBanner }))]).toEqual([
      tasks[0],
      'TASK_NOT_HELD',
    ])
  })

  it('[DEV-2] a test that is taken anew begins below, and one that is lost for good shows how far it came', async () => {
    const { db } = api.database
    await start()
    const { id: task } = await claimed()
    const runsOut = async () => {
      await db
        .updateTable('tasks')
        .set({ lease_until: new Date(0) })
        .where('id', '=', task)
        .execute()
      await sweepTasks(db)
    }
    await climbs({ task, attempt: 1, ...atBanner })
    await runsOut()
    expect(await shown()).toMatchObject({ state: 'queued', steps: [], current: null })
    expect(await refusal(climbs({ task, attempt: 1, ...atBanner }))).toBe('TASK_NOT_HELD')
    await renewTasks(db, agent.id, [{ task, attempt: 1 }], limits.leaseMs)
    expect(await shown()).toMatchObject({ state: 'running', steps: behind, current: { rung: 'banner' } })

    await runsOut()
    expect(await claimed()).toMatchObject({ id: task, attempt: 2 })
    expect(await shown()).toMatchObject({ state: 'running', steps: [], current: null })
    expect(await refusal(climbs({ task, attempt: 1, ...atBanner }))).toBe('TASK_NOT_HELD')
    await runsOut()
    await claimed()
    await climbs({ task, attempt: 3, ...atBanner })
    await runsOut()
    expect(await shown()).toMatchObject({
      state: 'failed',
      failure: { code: 'TASK_LOST' },
      steps: behind,
      current: null,
    })
  })

  it('the order that an agent gets says that it is a test, and a backup’s says nothing new', async () => {
    await start()
    const claimant = { ...agent, drivers: {} }
    const orders = () => ordersFor({ db: api.database.db, keyring: api.keyring, ...limits }, claimant, 5)
    expect((await orders()).tasks).toMatchObject([{ purpose: 'test', device: { id: device } }])
    await seedRun(api.database.db, site, [await seedDevice(api.database.db, site)])
    expect((await orders()).tasks[0]).not.toHaveProperty('purpose')
  })

  it('a failed test keeps the failure and leaves the device’s last read as it was', async () => {
    await start()
    const failure = { code: 'TCP_TIMEOUT', details: { rung: 'tcp' } }
    const steps = [{ rung: 'tcp', state: 'failed', ms: 900, code: 'TCP_TIMEOUT' }] as const
    await report({ kind: 'tested', steps: [...steps], failure })
    const { body } = await api.call('GET', path())
    expect(body).toMatchObject({ state: 'failed', steps, failure: { code: 'TCP_TIMEOUT' } })
    expect(body.failure).toMatchObject({ message: 'Device unreachable', remedies: expect.any(Array) })
    expect(await deviceRow()).toMatchObject({ last_failure_code: null, last_task_id: null })
  })

  it('asking again while one waits or runs shows that one; a device that is being backed up is busy', async () => {
    const first = await start()
    expect((await start()).body).toMatchObject({ id: first.body.id, state: 'queued' })
    await claimed()
    expect((await start()).body).toMatchObject({ id: first.body.id, state: 'running' })
    device = await seedDevice(api.database.db, site)
    await seedRun(api.database.db, site, [device])
    const { status, error } = await start()
    expect([status, error?.code]).toEqual([409, 'DEVICE_BUSY'])
  })

  it('[DEV-1] without an online agent the answer is Agent offline at once, and nothing is queued', async () => {
    await goes()
    const { status, error } = await start()
    expect([status, error?.code, error?.message]).toEqual([503, 'AGENT_OFFLINE', 'Agent offline'])
    expect(error?.details.lastSeen).toMatch(/^agent-.* at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect((await api.call('GET', path())).error?.code).toBe('NOT_TESTED')
  })

  it('an agent that is too old for tests gets none, and the answer says so', async () => {
    await start()
    await comes([])
    expect(await claimTasks(api.database.db, agent, 5, limits)).toEqual([])
    device = await seedDevice(api.database.db, site)
    const refused = async () => (({ status, error }) => [status, error?.code])(await start())
    expect(await refused()).toEqual([409, 'AGENT_TOO_OLD'])
    await comes(['test'])
    await api.call('PATCH', `/api/devices/${device}`, { driver: 'cisco_ios', transport: 'telnet' })
    expect(await refused()).toEqual([409, 'AGENT_TOO_OLD'])
  })

  it('a text is not taken for a test, nor a test for a backup', async () => {
    await start()
    const task = await claimed()
    const reporter = { id: agent.id, key: agent.key }
    const text = signedReport(agent.key, { ...task, deviceId: device }, 'hostname x\n')
    expect(await backups.report(reporter, [text])).toMatchObject([
      { state: 'refused', failure: { code: 'BODY_INVALID', details: { reason: 'it was a test' } } },
    ])
    device = await seedDevice(api.database.db, site)
    await seedRun(api.database.db, site, [device])
    expect(await report({ kind: 'tested', steps: [] })).toMatchObject({
      state: 'refused',
      failure: { details: { reason: 'it was a backup' } },
    })
  })

  it('[DEV-1] a backup that nobody came for says Agent offline with when one was last seen; with one online, that none took it', async () => {
    const past = new Date(Date.now() - 1000)
    const { tasks } = await seedRun(api.database.db, site, [device], past)
    const failureOf = async (id = '') => {
      await sweepTasks(api.database.db)
      const row = await api.database.db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
      return [row.failure_code, row.failure_details]
    }
    expect(await failureOf(tasks[0])).toEqual(['TASK_NOT_CLAIMED', expect.anything()])
    await goes()
    const later = await seedRun(api.database.db, site, [await seedDevice(api.database.db, site)], past)
    expect(await failureOf(later.tasks[0])).toEqual([
      'AGENT_OFFLINE',
      { attempts: 0, lastSeen: expect.stringMatching(/^agent-.* at 20/) },
    ])
    const nobody = await seedSite(api.database.db)
    const none = await seedRun(api.database.db, nobody, [await seedDevice(api.database.db, nobody)], past)
    expect(await failureOf(none.tasks[0])).toMatchObject(['AGENT_OFFLINE', { lastSeen: 'never' }])
    const run = await api.call('GET', `/api/runs/${later.runId}`)
    const [failure] = run.body.failures as { message: string; remedies: string[] }[]
    expect(failure?.message).toBe('Agent offline')
    expect(failure?.remedies.join('\n')).toMatch(/Last seen at site \S+: agent-.* at 20/)
  })
})
