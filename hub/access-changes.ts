/**
 * Changes to what people may do. All of them go through here, one at a time: an administrator stays, whoever lost something is told what
 * and when, and every hub looks again at once.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { grantedTo, spelt } from './held-scopes.ts'
import { NOBODYS_HASH } from './passwords.ts'
import { forgetAccess } from './sessions.ts'

/** More than so many are told of in one word. */
const MANY = 100

export interface Changed<T> {
  readonly result: T
  /** What was done, as those are told who lost something: `roles changed from admin to viewer`. */
  readonly change: string
  /** Others whose access it is about, beside those that were named before. */
  readonly users?: readonly string[]
}

/**
 * Runs a change in a transaction.
 * @param usersOf whose access it may change, looked up in the transaction, before the change
 * @throws Failure LAST_ADMIN when nobody would be left who can give access back
 */
export async function changeAccess<T>(
  db: Kysely<Tables>,
  actor: Actor,
  usersOf: (trx: Transaction<Tables>) => Promise<readonly string[]>,
  work: (trx: Transaction<Tables>) => Promise<Changed<T>>,
): Promise<T> {
  return inTransaction(db, async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('netraven access'))`.execute(trx)
    const named = await usersOf(trx)
    const before = await grantedTo(trx, named)
    const hadAdmin = await hasAdmin(trx)
    const { result, change, users = [] } = await work(trx)
    if (hadAdmin && !(await hasAdmin(trx))) throw new Failure('LAST_ADMIN')
    const after = await grantedTo(trx, named)
    for (const [id, granted] of after) await noteLoss(trx, actor, change, id, before.get(id) ?? [], granted)
    await tell(trx, [...new Set([...named, ...users])])
    return result
  })
}

async function noteLoss(
  trx: Transaction<Tables>,
  actor: Actor,
  change: string,
  id: string,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  const held = new Set(spelt(after))
  const had = spelt(before)
  const lost = had.filter((scope) => !held.has(scope))
  if (lost.length === 0 && held.size === had.length) return
  await trx
    .updateTable('users')
    .set({
      access_lost: sql<string[]>`array(
        select scope from unnest(access_lost || ${lost}::text[]) scope where scope <> all(${[...held]}::text[])
        group by scope order by scope)`,
    })
    .$if(lost.length > 0, (query) =>
      query.set({ access_changed_at: sql<Date>`now()`, access_changed_by: actor.name, access_change: change }),
    )
    .where('id', '=', id)
    .execute()
}

/** Has every hub look again, also one of the release before, to which whoever has a hash is an administrator. */
async function tell(trx: Transaction<Tables>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await trx
    .updateTable('users')
    .set({
      password_hash: sql<string>`case when is_active and expires_at is null and 'admin' = any(roles)
        then coalesce((select hash from passwords where user_id = users.id), ${NOBODYS_HASH}) else ${NOBODYS_HASH} end`,
    })
    .where('id', 'in', [...ids])
    .execute()
  await trx
    .deleteFrom('access_tokens')
    .where('user_id', 'in', (query) =>
      query
        .selectFrom('users')
        .select('id')
        .where('id', 'in', [...ids])
        .where('password_hash', '=', NOBODYS_HASH),
    )
    .execute()
  if (ids.length > MANY) await forgetAccess(trx, 'all')
  else for (const id of ids) await forgetAccess(trx, `user ${id}`)
}

/** Whether somebody is there who can log in with a password, may do everything, and does not expire. */
async function hasAdmin(trx: Transaction<Tables>): Promise<boolean> {
  const found = await sql<{ id: string }>`
    select u.id from users u join passwords p on p.user_id = u.id
    where u.is_active and u.expires_at is null and ('admin:*' = any(u.scopes) or exists (
      select from (
        select unnest(u.roles) union
        select unnest(g.roles) from group_members m join groups g on g.id = m.group_id where m.user_id = u.id
      ) r(name)
      where lower(r.name) = 'admin'
        or exists (select from roles where lower(roles.name) = lower(r.name) and 'admin:*' = any(roles.scopes))))
    limit 1`.execute(trx)
  return found.rows.length > 0
}
