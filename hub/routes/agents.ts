import { EnrollQuestion, EnrollResponse } from '@netraven/protocol/enroll.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { keyFingerprint } from '@netraven/protocol/keys.ts'
import { type AgentRow, agentByName, listAgents, revokeAgent } from '../agents.ts'
import { Agent, AgentQuery, CreatedEnrollmentToken, EnrollmentTokenRow, NewEnrollmentToken } from '../api/agent.ts'
import { isUuid } from '../api/fields.ts'
import { PageQuery, pageOf, sortQuery } from '../api/page.ts'
import {
  addEnrollmentToken,
  enrollAgent,
  listEnrollmentTokens,
  malformedQuestion,
  removeEnrollmentToken,
} from '../enrollment.ts'
import { recordEvent } from '../events.ts'
import { findSite } from '../sites.ts'
import { body, byId, byName, createRoute, done, json, OpenAPIHono, open, type RouteParts, refusal } from './route.ts'

const tags = ['Agents']

/** Tokens first: `/agents/enrollment-tokens` must not be taken for an agent of that name. */
export function enrollmentRoutes({ db, installation, clock, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('admin:agents'),
        method: 'post',
        path: '/agents/enrollment-tokens',
        summary: 'Make a token that lets one agent join a site',
        tags,
        request: { body: body(NewEnrollmentToken) },
        responses: { 201: json(CreatedEnrollmentToken, 'The token, shown this once'), ...refusal },
      }),
      async (c) => {
        const { site, validSeconds } = c.req.valid('json')
        const { id } = await findSite(db, site)
        const made = await db
          .transaction()
          .execute((trx) => addEnrollmentToken(trx, installation.signingKey, id, validSeconds, c.var.actor))
        return c.json(made, 201)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:agents'),
        method: 'get',
        path: '/agents/enrollment-tokens',
        summary: 'Tokens, used and not, newest first',
        tags,
        request: { query: PageQuery },
        responses: { 200: json(pageOf(EnrollmentTokenRow), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listEnrollmentTokens(db, c.req.valid('query')), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:agents'),
        method: 'delete',
        path: '/agents/enrollment-tokens/{id}',
        summary: 'Take a token back',
        tags,
        request: { params: byId },
        responses: done,
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        if (!isUuid(id)) throw new Failure('NOT_FOUND', { enrollmentToken: id })
        await db.transaction().execute((trx) => removeEnrollmentToken(trx, id, c.var.actor))
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...open,
        method: 'post',
        path: '/agents/enroll',
        summary: 'Join: what an agent sends with its token',
        tags,
        request: { body: body(EnrollQuestion) },
        responses: { 201: json(EnrollResponse, 'A needs answer'), ...refusal },
      }),
      async (c) => c.json(await enrollAgent({ db, installation, clock }, c.req.valid('json')), 201),
      (result) => {
        if (!result.success) throw malformedQuestion(result.error)
      },
    )
}

export function agentRoutes({ db, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:agents'),
        method: 'get',
        path: '/agents',
        summary: 'All agents',
        tags,
        request: {
          query: PageQuery.extend({ ...AgentQuery.shape, sort: sortQuery('name', 'lastSeenAt', 'enrolledAt') }),
        },
        responses: { 200: json(pageOf(Agent), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listAgents(db, c.req.valid('query'), toAgent), 200),
    )
    .openapi(
      createRoute({
        ...needs('read:agents'),
        method: 'get',
        path: '/agents/{id}',
        summary: 'One agent',
        tags,
        request: { params: byName },
        responses: { 200: json(Agent, 'The agent'), ...refusal },
      }),
      async (c) => c.json(toAgent(await agentByName(db, c.req.valid('param').id)), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:agents'),
        method: 'post',
        path: '/agents/{id}/revoke',
        summary: 'Revoke an agent for good and cut its connection',
        tags,
        request: { params: byName },
        responses: { 200: json(Agent, 'The agent'), ...refusal },
      }),
      async (c) => {
        const { id, name } = await agentByName(db, c.req.valid('param').id)
        await db.transaction().execute(async (trx) => {
          await revokeAgent(trx, id)
          await recordEvent(trx, { kind: 'agent revoked', actor: c.var.actor, details: { agent: id, name } })
        })
        return c.json(toAgent(await agentByName(db, id)), 200)
      },
    )
}

function toAgent(row: AgentRow): Agent {
  return {
    id: row.id,
    name: row.name,
    site: row.site,
    state: row.state,
    online: row.online,
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    software: row.software,
    hostname: row.hostname,
    concurrency: row.concurrency,
    skewMs: row.skew_ms,
    drivers: Object.keys(row.drivers).toSorted(),
    fingerprint: keyFingerprint(row.sign_public_key),
    signPublicKey: row.sign_public_key,
    enrolledAt: row.created_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}
