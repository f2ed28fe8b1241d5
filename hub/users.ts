/** Changes to users: by whoever may, never beyond what they hold themselves. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { changeAccess } from './access-changes.ts'
import { addAccount } from './accounts.ts'
import type { Actor } from './actor.ts'
import type { NewUser, Reactivation, UserChange, UserDetail } from './api/user.ts'
import { inTransaction } from './db/connect.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { requireGrantable, requireOver, scopesOfRoles } from './held-scopes.ts'
import { clearLogins, hashOfName, loginLockOf } from './login-locks.ts'
import { requireGoodPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'
import type { Principal } from './principal.ts'
import { endSessions } from './sessions.ts'
import { findUser, showUser } from './user-rows.ts'

/** Who changes, and what with. */
export interface Changing {
  readonly db: Kysely<Tables>
  readonly passwords: Passwords
  readonly principal: Pick<Principal, 'scopes'>
  readonly actor: Actor
  /** Clock in ms. */
  readonly clock: () => number
}

/** @throws Failure ALREADY_EXISTS, ROLE_UNKNOWN, MISSING_SCOPE, PASSWORD_REFUSED, REQUEST_INVALID */
export async function addUser(changing: Changing, wanted: NewUser): Promise<UserDetail> {
  const { db, passwords, principal, actor } = changing
  const { username, displayName = null, email = null, password, scopes, expiresAt = null } = wanted
  if (password !== undefined) requireGoodPassword(password, username)
  requireFuture(expiresAt, changing.clock())
  const hash = password === undefined ? null : await passwords.hash(password)
  return unique({ user: username, email }, () =>
    changeAccess(
      db,
      actor,
      async () => [],
      async (trx) => {
        const roles = await scopesOfRoles(trx, wanted.roles)
        requireGrantable(principal, [...roles.scopes, ...scopes])
        const account = { username, hash, roles: roles.names, mustChange: wanted.mustChangePassword }
        const id = await addAccount(trx, { ...account, createdBy: actor.name })
        if (id === undefined) throw new Failure('ALREADY_EXISTS', { user: username })
        await trx
          .updateTable('users')
          .set({ display_name: displayName, email, scopes: [...new Set(scopes)], expires_at: moment(expiresAt) })
          .where('id', '=', id)
          .execute()
        const details = { user: username, id, roles: roles.names, scopes, expiresAt }
        await recordEvent(trx, { kind: 'user added', actor, details })
        return { result: await showUser(trx, id), change: 'added', users: [id] }
      },
    ),
  )
}

/** @throws Failure USER_UNKNOWN, ALREADY_EXISTS, ROLE_UNKNOWN, MISSING_SCOPE, LAST_ADMIN, PASSWORD_REFUSED, REQUEST_INVALID */
export async function changeUser(changing: Changing, idOrName: string, change: UserChange): Promise<UserDetail> {
  const { db, passwords, principal, actor } = changing
  const { id, username } = await findUser(db, idOrName)
  requireFuture(change.expiresAt ?? null, changing.clock())
  if (change.password !== undefined) requireGoodPassword(change.password, username)
  await requireOver(db, principal, [id])
  const hash = change.password === undefined ? undefined : await passwords.hash(change.password)
  return unique({ user: username, email: change.email ?? null }, () =>
    changeAccess(
      db,
      actor,
      async () => [id],
      async (trx) => {
        await requireOver(trx, principal, [id])
        const before = await trx.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
        const roles = change.roles && (await newRoles(trx, principal, before.roles, change.roles))
        await trx
          .updateTable('users')
          .set({
            ...(change.displayName !== undefined && { display_name: change.displayName }),
            ...(change.email !== undefined && { email: change.email }),
            ...(change.expiresAt !== undefined && { expires_at: moment(change.expiresAt) }),
            ...(change.isActive !== undefined && { is_active: change.isActive }),
            ...(roles && { roles }),
            updated_at: sql`now()`,
          })
          .where('id', '=', id)
          .execute()
        if (change.isActive === false || change.email !== undefined) await voidResets(trx, id)
        if (hash !== undefined) {
          await setPassword(trx, id, hash, change.mustChangePassword ?? true)
          await endSessions(trx, { userId: id }, 'the password was changed')
        } else if (change.mustChangePassword !== undefined) {
          await trx
            .updateTable('passwords')
            .set({ must_change: change.mustChangePassword })
            .where('user_id', '=', id)
            .execute()
        }
        const { password: _, ...shown } = change
        const details = { user: username, id, ...shown, ...(hash !== undefined && { password: 'set' }) }
        const kind = change.isActive === false && before.is_active ? 'user disabled' : 'user changed'
        await recordEvent(trx, { kind, actor, details })
        const words = [
          ...(roles ? [`roles changed from ${list(before.roles)} to ${list(roles)}`] : []),
          ...(change.isActive === false ? ['the account was disabled'] : []),
        ]
        if (change.isActive === false && before.is_active) await noteDisabled(trx, id, actor)
        return { result: await showUser(trx, id), change: words.join('; ') }
      },
    ),
  )
}

