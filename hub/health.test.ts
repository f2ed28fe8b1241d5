import { Failure } from '@netraven/protocol/failure.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { openDatabase } from './db/connect.ts'
import { type HealthParts, openHealthCheck } from './health.ts'
import { silentLog } from './log.ts'

/** Nobody listens on port 1. */
const down = openDatabase('postgres://nobody:x@127.0.0.1:1/none', {
  poolMax: 1,
  statementTimeoutMs: 1000,
  acquireTimeoutMs: 1000,
  applicationName: 'test',
  log: silentLog(),
})
afterAll(() => down.close())

const well = { name: 'file:x', location: '/x', healthy: true }

function checkOf(parts: Partial<HealthParts> = {}) {
  const now = { ms: 0 }
  let looks = 0
  const health = openHealthCheck({
    db: down.db,
    blobs: { status: async () => well },
    migrations: {
      status: async () => ({ database: '1', software: '1', done: [], pending: [], unknown: [] }),
    },
    ping: async () => {
      looks += 1
    },
    clock: () => now.ms,
    version: '1.2.3',
    ...parts,
  })
  return { health, now, looks: () => looks }
}

describe('health', () => {
  it('[DIAG-7] is looked at once in two seconds, however many probes ask', async () => {
    const { health, now, looks } = checkOf()
    await Promise.all([health.check(), health.check()])
    now.ms = 1999
    await health.check()
    expect(looks()).toBe(1)
    now.ms = 2000
    expect((await health.check()).version).toBe('1.2.3')
    expect(looks()).toBe(2)
  })

  it('[DIAG-7] [DB-1] says which component is down and why', async () => {
    const { health } = checkOf({ ping: () => down.ping() })
    expect(await health.check()).toMatchObject({
      status: 'down',
      components: { database: { status: 'down', code: 'DB_UNAVAILABLE' }, agents: { status: 'unknown' } },
    })
  })

  it('[MIG-1] a schema of another version is down', async () => {
    const status = async () => ({ database: '2', software: '1', done: [], pending: [], unknown: ['2'] })
    const { health } = checkOf({ migrations: { status } })
    expect(await health.check()).toMatchObject({
      status: 'down',
      components: { schema: { status: 'down', code: 'SCHEMA_MISMATCH' } },
    })
  })

  it('[STO-4] a store that is not well is down, with its code', async () => {
    const failure = new Failure('STORAGE_PERMISSION', { path: '/x' }).toJSON()
    const { health } = checkOf({ blobs: { status: async () => ({ ...well, healthy: false, failure }) } })
    expect((await health.check()).components.storage).toEqual({ status: 'down', code: 'STORAGE_PERMISSION' })
  })

  it('a component that never answers counts as down', async () => {
    const { health } = checkOf({ ping: () => new Promise(() => undefined), limitMs: 20 })
    expect((await health.check()).components.database).toEqual({ status: 'down', code: 'LINK_TIMEOUT' })
  })
})
