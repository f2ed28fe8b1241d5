/**
 * A second factor at login: codes that change every 30 seconds (TOTP, RFC 6238: SHA-1, six digits), and recovery codes for when the
 * authenticator is lost. Each code counts once, on all hubs. Wrong ones have a counter of their own, which the right password does not
 * clear: whoever knows the password can't go on guessing.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { generateSecret, generateURI, verifySync } from 'otplib'
import type { Actor } from './actor.ts'
import type { SecondFactor, SecondFactorBegun } from './api/second-factor.ts'
import { inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'
import { type AttemptFrom, beginLogin } from './login-locks.ts'
import { forgetAccess } from './sessions.ts'

export const STEP_SECONDS = 30
export const RECOVERY_CODES = 10

/** A code counts one step before and after its own: clocks differ, people type slowly (RFC 6238, 5.2). */
const TOLERANCE_SECONDS = STEP_SECONDS

export interface SecondFactorParts {
  readonly db: Kysely<Tables>
  readonly keyring: Keyring
  /** Clock in ms. */
  readonly clock: () => number
}

export interface FactorOwner {
  readonly id: string
  readonly username: string
}

/** How somebody's second factor is. */
export async function showSecondFactor(db: Kysely<Tables>, userId: string): Promise<SecondFactor> {
  const row = await db
    .selectFrom('second_factors')
    .select('confirmed_at')
    .select(
      sql<number>`(select count(*) from recovery_codes c
        where c.user_id = second_factors.user_id and c.used_at is null)`.as('left'),
    )
    .where('user_id', '=', userId)
    .executeTakeFirst()
  const confirmedAt = row?.confirmed_at?.toISOString() ?? null
  return { isSetUp: confirmedAt !== null, confirmedAt, recoveryCodesLeft: row?.left ?? 0 }
}

/**
 * Makes a new secret; it counts once it was confirmed.
 * @throws Failure SECOND_FACTOR_EXISTS
 */
export async function beginSecondFactor(
  { db, keyring }: SecondFactorParts,
  { id, username }: FactorOwner,
  actor: Actor,
): Promise<SecondFactorBegun> {
  const secret = generateSecret()
  const sealed = keyring.sealBytes('second-factors', Buffer.from(secret), id)
  const fresh = { sealed_secret: sealed, last_step: 0, created_at: sql<Date>`now()` }
  await inTransaction(db, async (trx) => {
    const begun = await trx
      .insertInto('second_factors')
      .values({ user_id: id, sealed_secret: sealed })
      .onConflict((conflict) =>
        conflict.column('user_id').doUpdateSet(fresh).where('second_factors.confirmed_at', 'is', null),
      )
      .returning('user_id')
      .executeTakeFirst()
    if (!begun) throw new Failure('SECOND_FACTOR_EXISTS')
    await recordEvent(trx, { kind: 'second factor begun', actor, details: { user: username, id } })
  })
  return { secret, url: generateURI({ issuer: 'NetRaven', label: username, secret }) }
}

/**
 * From the next login on a code is asked for.
 * @returns recovery codes, which are nowhere to be read again
 * @throws Failure SECOND_FACTOR_ABSENT, SECOND_FACTOR_EXISTS, SECOND_FACTOR_INVALID, LOGIN_LOCKED, LOGIN_BUSY
 */
export async function confirmSecondFactor(
  parts: SecondFactorParts,
  { id, username }: FactorOwner,
  code: string,
  actor: Actor,
): Promise<string[]> {
  const { db } = parts
  const begun = await showBegun(db, id)
  if (!begun) throw new Failure('SECOND_FACTOR_ABSENT')
  if (begun.confirmed_at) throw new Failure('SECOND_FACTOR_EXISTS')
  const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode)
  await counted(db, { username, address: actor.address, via: actor.via }, async (trx) => {
    if (!(await useCode(trx, parts, id, code))) return false
    const confirmed = await trx
      .updateTable('second_factors')
      .set({ confirmed_at: sql<Date>`now()` })
      .where('user_id', '=', id)
      .where('confirmed_at', 'is', null)
      .executeTakeFirst()
    if (confirmed.numUpdatedRows === 0n) throw new Failure('SECOND_FACTOR_EXISTS')
    const rows = codes.map((one) => ({ id: newId(), user_id: id, code_hash: hashOfCode(one) }))
    await trx.insertInto('recovery_codes').values(rows).execute()
    await recordEvent(trx, { kind: 'second factor set up', actor, details: { user: username, id } })
    await forgetAccess(trx, `user ${id}`)
    return true
  })
  return codes
}

