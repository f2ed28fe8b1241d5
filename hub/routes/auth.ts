import { Failure } from '@netraven/protocol/failure.ts'
import { findByPassword } from '../accounts.ts'
import { Login, LoginRequest, Me } from '../api/session.ts'
import { issueToken, revokeToken } from '../tokens.ts'
import { body, createRoute, done, json, OpenAPIHono, open, type RouteParts, refusal } from './route.ts'

const tags = ['Sessions']

export function authRoutes({ db, signed, accessTokenMs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...open,
        method: 'post',
        path: '/auth/token',
        summary: 'Log in',
        tags,
        request: { body: body(LoginRequest) },
        responses: { 200: json(Login, 'An access token'), ...refusal },
      }),
      async (c) => {
        const { username, password } = c.req.valid('json')
        const user = await findByPassword(db, username, password)
        if (!user) throw new Failure('INVALID_CREDENTIALS')
        const token = await issueToken(db, user, accessTokenMs)
        return c.json(
          { access_token: token, token_type: 'bearer' as const, expires_in: Math.floor(accessTokenMs / 1000) },
          200,
        )
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/auth/logout',
        summary: 'End this token',
        tags,
        responses: done,
      }),
      async (c) => {
        await revokeToken(db, c.var.bearer.tokenId)
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/auth/me',
        summary: 'Who this token belongs to',
        tags,
        responses: { 200: json(Me, 'The user'), ...refusal },
      }),
      (c) => {
        const { user, expiresAt } = c.var.bearer
        return c.json({ ...user, tokenExpiresAt: expiresAt.toISOString() }, 200)
      },
    )
}
