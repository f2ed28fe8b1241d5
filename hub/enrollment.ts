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
import type { EnrollmentTokenRow } from './api/agent.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Installation } from './installation.ts'

/** Makes a token. @returns it, this once, and its row */
export async function addEnrollmentToken(
  db: Kysely<Tables>,
  hubKey: { publicKey: string },
  siteId: string,
  validSeconds: number,
): Promise<EnrollmentTokenRow & { token: string }> {
  const id = newId()
  const secret = randomBytes(32).toString('base64url')
  await db
    .insertInto('enrollment_tokens')
    .values({
      id,
      site_id: siteId,
      token_hash: hashOf(secret),
      expires_at: sql<Date>`now() + ${validSeconds} * interval '1 second'`,
    })
    .execute()
  const row = await tokenRows(db).where('token.id', '=', id).executeTakeFirstOrThrow()
  return { ...toTokenRow(row), token: `nre_${secret}.${keyFingerprint(hubKey.publicKey)}` }
}

/** The newest thousand tokens, newest first; never the tokens themselves. */
export async function listEnrollmentTokens(db: Kysely<Tables>): Promise<EnrollmentTokenRow[]> {
  const rows = await tokenRows(db).orderBy('token.id', 'desc').limit(1000).execute()
  return rows.map(toTokenRow)
}

/** Takes a token back. @throws Failure NOT_FOUND */
export async function removeEnrollmentToken(db: Kysely<Tables>, id: string): Promise<void> {
  const removed = await db.deleteFrom('enrollment_tokens').where('id', '=', id).returning('id').executeTakeFirst()
  if (!removed) throw new Failure('NOT_FOUND', { enrollmentToken: id })
}

function tokenRows(db: Kysely<Tables>) {
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
  readonly installation: Installation
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
  const key = parts.installation.keys().find((one) => keyFingerprint(one.publicKey) === split?.hubFingerprint)
  if (!split || !key) throw new Failure('ENROLLMENT_TOKEN_INVALID', { reason: 'it names the key of another hub' })
  const proof = Buffer.from(asked.proof, 'base64url')
  if (!verifyKey(asked.signPublicKey).verify(enrollProof({ token, ...asked }), proof)) {
    throw new Failure('ENVELOPE_BAD_SIGNATURE', { part: 'proof' })
  }
  const enrolled = await parts.db.transaction().execute(async (trx) => {
    const site = await useToken(trx, split.secret)
    return { site: site.name, ...(await addAgent(trx, site.id, asked)) }
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
    actor: `agent ${name}`,
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
