/**
 * Failed logins, counted in the database for all hubs. Five of one account within 15 minutes lock it for 15 minutes, whatever is tried
 * meanwhile, the right password too. There are two counters: of the account, and of the account at one address. An address from which
 * the account has logged in before keeps a reserve of its own, so that strangers can't lock somebody out from where they always work.
 *
 * A try is written down before the password is looked at, as pending, and settled afterwards: so hubs that check at once never look at
 * more than five passwords. A name that nobody has is counted and locked like any other. When the database is away nobody logs in.
 */
import { createHash } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { anonymousActor, hubActor } from './actor.ts'
import { inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'

export const MAX_FAILURES = 5
export const WINDOW_MINUTES = 15
export const LOCK_MINUTES = 15

/** So many wrong passwords an address of old may send while others have locked the account. */
export const RESERVE_FAILURES = 3

/** An address is of old when the account opened a session from it within so many days. */
const PROVEN_DAYS = 30

/** A try that is not settled by then counts as failed: its hub died. */
const PENDING_SECONDS = 60

export interface LoginAttempt {
  /** The password was wrong. */
  failed(): Promise<void>
  /** The password was right: the counters begin anew. */
  succeeded(): Promise<void>
  /** The password was not looked at. */
  withdrawn(): Promise<void>
}

export interface AttemptFrom {
  readonly username: string
  readonly address: string | null
  readonly via: string | null
  readonly requestId?: string | null
  /** Absent: the password. Each has a counter of its own. */
  readonly factor?: Factor
}

export type Factor = 'password' | 'second factor'

/** The name as it is kept: people type passwords where a name belongs. */
export function hashOfName(username: string, factor: Factor = 'password'): Buffer {
  const counter = factor === 'password' ? 'login' : factor
  return createHash('sha256').update(`netraven ${counter} ${username.trim().toLowerCase()}`).digest()
}

/**
 * Asks whether a password of this account may be looked at now.
 * @throws Failure LOGIN_LOCKED with `retryAfterSeconds`; LOGIN_BUSY when that depends on tries that are under way; DB_…
 */
export async function beginLogin(db: Kysely<Tables>, from: AttemptFrom): Promise<LoginAttempt> {
  const { username, address, via } = from
  const name = hashOfName(username, from.factor)
  const { id, isReserve } = await onName(db, name, async (trx) => {
    const standing = await standingOf(trx, name, address)
    const reserve = standing.lockedForSeconds > 0
    if (reserve && !(standing.atAddress < RESERVE_FAILURES && (await isProven(trx, username, address)))) {
      throw new Failure('LOGIN_LOCKED', { retryAfterSeconds: Math.ceil(standing.lockedForSeconds) })
    }
    if (!reserve && standing.failed + standing.pending >= MAX_FAILURES) {
      throw new Failure('LOGIN_BUSY', { retryAfterSeconds: 1 })
    }
    const row = { id: newId(), name_hash: name, address, via, is_reserve: reserve }
    await trx.insertInto('login_attempts').values(row).execute()
    return { id: row.id, isReserve: reserve }
  })
  const remove = (trx: Transaction<Tables>) => trx.deleteFrom('login_attempts').where('id', '=', id).execute()
  return {
    failed: () =>
      onName(db, name, async (trx) => {
        await trx.updateTable('login_attempts').set({ outcome: 'failed' }).where('id', '=', id).execute()
        await recordRefusal(trx, from, from.factor === 'second factor' ? 'wrong code' : 'wrong name or password')
        if (!isReserve && (await standingOf(trx, name, address)).failed >= MAX_FAILURES) await lock(trx, name, from)
      }),
    succeeded: () =>
      onName(db, name, async (trx) => {
        await remove(trx)
        // A lock that others brought about stays: it is not this address that it is for.
        await clearLogins(trx, name, isReserve ? { address } : {})
      }),
    withdrawn: () => onName(db, name, async (trx) => void (await remove(trx))),
  }
}

/** One at a time a name, on all hubs. */
function onName<T>(db: Kysely<Tables>, name: Buffer, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  return inTransaction(db, async (trx) => {
    await sql`select pg_advisory_xact_lock(${name.readBigInt64BE(0).toString()}::bigint)`.execute(trx)
    return work(trx)
  })
}

const recently = sql<boolean>`at > now() - ${WINDOW_MINUTES} * interval '1 minute' and cleared_at is null`
const isFailed = sql<boolean>`(outcome = 'failed' or at < now() - ${PENDING_SECONDS} * interval '1 second')`

async function standingOf(trx: Transaction<Tables>, name: Buffer, address: string | null) {
  const counts = await trx
    .selectFrom('login_attempts')
    .select([
      sql<number>`count(*) filter (where ${isFailed} and not is_reserve)`.as('failed'),
      sql<number>`count(*) filter (where not ${isFailed} and not is_reserve)`.as('pending'),
      sql<number>`count(*) filter (where address is not distinct from ${address})`.as('atAddress'),
    ])
    .where('name_hash', '=', name)
    .where(recently)
    .executeTakeFirstOrThrow()
  const held = await trx
    .selectFrom('login_locks')
    .select(sql<number>`extract(epoch from locked_until - now())::float8`.as('seconds'))
    .where('name_hash', '=', name)
    .executeTakeFirst()
  return { ...counts, lockedForSeconds: held?.seconds ?? 0 }
}

async function isProven(trx: Transaction<Tables>, username: string, address: string | null): Promise<boolean> {
  if (address === null) return false
  const session = await trx
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('sessions.id')
    .where('users.username', '=', username.trim().toLowerCase())
    .where('sessions.address', '=', address)
    .where(sql<boolean>`sessions.created_at > now() - ${PROVEN_DAYS} * interval '1 day'`)
    .limit(1)
    .executeTakeFirst()
  return session !== undefined
}

async function lock(
  trx: Transaction<Tables>,
  name: Buffer,
  { username, address, factor = 'password' }: AttemptFrom,
): Promise<void> {
  const until = sql<Date>`now() + ${LOCK_MINUTES} * interval '1 minute'`
  await trx
    .insertInto('login_locks')
    .values({ name_hash: name, locked_until: until })
    .onConflict((conflict) => conflict.column('name_hash').doUpdateSet({ locked_at: sql`now()`, locked_until: until }))
    .execute()
  const user = await userNamed(trx, username)
  const details = { user: user?.username ?? null, address, factor, failures: MAX_FAILURES, minutes: LOCK_MINUTES }
  await recordEvent(trx, { kind: 'login locked', actor: hubActor, details })
}

/** Writes down that a login was refused, and why. Of a name that nobody has nothing is told: it may be a password in the wrong place. */
export async function recordRefusal(
  db: Kysely<Tables> | Transaction<Tables>,
  from: AttemptFrom,
  reason: string,
): Promise<void> {
  const user = await userNamed(db, from.username)
  const target = { kind: 'user', id: user?.id ?? null, name: user?.username ?? null }
  await recordEvent(db, { kind: 'login refused', actor: anonymousActor(from), details: { reason }, target })
}

function userNamed(db: Kysely<Tables> | Transaction<Tables>, username: string) {
  const given = username.trim().toLowerCase()
  return db.selectFrom('users').select(['id', 'username']).where('username', '=', given).executeTakeFirst()
}

/** Lets a name log in at once; with `address`, only what came from there counts no more. @returns whether it was locked */
export async function clearLogins(
  trx: Transaction<Tables>,
  name: Buffer,
  only: { readonly address?: string | null } = {},
): Promise<boolean> {
  await trx
    .updateTable('login_attempts')
    .set({ cleared_at: sql`now()` })
    .where('name_hash', '=', name)
    .where('cleared_at', 'is', null)
    .$if('address' in only, (query) => query.where(sql<boolean>`address is not distinct from ${only.address}`))
    .execute()
  if ('address' in only) return false
  const ended = await trx
    .deleteFrom('login_locks')
    .where('name_hash', '=', name)
    .returning(sql<boolean>`locked_until > now()`.as('wasLocked'))
    .executeTakeFirst()
  return ended?.wasLocked ?? false
}

export interface LoginLock {
  /** null: not locked. */
  readonly lockedAt: Date | null
  readonly lockedUntil: Date | null
  /** Wrong passwords of the last day, newest first; `counts` says whether they still do. */
  readonly attempts: readonly { at: Date; address: string | null; via: string | null; counts: boolean }[]
}

/** What an administrator sees of an account's failed logins. */
export async function loginLockOf(db: Kysely<Tables> | Transaction<Tables>, username: string): Promise<LoginLock> {
  const name = hashOfName(username)
  const held = await db
    .selectFrom('login_locks')
    .select(['locked_at', 'locked_until'])
    .where('name_hash', '=', name)
    .where('locked_until', '>', sql<Date>`now()`)
    .executeTakeFirst()
  const attempts = await db
    .selectFrom('login_attempts')
    .select(['at', 'address', 'via', sql<boolean>`(${recently})`.as('counts')])
    .where('name_hash', '=', name)
    .where(isFailed)
    .orderBy('at', 'desc')
    .limit(50)
    .execute()
  return { lockedAt: held?.locked_at ?? null, lockedUntil: held?.locked_until ?? null, attempts }
}

/** Deletes what nobody asks about any more. */
export async function forgetLoginAttempts(db: Kysely<Tables>): Promise<void> {
  const dayAgo = sql<Date>`now() - interval '1 day'`
  await db.deleteFrom('login_attempts').where('at', '<', dayAgo).execute()
  await db.deleteFrom('login_locks').where('locked_until', '<', dayAgo).execute()
  await db.deleteFrom('reset_requests').where('at', '<', dayAgo).execute()
  await db.deleteFrom('password_resets').where('expires_at', '<', dayAgo).execute()
}
