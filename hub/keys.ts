/** All keys of the hub: the list of them, and what begins a rotation. Each kind's own life is told in its file. */
import { type Kysely, sql } from 'kysely'
import type { Actor } from './actor.ts'
import type { Key, KeyChange, KeyKind } from './api/key.ts'
import { announceDataKey, lockKeys } from './data-keys.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { hubsWithout, hubsWithoutMaster } from './key-holders.ts'
import type { Keyring } from './keyring.ts'
import { rotateMasterKey } from './master-keys.ts'
import { leftToSeal } from './sealed-places.ts'
import { agentsBehind, announceTaskKey } from './task-keys.ts'
import { announceNextTokenKey, listTokenKeys } from './token-keys.ts'

type Db = Kysely<Tables>
interface KeyParts {
  readonly db: Db
  readonly keyring: Keyring
}

const nothing = { beginsByItself: false, hubsBehind: [], agentsBehind: null, left: null }
const iso = (at: Date | null) => at?.toISOString() ?? null

/** Every key, by kind, the newest first. */
export async function listKeys({ db, keyring }: KeyParts): Promise<Key[]> {
  return [
    ...(await tokenKeysOf(db)),
    ...(await taskKeysOf(db)),
    ...(await dataKeysOf(db)),
    ...(await masterKeysOf(db, keyring)),
  ]
}

async function tokenKeysOf(db: Db): Promise<Key[]> {
  const due = await db
    .selectFrom('token_keys')
    .select('id')
    .where('state', '=', 'next')
    .where('is_due', '=', true)
    .execute()
  return (await listTokenKeys(db)).map((key) => ({
    ...nothing,
    kind: 'token',
    id: key.id,
    state: key.state,
    createdAt: iso(key.createdAt),
    activatedAt: iso(key.activatedAt),
    endedAt: iso(key.supersededAt),
    beginsByItself: due.some(({ id }) => id === key.id),
  }))
}

async function taskKeysOf(db: Db): Promise<Key[]> {
  const rows = await db.selectFrom('hub_keys').selectAll().orderBy('created_at', 'desc').execute()
  const keys: Key[] = []
  for (const row of rows) {
    keys.push({
      ...nothing,
      kind: 'task',
      id: row.id,
      state: row.state,
      createdAt: iso(row.created_at),
      activatedAt: iso(row.activated_at),
      endedAt: iso(row.superseded_at),
      beginsByItself: row.state === 'next' && row.is_due,
      hubsBehind: row.state === 'retired' ? [] : await hubsWithout(db, `task ${row.id}`),
      agentsBehind: row.state === 'retired' ? null : mutable(await agentsBehind(db, row.id)),
    })
  }
  return keys
}

const mutable = ({ count, agents }: { count: number; agents: readonly string[] }) => ({ count, agents: [...agents] })

async function dataKeysOf(db: Db): Promise<Key[]> {
  const rows = await db
    .selectFrom('data_keys')
    .selectAll()
    .where('purpose', '=', 'seal')
    .orderBy('id', 'desc')
    .execute()
  const keys: Key[] = []
  for (const row of rows) {
    const isLive = row.state === 'current' || row.state === 'next'
    const left = row.state === 'current' ? await leftToSeal(db, row.id) : null
    keys.push({
      ...nothing,
      kind: 'data',
      id: String(row.id),
      state: row.destroyed_at ? 'destroyed' : row.state,
      createdAt: iso(row.created_at),
      activatedAt: iso(row.activated_at),
      endedAt: iso(row.superseded_at),
      beginsByItself: row.state === 'next' && row.is_due,
      hubsBehind: isLive ? await hubsWithout(db, `data ${row.id}`) : [],
      left: left && { ...left, totalRows: row.total_rows, totalBytes: row.total_bytes },
    })
  }
  return keys
}

async function masterKeysOf(db: Db, keyring: Keyring): Promise<Key[]> {
  const rows = await db.selectFrom('master_keys').selectAll().orderBy('created_at', 'desc').orderBy('state').execute()
  const known = new Set(rows.map(({ fingerprint }) => fingerprint))
  const unused = keyring.masters.filter((fingerprint) => !known.has(fingerprint))
  const keys: Key[] = []
  for (const [index, id] of unused.entries()) {
    // Before the first exchange it is the last of them that the installation was set up with.
    const state = rows.length > 0 || index < unused.length - 1 ? 'next' : 'current'
    const dates = { createdAt: null, activatedAt: null, endedAt: null }
    keys.push({ ...nothing, ...dates, kind: 'master', id, state, hubsBehind: await hubsWithoutMaster(db, id) })
  }
  for (const row of rows) {
    const dates = { createdAt: iso(row.created_at), activatedAt: iso(row.created_at), endedAt: iso(row.retired_at) }
    const hubsBehind = row.state === 'current' ? await hubsWithoutMaster(db, row.fingerprint) : []
    keys.push({ ...nothing, ...dates, kind: 'master', id: row.fingerprint, state: row.state, hubsBehind })
  }
  return keys
}

/**
 * Announces the next key of a kind. When one is announced already, it is that one.
 * @param isDue it begins by itself, as soon as everybody knows it
 * @throws Failure MASTER_KEY_NOT_GIVEN
 */
export async function announceKey(
  { db, keyring }: KeyParts,
  actor: Actor,
  kind: KeyKind,
  isDue: boolean,
): Promise<KeyChange> {
  return db.transaction().execute(async (trx) => {
    await lockKeys(trx)
    if (kind === 'master') {
      const { current, previous, isNew } = await rotateMasterKey(trx, keyring)
      if (isNew) await recordEvent(trx, { kind: 'key activated', actor, details: { keyKind: kind, current, previous } })
      return { kind, id: current, state: 'current' as const }
    }
    const announced =
      kind === 'task'
        ? await announceTaskKey(trx, keyring, isDue)
        : kind === 'data'
          ? await announceDataKey(trx, keyring, isDue)
          : undefined
    const id = announced ? String(announced.id) : await announceToken(trx, keyring, isDue)
    if (announced?.isNew ?? true)
      await recordEvent(trx, { kind: 'key announced', actor, details: { keyKind: kind, key: id } })
    return { kind, id, state: 'next' as const }
  })
}

async function announceToken(
  trx: Parameters<typeof announceNextTokenKey>[0],
  keyring: Keyring,
  isDue: boolean,
): Promise<string> {
  const id = await announceNextTokenKey(trx, keyring)
  await trx
    .updateTable('token_keys')
    .set({ is_due: sql<boolean>`is_due or ${isDue}` })
    .where('id', '=', id)
    .execute()
  return id
}
