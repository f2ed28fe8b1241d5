/** Users as they are shown. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { isUuid } from './api/fields.ts'
import type { User, UserDetail, UserQuery } from './api/user.ts'
import type { Tables } from './db/tables.ts'
import { grantedTo, spelt } from './held-scopes.ts'
import { loginLockOf } from './login-locks.ts'
import { nearest } from './nearest.ts'
import { pageAfter, pageOfRows } from './pages.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** As `hashOfName` of login-locks.ts. */
const nameHash = sql<Buffer>`sha256(convert_to('netraven login ' || users.username, 'UTF8'))`

export interface UserName {
  readonly id: string
  readonly username: string
}

/**
 * @param idOrName id, or name in any case
 * @throws Failure USER_UNKNOWN, with `didYouMean` when a name is near
 */
export async function findUser(db: Db, idOrName: string): Promise<UserName> {
  const name = idOrName.trim().toLowerCase()
  const found = await db
    .selectFrom('users')
    .select(['id', 'username'])
    .where((row) => (isUuid(name) ? row('id', '=', name) : row('username', '=', name)))
    .executeTakeFirst()
  if (found) return found
  const names = await db.selectFrom('users').select('username').limit(10_000).execute()
  const didYouMean = nearest(
    name,
    names.map((row) => row.username),
  )
  throw new Failure('USER_UNKNOWN', { user: idOrName, ...(didYouMean && { didYouMean }) })
}

/** A page of users by name. */
export async function listUsers(db: Db, query: UserQuery): Promise<{ items: User[]; nextCursor: string | null }> {
  const { limit, cursor, q, role, group, active, locked } = query
  const after = pageAfter(cursor)
  const isLocked = sql<boolean>`exists (
    select from login_locks l where l.name_hash = ${nameHash} and l.locked_until > now())`
  const rows = await userRows(db)
    .$if(after !== undefined, (all) => all.where('users.username', '>', after ?? ''))
    .$if(q !== undefined && q !== '', (all) =>
      all.where(
        sql<boolean>`strpos(lower(concat_ws(' ', users.username, users.display_name, users.email)), lower(${q})) > 0`,
      ),
    )
    .$if(role !== undefined, (all) => all.where(sql<boolean>`lower(${role}) = any(users.roles)`))
    .$if(active !== undefined, (all) => all.where('users.is_active', '=', active ?? true))
    .$if(locked !== undefined, (all) => all.where(locked ? isLocked : sql<boolean>`not ${isLocked}`))
    .$if(group !== undefined, (all) =>
      all.where(sql<boolean>`exists (select from group_members m join groups g on g.id = m.group_id
        where m.user_id = users.id and (g.id::text = lower(${group}) or lower(g.name) = lower(${group})))`),
    )
    .orderBy('users.username')
    .limit(limit + 1)
    .execute()
  return pageOfRows(rows, limit, toUser, (row) => row.username)
}

/** @throws Failure USER_UNKNOWN */
export async function showUser(db: Db, idOrName: string): Promise<UserDetail> {
  const { id } = await findUser(db, idOrName)
  const row = await userRows(db).where('users.id', '=', id).executeTakeFirstOrThrow()
  const granted = (await grantedTo(db, [id])).get(id) ?? []
  const lock = await loginLockOf(db, row.username)
  return {
    ...toUser(row),
    effectiveScopes: spelt(granted),
    accessChange: row.access_changed_at && {
      at: row.access_changed_at.toISOString(),
      by: row.access_changed_by,
      reason: row.access_change,
      lost: row.access_lost,
    },
    lock: {
      lockedAt: lock.lockedAt?.toISOString() ?? null,
      lockedUntil: lock.lockedUntil?.toISOString() ?? null,
      attempts: lock.attempts.map((attempt) => ({ ...attempt, at: attempt.at.toISOString() })),
    },
  }
}

function userRows(db: Db) {
  return db
    .selectFrom('users')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .selectAll('users')
    .select(['passwords.must_change', sql<boolean>`passwords.user_id is not null`.as('has_password')])
    .select([
      sql<boolean>`users.expires_at is not null and users.expires_at <= now()`.as('is_expired'),
      sql<Date | null>`(select l.locked_until from login_locks l
        where l.name_hash = ${nameHash} and l.locked_until > now())`.as('locked_until'),
      sql<{ id: string; name: string }[]>`(
        select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name) order by lower(g.name)), '[]')
        from group_members m join groups g on g.id = m.group_id where m.user_id = users.id)`.as('groups'),
    ])
}

type UserRow = Awaited<ReturnType<ReturnType<typeof userRows>['executeTakeFirstOrThrow']>>

function toUser(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    displayName: row.display_name,
    email: row.email,
    roles: row.roles,
    scopes: row.scopes,
    groups: row.groups,
    isActive: row.is_active,
    expiresAt: row.expires_at?.toISOString() ?? null,
    isExpired: row.is_expired,
    hasPassword: row.has_password,
    mustChangePassword: row.must_change ?? false,
    lockedUntil: row.locked_until?.toISOString() ?? null,
    lastLoginAt: row.last_login_at?.toISOString() ?? null,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}
