/** Which hub knows which key: written by each hub, read before a key is used that somebody may not know yet. */
import { type Kysely, sql } from 'kysely'
import type { Tables } from './db/tables.ts'
import type { Keyring } from './keyring.ts'

type Db = Kysely<Tables>

/** A hub writes this often that it lives, ms. */
export const SEEN_EVERY_MS = 5_000
/** One that was not seen for so long has ended, seconds. */
export const LIVE_SECONDS = 30

const isLive = sql<boolean>`seen_at > now() - ${LIVE_SECONDS} * interval '1 second'`

/** @param taskKeys ids of the task-signing keys that this hub has read */
export async function noteHolder(db: Db, node: string, keyring: Keyring, taskKeys: readonly string[]): Promise<void> {
  const masters = [...keyring.masters]
  const knows = [...keyring.dataKeys.map((id) => `data ${id}`), ...taskKeys.map((id) => `task ${id}`)]
  await sql`
    insert into key_holders (node, masters, knows, seals_with) values (${node}, ${masters}, ${knows}, ${keyring.sealsWith})
    on conflict (node) do update set masters = excluded.masters, knows = excluded.knows, seen_at = now(),
      seals_with_since = case when key_holders.seals_with = excluded.seals_with then key_holders.seals_with_since else now() end,
      seals_with = excluded.seals_with`.execute(db)
}

/** This hub stops. */
export async function forgetHolder(db: Db, node: string): Promise<void> {
  await db
    .deleteFrom('key_holders')
    .where((row) => row.or([row('node', '=', node), sql<boolean>`seen_at < now() - interval '1 day'`]))
    .execute()
}

/** Live hubs that do not know a key. @param key `data ID` or `task ID` */
export async function hubsWithout(db: Db, key: string): Promise<string[]> {
  const rows = await db
    .selectFrom('key_holders')
    .select('node')
    .where(isLive)
    .where(sql<boolean>`not (${key} = any(knows))`)
    .orderBy('node')
    .execute()
  return rows.map(({ node }) => node)
}

/** Live hubs that were not given a master key. */
export async function hubsWithoutMaster(db: Db, fingerprint: string): Promise<string[]> {
  const rows = await db
    .selectFrom('key_holders')
    .select('node')
    .where(isLive)
    .where(sql<boolean>`not (${fingerprint} = any(masters))`)
    .orderBy('node')
    .execute()
  return rows.map(({ node }) => node)
}
