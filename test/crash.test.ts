/** Processes killed and lines cut at the worst moments; afterwards every device has exactly one right version and nothing is stuck. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../hub/db/connect.ts'
import { Field, type FieldOptions } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must } from './processes.ts'
import { Tripwire } from './tripwire.ts'

const quick = { LEASE_MS: '2000', RENEW_EVERY_MS: '500' }
const patient = { timeout: 60_000, interval: 100 }

describe('after a crash', () => {
  let field: Field | undefined
  let test: TestDatabase | undefined
  let database: Database
  const tripwires: Tripwire[] = []

  afterEach(async () => {
    await field?.close()
    for (const tripwire of tripwires.splice(0)) await tripwire.close()
    await test?.drop()
    field = undefined
  })

  async function open(options: Partial<FieldOptions> = {}): Promise<Field> {
    test = await (await postgresFor(servers.at(-1) ?? 'embedded')).newDatabase()
    database = test.open()
    field = await Field.open({ databaseUrl: test.url, devices: 4, agents: 2, hubEnv: quick, ...options })
    return field
  }

  const run = async (one: Field) => (await one.json<{ runId: string }>(['backup', 'run', '--all'])).runId

  async function finished(runId: string): Promise<void> {
    await vi.waitFor(async () => {
      const open = await database.db
        .selectFrom('tasks')
        .select('id')
        .where('run_id', '=', runId)
        .where('state', 'in', ['queued', 'leased'])
        .execute()
      expect(open).toEqual([])
    }, patient)
    await vi.waitFor(async () => {
      const one = await database.db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirstOrThrow()
      expect(one.finished_at).not.toBeNull()
    }, patient)
  }

  /** Exactly one version a device, whole, and readable through the hub. */
  async function everyDeviceHasOneRightVersion(one: Field): Promise<void> {
    const versions = await database.db
      .selectFrom('versions')
      .innerJoin('devices', 'devices.id', 'versions.device_id')
      .select(['versions.id', 'devices.name', 'versions.verdict'])
      .orderBy('devices.name')
      .execute()
    expect(versions.map(({ name, verdict }) => [name, verdict])).toEqual(
      one.fleet.devices.map((device) => [device.name, 'complete']),
    )
    for (const { id, name } of versions) {
      const text = await (await one.api(`/backups/${id}/content`)).text()
      expect(text).toContain(`hostname ${name}`)
      expect(text).toMatch(/\nend\n$/)
    }
    const tasks = await database.db.selectFrom('tasks').select(['state']).execute()
    expect(new Set(tasks.map((task) => task.state))).toEqual(new Set(['succeeded']))
  }

  const loggedIn = (one: Field) => one.fleet.devices.reduce((sum, device) => sum + device.stats.logins, 0)

  it('[STK-1] [JOB-2] an agent that was killed in the middle of its tasks: the other takes them over', async () => {
    const one = await open()
    for (const device of one.fleet.devices) device.fail({ latencyMs: 300 })
    const first = await one.agent(1)
    const runId = await run(one)
    await vi.waitFor(() => expect(loggedIn(one)).toBeGreaterThan(0), patient)
    await first.kill('SIGKILL')
    for (const device of one.fleet.devices) device.fail({})
    await one.agent(2)
    await finished(runId)
    await everyDeviceHasOneRightVersion(one)
  })

  it('[JOB-2] an agent that was killed and started again: it goes on by itself', async () => {
    const one = await open({ agents: 1 })
    for (const device of one.fleet.devices) device.fail({ latencyMs: 300 })
    const first = await one.agent(1)
    const runId = await run(one)
    await vi.waitFor(() => expect(loggedIn(one)).toBeGreaterThan(0), patient)
    await first.kill('SIGKILL')
    await one.agent(1)
    await finished(runId)
    await everyDeviceHasOneRightVersion(one)
  })

  it('[STK-3] a hub that was killed between blob and row: the text is there once, the row is made', async () => {
    const one = await open({ devices: 1, agents: 1 })
    const blobs = join(one.folder, 'hub', 'blobs', 'sha256')
    const stored = async () =>
      (await readdir(blobs, { recursive: true }).catch(() => [])).filter((name) => /[0-9a-f]{64}$/.test(name))
    await one.agent(1)
    // While this lock is held versions can be read but none can be added: the hub has put the blob and waits.
    const locked = database.db.transaction().execute(async (trx) => {
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx)
      await sql`lock table versions in share mode`.execute(trx)
      const runId = await run(one)
      await vi.waitFor(async () => expect(await stored()).toHaveLength(1), patient)
      await one.hub.kill('SIGKILL')
      return runId
    })
    const runId = await locked
    expect(await database.db.selectFrom('versions').select('id').execute()).toEqual([])
    await one.hubAgain()
    await finished(runId)
    await everyDeviceHasOneRightVersion(one)
    expect(await stored()).toHaveLength(1)
  })

  it('[STK-3] a hub that was killed while devices were read: the agent keeps the results and brings them', async () => {
    const one = await open({ agents: 1 })
    for (const device of one.fleet.devices) device.fail({ latencyMs: 200 })
    const agent = await one.agent(1)
    const runId = await run(one)
    await vi.waitFor(() => expect(loggedIn(one)).toBeGreaterThan(0), patient)
    await one.hub.kill('SIGKILL')
    await agent.saw(/no link to the hub/)
    await one.hubAgain()
    await finished(runId)
    await everyDeviceHasOneRightVersion(one)
    expect(loggedIn(one)).toBe(one.fleet.devices.length)
  })

  it('[STK-3] a line that broke between report and acknowledgement: nothing is read again, nothing is kept twice', async () => {
    const dial = async (hubUrl: string) => {
      const tripwire = new Tripwire({ host: '127.0.0.1', port: Number(new URL(hubUrl).port) })
      tripwires.push(tripwire)
      return `http://127.0.0.1:${await tripwire.listen()}`
    }
    const one = await open({ devices: 1, agents: 1, hubEnv: {}, agentsDial: dial })
    const [device] = one.fleet.devices
    device?.fail({ latencyMs: 100 })
    await one.agent(1)
    const runId = await run(one)
    await vi.waitFor(() => expect(loggedIn(one)).toBe(1), patient)
    for (let times = 0; times < 3; times++) {
      const recorded = tripwires[0]?.cutAtNextAnswer()
      await recorded
    }
    await finished(runId)
    await everyDeviceHasOneRightVersion(one)
    expect(loggedIn(one)).toBe(1)
    expect(one.output).toContain('no link to the hub')
  })

  it('[DB-1] [HA-8] a database that was killed under a working hub: every device has one right version all the same', async () => {
    const one = await Field.open({ devices: 6, agents: 1, hubEnv: quick })
    field = one
    for (const device of one.fleet.devices) device.fail({ latencyMs: 150 })
    await one.agent(1)
    const runId = await run(one)
    await vi.waitFor(() => expect(loggedIn(one)).toBeGreaterThan(0), patient)
    const pidFile = join(one.folder, 'hub', 'postgres', 'cluster', 'postmaster.pid')
    process.kill(Number((await readFile(pidFile, 'utf8')).split('\n')[0]), 'SIGKILL')
    const counts = async () => (await (await one.api(`/runs/${runId}`)).json()) as { state: string; succeeded: number }
    await vi.waitFor(async () => expect(await counts()).toMatchObject({ state: 'finished', succeeded: 6 }), patient)
    expect(await (await fetch(`${one.hub.url}/api/health/ready`)).json()).toMatchObject({ status: 'ok' })
    const { items } = (await (await one.api('/backups')).json()) as { items: { device: string; verdict: string }[] }
    const kept = items.map(({ device, verdict }) => [device, verdict]).sort()
    expect(kept).toEqual(one.fleet.devices.map((device) => [device.name, 'complete']))
    await must(one.cli(['backup', 'verify', '--all']))
  })
})
