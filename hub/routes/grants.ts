import { approveRequest, denyRequest, listRequests, requestAccess } from '../access-requests.ts'
import {
  AccessRequest,
  AccessRequestQuery,
  Approval,
  Denial,
  Grant,
  GrantQuery,
  NewAccessRequest,
  NewGrant,
} from '../api/grant.ts'
import { pageOf } from '../api/page.ts'
import { listGrants, putGrant, removeGrant } from '../grants.ts'
import { body, byId, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Grants']

/** Whoever is known may call these: what they may grant is told by what they own, were granted to manage, or by `admin:grants`. */
export function grantRoutes({ db, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs(),
        method: 'get',
        path: '/grants',
        summary: 'Access that was granted to the caller, or on what the caller may grant; with `admin:grants` all',
        tags,
        request: { query: GrantQuery },
        responses: { 200: json(pageOf(Grant), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listGrants(db, c.req.valid('query'), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'put',
        path: '/grants',
        summary:
          'Grant access to a device, tag or site, or change what was granted; takes `admin:grants`, or `write:devices` and a say over it',
        tags,
        request: { body: body(NewGrant) },
        responses: { 200: json(Grant, 'The grant'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const wanted = c.req.valid('json')
        return c.json(await db.transaction().execute((trx) => putGrant(trx, wanted, principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'delete',
        path: '/grants/{id}',
        summary: 'Take access away, or give up what was granted to the caller',
        tags,
        request: { params: byId },
        responses: done,
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        await db.transaction().execute((trx) => removeGrant(trx, id, principal, actor))
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/access-requests',
        summary: 'Ask for access; the answer is the same whether or not there is such a device',
        tags,
        request: { body: body(NewAccessRequest) },
        responses: { 201: json(AccessRequest, 'The request'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const wanted = c.req.valid('json')
        return c.json(await db.transaction().execute((trx) => requestAccess(trx, wanted, principal, actor)), 201)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'get',
        path: '/access-requests',
        summary: "The caller's requests, and those that the caller may answer; newest first",
        tags,
        request: { query: AccessRequestQuery },
        responses: { 200: json(pageOf(AccessRequest), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listRequests(db, c.req.valid('query'), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/access-requests/{id}/approve',
        summary: 'Grant what was asked for',
        tags,
        request: { params: byId, body: body(Approval) },
        responses: { 200: json(AccessRequest, 'The request'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        const approval = c.req.valid('json')
        const answered = db.transaction().execute((trx) => approveRequest(trx, id, approval, principal, actor))
        return c.json(await answered, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/access-requests/{id}/deny',
        summary: 'Grant nothing',
        tags,
        request: { params: byId, body: body(Denial) },
        responses: { 200: json(AccessRequest, 'The request'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        const { answer } = c.req.valid('json')
        return c.json(await db.transaction().execute((trx) => denyRequest(trx, id, answer, principal, actor)), 200)
      },
    )
}
