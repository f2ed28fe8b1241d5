/** Groups of users: their roles count for every member. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { changeAccess } from './access-changes.ts'
import { isUuid } from './api/fields.ts'
import type { Group, GroupChange, GroupDetail, NewGroup } from './api/group.ts'
import type { PageQuery } from './api/page.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { requireSayOverGroup } from './grant-resources.ts'
import { requireGrantable, requireOver, scopesOfRoles } from './held-scopes.ts'
import { newId } from './ids.ts'
import { nearest } from './nearest.ts'
import { pageAfter, pageOfRows } from './pages.ts'
import type { Principal } from './principal.ts'
import { findUser } from './user-rows.ts'
import type { Changing } from './users.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/**
 * @param idOrName id, or name in any case
 * @throws Failure GROUP_UNKNOWN
 */
export async function findGroup(db: Db, idOrName: string): Promise<{ id: string; name: string; roles: string[] }> {
  const found = await db
    .selectFrom('groups')
    .select(['id', 'name', 'roles'])
    .where((row) =>
      isUuid(idOrName) ? row('id', '=', idOrName) : row(sql`lower(name)`, '=', sql`lower(${idOrName.trim()})`),
    )
    .executeTakeFirst()
  if (found) return found
  const names = await db.selectFrom('groups').select('name').limit(10_000).execute()
  const didYouMean = nearest(
    idOrName,
    names.map((row) => row.name),
  )
  throw new Failure('GROUP_UNKNOWN', { group: idOrName, ...(didYouMean && { didYouMean }) })
}

/** A page of groups by name. */
export async function listGroups(db: Db, { limit, cursor }: PageQuery) {
  const after = pageAfter(cursor)
  const rows = await groupRows(db)
    .$if(after !== undefined, (all) => all.where(sql`lower(groups.name)`, '>', after ?? ''))
    .orderBy(sql`lower(groups.name)`)
    .limit(limit + 1)
    .execute()
  return pageOfRows(rows, limit, toGroup, (row) => row.sort_key)
}

/** @throws Failure GROUP_UNKNOWN */
export async function showGroup(db: Db, idOrName: string): Promise<GroupDetail> {
  const { id } = await findGroup(db, idOrName)
  const row = await groupRows(db).where('groups.id', '=', id).executeTakeFirstOrThrow()
  const members = await db
    .selectFrom('group_members')
    .innerJoin('users', 'users.id', 'group_members.user_id')
    .select(['users.id', 'users.username'])
    .where('group_id', '=', id)
    .orderBy('users.username')
    .execute()
  return { ...toGroup(row), members }
}

/** @throws Failure ALREADY_EXISTS, ROLE_UNKNOWN, MISSING_SCOPE */
export async function addGroup({ db, principal, actor }: Changing, wanted: NewGroup): Promise<GroupDetail> {
  const { name, about } = wanted
  return unique(name, () =>
    changeAccess(
      db,
      actor,
      async () => [],
      async (trx) => {
        const roles = await scopesOfRoles(trx, wanted.roles)
        requireGrantable(principal, roles.scopes)
        const id = newId()
        await trx.insertInto('groups').values({ id, name, about, roles: roles.names }).execute()
        await recordEvent(trx, { kind: 'group added', actor, details: { group: name, id, roles: roles.names } })
        return { result: await showGroup(trx, id), change: 'added' }
      },
    ),
  )
}

/** @throws Failure GROUP_UNKNOWN, ALREADY_EXISTS, ROLE_UNKNOWN, MISSING_SCOPE, LAST_ADMIN */
export async function changeGroup(changing: Changing, idOrName: string, change: GroupChange): Promise<GroupDetail> {
  const { db, principal, actor } = changing
  const { id, name } = await findGroup(db, idOrName)
  return unique(change.name ?? name, () =>
    changeAccess(
      db,
      actor,
      (trx) => membersOf(trx, id),
      async (trx) => {
        const before = await findGroup(trx, id)
        const roles = change.roles && (await scopesOfRoles(trx, change.roles)).names
        if (roles) {
          const touched = [...roles, ...before.roles].filter(
            (role) => !(roles.includes(role) && before.roles.includes(role)),
          )
          requireGrantable(principal, (await scopesOfRoles(trx, touched)).scopes)
        }
        const { about } = change
        await trx
          .updateTable('groups')
          .set({
            ...(change.name !== undefined && { name: change.name }),
            ...(about !== undefined && { about }),
            ...(roles && { roles }),
            updated_at: sql`now()`,
          })
          .where('id', '=', id)
          .execute()
        await recordEvent(trx, { kind: 'group changed', actor, details: { group: name, id, ...change } })
        const words = `roles of the group ${name} changed from ${list(before.roles)} to ${list(roles ?? before.roles)}`
        return { result: await showGroup(trx, id), change: words }
      },
    ),
  )
}

