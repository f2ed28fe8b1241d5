/** How the hub is, looked at at most once in two seconds however often it is asked. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql } from 'kysely'
import { CLOCK_LEEWAY_SECONDS } from './access-tokens.ts'
import type { Health } from './api/health.ts'
import type { BlobStore } from './blobs/blobs.ts'
import type { Migrations } from './db/migrate.ts'
import type { Tables } from './db/tables.ts'
import { isOnline } from './sites.ts'

export interface HealthParts {
  readonly db: Kysely<Tables>
  readonly blobs: Pick<BlobStore, 'status'>
  /** @throws when the database does not answer */
  readonly ping: () => Promise<unknown>
  readonly migrations: Pick<Migrations, 'status'>
  /** Clock in ms. */
  readonly clock: () => number
  readonly version: string
  /** Until when an answer is given again, ms. Default 2,000. */
  readonly cacheMs?: number
  /** A component that has not answered by then is down, ms. Default 3,000. */
  readonly limitMs?: number
}

export interface HealthCheck {
  check(): Promise<Health>
}

export function openHealthCheck(parts: HealthParts): HealthCheck {
  const { clock, cacheMs = 2_000, limitMs = 3_000 } = parts
  let last: { at: number; health: Promise<Health> } | undefined
  return {
    check() {
      if (!last || clock() - last.at >= cacheMs) last = { at: clock(), health: look(parts, limitMs) }
      return last.health
    },
  }
}

async function look(parts: HealthParts, limitMs: number): Promise<Health> {
  const [database, schema, storage, agents, skewMs] = await Promise.all([
    state(() => parts.ping(), limitMs),
    state(async () => {
      const { database, software } = await parts.migrations.status()
      if (database !== software) throw new Failure('SCHEMA_MISMATCH')
    }, limitMs),
    state(async () => {
      const { healthy, failure } = await parts.blobs.status()
      if (!healthy) throw failure ? Failure.fromWire(failure) : new Failure('BACKEND_UNAVAILABLE')
    }, limitMs),
    within(limitMs, () => countAgents(parts.db)).catch(() => undefined),
    within(limitMs, () => skewOf(parts)).catch(() => null),
  ])
  const online = agents?.online ?? 0
  const enrolled = agents?.enrolled ?? 0
  const isSkewed = skewMs !== null && Math.abs(skewMs) > CLOCK_LEEWAY_SECONDS * 1000
  const isDown = [database, schema, storage].some(({ status }) => status === 'down')
  return {
    status: isDown ? 'down' : online < enrolled || isSkewed ? 'degraded' : 'ok',
    version: parts.version,
    time: new Date(parts.clock()).toISOString(),
    components: {
      database,
      schema,
      storage,
      clock: { status: skewMs === null ? 'unknown' : isSkewed ? 'degraded' : 'ok', skewMs },
      agents: { status: !agents ? 'unknown' : online < enrolled ? 'degraded' : 'ok', online, enrolled },
    },
  }
}

/** How far our clock is ahead of the database's, which all hubs share, ms; half a round trip may be wrong with it. */
async function skewOf({ db, clock }: HealthParts): Promise<number> {
  const askedAt = clock()
  const { rows } = await sql<{ ms: number }>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as ms`.execute(db)
  return Math.round((askedAt + clock()) / 2 - (rows[0]?.ms ?? Number.NaN))
}

async function countAgents(db: Kysely<Tables>): Promise<{ online: number; enrolled: number }> {
  return db
    .selectFrom('agents')
    .select([sql<number>`count(*) filter (where ${isOnline})`.as('online'), sql<number>`count(*)`.as('enrolled')])
    .where('state', '=', 'enrolled')
    .executeTakeFirstOrThrow()
}

async function state(look: () => Promise<unknown>, limitMs: number): Promise<{ status: 'ok' | 'down'; code?: string }> {
  try {
    await within(limitMs, look)
    return { status: 'ok' }
  } catch (error) {
    return { status: 'down', code: error instanceof Failure ? error.code : 'INTERNAL' }
  }
}

async function within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure('LINK_TIMEOUT', { limitMs })), limitMs)
  })
  try {
    return await Promise.race([work(), overdue])
  } finally {
    clearTimeout(timer)
  }
}