/** @throws Failure USER_UNKNOWN, MISSING_SCOPE, LAST_ADMIN */
export async function setUserScopes(changing: Changing, idOrName: string, scopes: readonly string[]) {
  const { db, principal, actor } = changing
  const { id, username } = await findUser(db, idOrName)
  return changeAccess(
    db,
    actor,
    async () => [id],
    async (trx): Promise<{ result: UserDetail; change: string }> => {
      await requireOver(trx, principal, [id])
      const before = await trx.selectFrom('users').select('scopes').where('id', '=', id).executeTakeFirstOrThrow()
      requireGrantable(
        principal,
        scopes.filter((scope) => !before.scopes.includes(scope)),
      )
      const now = [...new Set(scopes)]
      await trx.updateTable('users').set({ scopes: now, updated_at: sql`now()` }).where('id', '=', id).execute()
      const details = { user: username, id, scopes: now, before: before.scopes }
      await recordEvent(trx, { kind: 'user changed', actor, details })
      const change = `scopes changed from ${list(before.scopes)} to ${list(now)}`
      return { result: await showUser(trx, id), change }
    },
  )
}

/** @throws Failure USER_UNKNOWN, MISSING_SCOPE, LAST_ADMIN */
export async function removeUser(changing: Changing, idOrName: string, forget: boolean): Promise<void> {
  if (!forget) {
    await changeUser(changing, idOrName, { isActive: false })
    return
  }
  const { db, principal, actor } = changing
  const { id, username } = await findUser(db, idOrName)
  await changeAccess(
    db,
    actor,
    async () => [id],
    async (trx) => {
      await requireOver(trx, principal, [id])
      await trx.deleteFrom('users').where('id', '=', id).execute()
      await recordEvent(trx, { kind: 'user forgotten', actor, details: { user: username, id } })
      return { result: undefined, change: '' }
    },
  )
}

/** Lets somebody who forgot the password try again at once. @throws Failure USER_UNKNOWN */
export async function unlockUser({ db, actor }: Changing, idOrName: string): Promise<UserDetail> {
  return inTransaction(db, async (trx) => {
    const { id, username } = await findUser(trx, idOrName)
    const { attempts } = await loginLockOf(trx, username)
    const wasLocked = await clearLogins(trx, hashOfName(username))
    const hadNoCode = await clearLogins(trx, hashOfName(username, 'second factor'))
    const addresses = [...new Set(attempts.filter(({ counts }) => counts).map(({ address }) => address))]
    await recordEvent(trx, {
      kind: 'user unlocked',
      actor,
      details: { user: username, id, wasLocked: wasLocked || hadNoCode, addresses },
    })
    return showUser(trx, id)
  })
}

/** @throws Failure USER_UNKNOWN, MISSING_SCOPE, LAST_ADMIN, REQUEST_INVALID */
export async function reactivateUser(changing: Changing, idOrName: string, wanted: Reactivation): Promise<UserDetail> {
  const { db, principal, actor, clock } = changing
  requireFuture(wanted.expiresAt ?? null, clock())
  const { id, username } = await findUser(db, idOrName)
  return changeAccess(
    db,
    actor,
    async () => [id],
    async (trx) => {
      await requireOver(trx, principal, [id])
      const { expires_at } = await trx
        .updateTable('users')
        .set({
          is_active: true,
          updated_at: sql`now()`,
          expires_at:
            wanted.expiresAt === undefined
              ? sql<Date | null>`case when expires_at > now() then expires_at end`
              : moment(wanted.expiresAt),
        })
        .where('id', '=', id)
        .returning('expires_at')
        .executeTakeFirstOrThrow()
      const details = { user: username, id, expiresAt: expires_at?.toISOString() ?? null }
      await recordEvent(trx, { kind: 'user reactivated', actor, details })
      return { result: await showUser(trx, id), change: 'reactivated' }
    },
  )
}

/** Replaces the password; links to reset it are of no use any more. Sessions are the caller's to end. */
export async function setPassword(trx: Transaction<Tables>, id: string, hash: string, mustChange: boolean) {
  const values = { hash, must_change: mustChange, changed_at: sql<Date>`now()` }
  await trx
    .insertInto('passwords')
    .values({ user_id: id, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .execute()
  await voidResets(trx, id)
}

async function voidResets(trx: Transaction<Tables>, id: string): Promise<void> {
  await trx
    .updateTable('password_resets')
    .set({ used_at: sql`now()` })
    .where('user_id', '=', id)
    .where('used_at', 'is', null)
    .execute()
}

async function noteDisabled(trx: Transaction<Tables>, id: string, actor: Actor): Promise<void> {
  await trx
    .updateTable('users')
    .set({
      access_changed_at: sql<Date>`now()`,
      access_changed_by: actor.name,
      access_change: 'the account was disabled',
    })
    .where('id', '=', id)
    .execute()
}

/** Only what is new must be held by whoever gives it. */
async function newRoles(
  trx: Transaction<Tables>,
  principal: Pick<Principal, 'scopes'>,
  before: readonly string[],
  wanted: readonly string[],
): Promise<string[]> {
  const { names } = await scopesOfRoles(trx, wanted)
  const added = names.filter((name) => !before.includes(name))
  requireGrantable(principal, (await scopesOfRoles(trx, added)).scopes)
  return names
}

function requireFuture(expiresAt: string | null, nowMs: number): void {
  if (expiresAt === null || Date.parse(expiresAt) > nowMs) return
  const issue = { where: 'json', path: 'expiresAt', message: 'must be in the future; to stop an account, disable it' }
  throw new Failure('REQUEST_INVALID', { issues: [issue] })
}

async function unique<T>(wanted: { user: string; email: string | null }, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const constraint = violation(error)?.constraint
    if (constraint === 'users_email') throw new Failure('ALREADY_EXISTS', { email: wanted.email })
    throw error
  }
}

const moment = (iso: string | null) => (iso === null ? null : new Date(iso))

const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '))
