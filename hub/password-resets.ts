/** Forgotten passwords: single-use links that live for half an hour. Only their hashes are kept. */
import { createHash, randomBytes } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { changeAccess } from './access-changes.ts'
import { type Actor, earlierActor } from './actor.ts'
import { inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Log } from './log.ts'
import { clearLogins, hashOfName } from './login-locks.ts'
import type { Mail } from './mail.ts'
import { requireGoodPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'
import { endSessions } from './sessions.ts'
import { setPassword } from './users.ts'

export const RESET_MINUTES = 30

/** An address asks for at most so many an hour; more are refused. */
export const REQUESTS_PER_ADDRESS = 20

/** A user gets at most so many letters an hour; more are left out, and nobody is told. */
export const LETTERS_PER_ACCOUNT = 3

const RESET_TOKEN = /^nrp_[A-Za-z0-9_-]{43}$/

export interface ResetParts {
  readonly db: Kysely<Tables>
  readonly mail: Mail | undefined
  /** Where people reach the hub; undefined: it is not known, and no header of a request is taken for it. */
  readonly publicUrl: string | undefined
  readonly log: Log
}

export interface MadeReset {
  readonly token: string
  readonly link: string | null
  readonly expiresAt: Date
}

/** Makes a link. @param trx a transaction, with the event that the caller writes */
export async function makeReset(
  trx: Transaction<Tables>,
  userId: string,
  createdBy: string,
  publicUrl: string | undefined,
): Promise<MadeReset> {
  const token = `nrp_${randomBytes(32).toString('base64url')}`
  const { expires_at } = await trx
    .insertInto('password_resets')
    .values({
      id: newId(),
      user_id: userId,
      token_hash: hashOf(token),
      created_by: createdBy,
      expires_at: sql<Date>`now() + ${RESET_MINUTES} * interval '1 minute'`,
    })
    .returning('expires_at')
    .executeTakeFirstOrThrow()
  return { token, link: linkOf(publicUrl, token), expiresAt: expires_at }
}

/**
 * Notes that somebody forgot a password, the same for every name.
 * @returns what is left to do; nobody who asked waits for it, or its time would tell whether there is such a user
 * @throws Failure RATE_LIMITED_IP when this address asked too often
 */
export async function forgotPassword(
  parts: ResetParts,
  name: string,
  address: string | null,
): Promise<() => Promise<void>> {
  const { db } = parts
  const nameHash = hashOfName(name)
  await db.insertInto('reset_requests').values({ id: newId(), name_hash: nameHash, address }).execute()
  const counts = await db
    .selectFrom('reset_requests')
    .select([
      sql<number>`count(*) filter (where name_hash = ${nameHash})`.as('ofName'),
      sql<number>`count(*) filter (where address is not distinct from ${address})`.as('ofAddress'),
    ])
    .where(sql<boolean>`at > now() - interval '1 hour'`)
    .where((row) => row.or([row('name_hash', '=', nameHash), row('address', 'is not distinct from', address)]))
    .executeTakeFirstOrThrow()
  if (counts.ofAddress > REQUESTS_PER_ADDRESS) throw new Failure('RATE_LIMITED_IP', { retryAfterSeconds: 900 })
  if (counts.ofName > LETTERS_PER_ACCOUNT) {
    return async () => parts.log.warn({ address }, 'a password reset was asked for too often; no letter is sent')
  }
  return () => sendReset(parts, name, address)
}

async function sendReset({ db, mail, publicUrl, log }: ResetParts, name: string, address: string | null) {
  const given = name.trim().toLowerCase()
  const user = await db
    .selectFrom('users')
    .select(['id', 'username', 'email'])
    .where((row) => row.or([row('username', '=', given), row(sql`lower(email)`, '=', given)]))
    .where('is_active', '=', true)
    .where(sql<boolean>`(expires_at is null or expires_at > now())`)
    // Somebody's address may be another's name: the name counts.
    .orderBy(sql`username = ${given}`, 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!user) return log.info({ address }, 'a password reset was asked for, of nobody who could use one')
  const { email, username } = user
  const actor = { ...earlierActor(username), address }
  const made = await inTransaction(db, async (trx) => {
    const isMailed = mail !== undefined && email !== null
    const details = { user: username, id: user.id, address, isMailed }
    await recordEvent(trx, { kind: 'password reset asked for', actor, details })
    return isMailed ? makeReset(trx, user.id, 'forgot password', publicUrl) : undefined
  })
  if (!made || !mail || email === null) {
    return log.warn({ user: username, address }, 'a password reset was asked for, and no letter is sent: make a link')
  }
  await mail.send({ to: email, subject: 'NetRaven: choose a new password', text: letterOf(username, made) })
  log.info({ user: username, address }, 'a link to choose a new password was sent')
}

/**
 * Takes a link: the new password counts at once, everybody who was logged in is logged out, and a lock is lifted.
 * @throws Failure RESET_TOKEN_INVALID, PASSWORD_REFUSED (the link is still good then), LOGIN_BUSY
 */
export async function resetPassword(
  { db, passwords }: { db: Kysely<Tables>; passwords: Passwords },
  { token, password }: { token: string; password: string },
  from: Pick<Actor, 'address' | 'via' | 'requestId'>,
): Promise<string> {
  if (!RESET_TOKEN.test(token)) throw new Failure('RESET_TOKEN_INVALID')
  const liveOf = (source: Kysely<Tables> | Transaction<Tables>) =>
    source
      .selectFrom('password_resets as reset')
      .innerJoin('users', 'users.id', 'reset.user_id')
      .select(['reset.id', 'reset.user_id', 'users.username'])
      .where('reset.token_hash', '=', hashOf(token))
      .where('reset.used_at', 'is', null)
      .where(sql<boolean>`reset.expires_at > now()`)
      .where('users.is_active', '=', true)
      .where(sql<boolean>`(users.expires_at is null or users.expires_at > now())`)
  const first = await liveOf(db).executeTakeFirst()
  if (!first) throw new Failure('RESET_TOKEN_INVALID')
  requireGoodPassword(password, first.username)
  const hash = await passwords.hash(password)
  const actor: Actor = { kind: 'user', id: first.user_id, name: first.username, ...from }
  return changeAccess(
    db,
    actor,
    async () => [first.user_id],
    async (trx) => {
      const reset = await liveOf(trx).forUpdate('reset').executeTakeFirst()
      if (!reset) throw new Failure('RESET_TOKEN_INVALID')
      await setPassword(trx, reset.user_id, hash, false)
      await endSessions(trx, { userId: reset.user_id }, 'the password was reset')
      await clearLogins(trx, hashOfName(reset.username))
      await recordEvent(trx, { kind: 'password reset', actor, details: { user: reset.username, id: reset.user_id } })
      return { result: reset.user_id, change: '' }
    },
  )
}

function letterOf(username: string, { token, link }: MadeReset): string {
  const way =
    link === null
      ? `On the command line:\n\n  netraven passwd --reset --hub URL\n\nand when asked for the token:\n\n  ${token}\n`
      : `Open this, or on the command line use \`netraven passwd --reset\` with what stands behind the #:\n\n  ${link}\n`
  return `Somebody, hopefully you, asked for a new password of the user ${username}.\n\n${way}\nIt works once, within ${RESET_MINUTES} minutes. If it was not you, do nothing: your password stays as it is.\n`
}

/** The token stands behind a #, where no log of a server and no other site sees it. */
function linkOf(publicUrl: string | undefined, token: string): string | null {
  return publicUrl === undefined ? null : `${publicUrl.replace(/\/+$/, '')}/reset-password#${token}`
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
