/**
 * The door to PostgreSQL: a pool with limits of its own, a listening connection that comes back, and what errors mean.
 * Every query ends: the server's statement_timeout stops it, and when the server itself is frozen, our own limit does.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import type { Log } from '../log.ts'
import { listenOn, type Subscription } from './listener.ts'
import { classify, isRepeatable } from './sqlstate.ts'
import type { Tables } from './tables.ts'

export { classify }

export interface DatabaseOptions {
  readonly poolMax: number
  /** A statement that runs longer is stopped by the server, ms; 0: never. */
  readonly statementTimeoutMs: number
  /** How long a query waits for a free connection, or a new connection for the server, ms. */
  readonly acquireTimeoutMs: number
  /** How the connection calls itself in pg_stat_activity. */
  readonly applicationName: string
  /** How long past `statementTimeoutMs` we wait, before the server itself counts as frozen, ms; 5 s when absent. */
  readonly frozenAfterMs?: number
  readonly log: Log
}

export interface Database {
  readonly db: Kysely<Tables>
  /**
   * Listens on channels over a connection of its own that comes back by itself. After each return `onNotify` is called with an
   * empty payload for every channel, since what was sent meanwhile is lost: look again.
   * @throws Failure DB_… when the first connection fails
   */
  listen(channels: readonly string[], onNotify: (channel: string, payload: string) => void): Promise<Subscription>
  /**
   * One statement outside of Kysely, for a library that brings its own.
   * @throws Failure DB_…, or an error of the server
   */
  statement(text: string, values: readonly unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>
  /** @returns ms that a round trip took. @throws Failure DB_… */
  ping(): Promise<number>
  /** Connections in use, idle, and callers waiting for one. */
  pool(): { inUse: number; idle: number; waiting: number; max: number }
  close(): Promise<void>
}

/** A transaction that does nothing for so long is ended by the server, ms. */
const IDLE_IN_TRANSACTION_MS = 60_000

/**
 * Opens a database. Connects at the first query; an unreachable server is an error of that query, not of this call.
 * @param url `postgres://user:password@host:port/name`, or with `?host=/folder` for a unix socket
 */
export function openDatabase(url: string, options: DatabaseOptions): Database {
  const { log } = options
  const connection: pg.ClientConfig = {
    connectionString: url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.acquireTimeoutMs,
    keepAlive: true,
    statement_timeout: options.statementTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    types: { getTypeParser },
  }
  const pool = new pg.Pool({ ...connection, max: options.poolMax, idleTimeoutMillis: 60_000 })
  pool.on('error', (err) => log.warn({ err: classify(err) ?? err }, 'an idle database connection was lost'))
  const held = new Map<pg.PoolClient, number>()
  const limitMs = options.statementTimeoutMs > 0 ? options.statementTimeoutMs + (options.frozenAfterMs ?? 5_000) : 0

  const acquire = async () => {
    const startedMs = performance.now()
    const client = await pool.connect().catch((cause) => {
      throw acquisitionFailure(cause, performance.now() - startedMs)
    })
    // A connection that breaks while in use rejects its query; without a listener its event would end the process.
    const onError = (err: Error) => log.warn({ err: classify(err) ?? err }, 'a database connection broke while in use')
    client.on('error', onError)
    held.set(client, performance.now())
    let isBroken = false
    const broke = (error: unknown) => {
      // The pool learns that a connection is gone a moment later than its query; nobody shall be given it meanwhile.
      if (classify(error)) isBroken = true
      throw error
    }
    return {
      query: <R>(text: string, values: readonly unknown[]) =>
        bounded(client, limitMs, text, values).catch(broke) as Promise<pg.QueryResult<R & pg.QueryResultRow>>,
      release: (destroy?: boolean) => {
        held.delete(client)
        client.off('error', onError)
        client.release(destroy || isBroken)
      },
    }
  }

  const acquisitionFailure = (cause: unknown, waitedMs: number) => {
    const isFull = pool.totalCount >= options.poolMax && pool.idleCount === 0
    if (!isFull || waitedMs < options.acquireTimeoutMs * 0.9) return classify(cause) ?? cause
    const oldest = Math.min(...held.values())
    return new Failure(
      'DB_POOL_EXHAUSTED',
      {
        max: options.poolMax,
        waiting: pool.waitingCount,
        waitedMs: Math.round(waitedMs),
        longestHeldMs: Number.isFinite(oldest) ? Math.round(performance.now() - oldest) : 0,
      },
      { cause },
    )
  }

  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: { connect: acquire as never, end: () => pool.end(), options: {} } }),
  })

  return {
    db,
    listen: (channels, onNotify) =>
      listenOn(() => new pg.Client({ ...connection, statement_timeout: 10_000 }), channels, onNotify, log),
    async statement(text, values) {
      const client = await acquire()
      try {
        return await client.query(text, values)
      } catch (error) {
        throw classify(error) ?? error
      } finally {
        client.release()
      }
    },
    async ping() {
      const startedMs = performance.now()
      try {
        await sql`select 1`.execute(db)
      } catch (error) {
        throw classify(error) ?? error
      }
      return performance.now() - startedMs
    },
    pool: () => ({
      inUse: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      max: options.poolMax,
    }),
    close: () => db.destroy(),
  }
}

/**
 * Runs a transaction and repeats it whole when PostgreSQL asks for that (deadlock 40P01, serialisation 40001).
 * @param retries how often it may be repeated
 */
export async function inTransaction<T>(
  db: Kysely<Tables>,
  work: (trx: Transaction<Tables>) => Promise<T>,
  { retries = 3 }: { retries?: number } = {},
): Promise<T> {
  for (let left = retries; ; left -= 1) {
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      if (left <= 0 || !isRepeatable(error)) throw error
    }
  }
}

/** A query that a frozen server can't hold for ever: past the limit its connection is given up. */
async function bounded(client: pg.PoolClient, limitMs: number, text: string, values: readonly unknown[]) {
  if (limitMs === 0) return client.query(text, [...values])
  let isFrozen = false
  const timer = setTimeout(() => {
    isFrozen = true
    // Ends the socket at once, since a query is under way; the query then rejects.
    void (client as pg.PoolClient & { end(): Promise<void> }).end()
  }, limitMs)
  try {
    return await client.query(text, [...values])
  } catch (error) {
    throw isFrozen ? new Failure('DB_UNAVAILABLE', { reason: 'no answer', waitedMs: limitMs }, { cause: error }) : error
  } finally {
    clearTimeout(timer)
  }
}

/** int8 as a number: counts and sizes of ours stay far below 2^53; what does not is an error, never a wrong number. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if (oid !== pg.types.builtins.INT8) return pg.types.getTypeParser(oid, format)
  return (text: string) => {
    const value = Number(text)
    if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} does not fit a number`)
    return value
  }
}
