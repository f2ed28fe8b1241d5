/** The agents as the hub knows them: who they are, where their socket is, when they last spoke. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { HelloQuestion } from '@netraven/protocol/hello.ts'
import { type VerifyKey, verifyKey } from '@netraven/protocol/keys.ts'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { AgentQuery } from './api/agent.ts'
import { isUuid } from './api/fields.ts'
import type { PageQuery } from './api/page.ts'
import type { Tables } from './db/tables.ts'
import { nearest } from './nearest.ts'
import { findSite, isOnline } from './sites.ts'
import { type Sorting, sortedPage, sortedRows } from './sorted-pages.ts'

/** Channel of PostgreSQL's NOTIFY on which a revoked agent's id is told to every hub. */
export const REVOKED_CHANNEL = 'netraven_revoked'

export interface Agent {
  readonly id: string
  readonly name: string
  readonly siteId: string
  readonly siteName: string
  readonly state: 'enrolled' | 'revoked'
  readonly key: VerifyKey
  readonly boxPublicKey: string
}

/** @returns the agent with its site; undefined when there is none of that id */
export async function findAgent(db: Kysely<Tables>, id: string): Promise<Agent | undefined> {
  const row = await db
    .selectFrom('agents')
    .innerJoin('sites', 'sites.id', 'agents.site_id')
    .select([
      'agents.id',
      'agents.name',
      'agents.site_id',
      'agents.state',
      'agents.sign_public_key',
      'agents.box_public_key',
    ])
    .select('sites.name as site_name')
    .where('agents.id', '=', id)
    .executeTakeFirst()
  if (!row) return undefined
  return {
    id: row.id,
    name: row.name,
    siteId: row.site_id,
    siteName: row.site_name,
    state: row.state,
    key: verifyKey(row.sign_public_key),
    boxPublicKey: row.box_public_key,
  }
}

/** Agents with the name of their site, and whether they are online. */
export function agentRows(db: Kysely<Tables>) {
  return db
    .selectFrom('agents')
    .innerJoin('sites', 'sites.id', 'agents.site_id')
    .selectAll('agents')
    .select(['sites.name as site', isOnline.as('online')])
}

const sorting: Sorting = {
  keys: {
    name: { of: sql`lower(agents.name)`, type: 'text' },
    lastSeenAt: { of: sql`coalesce(agents.last_seen_at, 'epoch')`, type: 'timestamptz' },
    enrolledAt: { of: sql`agents.created_at`, type: 'timestamptz' },
  },
  usual: 'name',
  tie: { of: sql`agents.id`, type: 'uuid' },
}

/** A page of agents, in the order asked for. */
export async function listAgents<Item>(
  db: Kysely<Tables>,
  query: AgentQuery & PageQuery & { sort?: string | undefined },
  toItem: (row: AgentRow) => Item,
) {
  const { site, state, limit } = query
  const { keys, order, after, sort } = sortedPage(query, sorting)
  let rows = agentRows(db).select(keys)
  if (site !== undefined) rows = rows.where('agents.site_id', '=', (await findSite(db, site)).id)
  if (state !== undefined) rows = rows.where('agents.state', '=', state)
  if (after !== undefined) rows = rows.where(after)
  const found = await rows
    .orderBy(order)
    .limit(limit + 1)
    .execute()
  return sortedRows(found, limit, toItem, sort)
}

export type AgentRow = Awaited<ReturnType<ReturnType<typeof agentRows>['executeTakeFirstOrThrow']>>

/**
 * A name may have been used again after a revocation: the living agent goes first, then the youngest.
 * @param idOrName id, or name in any case
 * @throws Failure AGENT_NOT_FOUND, with `didYouMean` when a name is near
 */
export async function agentByName(db: Kysely<Tables>, idOrName: string): Promise<AgentRow> {
  const found = await agentRows(db)
    .where((row) =>
      isUuid(idOrName)
        ? row('agents.id', '=', idOrName)
        : row(sql`lower(agents.name)`, '=', sql`lower(${idOrName.trim()})`),
    )
    .orderBy('agents.state')
    .orderBy('agents.id', 'desc')
    .executeTakeFirst()
  if (found) return found
  const rows = await db.selectFrom('agents').select('name').limit(10_000).execute()
  const didYouMean = nearest(
    idOrName,
    rows.map((row) => row.name),
  )
  throw new Failure('AGENT_NOT_FOUND', { agent: idOrName, ...(didYouMean && { didYouMean }) })
}

/** An agent proved itself on a hub: this connection is the one that counts now, and this is what it said of itself. */
export async function agentArrived(
  db: Kysely<Tables>,
  id: string,
  connection: string,
  hello: HelloQuestion,
  skewMs: number,
): Promise<void> {
  await db
    .updateTable('agents')
    .set({
      connection,
      last_seen_at: sql`now()`,
      software: hello.software,
      hostname: hello.hostname,
      concurrency: hello.concurrency,
      drivers: JSON.stringify(hello.drivers),
      transports: hello.transports,
      abilities: hello.abilities,
      skew_ms: Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.round(skewMs))),
    })
    .where('id', '=', id)
    .execute()
}

export async function agentSeen(db: Kysely<Tables>, id: string): Promise<void> {
  await db.updateTable('agents').set({ last_seen_at: sql`now()` }).where('id', '=', id).execute()
}

/**
 * A connection ended. One that a newer has taken the place of, on this hub or another, changes nothing: a half-dead line is often
 * noticed only after the agent has dialled again.
 */
export async function agentLeft(db: Kysely<Tables>, id: string, connection: string): Promise<void> {
  await db
    .updateTable('agents')
    .set({ connection: null })
    .where('id', '=', id)
    .where('connection', '=', connection)
    .execute()
}

/** Revokes for good and tells every hub, which cut its sockets. @returns whether there was such an agent to revoke */
export async function revokeAgent(db: Kysely<Tables>, id: string): Promise<boolean> {
  const revoked = await db
    .updateTable('agents')
    .set({ state: 'revoked', revoked_at: sql`coalesce(revoked_at, now())` })
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  if (revoked) await sql`select pg_notify(${REVOKED_CHANNEL}, ${id})`.execute(db)
  return revoked !== undefined
}
