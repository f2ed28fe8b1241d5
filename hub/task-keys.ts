/**
 * Keys that sign tasks and answers to agents, and who has learnt which.
 *
 * ```
 * next ──────> current ──────> retired
 * announced:   signs           vouches for the current one to agents that know no newer; signs nothing else,
 * agents learn                 and not even that once it is distrusted or the days of handover are over
 * ```
 *
 * Agents take over what a key that they trust announces. So the next key signs only when every agent has it on its disk; one that was
 * away for longer is told by a retired key that it knows. Nobody has to enrol again.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { tellKeys } from './data-keys.ts'
import type { Tables } from './db/tables.ts'
import { hubsWithout } from './key-holders.ts'
import type { Keyring } from './keyring.ts'

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

/** Names in a failure and in lists; the rest is a number. */
const NAMED_AGENTS = 20

export interface AgentsBehind {
  readonly count: number
  /** The first of them. */
  readonly agents: readonly string[]
}

/**
 * A new key, announced to every agent. When one is announced already, it is that one.
 * @param isDue it begins to sign by itself
 */
export async function announceTaskKey(
  trx: Trx,
  keyring: Keyring,
  isDue: boolean,
): Promise<{ id: string; isNew: boolean }> {
  const known = await trx
    .updateTable('hub_keys')
    .set({ is_due: sql<boolean>`is_due or ${isDue}` })
    .where('state', '=', 'next')
    .returning('id')
    .executeTakeFirst()
  if (known) return { id: known.id, isNew: false }
  const key = newSigningKey()
  const sealed = keyring.sealBytes('hub-keys', Buffer.from(key.seed, 'base64url'), key.id)
  await trx
    .insertInto('hub_keys')
    .values({ id: key.id, public_key: key.publicKey, sealed_seed: sealed, state: 'next', is_due: isDue })
    .execute()
  await tellKeys(trx, 'task')
  return { id: key.id, isNew: true }
}

/**
 * The announced key signs.
 * @param choice `force`: also when agents have not learnt it; `distrust`: the key before may not even vouch for it any more, so agents
 * that have not learnt it must enrol anew
 * @throws Failure KEY_NOT_READY when none is announced, or a live hub does not know it yet; KEY_AGENTS_BEHIND
 */
export async function activateTaskKey(
  trx: Trx,
  choice: { force?: boolean; distrust?: boolean } = {},
): Promise<{ current: string; previous: string; behind: AgentsBehind }> {
  const next = await trx.selectFrom('hub_keys').select('id').where('state', '=', 'next').forUpdate().executeTakeFirst()
  if (!next) throw new Failure('KEY_NOT_READY', { reason: 'no key is announced' })
  const hubs = await hubsWithout(trx, `task ${next.id}`)
  if (hubs.length > 0)
    throw new Failure('KEY_NOT_READY', {
      key: next.id,
      reason: 'not every hub knows it yet',
      hubs,
      retryAfterSeconds: 10,
    })
  const behind = await agentsBehind(trx, next.id)
  if (behind.count > 0 && !choice.force) throw new Failure('KEY_AGENTS_BEHIND', { key: next.id, ...behind })
  const previous = await trx
    .updateTable('hub_keys')
    .set({ state: 'retired', superseded_at: sql`now()`, is_distrusted: choice.distrust ?? false })
    .where('state', '=', 'current')
    .returning('id')
    .executeTakeFirstOrThrow()
  await trx
    .updateTable('hub_keys')
    .set({ state: 'current', activated_at: sql`now()` })
    .where('id', '=', next.id)
    .execute()
  if (choice.distrust)
    await trx.updateTable('hub_keys').set({ is_distrusted: true }).where('state', '=', 'retired').execute()
  await tellKeys(trx, 'task')
  return { current: next.id, previous: previous.id, behind }
}

/** Enrolled agents that have not told that a key is on their disk. */
export async function agentsBehind(db: Db, keyId: string): Promise<AgentsBehind> {
  const rows = await db
    .selectFrom('agents')
    .select('name')
    .where('state', '=', 'enrolled')
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('agent_hub_keys')
            .select('agent_id')
            .whereRef('agent_hub_keys.agent_id', '=', 'agents.id')
            .where('agent_hub_keys.key_id', '=', keyId),
        ),
      ),
    )
    .orderBy(sql`lower(name)`)
    .execute()
  return { count: rows.length, agents: rows.slice(0, NAMED_AGENTS).map(({ name }) => name) }
}

/** What an agent has on its disk; ids that are none of ours are nothing. */
export async function noteLearnt(db: Db, agentId: string, keyIds: readonly string[]): Promise<void> {
  await sql`
    insert into agent_hub_keys (agent_id, key_id) select ${agentId}, id from hub_keys where id = any(${[...keyIds]})
    on conflict do nothing`.execute(db)
}

/** Ids of the keys that an agent is known to have. */
export async function learntKeys(db: Db, agentId: string): Promise<string[]> {
  const rows = await db.selectFrom('agent_hub_keys').select('key_id').where('agent_id', '=', agentId).execute()
  return rows.map(({ key_id }) => key_id)
}