/** @throws Failure GROUP_UNKNOWN, MISSING_SCOPE, LAST_ADMIN */
export async function removeGroup({ db, principal, actor }: Changing, idOrName: string): Promise<void> {
  const { id, name } = await findGroup(db, idOrName)
  await changeAccess(
    db,
    actor,
    (trx) => membersOf(trx, id),
    async (trx) => {
      const { roles } = await findGroup(trx, id)
      requireGrantable(principal, (await scopesOfRoles(trx, roles)).scopes)
      const users = await membersOf(trx, id)
      await trx.deleteFrom('groups').where('id', '=', id).execute()
      await recordEvent(trx, { kind: 'group removed', actor, details: { group: name, id, members: users.length } })
      return { result: undefined, change: `the group ${name} was removed` }
    },
  )
}

/**
 * Makes these the members, and nobody else. Whoever is added gets what was granted to the group, so whoever adds must be able to grant it.
 * @throws Failure GROUP_UNKNOWN, USER_UNKNOWN, MISSING_SCOPE, NOT_OWNER, LAST_ADMIN
 */
export async function setMembers(
  changing: Changing & { readonly principal: Principal },
  idOrName: string,
  wanted: readonly string[],
) {
  const { db, principal, actor } = changing
  const { id, name } = await findGroup(db, idOrName)
  return changeAccess(
    db,
    actor,
    (trx) => membersOf(trx, id),
    async (trx): Promise<{ result: GroupDetail; change: string; users: string[] }> => {
      const before = await membersOf(trx, id)
      const named: string[] = []
      for (const one of wanted) named.push((await findUser(trx, one)).id)
      const now = [...new Set(named)]
      const added = now.filter((user) => !before.includes(user))
      const removed = before.filter((user) => !now.includes(user))
      const { roles } = await findGroup(trx, id)
      if (added.length > 0) {
        requireGrantable(principal, (await scopesOfRoles(trx, roles)).scopes)
        await requireSayOverGroup(trx, principal, id)
      }
      await requireOver(trx, principal, [...added, ...removed])
      if (removed.length > 0) {
        await trx.deleteFrom('group_members').where('group_id', '=', id).where('user_id', 'in', removed).execute()
      }
      if (added.length > 0) {
        const rows = added.map((user) => ({ group_id: id, user_id: user }))
        await trx.insertInto('group_members').values(rows).execute()
      }
      await trx.updateTable('groups').set({ updated_at: sql`now()` }).where('id', '=', id).execute()
      await recordEvent(trx, { kind: 'group changed', actor, details: { group: name, id, added, removed } })
      return { result: await showGroup(trx, id), change: `no longer in the group ${name}`, users: added }
    },
  )
}

async function membersOf(trx: Transaction<Tables>, id: string): Promise<string[]> {
  const rows = await trx.selectFrom('group_members').select('user_id').where('group_id', '=', id).execute()
  return rows.map((row) => row.user_id)
}

function groupRows(db: Db) {
  return db
    .selectFrom('groups')
    .selectAll('groups')
    .select([
      sql<string>`lower(groups.name)`.as('sort_key'),
      sql<number>`(select count(*) from group_members m where m.group_id = groups.id)`.as('members'),
    ])
}

type GroupRow = Awaited<ReturnType<ReturnType<typeof groupRows>['executeTakeFirstOrThrow']>>

function toGroup(row: GroupRow): Group {
  const { id, name, about, roles, members, created_at, updated_at } = row
  const times = { createdAt: created_at.toISOString(), updatedAt: updated_at.toISOString() }
  return { id, name, about, roles, memberCount: members, ...times }
}

async function unique<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (violation(error)?.constraint === 'groups_name') throw new Failure('ALREADY_EXISTS', { group: name })
    throw error
  }
}

const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '))
