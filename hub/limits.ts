/**
 * Who asks too often. Signed calls count for the user, whatever address they come from; everything else for the address. The counters
 * are in the database, for all hubs together. When it is out of reach each hub counts for itself, and nobody logs in.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, type FailureCode } from '@netraven/protocol/failure.ts'
import type { Kysely } from 'kysely'
import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible'
import { subscriberOf } from './address-ranges.ts'
import { type LimitBucket, limitBuckets, type Usage } from './api/rate-limit.ts'
import { classify, type Database } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { forgetOldCounters } from './limit-counters.ts'
import { type Caller, type DefaultLimits, defaultLimits, RuleBook, readRules } from './limit-rules.ts'
import type { Log } from './log.ts'
import type { Principal } from './principal.ts'
import { type Counters, type Standing, Tallies } from './tallies.ts'

export interface LimitParts {
  readonly db: Kysely<Tables>
  readonly statement: Database['statement']
  /** Limits where no rule fits. */
  readonly defaults: DefaultLimits
  /** Clock in ms. */
  readonly clock: () => number
  readonly log: Log
}

/** A call that was let through. */
export interface Charge {
  /** Of each bucket that it was counted in; none: from an address that is never limited. */
  readonly standings: readonly Standing[]
  /** Part of the point that it need not have cost. */
  giveBack(points: number): void
}

export interface Limits {
  readonly defaults: DefaultLimits
  /**
   * Counts a call.
   * @throws Failure RATE_LIMITED_PRINCIPAL, RATE_LIMITED_IP, RATE_LIMITED_ROUTE; DB_UNAVAILABLE for a login that can't be counted
   */
  charge(caller: Caller, buckets: readonly LimitBucket[]): Promise<Charge>
  /** Counts a message of an agent; resolves when it may be answered, later the more it sends. */
  agentTurn(agentId: string): Promise<void>
  usage(principal: Principal): Promise<Usage>
  /** What came over the channel of limits; empty: something may have been missed. */
  heard(payload: string): Promise<void>
  close(): Promise<void>
}

const codes: Readonly<Record<LimitBucket, FailureCode>> = {
  principal: 'RATE_LIMITED_PRINCIPAL',
  anonymous: 'RATE_LIMITED_IP',
  heavy: 'RATE_LIMITED_ROUTE',
  content: 'RATE_LIMITED_ROUTE',
  login: 'RATE_LIMITED_IP',
  'forgot-password': 'RATE_LIMITED_IP',
  enroll: 'RATE_LIMITED_IP',
  agent: 'RATE_LIMITED_PRINCIPAL',
}

const ofPrincipals: ReadonlySet<LimitBucket> = new Set(['principal', 'heavy', 'content'])

const SWEEP_MS = 1_000
const READ_RULES_EVERY = 5
const FORGET_EVERY = 60
/** A database that takes longer counts as away. */
const PATIENCE_MS = 1_000
const TRY_AGAIN_MS = 1_000
/** No answer to an agent is held back for longer, ms; it waits for 60 s. */
const LONGEST_DELAY_MS = 2_000

