/** What somebody will ask about later: append only, and never a secret in it. */
import type { Kysely, Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import { newId } from './ids.ts'

export type EventKind =
  | 'agent diagnostic'
  | 'agent enrolled'
  | 'agent revoked'
  | 'artifact read'
  | 'credential changed'
  | 'credential guard closed'
  | 'credential guard reset'
  | 'credential revoked'
  | 'device cool-down reset'
  | 'device removed'
  | 'driver changed'
  | 'host key set'
  | 'pattern added'
  | 'pattern removed'
  | 'raw backup read'
  | 'suspect backup accepted'

export interface NewEvent {
  readonly kind: EventKind
  /** A user's name, or `agent NAME`. */
  readonly actor: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Writes an event down; inside a transaction it stands or falls with it. */
export async function recordEvent(db: Kysely<Tables> | Transaction<Tables>, event: NewEvent): Promise<void> {
  const { kind, actor, details } = event
  await db
    .insertInto('events')
    .values({ id: newId(), kind, actor, details: JSON.stringify(details) })
    .execute()
}
