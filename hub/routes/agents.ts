import { EnrollQuestion, EnrollResponse } from '@netraven/protocol/enroll.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { keyFingerprint } from '@netraven/protocol/keys.ts'
import { sql } from 'kysely'
import { type AgentRow, agentByName, agentRows, revokeAgent } from '../agents.ts'
import { Agent, CreatedEnrollmentToken, EnrollmentTokenRow, NewEnrollmentToken } from '../api/agent.ts'
import { isUuid } from '../api/fields.ts'
import { pageOf } from '../api/page.ts'
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
export function enrollmentRoutes({ db, installation, clock, signed }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...signed,
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
        return c.json(await addEnrollmentToken(db, installation.signingKey, id, validSeconds), 201)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/agents/enrollment-tokens',
        summary: 'Tokens, used and not',
        tags,
        responses: { 200: json(pageOf(EnrollmentTokenRow), 'The newest thousand, in one page'), ...refusal },
      }),
      async (c) => c.json({ items: await listEnrollmentTokens(db), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...signed,
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
        await removeEnrollmentToken(db, id)
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
        responses: { 201: json(EnrollResponse, 'A signed answer'), ...refusal },
      }),
      async (c) => c.json(await enrollAgent({ db, installation, clock }, c.req.valid('json')), 201),
      (result) => {
        if (!result.success) throw malformedQuestion(result.error)
      },
    )
}

export function agentRoutes({ db, signed }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/agents',
        summary: 'All agents',
        tags,
        responses: { 200: json(pageOf(Agent), 'Agents by name, in one page'), ...refusal },
      }),
      async (c) => {
        const rows = await agentRows(db).orderBy(sql`lower(agents.name)`).orderBy('agents.id').execute()
        return c.json({ items: rows.map(toAgent), nextCursor: null }, 200)
      },
    )
    .openapi(
      createRoute({
        ...signed,
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
        ...signed,
        method: 'post',
        path: '/agents/{id}/revoke',
        summary: 'Revoke an agent for good and cut its connection',
        tags,
        request: { params: byName },
        responses: { 200: json(Agent, 'The agent'), ...refusal },
      }),
      async (c) => {
        const { id, name } = await agentByName(db, c.req.valid('param').id)
        await revokeAgent(db, id)
        const actor = c.var.bearer.user.username
        await recordEvent(db, { kind: 'agent revoked', actor, details: { agent: id, name } })
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
