import { pageOf } from '../api/page.ts'
import { CreatedServiceToken, NewServiceToken, Revoked, RevokeQuery, Token, TokenQuery } from '../api/token.ts'
import { addServiceToken, listTokens, revokeToken, revokeTokens } from '../service-tokens.ts'
import { body, byId, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Tokens']

/** Each asks for a token only: one's own are one's own matter, and `admin:tokens` counts for those of others. */
export function tokenRoutes({ db, access, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/auth/service-token',
        summary: 'Make a service token: for oneself, or with admin:tokens for somebody else',
        tags,
        request: { body: body(NewServiceToken) },
        responses: { 201: json(CreatedServiceToken, 'The token, shown this once'), ...refusal },
      }),
      async (c) => c.json(await addServiceToken(db, c.var, c.req.valid('json')), 201),
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'get',
        path: '/auth/tokens',
        summary: 'Sessions and service tokens: one’s own, or with admin:tokens those of others',
        tags,
        request: { query: TokenQuery },
        responses: { 200: json(pageOf(Token), 'The newest first'), ...refusal },
      }),
      async (c) => c.json(await listTokens(db, c.var.principal, c.req.valid('query')), 200),
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'delete',
        path: '/auth/tokens/{id}',
        summary: 'End a session or service token: one’s own, or with admin:tokens any',
        tags,
        request: { params: byId },
        responses: done,
      }),
      async (c) => {
        access.forget(await revokeToken(db, c.var, c.req.valid('param').id))
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'delete',
        path: '/auth/tokens',
        summary: 'End all sessions and service tokens of a user',
        tags,
        request: { query: RevokeQuery },
        responses: { 200: json(Revoked, 'How many were live'), ...refusal },
      }),
      async (c) => {
        const { forget, ...revoked } = await revokeTokens(db, c.var, c.req.valid('query'))
        access.forget(forget)
        return c.json(revoked, 200)
      },
    )
}
