/** What somebody will ask about later: the entries of the audit log, and how they get there. Never a secret in any. */
import type { Kysely, Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { isUuid } from './api/fields.ts'
import { type Changes, changesBetween, type Fields, withoutSecrets } from './changes.ts'
import type { Tables } from './db/tables.ts'
import { newId } from './ids.ts'

export type EventKind =
  | 'agent diagnostic'
  | 'audit log exported'
  | 'credential added'
  | 'credential removed'
  | 'credential test started'
  | 'device added'
  | 'device changed'
  | 'device test started'
  | 'devices imported'
  | 'driver test started'
  | 'enrollment token made'
  | 'enrollment token removed'
  | 'login'
  | 'login refused'
  | 'logged out'
  | 'logged out everywhere'
  | 'refresh token used twice'
  | 'request served'
  | 'run started'
  | 'site added'
  | 'agent enrolled'
  | 'key activated'
  | 'key announced'
  | 'key destroyed'
  | 'key retired'
  | 'keys backed up'
  | 'keys checked'
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
  | 'rate limit reset'
  | 'rate limits changed'
  | 'raw backup read'
  | 'run cancelled'
  | 'service token made'
  | 'service token revoked'
  | 'session ended'
  | 'suspect backup accepted'
  | 'tokens revoked'
  | 'account expires'
  | 'group added'
  | 'group changed'
  | 'group removed'
  | 'login locked'
  | 'password change'
  | 'password reset'
  | 'password reset asked for'
  | 'reset link made'
  | 'role added'
  | 'role changed'
  | 'role removed'
  | 'user added'
  | 'user changed'
  | 'user disabled'
  | 'user forgotten'
  | 'user reactivated'
  | 'user recovered'
  | 'user unlocked'
  | 'recovery code used'
  | 'second factor begun'
  | 'second factor removed'
  | 'second factor reset'
  | 'second factor set up'
  | 'signed on'
  | 'sign-on linked'
  | 'sign-on refused'
  | 'access requested'
  | 'access request approved'
  | 'access request denied'
  | 'device owner changed'
  | 'devices tagged'
  | 'grant changed'
  | 'grant made'
  | 'grant removed'
  | 'site changed'
  | 'site removed'
  | 'tag described'
  | 'tag removed'
  | 'tag rule added'
  | 'tag rule applied'
  | 'tag rule changed'
  | 'tag rule removed'

/** What an entry is about. */
export interface Target {
  /** Noun, such as `device`. */
  readonly kind: string
  readonly id: string | null
  readonly name: string | null
}

export interface NewEvent {
  readonly kind: EventKind
  readonly actor: Actor
  readonly details: Readonly<Record<string, unknown>>
  /** Absent: told from the details, by a field such as `device`, and `name`. */
  readonly target?: Target
  /** Of a change; what is the same on both sides is left out, secrets are blanked. A new thing has no `before`, one that goes no `after`. */
  readonly before?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
}

/** A statement takes 65,535 parameters. */
const CHUNK = 1_000

/**
 * Writes an event into the audit log. Inside a transaction it stands or falls with it, and takes its place in the chain when that commits:
 * see `db/migrations/0018-audit.ts`.
 */
export async function recordEvent(db: Kysely<Tables> | Transaction<Tables>, event: NewEvent): Promise<void> {
  await recordEvents(db, [event])
}

/** The same of many at once, in their order. */
export async function recordEvents(
  db: Kysely<Tables> | Transaction<Tables>,
  events: readonly NewEvent[],
): Promise<void> {
  for (let from = 0; from < events.length; from += CHUNK) {
    const some = events.slice(from, from + CHUNK)
    await db.insertInto('audit_intake').values(some.map(rowOf)).execute()
    for (const { actor } of some) if (actor.entries) actor.entries.count += 1
  }
}

function rowOf(event: NewEvent) {
  const { kind, actor, details } = event
  const target = event.target ?? targetOf(details)
  const changes = changesOf(event)
  return {
    id: newId(),
    action: kind,
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_name: actor.name,
    address: actor.address,
    via: actor.via,
    request_id: actor.requestId,
    target_kind: target?.kind ?? null,
    target_id: target?.id ?? null,
    target_name: target?.name ?? null,
    before: jsonOrNull(changes.before),
    after: jsonOrNull(changes.after),
    details: JSON.stringify(withoutSecrets(details)),
  }
}

/** A change whose route wrote nothing down is in the log all the same, if only by its path. */
export async function recordUnsaid(
  db: Kysely<Tables>,
  actor: Actor,
  request: { readonly method: string; readonly path: string; readonly status: number },
): Promise<void> {
  if (['GET', 'HEAD'].includes(request.method) || (actor.entries?.count ?? 0) > 0) return
  await recordEvent(db, { kind: 'request served', actor, details: request })
}

function changesOf({ before, after }: NewEvent): Partial<Changes> {
  if (before && after) return changesBetween(before, after) ?? {}
  return { ...(before && { before: withoutSecrets(before) }), ...(after && { after: withoutSecrets(after) }) }
}

const jsonOrNull = (fields: Fields | undefined) => (fields ? JSON.stringify(fields) : null)

/** The nearest comes first: a version of a device is about the version. */
const NOUNS = [
  'artifact',
  'backup',
  'token',
  'pattern',
  'driver',
  'credential',
  'role',
  'group',
  'device',
  'agent',
  'site',
  'user',
]

function targetOf(details: Readonly<Record<string, unknown>>): Target | undefined {
  const kind = NOUNS.find((noun) => typeof details[noun] === 'string')
  if (kind === undefined) return undefined
  const told = String(details[kind])
  const name = typeof details.name === 'string' ? details.name : null
  return isUuid(told) ? { kind, id: told, name } : { kind, id: null, name: told }
}
