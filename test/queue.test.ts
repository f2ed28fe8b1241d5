import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { openFrom } from '@netraven/protocol/sealed-box.ts'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Backups } from '../hub/backups.ts'
import type { BlobStore } from '../hub/blobs/blobs.ts'
import { openLocalBlobs } from '../hub/blobs/local.ts'
import { type Database, inTransaction } from '../hub/db/connect.ts'
import { newId } from '../hub/ids.ts'
import { keyringOf } from '../hub/keyring.ts'
import { silentLog } from '../hub/log.ts'
import { ordersFor } from '../hub/orders.ts'
import { claimTasks, closeRuns, renewTasks, sweepTasks } from '../hub/tasks.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { type SeededAgent, seedAgent, seedCredential, seedDevice, seedRun, seedSite, signedReport } from './seed.ts'

const limits = { leaseMs: 45_000, taskTimeoutMs: 300_000 }
const keyring = keyringOf(Buffer.alloc(32, 7))

describe.each(servers)('the queue on %s', (kind) => {
  let test: TestDatabase
  let database: Database
  let blobs: BlobStore
  let backups: Backups
  let folder: string
  let site: string
  let agent: SeededAgent

  beforeAll(async () => {
    test = await (await postgresFor(kind)).newDatabase()
    database = test.open()
    folder = await mkdtemp(join(tmpdir(), 'netraven-queue-'))
    blobs = await openLocalBlobs({ folder, keyring, log: silentLog() })
    backups = new Backups({
      db: database.db,
      inTransaction: (work) => inTransaction(database.db, work),
      blobs,
      newId,
      log: silentLog(),
    })
  })
  afterAll(async () => {
    await test.drop()
    await rm(folder, { recursive: true })
  })
  beforeEach(async () => {
    site = await seedSite(database.db)
    agent = await seedAgent(database.db, site)
  })

  const taskRow = (id: string) =>
    database.db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const versionsOf = (device: string) =>
    database.db.selectFrom('versions').selectAll().where('device_id', '=', device).orderBy('first_seen_at').execute()
  const expireLeases = () =>
    sql`update tasks set lease_until = now() - interval '1 second' where state = 'leased' and site_id = ${site}`.execute(
      database.db,
    )

  /** One device read once by the agent, to its end. */
  async function readOnce(device: string, text: string, extra: Parameters<typeof signedReport>[3] = {}) {
    await seedRun(database.db, site, [device])
    const [task] = await claimTasks(database.db, agent, 1, limits)
    if (!task) throw new Error('nothing to claim')
    const report = signedReport(agent.key, task, text, extra)
    const [result] = await backups.report(agent, [report])
    if (result?.state !== 'need') return { task, report, state: result?.state }
    const { state } = await backups.content(
      agent,
      { report, encoding: 'zstd', part: 0, parts: 1, spans: [] },
      zstdCompressSync(text),
    )
    return { task, report, state: `text ${state}` }
  }

  it('hands each task to one agent, whatever number of hubs hand out at once', async () => {
    const devices = await Promise.all(Array.from({ length: 30 }, () => seedDevice(database.db, site)))
    await seedRun(database.db, site, devices)
    const other = await seedAgent(database.db, site)
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, n) => claimTasks(database.db, n % 2 === 0 ? agent : other, 5, limits)),
    )
    const ids = claims.flat().map((task) => task.id)
    expect(new Set(ids).size).toBe(ids.length)
    const rest = await claimTasks(database.db, agent, 100, limits)
    expect(ids.length + rest.length).toBe(30)
  })

  it('gives a device no second task while one is open, and none to an agent of another site', async () => {
    const device = await seedDevice(database.db, site)
    await seedRun(database.db, site, [device])
    const second = await seedRun(database.db, site, [device])
    await expect(taskRow(second.tasks[0] ?? '')).rejects.toThrow()
    const stranger = await seedAgent(database.db, await seedSite(database.db))
    expect(await claimTasks(database.db, stranger, 10, limits)).toEqual([])
  })

  it('[STK-1] puts a task back when its lease runs out, and a renewed one stays', async () => {
    const devices = [await seedDevice(database.db, site), await seedDevice(database.db, site)]
    await seedRun(database.db, site, devices)
    const [lost, kept] = await claimTasks(database.db, agent, 2, limits)
    await expireLeases()
    const held = [{ task: kept?.id ?? '', attempt: 1 }]
    expect(await renewTasks(database.db, agent.id, held, limits.leaseMs)).toEqual([])
    const swept = await sweepTasks(database.db)
    expect(swept.requeued.map((task) => task.id)).toEqual([lost?.id])
    const [again] = await claimTasks(database.db, agent, 2, limits)
    expect(again).toMatchObject({ id: lost?.id, attempt: 2 })
  })

  it('gives a lease that ran out back to its holder while nobody else has it: nothing is read twice', async () => {
    await seedRun(database.db, site, [await seedDevice(database.db, site)])
    const [task] = await claimTasks(database.db, agent, 1, limits)
    await expireLeases()
    await sweepTasks(database.db)
    const held = [{ task: task?.id ?? '', attempt: 1 }]
    expect(await renewTasks(database.db, agent.id, held, limits.leaseMs)).toEqual([])
    expect(await claimTasks(database.db, agent, 1, limits)).toEqual([])
    expect(await taskRow(task?.id ?? '')).toMatchObject({ state: 'leased', attempt: 1 })
  })

  it('tells an agent which of its tasks it no longer holds', async () => {
    await seedRun(database.db, site, [await seedDevice(database.db, site)])
    const [task] = await claimTasks(database.db, agent, 1, limits)
    await expireLeases()
    await sweepTasks(database.db)
    const other = await seedAgent(database.db, site)
    await claimTasks(database.db, other, 1, limits)
    const held = [{ task: task?.id ?? '', attempt: 1 }]
    expect(await renewTasks(database.db, agent.id, held, limits.leaseMs)).toEqual([task?.id])
  })

  it('[STK-2] fails what is past its deadline, says why, and ends the run', async () => {
    const past = new Date(Date.now() - 1000)
    const never = await seedRun(database.db, site, [await seedDevice(database.db, site)], past)
    const { failed } = await sweepTasks(database.db)
    expect(failed.map((task) => task.code)).toContain('AGENT_OFFLINE')
    await closeRuns(database.db)
    const run = await database.db.selectFrom('runs').selectAll().where('id', '=', never.runId).executeTakeFirstOrThrow()
    expect(run.finished_at).not.toBeNull()
  })

  it('[STK-1] gives a task up after three agents were lost over it', async () => {
    const device = await seedDevice(database.db, site)
    const { tasks } = await seedRun(database.db, site, [device])
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(await claimTasks(database.db, agent, 1, limits)).toMatchObject([{ attempt }])
      await expireLeases()
      await sweepTasks(database.db)
    }
    expect(await taskRow(tasks[0] ?? '')).toMatchObject({ state: 'failed', failure_code: 'TASK_LOST' })
    const row = await database.db.selectFrom('devices').selectAll().where('id', '=', device).executeTakeFirstOrThrow()
    expect(row.last_failure_code).toBe('TASK_LOST')
  })

  it('makes a version of a new text, and only stretches its span when the text is seen again', async () => {
    const device = await seedDevice(database.db, site)
    const first = await readOnce(device, 'hostname a\n', { capturedAtMs: 1_700_000_000_000, hostKey: 'SHA256:abc' })
    expect(first.state).toBe('text recorded')
    const second = await readOnce(device, 'hostname a\n', { capturedAtMs: 1_700_000_060_000, hostKey: 'SHA256:other' })
    expect(second.state).toBe('recorded')
    const third = await readOnce(device, 'hostname b\n', { capturedAtMs: 1_700_000_120_000 })
    expect(third.state).toBe('text recorded')
    const versions = await versionsOf(device)
    expect(
      versions.map((version) => [version.seen_count, version.last_seen_at.getTime() - version.first_seen_at.getTime()]),
    ).toEqual([
      [2, 60_000],
      [1, 0],
    ])
    expect(await taskRow(second.task.id)).toMatchObject({
      state: 'succeeded',
      outcome: 'unchanged',
      version_id: versions[0]?.id,
    })
    expect(await taskRow(third.task.id)).toMatchObject({
      state: 'succeeded',
      outcome: 'changed',
      version_id: versions[1]?.id,
    })
    const row = await database.db.selectFrom('devices').selectAll().where('id', '=', device).executeTakeFirstOrThrow()
    expect(row).toMatchObject({ latest_version_id: versions[1]?.id, host_key: 'SHA256:abc', last_failure_code: null })
    expect((await blobs.get(versions[1]?.content_hash ?? '')).toString()).toBe('hostname b\n')
  })

  it('asks for no text when a device goes back to what it had before', async () => {
    const device = await seedDevice(database.db, site)
    await readOnce(device, 'one\n')
    await readOnce(device, 'two\n')
    const back = await readOnce(device, 'one\n')
    expect(back.state).toBe('recorded')
    expect(
      (await versionsOf(device)).map((version) => version.content_hash === back.report.outcome.contentHash),
    ).toEqual([true, false, true])
  })

  it('lets the fingerprint alone decide: a secret that is encrypted anew makes no version', async () => {
    const device = await seedDevice(database.db, site)
    const fingerprint = 'f'.repeat(64)
    await readOnce(device, 'password ENC abc\n', { fingerprint })
    expect((await readOnce(device, 'password ENC xyz\n', { fingerprint })).state).toBe('recorded')
    expect((await versionsOf(device)).length).toBe(1)
  })

  it('[TMO-5] keeps a suspect read, flagged, and never lets it replace the last good version', async () => {
    const device = await seedDevice(database.db, site)
    await readOnce(device, 'whole\nend\n')
    const suspect = await readOnce(device, 'whole\n', { verdict: 'suspect' })
    expect(await taskRow(suspect.task.id)).toMatchObject({ outcome: 'suspect' })
    expect((await readOnce(device, 'whole\n', { verdict: 'suspect' })).state).toBe('recorded')
    const [good, flagged] = await versionsOf(device)
    expect([good?.verdict, flagged?.verdict, flagged?.seen_count]).toEqual(['complete', 'suspect', 2])
    const row = await database.db.selectFrom('devices').selectAll().where('id', '=', device).executeTakeFirstOrThrow()
    expect(row.latest_version_id).toBe(good?.id)
  })

  it('takes any step twice without harm: same text, same hash, same row', async () => {
    const device = await seedDevice(database.db, site)
    const { report } = await readOnce(device, 'once\n')
    expect(await backups.report(agent, [report])).toEqual([{ task: report.task, state: 'recorded' }])
    const question = { report, encoding: 'zstd', part: 0, parts: 1, spans: [] } as const
    expect(await backups.content(agent, { ...question, spans: [] }, zstdCompressSync('once\n'))).toEqual({
      state: 'recorded',
    })
    expect((await versionsOf(device)).length).toBe(1)
  })

  it('goes on after the hub died between blob and row', async () => {
    const device = await seedDevice(database.db, site)
    await seedRun(database.db, site, [device])
    const [task] = await claimTasks(database.db, agent, 1, limits)
    const report = signedReport(agent.key, task ?? { id: '', attempt: 0, deviceId: '' }, 'text\n')
    await blobs.put(report.outcome.contentHash, Buffer.from('text\n'))
    expect(await backups.report(agent, [report])).toMatchObject([{ state: 'need' }])
    const question = { report, encoding: 'zstd' as const, part: 0, parts: 1 }
    expect(await backups.content(agent, question, zstdCompressSync('text\n'))).toEqual({ state: 'recorded' })
    expect((await versionsOf(device)).length).toBe(1)
  })

  it('takes a result that comes late but before anybody else took the task', async () => {
    const device = await seedDevice(database.db, site)
    await seedRun(database.db, site, [device])
    const [task] = await claimTasks(database.db, agent, 1, limits)
    await expireLeases()
    await sweepTasks(database.db)
    const report = signedReport(agent.key, task ?? { id: '', attempt: 0, deviceId: '' }, 'late\n')
    expect(await backups.report(agent, [report])).toMatchObject([{ state: 'need' }])
  })

  it('[STK-3] refuses a report for a task that the agent does not hold, and changes nothing', async () => {
    const device = await seedDevice(database.db, site)
    await seedRun(database.db, site, [device])
    const [task] = await claimTasks(database.db, agent, 1, limits)
    if (!task) throw new Error('nothing to claim')
    await expireLeases()
    await sweepTasks(database.db)
    const other = await seedAgent(database.db, site)
    const [taken] = await claimTasks(database.db, other, 1, limits)
    const before = await taskRow(task.id)
    const refused = [{ task: task.id, state: 'refused', failure: { code: 'TASK_NOT_HELD' } }]
    expect(await backups.report(agent, [signedReport(agent.key, task, 'old\n')])).toMatchObject(refused)
    const ahead = { ...task, attempt: 3 }
    expect(await backups.report(other, [signedReport(other.key, ahead, 'x\n')])).toMatchObject(refused)
    const unknown = { ...task, id: newId() }
    expect(await backups.report(agent, [signedReport(agent.key, unknown, 'x\n')])).toMatchObject([{ state: 'refused' }])
    const question = { report: signedReport(agent.key, task, 'old\n'), encoding: 'zstd' as const, part: 0, parts: 1 }
    expect(await backups.content(agent, question, zstdCompressSync('old\n'))).toMatchObject({ state: 'refused' })
    expect(await taskRow(task.id)).toEqual(before)
    expect(taken?.attempt).toBe(2)
    expect(await versionsOf(device)).toEqual([])
  })

  it('[HASH-6] refuses a report whose statement the agent did not sign', async () => {
    const device = await seedDevice(database.db, site)
    await seedRun(database.db, site, [device])
    const [task] = await claimTasks(database.db, agent, 1, limits)
    if (!task) throw new Error('nothing to claim')
    const report = signedReport(agent.key, task, 'text\n')
    const other = await seedAgent(database.db, site)
    const forged = [
      { ...report, outcome: { ...report.outcome, contentHash: 'e'.repeat(64) } },
      { ...report, capturedAtMs: report.capturedAtMs + 1 },
      { ...report, outcome: { ...report.outcome, verdict: 'suspect' as const } },
      signedReport(other.key, task, 'text\n'),
      signedReport(agent.key, { ...task, deviceId: newId() }, 'text\n'),
    ]
    for (const one of forged) {
      expect(await backups.report(agent, [one])).toMatchObject([
        { state: 'refused', failure: { code: 'STATEMENT_INVALID' } },
      ])
    }
    expect(await taskRow(task.id)).toMatchObject({ state: 'leased' })
  })

  it('[HASH-2] refuses a text that is not the one of the hash', async () => {
    const device = await seedDevice(database.db, site)
    await seedRun(database.db, site, [device])
    const [task] = await claimTasks(database.db, agent, 1, limits)
    const report = signedReport(agent.key, task ?? { id: '', attempt: 0, deviceId: '' }, 'text\n')
    const question = { report, encoding: 'zstd' as const, part: 0, parts: 1 }
    const whole = zstdCompressSync('text\n')
    const bombs = [
      zstdCompressSync('TEXT\n'),
      zstdCompressSync('text'),
      whole.subarray(0, whole.length - 3),
      Buffer.from('junk'),
      zstdCompressSync(Buffer.alloc(50_000_000)),
    ]
    for (const bytes of bombs) {
      expect(await backups.content(agent, question, bytes)).toMatchObject({
        state: 'refused',
        failure: { code: 'TRANSMISSION_CORRUPT' },
      })
    }
    expect(await versionsOf(device)).toEqual([])
  })

  it('records a failure with its code and facts, and settles a mixed batch in one go', async () => {
    const devices = await Promise.all(Array.from({ length: 3 }, () => seedDevice(database.db, site)))
    const { runId } = await seedRun(database.db, site, devices)
    const [one, two, three] = await claimTasks(database.db, agent, 3, limits)
    if (!one || !two || !three) throw new Error('nothing to claim')
    const failed = {
      task: two.id,
      attempt: 1,
      device: two.deviceId,
      capturedAtMs: Date.now(),
      durationMs: 7,
      outcome: { kind: 'failed', failure: { code: 'PASSWORD_REJECTED', details: { address: '192.0.2.9' } } },
    } as const
    const results = await backups.report(agent, [signedReport(agent.key, one, 'a\n'), failed])
    expect(results.map((result) => result.state)).toEqual(['need', 'recorded'])
    expect(await taskRow(two.id)).toMatchObject({
      state: 'failed',
      failure_code: 'PASSWORD_REJECTED',
      failure_details: { address: '192.0.2.9' },
      duration_ms: 7,
    })
    const run = await database.db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirstOrThrow()
    expect(run.finished_at).toBeNull()
  })

  it('[DAUTH-7] seals each credential for its task and its agent, and keeps none in clear', async () => {
    const credential = await seedCredential(database.db, keyring, 'canary-password')
    const devices = [await seedDevice(database.db, site, credential), await seedDevice(database.db, site)]
    await seedRun(database.db, site, devices)
    const claimant = { id: agent.id, siteId: site, boxPublicKey: agent.boxPublicKey, drivers: { linux: 'digest1' } }
    const orders = await ordersFor({ db: database.db, keyring, ...limits }, claimant, 10)
    expect(JSON.stringify(orders)).not.toContain('canary')
    const [first, second] = orders.tasks
    expect(first).toMatchObject({ driver: 'linux', driverDigest: 'digest1', secrets: 'keep', attempt: 1 })
    const opened = openFrom(orders.sealKey ?? '', agent.boxSecretKey).open(first?.box ?? '')
    expect(opened).toEqual({ task: first?.id, username: 'backup', password: 'canary-password' })
    expect(second?.box).toBeUndefined()
    const dump = await sql<{ row: string }>`select row_to_json(c)::text as row from credentials c`.execute(database.db)
    expect(JSON.stringify(dump.rows)).not.toContain('canary')
  })
})
