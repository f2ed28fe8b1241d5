/**
 * What an agent sees of a target. The wish is a row; a nudge on every hub wakes the agent, which asks for the order, looks, and says
 * what it saw. Whoever asked waits for that at whatever hub. The agent's policy decides what may be looked at.
 */
import type { Answered, Question } from '@netraven/protocol/calls.ts'
import { DiagnosedQuestion, LOOK_LIMIT_MS } from '@netraven/protocol/diagnostic.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { agentByName } from './agents.ts'
import type { Diagnostic, LookAt } from './api/diagnostic.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { isOnline } from './sites.ts'

/** Channel of PostgreSQL's NOTIFY on which an agent's id is told to every hub when it is to look at something. */
export const LOOK_CHANNEL = 'netraven_look'

/** For the way there and back, ms. */
const SPARE_MS = 5_000
const PAUSE_MS = 100
/** A nudge may be lost: after so many looks without anybody who took the order there is another. */
const LOOKS_A_NUDGE = 10

export interface DiagnosticParts {
  readonly db: Kysely<Tables>
  readonly sleep: (ms: number) => Promise<unknown>
}

interface Asked {
  readonly id: string
  readonly agent: Awaited<ReturnType<typeof agentByName>>
  readonly wanted: LookAt
}

/**
 * Asks, and waits for what the agent saw.
 * @throws Failure AGENT_NOT_FOUND, AGENT_OFFLINE at once, AGENT_TOO_OLD, DIAGNOSTIC_BUSY, DIAGNOSTIC_UNANSWERED, and as the agent:
 *   TARGET_INVALID, POLICY_NETWORK, DNS_FAILED, NO_ROUTE, PING_UNAVAILABLE
 */
export async function diagnose(
  { db, sleep }: DiagnosticParts,
  agentName: string,
  wanted: LookAt,
  requestedBy: Actor,
): Promise<Diagnostic> {
  const agent = await agentByName(db, agentName)
  const where = { agent: agent.name, site: agent.site }
  if (!agent.online) throw offline(agent)
  if (!agent.abilities.includes('diagnostics')) throw new Failure('AGENT_TOO_OLD', where)
  const asked = { id: newId(), agent, wanted }
  await db.transaction().execute((trx) => addDiagnostic(trx, asked, requestedBy))
  for (let looks = 0; ; looks += 1) {
    if (looks % LOOKS_A_NUDGE === 0) await sql`select pg_notify(${LOOK_CHANNEL}, ${agent.id})`.execute(db)
    const ended = await endOf(db, asked)
    if (ended) return ended
    await sleep(PAUSE_MS)
  }
}

async function addDiagnostic(
  trx: Transaction<Tables>,
  { id, agent, wanted }: Asked,
  requestedBy: Actor,
): Promise<void> {
  const { kind, target } = wanted
  const port = wanted.kind === 'tcp' ? wanted.port : null
  await trx
    .updateTable('diagnostics')
    .set({ finished_at: sql`now()` })
    .where('agent_id', '=', agent.id)
    .where('finished_at', 'is', null)
    .where('deadline_at', '<=', sql<Date>`now()`)
    .execute()
  await trx.deleteFrom('diagnostics').where('finished_at', '<', sql<Date>`now() - interval '1 day'`).execute()
  const deadline = sql<Date>`now() + ${LOOK_LIMIT_MS + SPARE_MS} * interval '1 millisecond'`
  try {
    await trx
      .insertInto('diagnostics')
      .values({ id, agent_id: agent.id, kind, target, port, requested_by: requestedBy.name, deadline_at: deadline })
      .execute()
  } catch (error) {
    const isTaken = violation(error)?.constraint === 'diagnostics_one_at_a_time'
    throw isTaken ? new Failure('DIAGNOSTIC_BUSY', { agent: agent.name, site: agent.site }) : error
  }
  const details = { agent: agent.id, name: agent.name, kind, target, ...(port === null ? {} : { port }) }
  await recordEvent(trx, { kind: 'agent diagnostic', actor: requestedBy, details })
}

