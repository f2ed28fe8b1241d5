import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Database, inTransaction } from '../hub/db/connect.ts'
import { newId } from '../hub/ids.ts'
import { postgresFor, requireTestName, servers, type TestDatabase, type TestPostgres } from './postgres.ts'

/** A signal that a test sets and others wait for. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { wait: promise, open: () => resolve() }
}

const changed = (url: string, parts: Partial<URL>): string => Object.assign(new URL(url), parts).href

it('[TST-1] refuses to make or drop a database whose name does not end in _test', () => {
  expect(requireTestName('netraven_test')).toBe('netraven_test')
  for (const name of ['netraven', 'test', 'netraven_test2', '_test', 'x_test"; drop database y; --_test']) {
    expect(() => requireTestName(name), name).toThrow(RangeError)
  }
})

describe.each(servers)('a database on %s', (kind) => {
  let postgres: TestPostgres
  let test: TestDatabase
  let database: Database
  beforeAll(async () => {
    postgres = await postgresFor(kind)
    test = await postgres.newDatabase()
    database = test.open()
  })
  afterAll(() => test.drop())

  const pidOf = async (of: Database) =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(of.db)).rows[0]?.pid ?? 0
  const kill = (pid: number) => sql`select pg_terminate_backend(${pid}::int)`.execute(database.db)

  it('counts in numbers, and never in wrong ones', async () => {
    const { rows } = await sql`select count(*) as n, 9007199254740991::int8 as largest from sites`.execute(database.db)
    expect(rows).toEqual([{ n: 0, largest: Number.MAX_SAFE_INTEGER }])
    await expect(sql`select 9007199254740993::int8 as n`.execute(database.db)).rejects.toThrow(RangeError)
    expect(await pidOf(database)).toBeGreaterThan(0)
  })

  it('keeps bytes, lists and JSON as they are', async () => {
    const id = newId()
    const details = { text: 'Ünïcode \' " \\ \u2028', list: [1, null], nested: { yes: true } }
    await database.db
      .insertInto('events')
      .values({ id, kind: 'k', actor: 'a', details: JSON.stringify(details) })
      .execute()
    const row = await database.db.selectFrom('events').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(row.details).toEqual(details)
    expect(row.at).toBeInstanceOf(Date)
    const { rows } = await sql`select ${Buffer.from([0, 255])}::bytea as bytes, ${[3, 4]}::integer[] as list`.execute(
      database.db,
    )
    expect(rows).toEqual([{ bytes: Buffer.from([0, 255]), list: [3, 4] }])
  })

  it('stops a statement that runs too long and goes on', async () => {
    const impatient = test.open({ statementTimeoutMs: 200, poolMax: 1 })
    await expect(sql`select pg_sleep(60)`.execute(impatient.db)).rejects.toMatchObject({ code: '57014' })
    expect(await impatient.ping()).toBeGreaterThan(0)
  })

  it('[DB-2] says that the pool is exhausted, how many wait and for how long', async () => {
    const small = test.open({ poolMax: 2, acquireTimeoutMs: 200 })
    const free = gate()
    const holders = [1, 2].map(() => small.db.connection().execute(() => free.wait))
    await vi.waitFor(() => expect(small.pool()).toEqual({ inUse: 2, idle: 0, waiting: 0, max: 2 }))
    await expect(small.ping()).rejects.toMatchObject({
      code: 'DB_POOL_EXHAUSTED',
      details: { max: 2, waitedMs: expect.any(Number), longestHeldMs: expect.any(Number) },
    })
    free.open()
    await Promise.all(holders)
    expect(await small.ping()).toBeGreaterThan(0)
  })

  it('[DB-4] tells a wrong password, a locked user, a missing database and a full server apart', async () => {
    await sql`create role narrow login password 'narrow' connection limit 1`.execute(database.db)
    const codeAt = async (url: string) => {
      const other = (await postgresFor(kind)).openAt(url)
      try {
        return await other.ping().catch((error) => error.code)
      } finally {
        await other.close()
      }
    }
    expect(await codeAt(changed(test.url, { password: 'wrong' }))).toBe('DB_AUTH')
    expect(await codeAt(changed(test.url, { pathname: '/absent_test' }))).toBe('DB_MISSING')
    expect(await codeAt(changed(test.url, { username: 'narrow', password: 'wrong' }))).toBe('DB_AUTH')
    const narrow = changed(test.url, { username: 'narrow', password: 'narrow' })
    const first = postgres.openAt(narrow)
    await first.ping()
    expect(await codeAt(narrow)).toBe('DB_TOO_MANY_CONNECTIONS')
    await first.close()
    await sql`alter role narrow nologin`.execute(database.db)
    expect(await codeAt(narrow)).toBe('DB_AUTH')
    await sql`drop role narrow`.execute(database.db)
  })

  it('[DB-1] outlives connections that are cut, idle or in use', async () => {
    const cut = test.open({ poolMax: 1 })
    const idle = await pidOf(cut)
    await kill(idle)
    await vi.waitFor(async () => expect(await pidOf(cut)).not.toBe(idle))
    const busy = await pidOf(cut)
    const running = sql`select pg_sleep(60)`.execute(cut.db).catch((error) => error)
    await vi.waitFor(async () => {
      const { rows } = await sql`select 1 from pg_stat_activity where pid = ${busy} and state = 'active'`.execute(
        database.db,
      )
      expect(rows).toHaveLength(1)
    })
    await kill(busy)
    expect(await running).toMatchObject({ code: '57P01' })
    expect(await cut.ping()).toBeGreaterThan(0)
  })

  it('repeats a transaction that met a deadlock, and both are done', async () => {
    const ids = [newId(), newId()] as const
    for (const id of ids)
      await database.db
        .insertInto('sites')
        .values({ id, name: `deadlock ${id}` })
        .execute()
    const reached = [gate(), gate()] as const
    let runs = 0
    const rename = (own: 0 | 1) =>
      inTransaction(database.db, async (trx) => {
        runs += 1
        const other = own === 0 ? 1 : 0
        await trx
          .updateTable('sites')
          .set({ name: `a ${ids[own]}` })
          .where('id', '=', ids[own])
          .execute()
        reached[own].open()
        await reached[other].wait
        await trx
          .updateTable('sites')
          .set({ name: `b ${ids[other]}` })
          .where('id', '=', ids[other])
          .execute()
        return own
      })
    expect(await Promise.all([rename(0), rename(1)])).toEqual([0, 1])
    expect(runs).toBeGreaterThan(2)
  })

  it('does not repeat a transaction for ever, nor one that failed for good', async () => {
    const conflict = sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`
    let runs = 0
    const work = inTransaction(
      database.db,
      async (trx) => {
        runs += 1
        await conflict.execute(trx)
      },
      { retries: 2 },
    )
    await expect(work).rejects.toMatchObject({ code: '40001' })
    expect(runs).toBe(3)
    const broken = inTransaction(database.db, async (trx) => {
      runs += 1
      await sql`select 1/0`.execute(trx)
    })
    await expect(broken).rejects.toMatchObject({ code: '22012' })
    expect(runs).toBe(4)
  })

  it('ends a transaction that does nothing, so a stuck caller cannot hold rows for ever', async () => {
    const { rows } = await sql`select current_setting('idle_in_transaction_session_timeout') as limit`.execute(
      database.db,
    )
    expect(rows).toEqual([{ limit: '1min' }])
  })

  it('hears notifications, comes back when its connection is cut, and then tells everyone to look again', async () => {
    const heard: string[] = []
    const listener = test.open({ applicationName: `listener ${kind}` })
    const subscription = await listener.listen(['work', 'Odd "Name"'], (channel, payload) =>
      heard.push(`${channel}:${payload}`),
    )
    await sql`select pg_notify('work', 'one'), pg_notify('Odd "Name"', ''), pg_notify('other', 'x')`.execute(
      database.db,
    )
    await vi.waitFor(() => expect(heard).toEqual(['work:one', 'Odd "Name":']))
    const { rows } = await sql<{ pid: number }>`select pid from pg_stat_activity
      where application_name = ${`listener ${kind}`}`.execute(database.db)
    expect(rows).toHaveLength(1)
    for (const row of rows) await kill(row.pid)
    await vi.waitFor(() => expect(heard.slice(2)).toEqual(['work:', 'Odd "Name":']), { timeout: 20_000 })
    await sql`select pg_notify('work', 'two')`.execute(database.db)
    await vi.waitFor(() => expect(heard.at(-1)).toBe('work:two'))
    await subscription.close()
    await sql`select pg_notify('work', 'three')`.execute(database.db)
    const gone = sql`select 1 from pg_stat_activity where application_name = ${`listener ${kind}`}`
    await vi.waitFor(async () => expect((await gone.execute(database.db)).rows).toEqual([]))
    expect(heard.at(-1)).toBe('work:two')
  })

  it('[DB-1] says at once that nobody listens at the address', async () => {
    const closed = await closedPort()
    const nobody = postgres.openAt(`postgres://u:p@127.0.0.1:${closed}/x_test`)
    await expect(nobody.ping()).rejects.toMatchObject({
      code: 'DB_UNAVAILABLE',
      details: { reason: 'ECONNREFUSED', address: '127.0.0.1', port: closed },
    })
    await expect(nobody.listen(['work'], () => undefined)).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' })
    await nobody.close()
    const unknown = postgres.openAt('postgres://u:p@no-such-host.invalid/x_test')
    await expect(unknown.ping()).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' })
    await unknown.close()
  })
})

// A proxy needs TCP, which the embedded server does not speak.
describe.each(servers.filter((kind) => kind === 'server'))('a server that freezes (%s)', (kind) => {
  it('costs a query its limit and no more, and the next one works', async () => {
    const postgres = await postgresFor(kind)
    const test = await postgres.newDatabase()
    const target = new URL(test.url)
    const proxy = await freezingProxy(Number(target.port))
    const url = changed(test.url, { port: String(proxy.port) })
    const database = postgres.openAt(url, { statementTimeoutMs: 200, frozenAfterMs: 200, acquireTimeoutMs: 500 })
    await database.ping()
    proxy.freeze()
    await expect(database.ping()).rejects.toMatchObject({ code: 'DB_UNAVAILABLE', details: { reason: 'no answer' } })
    await expect(database.ping()).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' })
    const transaction = database.db.transaction().execute((trx) => sql`select 1`.execute(trx))
    await expect(transaction).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' })
    proxy.thaw()
    expect(await database.ping()).toBeGreaterThan(0)
    await database.close()
    proxy.close()
    await test.drop()
  })
})

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** Passes bytes on until it is told to hold them back; connections stay open. */
async function freezingProxy(target: number) {
  let isFrozen = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => isFrozen || to.write(bytes))
      from.on('close', () => to.destroy())
      from.on('error', () => to.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    freeze: () => {
      isFrozen = true
    },
    thaw: () => {
      isFrozen = false
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
