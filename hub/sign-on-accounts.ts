/** Whose account it is that signs on elsewhere, and which roles the groups there give. A local account is never taken over by its name. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { changeAccess } from './access-changes.ts'
import { addAccount } from './accounts.ts'
import type { Actor } from './actor.ts'
import { Username } from './api/user.ts'
import { inTransaction } from './db/connect.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { requireOver, scopesOfRoles } from './held-scopes.ts'
import type { Circumstances, Principal } from './principal.ts'
import type { Identity, SignOnSettings } from './single-sign-on.ts'
import { findUser } from './user-rows.ts'

/**
 * The account of somebody who signed on, with the roles that the groups give now; own ones stay.
 * @returns its id
 * @throws Failure SSO_NO_ROLE, SSO_ACCOUNT_EXISTS, SSO_ACCOUNT_UNKNOWN, ACCOUNT_DISABLED, ACCOUNT_EXPIRED, ROLE_UNKNOWN, LAST_ADMIN
 */
export async function accountOfIdentity(
  db: Kysely<Tables>,
  settings: SignOnSettings,
  identity: Identity,
  circumstances: Circumstances,
): Promise<string> {
  const { issuer, subject, groups } = identity
  const mapped = [...new Set(settings.roleMap.filter((one) => groups.includes(one.group)).map(({ role }) => role))]
  const account = await db
    .selectFrom('users')
    .select(['id', 'username', 'is_active', 'expires_at'])
    .select(sql<boolean>`expires_at is not null and expires_at <= now()`.as('isExpired'))
    .where('oidc_issuer', '=', issuer)
    .where('oidc_subject', '=', subject)
    .executeTakeFirst()
  if (account) {
    if (!account.is_active) throw new Failure('ACCOUNT_DISABLED')
    if (account.isExpired) throw new Failure('ACCOUNT_EXPIRED')
    const actor: Actor = { kind: 'user', id: account.id, name: account.username, ...circumstances }
    await giveRoles(db, account, mapped, actor)
  }
  if (mapped.length === 0) throw new Failure('SSO_NO_ROLE', { subject })
  return account?.id ?? addIdentity(db, settings, identity, mapped, circumstances)
}

async function giveRoles(
  db: Kysely<Tables>,
  { id, username }: { readonly id: string; readonly username: string },
  mapped: readonly string[],
  actor: Actor,
): Promise<void> {
  const look = (on: Kysely<Tables> | Transaction<Tables>) =>
    on.selectFrom('users').select(['roles', 'oidc_roles']).where('id', '=', id).executeTakeFirstOrThrow()
  const isSame = (one: readonly string[], other: readonly string[]) =>
    one.toSorted().join('\n') === other.toSorted().join('\n')
  const next = async (on: Kysely<Tables> | Transaction<Tables>) => {
    const { names } = await scopesOfRoles(on, mapped)
    const before = await look(on)
    const own = before.roles.filter((role) => !before.oidc_roles.includes(role))
    const given = names.filter((role) => !own.includes(role))
    return { before, given, roles: [...own, ...given] }
  }
  const seen = await next(db)
  if (isSame(seen.before.roles, seen.roles) && isSame(seen.before.oidc_roles, seen.given)) return
  await changeAccess(
    db,
    actor,
    async () => [id],
    async (trx) => {
      const { before, given, roles } = await next(trx)
      await trx
        .updateTable('users')
        .set({ roles, oidc_roles: given, updated_at: sql<Date>`now()` })
        .where('id', '=', id)
        .execute()
      const details = { user: username, id, by: 'single sign-on' }
      const change = { before: { roles: before.roles }, after: { roles } }
      await recordEvent(trx, { kind: 'user changed', actor, details, ...change })
      return { result: undefined, change: 'groups of the sign-on provider changed' }
    },
  )
}

async function addIdentity(
  db: Kysely<Tables>,
  settings: SignOnSettings,
  { issuer, subject, username, email, displayName }: Identity,
  mapped: readonly string[],
  circumstances: Circumstances,
): Promise<string> {
  const name = Username.safeParse(username ?? '')
  const clash = await db
    .selectFrom('users')
    .select('id')
    .where((row) =>
      row.or([
        row('username', 'in', [username ?? '', email ?? '']),
        row(sql<string>`lower(email)`, 'in', [username ?? '', email ?? '']),
      ]),
    )
    .executeTakeFirst()
  if (clash) throw new Failure('SSO_ACCOUNT_EXISTS', { subject })
  if (!settings.autoCreate) throw new Failure('SSO_ACCOUNT_UNKNOWN', { subject })
  if (!name.success) throw new Failure('SSO_FAILED', { reason: 'the provider gives no name that a user may have' })
  const actor: Actor = { kind: 'user', id: null, name: name.data, ...circumstances }
  return changeAccess(
    db,
    actor,
    async () => [],
    async (trx) => {
      const { names } = await scopesOfRoles(trx, mapped)
      const account = { username: name.data, hash: null, roles: names, createdBy: 'single sign-on' }
      const id = await addAccount(trx, account)
      if (id === undefined) throw new Failure('SSO_ACCOUNT_EXISTS', { subject })
      const bound = { oidc_issuer: issuer, oidc_subject: subject, oidc_roles: names }
      await trx
        .updateTable('users')
        .set({ ...bound, email, display_name: displayName?.slice(0, 120) ?? null })
        .where('id', '=', id)
        .execute()
      const details = { user: name.data, id, roles: names, issuer, subject }
      await recordEvent(trx, { kind: 'user added', actor, details })
      return { result: id, change: 'added', users: [id] }
    },
  )
}

/**
 * Says whose account it is at the provider.
 * @param subject null: nobody's any more
 * @throws Failure USER_UNKNOWN, MISSING_SCOPE, ALREADY_EXISTS
 */
export async function linkIdentity(
  db: Kysely<Tables>,
  by: { readonly principal: Principal; readonly actor: Actor },
  idOrName: string,
  { issuer, subject }: { readonly issuer: string; readonly subject: string | null },
): Promise<void> {
  try {
    await inTransaction(db, async (trx) => {
      const { id, username } = await findUser(trx, idOrName)
      await requireOver(trx, by.principal, [id])
      await trx
        .updateTable('users')
        .set({ oidc_issuer: subject === null ? null : issuer, oidc_subject: subject, updated_at: sql<Date>`now()` })
        .where('id', '=', id)
        .execute()
      const details = { user: username, id, issuer, subject }
      await recordEvent(trx, { kind: 'sign-on linked', actor: by.actor, details })
    })
  } catch (error) {
    if (violation(error)?.constraint === 'users_oidc') throw new Failure('ALREADY_EXISTS', { subject })
    throw error
  }
}