/** Opens the counters, reads the rules, and keeps both as they are in the database. */
export async function openLimits({ db, statement, defaults, clock, log }: LimitParts): Promise<Limits> {
  const stored = storedCounters(statement)
  const tallies = new Tallies({ counters: insured(stored, clock, log), clock })
  // A login that can't be counted is not let through, and none is taken ahead.
  const strict = new Tallies({ counters: stored, clock, isExact: true })
  const agents = new RateLimiterMemory({ keyPrefix: '', points: 1, duration: 60 })
  let book = new RuleBook(defaults, { rules: [], allow: [] })
  let wasRead = true
  const readOnce = async () => {
    try {
      book = new RuleBook(defaults, await readRules(db, defaults))
      wasRead = true
    } catch (error) {
      if (wasRead) log.warn({ err: error }, 'the rules of limits can’t be read; the last known ones hold')
      wasRead = false
    }
  }
  let isStale = false
  let reading: Promise<void> | undefined
  // Whoever asks while they are being read waits for a reading that began later.
  const readAgain = (): Promise<void> => {
    const readWhileStale = async () => {
      while (isStale) {
        isStale = false
        await readOnce()
      }
    }
    isStale = true
    reading ??= readWhileStale().finally(() => {
      reading = undefined
    })
    return reading
  }
  await readAgain()
  let beats = 0
  const beat = async () => {
    beats += 1
    if (beats % READ_RULES_EVERY === 0) await readAgain()
    await Promise.all([tallies.sweep(), strict.sweep()])
    if (beats % FORGET_EVERY === 0) await forgetOldCounters(db, clock())
  }
  const timer = setInterval(() => {
    beat().catch((error: unknown) => log.debug({ err: error }, 'counters of limits could not be tidied'))
  }, SWEEP_MS)
  timer.unref()

  const keyOf = (bucket: LimitBucket, { principal, address }: Caller) =>
    ofPrincipals.has(bucket)
      ? `${bucket}:${principal?.user.id ?? 'unknown'}`
      : `${bucket}:${(address === null ? undefined : subscriberOf(address)) ?? 'unknown'}`
  const takeFrom = async (bucket: LimitBucket, key: string, caller: Caller): Promise<Standing> => {
    if (bucket !== 'login') return tallies.take(key, book.limitOf(bucket, caller))
    try {
      return await strict.take(key, book.limitOf(bucket, caller))
    } catch (error) {
      throw classify(error) ?? new Failure('DB_UNAVAILABLE', { reason: 'logins can’t be counted' }, { cause: error })
    }
  }

  return {
    defaults,
    async charge(caller, buckets) {
      if (book.isAllowed(caller.address)) return { standings: [], giveBack: () => undefined }
      const taken: { bucket: LimitBucket; key: string; standing: Standing }[] = []
      for (const bucket of buckets) {
        const key = keyOf(bucket, caller)
        const standing = await takeFrom(bucket, key, caller)
        if (!standing.isAllowed) throw refusal(bucket, standing)
        taken.push({ bucket, key, standing })
      }
      return {
        standings: taken.map(({ standing }) => standing),
        giveBack(points) {
          for (const { bucket, key } of taken) if (bucket !== 'login') tallies.giveBack(key, points)
        },
      }
    },
    async agentTurn(agentId) {
      const { limit, windowSeconds } = book.limitOf('agent', { address: null })
      const { consumedPoints, msBeforeNext } = await agents.penalty(agentId, 1, { customDuration: windowSeconds })
      if (consumedPoints > limit) await sleep(Math.min(msBeforeNext, LONGEST_DELAY_MS))
    },
    async usage(principal) {
      const caller = { principal, address: null }
      const looked = [...ofPrincipals].map(async (bucket) => {
        const { limit, windowSeconds, remaining, resetSeconds } = await tallies.look(
          keyOf(bucket, caller),
          book.limitOf(bucket, caller),
        )
        const resetsAt = new Date(Math.ceil(clock() / 1000 + resetSeconds) * 1000).toISOString()
        return {
          bucket,
          about: limitBuckets[bucket],
          limit,
          windowSeconds,
          used: limit - remaining,
          remaining,
          resetsAt,
        }
      })
      return { userId: principal.user.id, buckets: await Promise.all(looked) }
    },
    async heard(payload) {
      const [word, key] = payload.split(' ')
      if (word === 'reset') {
        tallies.forget(key)
        strict.forget(key)
      } else await readAgain()
    },
    async close() {
      clearInterval(timer)
      await Promise.all([tallies.close(), strict.close()])
    },
  }
}

/** Limits nothing. */
export const noLimits: Limits = {
  defaults: defaultLimits(),
  charge: async () => ({ standings: [], giveBack: () => undefined }),
  agentTurn: async () => undefined,
  usage: async ({ user }) => ({ userId: user.id, buckets: [] }),
  heard: async () => undefined,
  close: async () => undefined,
}

function refusal(bucket: LimitBucket, { limit, windowSeconds, retryAfterSeconds, resetSeconds }: Standing): Failure {
  return new Failure(codes[bucket], { bucket, limit, windowSeconds, retryAfterSeconds, resetSeconds })
}

/** Counters in the database. Only what goes wrong there is an error here: no limit is held against `penalty` and `reward`. */
function storedCounters(statement: Database['statement']): Counters {
  const stored = new RateLimiterPostgres({
    storeClient: { query: ({ text, values }: { text: string; values: unknown[] }) => statement(text, values) },
    ...{ storeType: 'client', tableName: 'rate_limits', tableCreated: true, clearExpiredByTimeout: false },
    ...{ keyPrefix: '', points: 1, duration: 1 },
  })
  return countersOf(stored)
}

function countersOf(limiter: RateLimiterMemory | RateLimiterPostgres): Counters {
  return {
    async add(key, points, lifeSeconds) {
      const options = { customDuration: lifeSeconds }
      const { consumedPoints } =
        points < 0 ? await limiter.reward(key, -points, options) : await limiter.penalty(key, points, options)
      return Math.max(0, consumedPoints)
    },
    async read(key) {
      return Math.max(0, (await limiter.get(key))?.consumedPoints ?? 0)
    },
  }
}

/** Counters of this hub alone stand in while the database is away; it is asked again each second. */
function insured(stored: Counters, clock: () => number, log: Log): Counters {
  const local = countersOf(new RateLimiterMemory({ keyPrefix: '', points: 1, duration: 1 }))
  let awayUntil = 0
  let isAway = false
  const either = async <T>(work: (counters: Counters) => Promise<T>): Promise<T> => {
    if (clock() < awayUntil) return work(local)
    try {
      const found = await inTime(work(stored))
      if (isAway) log.info('limits are counted for all hubs together again')
      isAway = false
      return found
    } catch (error) {
      awayUntil = clock() + TRY_AGAIN_MS
      if (!isAway) log.warn({ err: error }, 'the database does not count: this hub limits by itself')
      isAway = true
      return work(local)
    }
  }
  return {
    add: (key, points, life) => either((counters) => counters.add(key, points, life)),
    read: (key) => either((counters) => counters.read(key)),
  }
}

async function inTime<T>(pending: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Failure('DB_UNAVAILABLE', { waitedMs: PATIENCE_MS })), PATIENCE_MS)
  try {
    return await Promise.race([pending, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
