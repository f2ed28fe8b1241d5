/**
 * The schema, step by step. Each step is one transaction under one lock, so a failing step leaves those before it done and
 * nothing of itself, and hubs that start together do each step once. (Kysely's Migrator does all steps in one transaction
 * and holds a lock of the session, which a transaction-pooling PgBouncer can't keep; hence these lines of our own.)
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Log } from '../log.ts'
import { steps as allSteps, type Step } from './migrations/index.ts'
import { classify, sqlState } from './sqlstate.ts'
import type { Tables } from './tables.ts'

/** Key of the advisory lock: "raven" in ASCII. Never change it: old and new hubs must meet on it. */
const LOCK_KEY = 0x726176656e

export interface MigrateOptions {
  readonly log: Log
  readonly steps?: readonly Step[]
  /** How long to wait for another hub that is migrating, ms. */
  readonly lockTimeoutMs?: number
  /** Limit of one statement of a step, ms; 0: none. */
  readonly statementTimeoutMs?: number
}

export interface SchemaStatus {
  /** Last step done, `none` when empty. */
  readonly database: string
  /** Last step that this software knows. */
  readonly software: string
  readonly done: readonly { name: string; doneAt: Date; durationMs: number }[]
  readonly pending: readonly string[]
  /** Steps in the database that this software does not know: it is older than the database. */
  readonly unknown: readonly string[]
}

export interface Migrations {
  /** @throws Failure DB_… */
  status(): Promise<SchemaStatus>
  /** Names of the steps that `up` would do. @throws Failure SCHEMA_MISMATCH when the database is ahead */
  plan(options?: { to?: string }): Promise<readonly string[]>
  /**
   * Does the pending steps, up to and including `to`.
   * @returns names of the steps done by this call, not those another hub did meanwhile
   * @throws Failure SCHEMA_MISMATCH when the database is ahead; MIGRATION_FAILED with step, SQLSTATE and last good version;
   * USAGE when `to` is no step
   */
  up(options?: { to?: string }): Promise<readonly string[]>
  /** @throws Failure SCHEMA_MISMATCH unless the database is exactly at this software's version */
  require(): Promise<void>
}

/** The migrations of a database. Nothing is done before a method is called. */
export function migrate(db: Kysely<Tables>, options: MigrateOptions): Migrations {
  const steps = options.steps ?? allSteps
  const log = options.log

  const status = async (): Promise<SchemaStatus> => {
    try {
      return await statusOf(db, steps)
    } catch (error) {
      throw classify(error) ?? error
    }
  }

  const plan = async ({ to }: { to?: string } = {}): Promise<readonly string[]> => {
    if (to !== undefined && !steps.some((step) => step.name === to)) {
      throw new Failure('USAGE', { option: 'to', value: to, expected: steps.map((step) => step.name) })
    }
    const found = await status()
    refuseAhead(found)
    const last = to === undefined ? steps.length : steps.findIndex((step) => step.name === to) + 1
    return steps.slice(0, last).flatMap((step) => (found.pending.includes(step.name) ? [step.name] : []))
  }

  return {
    status,
    plan,
    async up(target) {
      const names = new Set(await plan(target))
      const done: string[] = []
      for (const step of steps.filter((each) => names.has(each.name))) {
        if (await run(step)) done.push(step.name)
      }
      return done
    },
    async require() {
      const found = await status()
      refuseAhead(found)
      if (found.pending.length > 0) throw mismatch(found)
    },
  }

  /** @returns false when another hub did it first */
  async function run(step: Step): Promise<boolean> {
    const startedMs = performance.now()
    const isOurs = await db
      .transaction()
      .execute(async (trx) => {
        await sql`select set_config('lock_timeout', ${`${options.lockTimeoutMs ?? 60_000}ms`}, true),
          set_config('statement_timeout', '0', true)`.execute(trx)
        await sql`select pg_advisory_xact_lock(${LOCK_KEY}::bigint)`.execute(trx)
        await sql`select set_config('statement_timeout', ${`${options.statementTimeoutMs ?? 0}ms`}, true)`.execute(trx)
        await createLedger(trx)
        const found = await statusOf(trx, steps)
        refuseAhead(found)
        if (!found.pending.includes(step.name)) return false
        await step.up(trx as unknown as Kysely<unknown>)
        await sql`insert into migrations (name, duration_ms)
          values (${step.name}, ${Math.round(performance.now() - startedMs)})`.execute(trx)
        return true
      })
      .catch(async (cause: unknown) => {
        throw await failureOf(step, cause)
      })
    if (isOurs) log.info({ step: step.name, durationMs: Math.round(performance.now() - startedMs) }, 'schema step done')
    return isOurs
  }

  async function failureOf(step: Step, cause: unknown): Promise<unknown> {
    const known = classify(cause)
    if (known) return known
    const lastGood = await statusOf(db, steps).then(
      (found) => found.database,
      () => 'unknown',
    )
    const state = sqlState(cause)
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new Failure(
      'MIGRATION_FAILED',
      { step: step.name, ...(state && { sqlState: state }), lastGood, reason },
      { cause },
    )
  }
}

async function createLedger(trx: Transaction<Tables>): Promise<void> {
  await sql`create table if not exists migrations (
    name text primary key, done_at timestamptz not null default now(), duration_ms integer not null)`.execute(trx)
}

async function statusOf(db: Kysely<Tables>, steps: readonly Step[]): Promise<SchemaStatus> {
  const exists = await sql<{ found: boolean }>`select to_regclass('migrations') is not null as found`.execute(db)
  const rows = exists.rows[0]?.found
    ? (
        await sql<{ name: string; doneAt: Date; durationMs: number }>`
        select name, done_at as "doneAt", duration_ms as "durationMs" from migrations order by name`.execute(db)
      ).rows
    : []
  const known = new Set(steps.map((step) => step.name))
  const names = new Set(rows.map((row) => row.name))
  return {
    database: rows.at(-1)?.name ?? 'none',
    software: steps.at(-1)?.name ?? 'none',
    done: rows,
    pending: steps.flatMap((step) => (names.has(step.name) ? [] : [step.name])),
    unknown: rows.flatMap((row) => (known.has(row.name) ? [] : [row.name])),
  }
}

function refuseAhead(found: SchemaStatus): void {
  if (found.unknown.length > 0) throw mismatch(found)
}

function mismatch({ database, software, pending, unknown }: SchemaStatus): Failure {
  return new Failure('SCHEMA_MISMATCH', { database, software, pending, unknown })
}