/**
 * What a login needs beside the password: nothing when there is no second factor.
 * @throws Failure SECOND_FACTOR_REQUIRED, SECOND_FACTOR_INVALID, LOGIN_LOCKED, LOGIN_BUSY
 */
export async function requireSecondFactor(
  parts: SecondFactorParts,
  owner: FactorOwner,
  from: Pick<AttemptFrom, 'address' | 'via'>,
  code: string | undefined,
): Promise<void> {
  const factor = await showBegun(parts.db, owner.id)
  if (!factor?.confirmed_at) return
  if (code === undefined) throw new Failure('SECOND_FACTOR_REQUIRED')
  await counted(parts.db, { username: owner.username, ...from }, async (trx) => {
    if (await useCode(trx, parts, owner.id, code)) return true
    if (!(await useRecoveryCode(trx, owner.id, code))) return false
    const actor: Actor = { kind: 'user', id: owner.id, name: owner.username, requestId: null, ...from }
    await recordEvent(trx, { kind: 'recovery code used', actor, details: { user: owner.username, id: owner.id } })
    return true
  })
}

/**
 * Takes the second factor away. The caller has asked for what whoever asks must show.
 * @returns whether there was one
 */
export async function dropSecondFactor(
  trx: Transaction<Tables>,
  { id, username }: FactorOwner,
  kind: 'second factor removed' | 'second factor reset',
  actor: Actor,
): Promise<boolean> {
  const gone = await trx.deleteFrom('second_factors').where('user_id', '=', id).returning('user_id').executeTakeFirst()
  await recordEvent(trx, { kind, actor, details: { user: username, id, existed: gone !== undefined } })
  await forgetAccess(trx, `user ${id}`)
  return gone !== undefined
}

function showBegun(db: Kysely<Tables>, userId: string) {
  return db.selectFrom('second_factors').select('confirmed_at').where('user_id', '=', userId).executeTakeFirst()
}

/** Counts a wrong code, on all hubs. @throws Failure SECOND_FACTOR_INVALID, LOGIN_LOCKED, LOGIN_BUSY */
async function counted(
  db: Kysely<Tables>,
  from: AttemptFrom,
  isRight: (trx: Transaction<Tables>) => Promise<boolean>,
): Promise<void> {
  const attempt = await beginLogin(db, { ...from, factor: 'second factor' })
  let right: boolean
  try {
    right = await inTransaction(db, isRight)
  } catch (error) {
    await attempt.withdrawn()
    throw error
  }
  if (!right) {
    await attempt.failed()
    throw new Failure('SECOND_FACTOR_INVALID')
  }
  await attempt.succeeded()
}

/** One at a time a user: the row is held until the step is written. */
async function useCode(
  trx: Transaction<Tables>,
  { keyring, clock }: SecondFactorParts,
  userId: string,
  given: string,
): Promise<boolean> {
  const code = given.replaceAll(/\s/g, '')
  if (!/^\d{6}$/.test(code)) return false
  const row = await trx
    .selectFrom('second_factors')
    .select(['sealed_secret', 'last_step'])
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst()
  if (!row) return false
  const secret = keyring.openBytes('second-factors', row.sealed_secret, userId).toString()
  const found = verifySync({
    secret,
    token: code,
    epoch: Math.floor(clock() / 1000),
    epochTolerance: TOLERANCE_SECONDS,
  })
  if (!found.valid || !('timeStep' in found) || found.timeStep <= row.last_step) return false
  await trx.updateTable('second_factors').set({ last_step: found.timeStep }).where('user_id', '=', userId).execute()
  return true
}

async function useRecoveryCode(trx: Transaction<Tables>, userId: string, code: string): Promise<boolean> {
  const used = await trx
    .updateTable('recovery_codes')
    .set({ used_at: sql<Date>`now()` })
    .where('user_id', '=', userId)
    .where('code_hash', '=', hashOfCode(code))
    .where('used_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return used !== undefined
}

/** 80 random bits, in groups that people can copy. */
function newRecoveryCode(): string {
  return randomBytes(10)
    .toString('hex')
    .replaceAll(/.{5}(?!$)/g, '$&-')
}

function hashOfCode(code: string): Buffer {
  const plain = code.replaceAll(/[\s-]/g, '').toLowerCase()
  return createHash('sha256').update(`netraven recovery code ${plain}`).digest()
}
