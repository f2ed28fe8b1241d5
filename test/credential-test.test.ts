/** Tests of one credential on one device, in the queue and over the API, on real databases. */
import type { Step } from '@netraven/protocol/ladder.ts'
import type { Report } from '@netraven/protocol/report.ts'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Backups } from '../hub/backups.ts'
import { noteClimb } from '../hub/climbs.ts'
import { inTransaction } from '../hub/db/connect.ts'
import { newId } from '../hub/ids.ts'
import { silentLog } from '../hub/log.ts'
import { claimTasks } from '../hub/tasks.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'
import { type SeededAgent, seedAgent, seedCredential, seedDevice, seedRun, seedSite } from './seed.ts'

const limits = { leaseMs: 45_000, taskTimeoutMs: 300_000 }
const letIn: Step[] = [{ rung: 'login', state: 'passed', ms: 3 }]
const refusedStep: Step[] = [{ rung: 'login', state: 'failed', ms: 3, code: 'PASSWORD_REJECTED' }]

describe.each(servers)('testing a credential on %s', (kind) => {
  let api: TestApi
  let backups: Backups
  let site: string
  let agent: SeededAgent
  let own: string
  let named: string
  let device: string

  beforeAll(async () => {
    api = await openTestApi(kind)
    const { db } = api.database
    const parts = { db, blobs: api.blobs, newId, log: silentLog() }
    backups = new Backups({ ...parts, inTransaction: (work) => inTransaction(db, work) })
  })
  afterAll(() => api.close())
  beforeEach(async () => {
    const { db } = api.database
    site = await seedSite(db)
    agent = await seedAgent(db, site)
    own = await seedCredential(db, api.keyring, 'own')
    named = await seedCredential(db, api.keyring, 'named')
    device = await seedDevice(db, site, own)
    await db
      .updateTable('agents')
      .set({ connection: 'c', last_seen_at: sql`now()`, abilities: ['test'] })
      .where('id', '=', agent.id)
      .execute()
  })

  const test = (credential = named, on = device) =>
    api.call('POST', `/api/devices/${on}/credential-test`, { credential })
  const shown = async () => (await api.call('GET', `/api/devices/${device}/credential-test?credential=${named}`)).body
  const claim = () => claimTasks(api.database.db, agent, 50, limits)
  const ends = async (steps: Step[], more: Partial<Report> = {}, code?: string) => {
    const [task] = await claim()
    if (!task) throw new Error('nothing to claim')
    const outcome = { kind: 'tested', steps, ...(code && { failure: { code, details: {} } }) } as const
    const times = { capturedAtMs: Date.now(), durationMs: 5 }
    await backups.report(agent, [{ task: task.id, attempt: task.attempt, device, ...times, outcome, ...more }])
    return task
  }
  const isRefused = () => ends(refusedStep, { refused: [0] }, 'PASSWORD_REJECTED')
  const failureOf = async () => (await shown()).failure

  it('[DAUTH-6] only the named one is offered, the device’s own is not, and the answer says that it opens', async () => {
    const { status, body } = await test()
    expect([status, body.state, body.opens]).toEqual([202, 'queued', null])
    const task = await ends(letIn)
    expect(task.logins.map(({ credentialId }) => credentialId)).toEqual([named])
    expect(await shown()).toMatchObject({ id: body.id, state: 'passed', opens: true, failure: null })
    expect(await standing()).toMatchObject({ success_rate: 1, refused_at: null })
    expect((await api.call('GET', `/api/devices/${device}/reachability`)).error?.code).toBe('NOT_TESTED')
    expect((await api.call('GET', `/api/devices/${device}`)).body.credentials).toHaveLength(1)
  })
  const standing = () =>
    api.database.db
      .selectFrom('login_standings')
      .selectAll()
      .where('device_id', '=', device)
      .where('credential_id', '=', named)
      .executeTakeFirstOrThrow()

  it('[DAUTH-6] while it still climbs nothing is judged, also above the login', async () => {
    await test()
    const [task] = await claim()
    await noteClimb(api.database.db, agent.id, { task: task?.id ?? '', attempt: 1, steps: letIn })
    expect(await shown()).toMatchObject({ state: 'running', steps: letIn, opens: null })
  })

  it('[DAUTH-6] both addresses start the same test, and asking again shows it', async () => {
    const first = await test()
    const second = await api.call('POST', `/api/credentials/${named}/test`, { device })
    expect([second.status, second.body.id]).toEqual([202, first.body.id])
  })

  it('[DAUTH-5] a refusal counts as any: the login is noted, the device rests, and the next test does not reach it', async () => {
    await test()
    await isRefused()
    expect(await shown()).toMatchObject({ state: 'failed', opens: false, failure: { code: 'PASSWORD_REJECTED' } })
    expect(await standing()).toMatchObject({ success_rate: 0, succeeded_at: null })
    await test()
    expect(await claim()).toEqual([])
    expect(await shown()).toMatchObject({ opens: null, failure: { code: 'CREDENTIAL_COOLDOWN' } })
  })

  it('[DAUTH-5] three devices that refuse it in tests close its guard; the device’s own credential stays free', async () => {
    for (let count = 0; count < 3; count++) {
      device = await seedDevice(api.database.db, site, own)
      await test()
      await isRefused()
    }
    device = await seedDevice(api.database.db, site, own)
    await test()
    expect(await claim()).toEqual([])
    expect(await failureOf()).toMatchObject({ code: 'CREDENTIAL_GUARDED' })
    await test(own)
    expect(await claim()).toHaveLength(1)
  })

  it('[DAUTH-4] revoked, expired or removed meanwhile, it is not shown to the device, nor is any other', async () => {
    await test()
    await api.call('POST', `/api/credentials/${named}/revoke`)
    expect(await claim()).toEqual([])
    expect(await failureOf()).toMatchObject({ code: 'CREDENTIAL_EXPIRED' })
    await api.call('PATCH', `/api/credentials/${named}`, { password: 'new' })
    await sql`update credentials set expires_at = now() - interval '1 day' where id = ${named}`.execute(api.database.db)
    await test()
    expect(await claim()).toEqual([])
    expect(await failureOf()).toMatchObject({ code: 'CREDENTIAL_EXPIRED' })
    const free = await seedCredential(api.database.db, api.keyring, 'free')
    const { body } = await test(free)
    expect((await api.call('DELETE', `/api/credentials/${free}`)).status).toBe(204)
    expect(await claim()).toEqual([])
    const row = api.database.db.selectFrom('tasks').selectAll().where('id', '=', String(body.id))
    expect(await row.executeTakeFirstOrThrow()).toMatchObject({ state: 'failed', failure_code: 'CREDENTIAL_UNKNOWN' })
  })

  it('a revoked credential of the device does not stop the test of another one', async () => {
    await api.call('POST', `/api/credentials/${own}/revoke`)
    await test()
    expect((await claim())[0]?.logins.map(({ credentialId }) => credentialId)).toEqual([named])
  })

  it('while another test or a backup of the device is open, it is busy, and an ordinary test beside it too', async () => {
    await test()
    expect((await test(own)).error?.code).toBe('DEVICE_BUSY')
    expect((await api.call('POST', `/api/devices/${device}/reachability`, {})).error?.code).toBe('DEVICE_BUSY')
    device = await seedDevice(api.database.db, site, own)
    await seedRun(api.database.db, site, [device])
    expect((await test()).error?.code).toBe('DEVICE_BUSY')
  })

  it('without a device the one that has it and was read last is taken, rather one that does not rest', async () => {
    const { db } = api.database
    const start = () => api.call('POST', `/api/credentials/${named}/test`, {})
    expect((await start()).error?.code).toBe('REQUEST_INVALID')
    const devices = [await seedDevice(db, site, named), await seedDevice(db, site, named), await seedDevice(db, site)]
    const [older, newer, resting] = devices
    await sql`update devices set last_read_at = now() - interval '2 days' where id = ${older}`.execute(db)
    await sql`update devices set last_read_at = now() - interval '1 day' where id = ${newer}`.execute(db)
    await sql`update devices set credential_id = ${named}, last_read_at = now(),
      login_cooldown_until = now() + interval '1 hour' where id = ${resting}`.execute(db)
    expect((await start()).body.device).toBe(`sw-${newer}`)
  })

  it('nothing of that name, and no agent online, are said at once', async () => {
    expect((await test('nothing')).error?.code).toBe('CREDENTIAL_UNKNOWN')
    expect((await test(named, 'nothing')).error?.code).toBe('DEVICE_UNKNOWN')
    expect((await api.call('GET', `/api/devices/${device}/credential-test?credential=${named}`)).error?.code).toBe(
      'NOT_TESTED',
    )
    await api.database.db.updateTable('agents').set({ connection: null }).where('id', '=', agent.id).execute()
    expect((await test()).error?.code).toBe('AGENT_OFFLINE')
  })
})
