/**
 * The clockwork of keys on one hub: reads them anew when they change and every few seconds, writes down what this hub knows, lets keys
 * begin that are due, seals again what is under an older one, and ends what nothing needs any more. Any number of hubs may tick at once.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import { type Actor, hubActor } from './actor.ts'
import {
  activateDataKey,
  addWraps,
  destroyDataKeys,
  isSettled,
  lockKeys,
  readDataKeys,
  retireDataKeys,
} from './data-keys.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import type { LiveInstallation } from './installation.ts'
import { forgetHolder, noteHolder, SEEN_EVERY_MS } from './key-holders.ts'
import { retireMasterKey } from './master-keys.ts'
import { type ReencryptionParts, reencryptBatch } from './reencryption.ts'
import { leftToSeal } from './sealed-places.ts'
import { activateTaskKey } from './task-keys.ts'
import { activateNextTokenKey, retireTokenKeys } from './token-keys.ts'

export interface KeyClockParts extends ReencryptionParts {
  readonly installation: LiveInstallation
  /** Name of this hub process. */
  readonly node: string
  /** Tells the agents on this hub that its task-signing keys changed. */
  readonly tellAgents: () => void
  readonly accessTokenMs: number
  /** How long a retired data key is kept, hours. */
  readonly retiredKeptHours?: number
  /** Pause between two batches of sealing again, ms: it leaves disk and database to those who wait for them. */
  readonly pauseMs?: number
}

export interface KeyClock {
  /** The word came that keys changed. */
  heard(): void
  /** One round, now. Rounds never overlap. */
  tick(): Promise<void>
  close(): Promise<void>
}

const RETIRED_KEPT_HOURS = 24
const PAUSE_MS = 20
/** A round seals again for so long, ms; then the keys are read anew. */
const SEAL_FOR_MS = 4_000

/** Starts to tick. */
export function openKeyClock(parts: KeyClockParts): KeyClock {
  const { db, keyring, installation, node, log } = parts
  let running: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let isReading = false
  let known = installation
    .keys()
    .map(({ id }) => id)
    .join()

  const read = async () => {
    await readDataKeys(db, keyring)
    await installation.reload()
    await noteHolder(db, node, keyring, installation.known)
    const now = installation
      .keys()
      .map(({ id }) => id)
      .join()
    if (now === known) return
    known = now
    parts.tellAgents()
  }
  /** Reading is short, and others wait for it: it does not queue behind a round. */
  const readNow = async () => {
    if (isReading || isClosed) return
    isReading = true
    try {
      await read()
    } catch (err) {
      log.warn({ err }, 'could not read the keys anew; next time again')
    } finally {
      isReading = false
    }
  }
  const round = async () => {
    await readNow()
    await addWraps(db, keyring)
    await activateDue(db)
    await retireTokens(parts)
    await sealAgain(parts, () => isClosed)
  }
  const tick = () => {
    running = running.then(round).catch((err: unknown) => log.warn({ err }, 'a round of keys failed; next time again'))
    return running
  }
  const later = () => {
    timer = setTimeout(() => void tick().finally(() => !isClosed && later()), SEEN_EVERY_MS)
  }

  keyring.whenUnknown(() => void readNow())
  void tick().finally(() => !isClosed && later())
  return {
    heard: () => void readNow(),
    tick,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await running
      await forgetHolder(db, node)
    },
  }
}

/** Failures that say: not yet. */
const NOT_YET = new Set(['KEY_NOT_READY', 'KEY_AGENTS_BEHIND'])

/** Lets announced keys begin that were asked to begin by themselves. */
async function activateDue(db: Kysely<Tables>): Promise<void> {
  const due = await sql<{ kind: KeyKind }>`
    select 'task' as kind from hub_keys where state = 'next' and is_due
    union all select 'token' from token_keys where state = 'next' and is_due
    union all select 'data' from data_keys where state = 'next' and is_due`.execute(db)
  for (const { kind } of due.rows) {
    try {
      await db.transaction().execute(async (trx) => {
        await lockKeys(trx)
        await activateKey(trx, hubActor, kind)
      })
    } catch (error) {
      if (!(error instanceof Failure && NOT_YET.has(error.code))) throw error
    }
  }
}

export type KeyKind = 'task' | 'token' | 'data'

/** The announced key of a kind begins, and that is written down. @throws Failure KEY_NOT_READY, KEY_AGENTS_BEHIND */
export async function activateKey(
  trx: Transaction<Tables>,
  actor: Actor,
  kind: KeyKind,
  choice: { force?: boolean; distrust?: boolean } = {},
): Promise<string> {
  const activated =
    kind === 'task'
      ? await activateTaskKey(trx, choice)
      : kind === 'token'
        ? await activateNextTokenKey(trx)
        : { current: String(await activateDataKey(trx)) }
  await recordEvent(trx, { kind: 'key activated', actor, details: { keyKind: kind, ...activated, ...choice } })
  return activated.current
}

async function retireTokens({ db, accessTokenMs }: KeyClockParts): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const key of await retireTokenKeys(trx, accessTokenMs))
      await recordEvent(trx, { kind: 'key retired', actor: hubActor, details: { keyKind: 'token', key } })
  })
}

/** Works off what is under an older key, and ends keys that nothing needs. */
async function sealAgain(parts: KeyClockParts, isOver: () => boolean): Promise<void> {
  const { db, keyring, log, retiredKeptHours = RETIRED_KEPT_HOURS, pauseMs = PAUSE_MS } = parts
  const current = keyring.sealsWith
  if (current === 0 || !(await isSettled(db, current))) return
  if ((await leftToSeal(db, current)).rows === 0 && !(await isEnding(db))) return
  const until = performance.now() + SEAL_FOR_MS
  let done = { rows: 0, bytes: 0 }
  while (!isOver() && performance.now() < until && keyring.sealsWith === current) {
    const batch = await reencryptBatch(parts)
    if (batch.rows === 0) break
    done = { rows: done.rows + batch.rows, bytes: done.bytes + batch.bytes }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  if (done.rows > 0) log.info({ ...done, dataKey: current }, 'sealed again under the current data key')
  if (keyring.sealsWith !== current || (await leftToSeal(db, current)).rows > 0) return
  await db.transaction().execute(async (trx) => {
    await lockKeys(trx)
    const retired = (await retireDataKeys(trx)).map((id) => ({ keyKind: 'data', key: String(id) }))
    const master = await retireMasterKey(trx)
    if (master !== undefined) retired.push({ keyKind: 'master', key: master })
    for (const details of retired) await recordEvent(trx, { kind: 'key retired', actor: hubActor, details })
    for (const id of await destroyDataKeys(trx, retiredKeptHours))
      await recordEvent(trx, { kind: 'key destroyed', actor: hubActor, details: { keyKind: 'data', key: String(id) } })
  })
}

/** Whether a key waits for its end. */
async function isEnding(db: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from data_keys where purpose = 'seal' and superseded_at is not null and destroyed_at is null)
      or exists (select from master_keys where state = 'previous') as found`.execute(db)
  return rows[0]?.found ?? false
}
