import { readdir } from 'node:fs/promises'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../hub/db/connect.ts'
import { type Migrations, migrate } from '../hub/db/migrate.ts'
import { steps as releasedSteps, type Step } from '../hub/db/migrations/index.ts'
import { silentLog } from '../hub/log.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'

const statements = (name: string, ...lines: string[]): Step => ({
  name,
  async up(db) {
    for (const line of lines) await sql.raw(line).execute(db)
  },
})
const one = statements('0001-one', 'create table one (n integer)', 'insert into one values (1)')
const two = statements('0002-two', 'alter table one add column two text')
const three = statements('0003-three', 'create table three (n integer)')
const broken = statements('0003-broken', 'create table half (n integer)', 'create table one (n integer)')

it('steps are sorted, numbered without a gap, and each file is in the list', async () => {
  const names = releasedSteps.map((step) => step.name)
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1))
  const files = await readdir(new URL('../hub/db/migrations/', import.meta.url))
  expect(files.filter((file) => file !== 'index.ts').toSorted()).toEqual(names.map((name) => `${name}.ts`))
})

describe.each(servers)('migrations on %s', (kind) => {
  let test: TestDatabase
  let database: Database
  const of = (...steps: Step[]): Migrations => migrate(database.db, { log: silentLog(), steps })
  const tables = async () => {
    const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables
      where schemaname = 'public' order by 1`.execute(database.db)
    return rows.map((row) => row.name)
  }

  beforeEach(async () => {
    test = await (await postgresFor(kind)).newDatabase({ empty: true })
    database = test.open()
  })
  afterEach(() => test.drop())

  it('the whole schema goes up on an empty database, once', async () => {
    const migrations = migrate(database.db, { log: silentLog() })
    const names = releasedSteps.map((step) => step.name)
    expect(await migrations.plan()).toEqual(names)
    await expect(migrations.require()).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' })
    expect(await migrations.up()).toEqual(names)
    expect(await migrations.up()).toEqual([])
    await migrations.require()
    expect(await tables()).toContain('versions')
  })

  it('says what is done and what is pending', async () => {
    await of(one).up()
    expect(await of(one, two).status()).toEqual({
      database: '0001-one',
      software: '0002-two',
      done: [{ name: '0001-one', doneAt: expect.any(Date), durationMs: expect.any(Number) }],
      pending: ['0002-two'],
      unknown: [],
    })
  })

  it('[MIG-3] goes up to the step that is asked for and no further', async () => {
    const all = of(one, two, three)
    expect(await all.plan({ to: '0002-two' })).toEqual(['0001-one', '0002-two'])
    expect(await all.up({ to: '0002-two' })).toEqual(['0001-one', '0002-two'])
    expect(await tables()).toEqual(['migrations', 'one'])
    expect(await all.up({ to: '0001-one' })).toEqual([])
    await expect(all.up({ to: '0009-nine' })).rejects.toMatchObject({ code: 'USAGE', details: { value: '0009-nine' } })
  })

  it('[MIG-3] does each step once when hubs start together', async () => {
    const hubs = Array.from({ length: 4 }, () =>
      migrate(test.open().db, { log: silentLog(), steps: [one, two, three] }),
    )
    const done = await Promise.all(hubs.map((hub) => hub.up()))
    expect(done.flat().toSorted()).toEqual(['0001-one', '0002-two', '0003-three'])
    expect((await sql`select * from one`.execute(database.db)).rows).toEqual([{ n: 1, two: null }])
  })

  it('[MIG-4] a failing step names itself, the SQLSTATE and the last good version, and leaves nothing of itself', async () => {
    const migrations = of(one, two, broken)
    await expect(migrations.up()).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { step: '0003-broken', sqlState: '42P07', lastGood: '0002-two', reason: expect.stringContaining('one') },
    })
    expect(await tables()).toEqual(['migrations', 'one'])
    expect(await of(one, two, three).up()).toEqual(['0003-three'])
  })

  it('a step that fails in its own code counts as failed too', async () => {
    const careless: Step = { name: '0002-careless', up: () => Promise.reject(new TypeError('no such thing')) }
    await expect(of(one, careless).up()).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { step: '0002-careless', lastGood: '0001-one', reason: 'no such thing' },
    })
  })

  it('[MIG-1] refuses a database that is ahead, with both versions', async () => {
    await of(one, two, three).up()
    const old = of(one, two)
    const mismatch = {
      code: 'SCHEMA_MISMATCH',
      message: 'Schema version mismatch',
      details: { database: '0003-three', software: '0002-two', unknown: ['0003-three'] },
    }
    await expect(old.up()).rejects.toMatchObject(mismatch)
    await expect(old.plan()).rejects.toMatchObject(mismatch)
    await expect(old.require()).rejects.toMatchObject(mismatch)
    expect((await old.status()).unknown).toEqual(['0003-three'])
  })

  it('[MIG-6] does not wait for ever for another hub that migrates', async () => {
    await of(one).up()
    const release = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const slow: Step = {
      name: '0002-slow',
      async up(db) {
        await sql`select 1`.execute(db)
        entered.resolve()
        await release.promise
      },
    }
    const first = of(one, slow).up()
    await entered.promise
    const impatient = migrate(test.open().db, { log: silentLog(), steps: [one, slow], lockTimeoutMs: 100 })
    await expect(impatient.up()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', details: { sqlState: '55P03' } })
    release.resolve()
    expect(await first).toEqual(['0002-slow'])
  })

  it('[MIG-6] a step may take longer than other statements, up to its own limit', async () => {
    const hurried = test.open({ statementTimeoutMs: 100 })
    const long = statements('0001-long', 'select pg_sleep(0.3)')
    expect(await migrate(hurried.db, { log: silentLog(), steps: [long] }).up()).toEqual(['0001-long'])
    const longer = statements('0002-longer', 'select pg_sleep(60)')
    const limited = migrate(hurried.db, { log: silentLog(), steps: [long, longer], statementTimeoutMs: 100 })
    await expect(limited.up()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', details: { sqlState: '57014' } })
  })
})
