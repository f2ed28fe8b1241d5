/** What a wrong password may do at most, over the whole of a site and all hubs, on real databases. */
import type { Report } from '@netraven/protocol/report.ts'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Backups } from '../hub/backups.ts'
import { inTransaction } from '../hub/db/connect.ts'
import { newId } from '../hub/ids.ts'
import { silentLog } from '../hub/log.ts'
import { claimTasks } from '../hub/tasks.ts'
import { openTestApi, type TestApi } from './api.ts'
import { postgresFor, servers } from './postgres.ts'
import { type SeededAgent, seedAgent, seedCredential, seedDevice, seedRun, seedSite, signedReport } from './seed.ts'

const limits = { leaseMs: 45_000, taskTimeoutMs: 300_000 }
type Given = { readonly id: string; readonly attempt: number; readonly deviceId: string }

describe.each(servers)('the guard of a credential on %s', (kind) => {
  let api: TestApi
  let backups: Backups
  let site: string
  let siteName: string
  let agent: SeededAgent
  let credential: string
  const woken: string[] = []

  beforeAll(async () => {
    api = await openTestApi(kind)
    const { db } = api.database
    backups = new Backups({
      db,
      inTransaction: (work) => inTransaction(db, work),
      blobs: api.blobs,
      newId,
      wake: async (one) => void woken.push(one),
      log: silentLog(),
    })
  })
  afterAll(() => api.close())
  beforeEach(async () => {
    const { db } = api.database
    siteName = `site-${newId()}`
    site = await seedSite(db, siteName)
    agent = await seedAgent(db, site)
    credential = await seedCredential(db, api.keyring, 'wrong')
    woken.length = 0
  })

  const seedDevices = async (count: number, at = site) => {
    const devices = []
    for (let number = 0; number < count; number++) devices.push(await seedDevice(api.database.db, at, credential))
    return devices
  }
  const claim = (credit = 50, by = agent) => claimTasks(api.database.db, by, credit, limits)
  const failed = (task: Given, code: string, more: Partial<Report> = {}): Report => ({
    task: task.id,
    attempt: task.attempt,
    device: task.deviceId,
    capturedAtMs: Date.now(),
    durationMs: 5,
    outcome: { kind: 'failed', failure: { code, details: {} } },
    ...more,
  })
  const refuse = (...tasks: Given[]) =>
    backups.report(
      agent,
      tasks.map((task) => failed(task, 'PASSWORD_REJECTED', { refused: [0] })),
    )
  const succeed = (task: Given, by = agent) => backups.report(by, [signedReport(by.key, task, `text of ${task.id}\n`)])
  const shown = async () => (await api.call('GET', `/api/credentials/${credential}`)).body
  const counted = async (runId: string) => {
    const { rows } = await sql<{ word: string; count: number }>`
      select coalesce(failure_code, state) as word, count(*) from tasks where run_id = ${runId} group by 1`.execute(
      api.database.db,
    )
    return Object.fromEntries(rows.map(({ word, count }) => [word, count]))
  }
  const closedFor = (time: string) =>
    sql`update credential_guards set closed_until = now() + ${time}::interval where credential_id = ${credential}`.execute(
      api.database.db,
    )

  it('[DAUTH-5] hubs that claim at once give away three first logins together, not three each', async () => {
    await seedRun(api.database.db, site, await seedDevices(60))
    const postgres = await postgresFor(kind)
    const hubs = Array.from({ length: 4 }, () => postgres.openAt(api.test.url))
    const others = await Promise.all(hubs.map(() => seedAgent(api.database.db, site)))
    const claims = await Promise.all(hubs.map(({ db }, n) => claimTasks(db, others[n] ?? agent, 50, limits)))
    await Promise.all(hubs.map((hub) => hub.close()))
    expect(claims.flat()).toHaveLength(3)
    expect(await claim()).toEqual([])
  })

  it('[DAUTH-5] three devices in a row close it: the other 57 fail at once, untouched, and say what to do', async () => {
    const { runId } = await seedRun(api.database.db, site, await seedDevices(60))
    await refuse(...(await claim()))
    expect(woken).toEqual([site])
    expect(await claim()).toEqual([])
    expect(await counted(runId)).toEqual({ PASSWORD_REJECTED: 3, CREDENTIAL_GUARDED: 57 })
    const { body } = await api.call('GET', `/api/runs/${runId}`)
    expect(body).toMatchObject({ state: 'finished', failed: 60 })
    const failures = body.failures as { code: string; message: string; details: object; remedies: string[] }[]
    const guarded = failures.find(({ code }) => code === 'CREDENTIAL_GUARDED')
    const { name, guards } = (await shown()) as { name: string; guards: { until: string; refusedBy: string[] }[] }
    expect(guarded?.message).toBe('Authentication failed at other devices, not tried here')
    expect(guarded?.details).toMatchObject({ credential: name, refusals: 3, until: guards[0]?.until })
    expect(guarded?.remedies.at(-1)).toContain(
      `netraven credentials reset-guard ${name} --site ${siteName}\`; without it the next try is after ${guards[0]?.until}`,
    )
    expect(guards).toMatchObject([{ site: siteName, state: 'closed' }])
    expect(guards[0]?.refusedBy).toHaveLength(3)
    const events = await api.database.db
      .selectFrom('events')
      .selectAll()
      .where('kind', '=', 'credential guard closed')
      .execute()
    expect(events.filter(({ details }) => details.credential === credential)).toHaveLength(1)
  })

  it('a login proves it: from then on as many as like, also while its text is still awaited', async () => {
    await seedRun(api.database.db, site, await seedDevices(60))
    const [first] = await claim()
    if (!first) throw new Error('nothing to claim')
    expect((await succeed(first)).map(({ state }) => state)).toEqual(['need'])
    expect(woken).toEqual([site])
    expect(await claim()).toHaveLength(50)
  })

  it('a wrong password does not hold up devices with another one, nor other sites', async () => {
    const other = await seedSite(api.database.db)
    const there = await seedAgent(api.database.db, other)
    const devices = await seedDevices(10)
    await seedRun(api.database.db, site, [...devices, await seedDevice(api.database.db, site)])
    await seedRun(api.database.db, other, await seedDevices(2, other))
    const claimed = await claim()
    expect(claimed).toHaveLength(4)
    expect(claimed.filter(({ logins }) => logins.length === 0)).toHaveLength(1)
    await refuse(...claimed.filter(({ logins }) => logins.length > 0))
    expect(await claim()).toEqual([])
    expect(await claim(50, there)).toHaveLength(2)
  })

  it('dead devices, which say nothing of it, do not hold up the living', async () => {
    await seedRun(api.database.db, site, await seedDevices(60))
    const seen: number[] = []
    for (let round = 0; round < 4; round++) {
      const tasks = await claim()
      seen.push(tasks.length)
      await backups.report(
        agent,
        tasks.map((task) => failed(task, 'TCP_TIMEOUT')),
      )
    }
    expect(seen).toEqual([3, 6, 12, 12])
  })

  it('after its time one device is tried: refused again it closes again, let in it is free', async () => {
    await seedRun(api.database.db, site, await seedDevices(60))
    await refuse(...(await claim()))
    await closedFor('0 seconds')
    const trial = await claim()
    expect(trial).toHaveLength(1)
    expect(await shown()).toMatchObject({ guards: [{ state: 'trial', until: null }] })
    await refuse(...trial)
    expect(await shown()).toMatchObject({ guards: [{ state: 'closed' }] })
    await closedFor('0 seconds')
    const [good] = await claim()
    if (good) await succeed(good)
    expect(await shown()).toMatchObject({ guards: [] })
    expect(await claim()).toHaveLength(50)
  })

  it('[DAUTH-5] is reset by hand, at one site or at all, and that is written down', async () => {
    const devices = await seedDevices(8)
    await seedRun(api.database.db, site, devices.slice(0, 4))
    const before = await claim()
    await refuse(...before)
    const path = `/api/credentials/${credential}/guard/reset`
    expect((await api.call('POST', path, { site: 'nowhere' })).error?.code).toBe('SITE_UNKNOWN')
    expect((await api.call('POST', '/api/credentials/nothing/guard/reset', {})).error?.code).toBe('CREDENTIAL_UNKNOWN')
    expect((await api.call('POST', path, { site: siteName })).body).toMatchObject({ guards: [] })
    await seedRun(api.database.db, site, devices.slice(4))
    const after = await claim()
    expect(after).toHaveLength(3)
    // Agents know it by another name: what they hold back by themselves is free too.
    expect(after[0]?.logins[0]?.epoch).not.toBe(before[0]?.logins[0]?.epoch)
    const events = await api.database.db
      .selectFrom('events')
      .selectAll()
      .where('kind', '=', 'credential guard reset')
      .execute()
    expect(events.at(-1)).toMatchObject({ actor: 'admin', details: { credential, site: siteName } })
  })

  it('a new password opens it, and few devices try it first', async () => {
    const devices = await seedDevices(8)
    await seedRun(api.database.db, site, devices.slice(0, 4))
    const before = await claim()
    await refuse(...before)
    expect(await claim()).toEqual([])
    expect((await api.call('PATCH', `/api/credentials/${credential}`, { password: 'right' })).body.guards).toEqual([])
    await seedRun(api.database.db, site, devices)
    const after = await claim()
    expect(after).toHaveLength(3)
    expect(after[0]?.logins[0]?.epoch).not.toBe(before[0]?.logins[0]?.epoch)
  })

  it('an agent of before, which does not say who was refused, is understood', async () => {
    await seedRun(api.database.db, site, await seedDevices(4))
    const reports = (await claim()).map((task) => failed(task, 'PASSWORD_REJECTED'))
    await backups.report(agent, reports)
    expect(await shown()).toMatchObject({ guards: [{ state: 'closed' }] })
  })

  it('an agent that names a login which the task did not have moves no guard', async () => {
    await seedRun(api.database.db, site, await seedDevices(3))
    const tasks = await claim()
    const odd = tasks.map((task) => failed(task, 'PASSWORD_REJECTED', { refused: [1], login: 1 }))
    expect((await backups.report(agent, odd)).map(({ state }) => state)).toEqual(['recorded', 'recorded', 'recorded'])
    expect(await shown()).toMatchObject({ guards: [] })
  })
})
