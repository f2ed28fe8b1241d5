import { expiryWarning } from '../account-expiry.ts'
import { AnyLogin, Ended, LoginRequest, Me, RefreshRequest } from '../api/session.ts'
import { loginAnswer } from '../login-answer.ts'
import { requireSecondFactor } from '../second-factor.ts'
import { openSession, refreshSession } from '../sessions.ts'
import { logOut, logOutEverywhere, noteLogin, signIn } from '../sign-in.ts'
import { body, createRoute, done, json, OpenAPIHono, open, type RouteParts, refusal } from './route.ts'

const tags = ['Sessions']

export function authRoutes(parts: RouteParts) {
  const { db, keyring, passwords, access, clock, needs, circumstancesOf, refreshTokenMs } = parts
  const answer = loginAnswer(parts)
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...open,
        method: 'post',
        path: '/auth/token',
        summary: 'Log in',
        tags,
        request: { body: body(LoginRequest) },
        responses: { 200: json(AnyLogin, 'An access token, and one to refresh it with'), ...refusal },
      }),
      async (c) => {
        const { username, password, scopes = null, otp } = c.req.valid('json')
        const from = circumstancesOf(c)
        const account = await signIn({ db, passwords }, { username, ...from }, password)
        await requireSecondFactor({ db, keyring, clock }, account, from, otp)
        await noteLogin(db, account.id)
        return c.json(await answer(await openSession(db, { userId: account.id, scopes, ...from }, refreshTokenMs)), 200)
      },
    )
    .openapi(
      createRoute({
        ...open,
        method: 'post',
        path: '/auth/refresh',
        summary: 'Obtain a new access token, also after the old one has expired',
        tags,
        request: { body: body(RefreshRequest) },
        responses: { 200: json(AnyLogin, 'New tokens; the refresh token that was sent is used up'), ...refusal },
      }),
      async (c) => {
        const token = c.req.valid('json').refresh_token ?? ''
        const opened = await refreshSession(db, token, refreshTokenMs, access.forget, circumstancesOf(c))
        return c.json(await answer(opened), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/auth/logout',
        summary: 'End this session',
        tags,
        responses: done,
      }),
      async (c) => {
        const { kind, tokenId } = c.var.principal
        if (kind === 'user') await logOut(db, c.var.principal, c.var.actor)
        access.forget(`session ${tokenId}`)
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/auth/logout-all',
        summary: 'End all sessions of this user, on every machine',
        tags,
        responses: { 200: json(Ended, 'How many there were'), ...refusal },
      }),
      async (c) => {
        const userId = c.var.principal.user.id
        const ended = await logOutEverywhere(db, c.var.principal, c.var.actor)
        access.forget(`user ${userId}`)
        return c.json({ ended }, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'get',
        path: '/auth/me',
        summary: 'Who this token belongs to, and what it may do',
        tags,
        responses: { 200: json(Me, 'The user'), ...refusal },
      }),
      (c) => {
        const { kind, user, roles, scopes, expiresAt, accountExpiresAt, mustChangePassword } = c.var.principal
        return c.json(
          {
            ...user,
            kind,
            roles: [...roles],
            scopes: scopes.held,
            tokenExpiresAt: expiresAt.toISOString(),
            mustChangePassword,
            accountExpiresAt: accountExpiresAt?.toISOString() ?? null,
            warning: expiryWarning(accountExpiresAt, clock()),
          },
          200,
        )
      },
    )
}
