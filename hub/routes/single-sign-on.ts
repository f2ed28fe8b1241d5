import { Failure } from '@netraven/protocol/failure.ts'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { anonymousActor } from '../actor.ts'
import { AnyLogin } from '../api/session.ts'
import { isOwnPath, SignOnExchange, SignOnLink, SignOnReturn, SignOnStart } from '../api/single-sign-on.ts'
import { recordEvent } from '../events.ts'
import { loginAnswer } from '../login-answer.ts'
import { openSession } from '../sessions.ts'
import { noteLogin } from '../sign-in.ts'
import { accountOfIdentity, linkIdentity } from '../sign-on-accounts.ts'
import { beginSignOn, endSignOn, exchangeCode, SIGN_ON_MINUTES, takeSignOn } from '../sign-ons.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, open, type RouteParts, refusal } from './route.ts'

const tags = ['Sessions']
const COOKIE = 'netraven-sso'
const COOKIE_PATH = '/api/auth/oidc'

export function singleSignOnRoutes(parts: RouteParts) {
  const { db, access, needs, circumstancesOf, refreshTokenMs, singleSignOn } = parts
  const answer = loginAnswer(parts)
  const required = () => {
    if (!singleSignOn) throw new Failure('SSO_OFF')
    return singleSignOn
  }
  const refused = async (c: Context, error: unknown) => {
    if (!(error instanceof Failure)) return
    const details = { code: error.code, ...error.details }
    await recordEvent(db, { kind: 'sign-on refused', actor: anonymousActor(circumstancesOf(c)), details })
  }
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...open,
        method: 'get',
        path: '/auth/oidc/start',
        summary: 'Sign on at the provider: open this in a browser',
        tags,
        request: { query: SignOnStart },
        responses: { 303: { description: 'To the provider' }, ...refusal },
      }),
      async (c) => {
        const { redirect, challenge } = c.req.valid('query')
        const sso = required()
        const { browser, ...secrets } = await beginSignOn(db, redirect, challenge)
        const location = await sso.authorizationUrl(secrets)
        const secure = sso.publicUrl.startsWith('https:')
        // Lax: the browser comes back from another site.
        const safe = { httpOnly: true, secure, sameSite: 'Lax', path: COOKIE_PATH } as const
        setCookie(c, COOKIE, browser, { ...safe, maxAge: SIGN_ON_MINUTES * 60 })
        return c.body(null, 303, { location })
      },
    )
    .openapi(
      createRoute({
        ...open,
        method: 'get',
        path: '/auth/oidc/callback',
        summary: 'Where the provider sends the browser back to',
        tags,
        request: { query: SignOnReturn },
        responses: { 303: { description: 'To where it was wanted, with a code' }, ...refusal },
      }),
      async (c) => {
        const sso = required()
        try {
          const taken = await takeSignOn(db, c.req.valid('query').state, getCookie(c, COOKIE))
          const target = new URL(taken.redirect, sso.publicUrl)
          try {
            const identity = await sso.identityOf(new URL(c.req.url).search, taken.secrets)
            const userId = await accountOfIdentity(db, sso.settings, identity, circumstancesOf(c))
            access.forget(`user ${userId}`)
            const code = await endSignOn(db, taken.id, userId)
            if (isOwnPath(taken.redirect)) target.hash = `sso=${code}`
            else target.searchParams.set('code', code)
          } catch (error) {
            if (!taken.isCommand || !(error instanceof Failure)) throw error
            // A command waits there, and must be told.
            await refused(c, error)
            target.searchParams.set('error', error.code)
            target.searchParams.set('details', JSON.stringify(error.details))
          }
          return c.body(null, 303, { location: target.href })
        } catch (error) {
          await refused(c, error)
          throw error
        }
      },
    )
    .openapi(
      createRoute({
        ...open,
        method: 'post',
        path: '/auth/oidc/token',
        summary: 'Log in with the code of a sign-on',
        tags,
        request: { body: body(SignOnExchange) },
        responses: { 200: json(AnyLogin, 'An access token, and one to refresh it with'), ...refusal },
      }),
      async (c) => {
        required()
        const { code, verifier } = c.req.valid('json')
        const userId = await exchangeCode(db, code, { verifier, browser: getCookie(c, COOKIE) })
        const wanted = { userId, scopes: null, isSignedOn: true, ...circumstancesOf(c) }
        await noteLogin(db, userId)
        return c.json(await answer(await openSession(db, wanted, refreshTokenMs)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'post',
        path: '/users/{id}/link-sso',
        summary: 'Say whose account it is at the provider',
        tags: ['Users'],
        request: { params: byName, body: body(SignOnLink) },
        responses: done,
      }),
      async (c) => {
        const { issuer } = required().settings
        await linkIdentity(db, c.var, c.req.valid('param').id, { issuer, subject: c.req.valid('json').subject })
        return c.body(null, 204)
      },
    )
}