/** @returns undefined while the agent has not answered and still may */
async function endOf(db: Kysely<Tables>, { id, agent, wanted }: Asked): Promise<Diagnostic | undefined> {
  const row = await db
    .selectFrom('diagnostics')
    .innerJoin('agents', 'agents.id', 'diagnostics.agent_id')
    .select(['diagnostics.outcome', 'diagnostics.created_at'])
    .select([isOnline.as('online'), sql<boolean>`diagnostics.deadline_at <= now()`.as('late')])
    .where('diagnostics.id', '=', id)
    .executeTakeFirst()
  if (row?.outcome) return shown(row.created_at, DiagnosedQuestion.shape.outcome.parse(row.outcome))
  if (row?.online && !row.late) return undefined
  await db
    .updateTable('diagnostics')
    .set({ finished_at: sql`now()` })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute()
  if (!row?.online) throw offline(agent)
  throw new Failure('DIAGNOSTIC_UNANSWERED', { agent: agent.name, site: agent.site })

  function shown(at: Date, outcome: Question<'diagnosed'>['outcome']): Diagnostic {
    const where = { agent: agent.name, site: agent.site }
    if ('failure' in outcome) {
      const { code, details } = Failure.fromWire(outcome.failure)
      throw new Failure(code, { target: wanted.target, ...details, ...where })
    }
    const { seen } = outcome
    return {
      id,
      ...where,
      kind: wanted.kind,
      target: wanted.target,
      port: wanted.kind === 'tcp' ? wanted.port : null,
      at: at.toISOString(),
      ok: isGood(seen),
      seen,
    }
  }
}

function isGood(seen: Diagnostic['seen']): boolean {
  if (seen.kind === 'dns') return seen.addresses.length > 0
  return seen.kind === 'tcp' ? seen.state === 'connected' : seen.received > 0
}

function offline({ name, site, last_seen_at }: Asked['agent']): Failure {
  const lastSeen = last_seen_at ? `${name} at ${last_seen_at.toISOString()}` : 'never'
  return new Failure('AGENT_OFFLINE', { agent: name, site, lastSeen })
}

/** What an agent is to look at; it gets each order once. */
export async function takeDiagnostic(db: Kysely<Tables>, agentId: string): Promise<Answered<'diagnostic'>> {
  const taken = await db
    .updateTable('diagnostics')
    .set({ taken_at: sql`now()` })
    .where('agent_id', '=', agentId)
    .where('taken_at', 'is', null)
    .where('finished_at', 'is', null)
    .where('deadline_at', '>', sql<Date>`now()`)
    .returning(['id', 'kind', 'target', 'port', 'deadline_at'])
    .executeTakeFirst()
  if (!taken) return {}
  const { id, kind, target, port, deadline_at } = taken
  return { order: { id, kind, target, ...(port === null ? {} : { port }), deadlineMs: deadline_at.getTime() } }
}

/**
 * An agent says what it saw. Twice is once, and late is never: nobody waits for it any more.
 * @throws Failure TASK_NOT_HELD when it was not this agent's to look at
 */
export async function endDiagnostic(
  db: Kysely<Tables>,
  agentId: string,
  { diagnostic: id, outcome }: Question<'diagnosed'>,
): Promise<void> {
  const ended = await db
    .updateTable('diagnostics')
    .set({ outcome: JSON.stringify(outcome), finished_at: sql`now()` })
    .where('id', '=', id)
    .where('agent_id', '=', agentId)
    .where('taken_at', 'is not', null)
    .where('finished_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (ended) return
  const known = await db
    .selectFrom('diagnostics')
    .select('id')
    .where('id', '=', id)
    .where('agent_id', '=', agentId)
    .where('finished_at', 'is not', null)
    .executeTakeFirst()
  if (!known) throw new Failure('TASK_NOT_HELD', { task: id })
}
