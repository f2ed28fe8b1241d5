/** Roles of one's own, beside those that come with the hub. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { changeAccess } from './access-changes.ts'
import type { NewRole, Role, RoleChange } from './api/role.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { allRoles, requireGrantable, scopesOfRoles } from './held-scopes.ts'
import { newId } from './ids.ts'
import { builtInRoles } from './roles.ts'
import type { Changing } from './users.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** All roles, built-in ones first. */
export async function listRoles(db: Db): Promise<Role[]> {
  const roles = await allRoles(db)
  const [users, groups] = await Promise.all([usesOf(db, 'users'), usesOf(db, 'groups')])
  return roles.map((role) => ({
    ...role,
    scopes: [...role.scopes],
    users: users.get(role.name) ?? 0,
    groups: groups.get(role.name) ?? 0,
  }))
}

/** @throws Failure ROLE_UNKNOWN */
export async function showRole(db: Db, name: string): Promise<Role> {
  const roles = await listRoles(db)
  const found = roles.find((role) => role.name.toLowerCase() === name.trim().toLowerCase())
  if (!found) throw new Failure('ROLE_UNKNOWN', { role: name, known: roles.map((role) => role.name) })
  return found
}

/** @throws Failure ALREADY_EXISTS, MISSING_SCOPE */
export async function addRole({ db, principal, actor }: Changing, wanted: NewRole): Promise<Role> {
  const { name, about, scopes } = wanted
  if (builtInRoles.some((role) => role.name === name)) throw new Failure('ALREADY_EXISTS', { role: name })
  requireGrantable(principal, scopes)
  try {
    return await changeAccess(
      db,
      actor,
      async () => [],
      async (trx) => {
        await trx
          .insertInto('roles')
          .values({ id: newId(), name, about, scopes: [...new Set(scopes)] })
          .execute()
        await recordEvent(trx, { kind: 'role added', actor, details: { role: name, scopes } })
        return { result: await showRole(trx, name), change: 'added' }
      },
    )
  } catch (error) {
    if (violation(error)?.constraint === 'roles_name') throw new Failure('ALREADY_EXISTS', { role: name })
    throw error
  }
}

/** @throws Failure ROLE_UNKNOWN, ROLE_BUILT_IN, MISSING_SCOPE, LAST_ADMIN */
export async function changeRole({ db, principal, actor }: Changing, name: string, change: RoleChange): Promise<Role> {
  const role = await ownRole(db, name)
  return changeAccess(
    db,
    actor,
    (trx) => holdersOf(trx, role.name),
    async (trx) => {
      const { scopes: before } = await scopesOfRoles(trx, [role.name])
      const { about, scopes } = change
      if (scopes) {
        // Taking away is like giving: whoever holds the role may do more than somebody who lacks what is taken.
        requireGrantable(
          principal,
          [...scopes, ...before].filter((scope) => !(scopes.includes(scope) && before.includes(scope))),
        )
      }
      await trx
        .updateTable('roles')
        .set({
          ...(about !== undefined && { about }),
          ...(scopes && { scopes: [...new Set(scopes)] }),
          updated_at: sql`now()`,
        })
        .where(sql`lower(name)`, '=', role.name.toLowerCase())
        .execute()
      await recordEvent(trx, { kind: 'role changed', actor, details: { role: role.name, before, ...change } })
      return { result: await showRole(trx, role.name), change: `the role ${role.name} was changed` }
    },
  )
}

/** @throws Failure ROLE_UNKNOWN, ROLE_BUILT_IN; IN_USE while somebody has it */
export async function removeRole({ db, actor }: Changing, name: string): Promise<void> {
  const role = await ownRole(db, name)
  await changeAccess(
    db,
    actor,
    async () => [],
    async (trx) => {
      const { users, groups } = await showRole(trx, role.name)
      if (users + groups > 0) throw new Failure('IN_USE', { role: role.name, users, groups })
      await trx.deleteFrom('roles').where(sql`lower(name)`, '=', role.name.toLowerCase()).execute()
      await recordEvent(trx, { kind: 'role removed', actor, details: { role: role.name } })
      return { result: undefined, change: `the role ${role.name} was removed` }
    },
  )
}

async function ownRole(db: Db, name: string): Promise<Role> {
  const role = await showRole(db, name)
  if (role.isBuiltIn) throw new Failure('ROLE_BUILT_IN', { role: role.name })
  return role
}

async function holdersOf(trx: Transaction<Tables>, name: string): Promise<string[]> {
  const rows = await trx
    .selectFrom('users')
    .select('users.id')
    .where(
      sql<boolean>`(${name} = any(users.roles) or exists (
      select from group_members m join groups g on g.id = m.group_id where m.user_id = users.id and ${name} = any(g.roles)))`,
    )
    .execute()
  return rows.map((row) => row.id)
}

async function usesOf(db: Db, table: 'users' | 'groups'): Promise<Map<string, number>> {
  const { rows } = await sql<{ name: string; count: number }>`
    select held as name, count(*) as count from ${sql.table(table)}, unnest(roles) as held group by held`.execute(db)
  return new Map(rows.map(({ name, count }) => [name, count]))
}
