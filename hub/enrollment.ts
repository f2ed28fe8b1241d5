/**
 * How a jump host joins. A token is bound to a site, works once, expires, and names the hub's key; the hub keeps a hash of
 * its secret part. The conversation is the protocol's `enroll.ts`; all times are the database's.
 */
import { createHash, randomBytes } from 'node:crypto'
import { MESSAGE_LIFETIME_MS } from '@netraven/protocol/calls.ts'
import {
  type EnrollAnswer,
  type EnrollQuestion,
  type EnrollResponse,
  enrollProof,
  splitEnrollmentToken,
} from '@netraven/protocol/enroll.ts'
import { seal } from '@netraven/protocol/envelope.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { keyFingerprint, type SigningKey, verifyKey } from '@netraven/protocol/keys.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { z } from 'zod'
import { type Actor, agentActor } from './actor.ts'
import type { EnrollmentTokenRow } from './api/agent.ts'
import type { PageQuery } from './api/page.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Installation, LiveInstallation } from './installation.ts'
import { type Sorting, sortedPage, sortedRows } from './sorted-pages.ts'
import { noteLearnt } from './task-keys.ts'

/** Makes a token. @returns it, this once, and its row */
export async function addEnrollmentToken(
  trx: Transaction<Tables>,
  hubKey: { publicKey: string },
  siteId: string,
  validSeconds: number,
  actor: Actor,
): Promise<EnrollmentTokenRow & { token: string }> {
  const id = newId()
  const secret = randomBytes(32).toString('base64url')
  await trx
    .insertInto('enrollment_tokens')
    .values({
      id,
      site_id: siteId,
      token_hash: hashOf(secret),
      expires_at: sql<Date>`now() + ${validSeconds} * interval '1 second'`,
    })
    .execute()
  const row = await tokenRows(trx).where('token.id', '=', id).executeTakeFirstOrThrow()
  const target = { kind: 'enrollment token', id, name: null }
  const details = { site: row.site, expiresAt: row.expires_at.toISOString() }
  await recordEvent(trx, { kind: 'enrollment token made', actor, details, target })
  return { ...toTokenRow(row), token: `nre_${secret}.${keyFingerprint(hubKey.publicKey)}` }
}

const sorting: Sorting = {
  keys: { createdAt: { of: sql`token.id`, type: 'uuid' } },
  usual: '-createdAt',
  tie: { of: sql`token.id`, type: 'uuid' },
}

/** Tokens, newest first, a page at a time; never the tokens themselves. */
export async function listEnrollmentTokens(db: Kysely<Tables>, query: PageQuery) {
  const { keys, order, after, sort } = sortedPage({ cursor: query.cursor }, sorting)
  let rows = tokenRows(db).select(keys)
  if (after !== undefined) rows = rows.where(after)
  const found = await rows
    .orderBy(order)
    .limit(query.limit + 1)
    .execute()
  return sortedRows(found, query.limit, toTokenRow, sort)
}

/** Takes a token back. @throws Failure NOT_FOUND */
export async function removeEnrollmentToken(trx: Transaction<Tables>, id: string, actor: Actor): Promise<void> {
  const row = await tokenRows(trx).where('token.id', '=', id).forUpdate('token').executeTakeFirst()
  if (!row) throw new Failure('NOT_FOUND', { enrollmentToken: id })
  await trx.deleteFrom('enrollment_tokens').where('id', '=', id).execute()
  const { site, state } = toTokenRow(row)
  const target = { kind: 'enrollment token', id, name: null }
  await recordEvent(trx, { kind: 'enrollment token removed', actor, details: { site, state }, target })
}

function tokenRows(db: Kysely<Tables> | Transaction<Tables>) {
  return db
    .selectFrom('enrollment_tokens as token')
    .innerJoin('sites', 'sites.id', 'token.site_id')
    .select(['token.id', 'sites.name as site', 'token.created_at', 'token.expires_at', 'token.used_at'])
    .select(sql<boolean>`token.expires_at <= now()`.as('isExpired'))
}

type TokenRow = Awaited<ReturnType<ReturnType<typeof tokenRows>['executeTakeFirstOrThrow']>>

function toTokenRow(row: TokenRow): EnrollmentTokenRow {
  return {
    id: row.id,
    site: row.site,
    state: row.used_at ? 'used' : row.isExpired ? 'expired' : 'open',
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    usedAt: row.used_at?.toISOString() ?? null,
  }
}

export interface EnrollmentParts {
  readonly db: Kysely<Tables>
  readonly installation: Installation & Partial<Pick<LiveInstallation, 'vouchers'>>
  readonly clock: () => number
}

/** Why a question of another shape is refused: a token that was cut when it was copied has a code of its own. */
export function malformedQuestion(error: z.ZodError): Failure {
  const fields = [...new Set(error.issues.map((issue) => issue.path.join('.')))]
  if (fields.includes('token'))
    return new Failure('ENROLLMENT_TOKEN_INVALID', { reason: 'it does not look like a token' })
  return new Failure('REQUEST_INVALID', {
    issues: fields.map((path) => ({ where: 'json', path, message: 'is wrong' })),
  })
}

