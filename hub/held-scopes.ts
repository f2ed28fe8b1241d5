/** What accounts hold, read from the database: for whoever changes it, who must hold as much. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import type { Principal } from './principal.ts'
import { builtInRoles, type Role } from './roles.ts'
import { type Scope, ScopeSet } from './scopes.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** Built-in roles, then own ones by name. */
export async function allRoles(db: Db): Promise<(Role & { readonly isBuiltIn: boolean })[]> {
  const own = await db.selectFrom('roles').select(['name', 'about', 'scopes']).orderBy(sql`lower(name)`).execute()
  return [
    ...builtInRoles.map((role) => ({ ...role, isBuiltIn: true })),
    ...own.map((role) => ({ ...role, isBuiltIn: false })),
  ]
}

/**
 * The scopes of roles, wildcards among them, and the names as they are kept.
 * @throws Failure ROLE_UNKNOWN
 */
export async function scopesOfRoles(db: Db, names: readonly string[]): Promise<{ names: string[]; scopes: string[] }> {
  if (names.length === 0) return { names: [], scopes: [] }
  const roles = await allRoles(db)
  const found = names.map((name) => {
    const role = roles.find((one) => one.name.toLowerCase() === name.trim().toLowerCase())
    if (!role) throw new Failure('ROLE_UNKNOWN', { role: name, known: roles.map((one) => one.name) })
    return role
  })
  return { names: [...new Set(found.map((role) => role.name))], scopes: found.flatMap((role) => [...role.scopes]) }
}

/** What each of these users was granted, by roles, groups and by itself, wildcards among them; a disabled user all the same. */
export async function grantedTo(db: Db, userIds: readonly string[]): Promise<Map<string, string[]>> {
  if (userIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('users')
    .select(['users.id', 'users.roles', 'users.scopes'])
    .select(
      sql<string[]>`array(
        select unnest(g.roles) from group_members m join groups g on g.id = m.group_id where m.user_id = users.id)`.as(
        'groupRoles',
      ),
    )
    .where('users.id', 'in', [...userIds])
    .execute()
  const roles = new Map((await allRoles(db)).map((role) => [role.name.toLowerCase(), role.scopes]))
  return new Map(
    rows.map(({ id, roles: own, scopes, groupRoles }) => [
      id,
      [...scopes, ...[...own, ...groupRoles].flatMap((name) => roles.get(name.toLowerCase()) ?? [])],
    ]),
  )
}

/** Single scopes, wildcards spelt out. */
export function spelt(granted: readonly string[]): Scope[] {
  return ScopeSet.of(granted).held
}

/**
 * Nobody grants what they lack.
 * @throws Failure MISSING_SCOPE
 */
export function requireGrantable(principal: Pick<Principal, 'scopes'>, granted: readonly string[]): void {
  const missing = principal.scopes.lacking(new Set(granted))
  if (missing.length === 0) return
  const reason = 'nobody grants what they lack'
  throw new Failure('MISSING_SCOPE', { reason, required: missing, missing, held: principal.scopes.held })
}

/**
 * Whoever may less than somebody else does not change that account: its next password or address would be theirs.
 * @throws Failure MISSING_SCOPE
 */
export async function requireOver(db: Db, principal: Pick<Principal, 'scopes'>, userIds: readonly string[]) {
  for (const granted of (await grantedTo(db, userIds)).values()) {
    const missing = principal.scopes.lacking(new Set(granted))
    if (missing.length === 0) continue
    const reason = 'the account may do more than you'
    throw new Failure('MISSING_SCOPE', { reason, required: missing, missing, held: principal.scopes.held })
  }
}