/**
 * The whole conversation: checks the question, uses the token up, makes the agent, answers under the key that the token names.
 * @throws Failure ENROLLMENT_TOKEN_INVALID, _USED or _EXPIRED; ENVELOPE_BAD_SIGNATURE when the proof does not hold;
 * AGENT_ALREADY_ENROLLED when the key is another agent's
 */
export async function enrollAgent(parts: EnrollmentParts, question: EnrollQuestion): Promise<EnrollResponse> {
  const { token, ...asked } = question
  const split = splitEnrollmentToken(token)
  const { installation } = parts
  const key = [...installation.keys(), ...(installation.vouchers?.() ?? [])].find(
    (one) => keyFingerprint(one.publicKey) === split?.hubFingerprint,
  )
  if (!split || !key) throw new Failure('ENROLLMENT_TOKEN_INVALID', { reason: 'it names the key of another hub' })
  const proof = Buffer.from(asked.proof, 'base64url')
  if (!verifyKey(asked.signPublicKey).verify(enrollProof({ token, ...asked }), proof)) {
    throw new Failure('ENVELOPE_BAD_SIGNATURE', { part: 'proof' })
  }
  const enrolled = await parts.db.transaction().execute(async (trx) => {
    const site = await useToken(trx, split.secret)
    const agent = await addAgent(trx, site.id, asked)
    await noteLearnt(
      trx,
      agent.id,
      installation.keys().map(({ id }) => id),
    )
    return { site: site.name, ...agent }
  })
  return answer(parts, key, asked.session, enrolled)
}

/** Uses a token up; two hubs that get it at the same moment meet at the row's lock. */
async function useToken(trx: Transaction<Tables>, secret: string): Promise<{ id: string; name: string }> {
  const row = await trx
    .selectFrom('enrollment_tokens as token')
    .innerJoin('sites', 'sites.id', 'token.site_id')
    .select(['token.id', 'token.used_at', 'token.site_id', 'sites.name as site'])
    .select(sql<boolean>`token.expires_at <= now()`.as('isExpired'))
    .where('token.token_hash', '=', hashOf(secret))
    .forUpdate('token')
    .executeTakeFirst()
  if (!row) throw new Failure('ENROLLMENT_TOKEN_INVALID', { reason: 'no such token' })
  if (row.used_at) throw new Failure('ENROLLMENT_TOKEN_USED', { site: row.site, usedAt: row.used_at.toISOString() })
  if (row.isExpired) throw new Failure('ENROLLMENT_TOKEN_EXPIRED', { site: row.site })
  await trx.updateTable('enrollment_tokens').set({ used_at: sql`now()` }).where('id', '=', row.id).execute()
  return { id: row.site_id, name: row.site }
}

/** Names stay unique among agents that are not revoked: a second `jump1` becomes `jump1-2`. */
async function addAgent(
  trx: Transaction<Tables>,
  siteId: string,
  asked: Omit<EnrollQuestion, 'token'>,
): Promise<{ id: string; name: string }> {
  await sql`select pg_advisory_xact_lock(hashtext('netraven agent names'))`.execute(trx)
  const rows = await trx.selectFrom('agents').select('name').where('state', '=', 'enrolled').execute()
  const taken = new Set(rows.map((row) => row.name.toLowerCase()))
  const wanted = asked.name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim() || 'agent'
  let name = wanted
  for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${wanted}-${count}`
  const id = newId()
  try {
    await trx
      .insertInto('agents')
      .values({
        id,
        site_id: siteId,
        name,
        sign_public_key: asked.signPublicKey,
        box_public_key: asked.boxPublicKey,
        software: asked.software,
        drivers: '{}',
      })
      .execute()
  } catch (error) {
    if (violation(error)?.kind === 'unique') throw new Failure('AGENT_ALREADY_ENROLLED', { reason: 'the key is known' })
    throw error
  }
  const fingerprint = keyFingerprint(asked.signPublicKey)
  await recordEvent(trx, {
    kind: 'agent enrolled',
    actor: agentActor(id, name),
    details: { agent: id, siteId, fingerprint },
  })
  return { id, name }
}

function answer(
  { installation, clock }: EnrollmentParts,
  key: SigningKey,
  session: string,
  agent: { id: string; name: string; site: string },
): EnrollResponse {
  const value: EnrollAnswer = {
    agent: agent.id,
    hub: installation.id,
    site: agent.site,
    name: agent.name,
    keys: installation.keys().map(({ publicKey }) => ({ publicKey })),
  }
  const envelope = seal({
    key,
    to: agent.id,
    session,
    sequence: 1,
    inReplyTo: 0,
    subject: 'enroll!',
    issuedAtMs: clock(),
    lifetimeMs: MESSAGE_LIFETIME_MS,
    value,
  })
  return { publicKey: key.publicKey, agent: agent.id, envelope: envelope.toString('base64url') }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
