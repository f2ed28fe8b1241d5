/**
 * Tokens in cookies, for browsers: no script of a page can read them. Whoever logs in with `cookie: true` is given the tokens as cookies and
 * not in the answer. A cookie goes along whoever caused the request, so what changes something must also show that a page of ours sent it:
 * by a header that no other site can add (it would have to ask first, see CORS), and by what the browser says about the sender.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Context, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

const REFRESH_PATH = '/api/auth/refresh'
const CSRF_HEADER = 'x-netraven-csrf'

export interface CookieParts {
  readonly isEncrypted: (c: Context) => boolean
  /** Where the request came from; null when that is not known. */
  readonly addressOf: (c: Context) => string | null
  /** Where people reach the hub, when that is known. */
  readonly publicUrl: string | undefined
  /** Origins of pages on other hosts that may call the API. */
  readonly origins: readonly string[]
}

/** A browser takes `__Host-` from TLS only, and from this very host (RFC 6265bis, 4.1.3); on this machine there may be no TLS. */
const names = (isSecure: boolean) =>
  isSecure
    ? { access: '__Host-netraven', refresh: '__Secure-netraven-refresh' }
    : { access: 'netraven', refresh: 'netraven-refresh' }

export function cookies(parts: CookieParts): MiddlewareHandler {
  return async (c, next) => {
    const { path, method } = c.req
    const isSecure = parts.isEncrypted(c)
    const { access, refresh } = names(isSecure)
    const isRefresh = path === REFRESH_PATH && method === 'POST'
    const token = c.req.header('authorization') === undefined ? getCookie(c, access) : undefined
    if (token !== undefined || (isRefresh && getCookie(c, refresh) !== undefined)) requireOwnPage(c, parts)
    // From here on a cookie is what the header would be.
    if (token !== undefined) c.req.raw.headers.set('authorization', `Bearer ${token}`)
    if (!path.startsWith('/api/auth/')) return next()
    if (isRefresh) fillIn(c, getCookie(c, refresh))
    const isWanted = method === 'POST' && (await wantsCookies(c))
    if (isWanted) {
      requireOwnPage(c, parts)
      if (!isSecure && !isHere(parts.addressOf(c))) throw new Failure('COOKIES_NEED_TLS')
    }
    await next()
    if (!c.res.ok) return
    if (isWanted) await handOver(c, isSecure)
    else if (/^\/api\/auth\/logout(?:-all)?$/.test(path)) {
      deleteCookie(c, access, { path: '/', secure: isSecure })
      deleteCookie(c, refresh, { path: REFRESH_PATH, secure: isSecure })
    }
  }
}

/** @throws Failure CSRF_REFUSED when the request would change something and a page of another site may have sent it */
function requireOwnPage(c: Context, { publicUrl, origins }: CookieParts): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(c.req.method)) return
  if (!c.req.header(CSRF_HEADER)) throw new Failure('CSRF_REFUSED', { missing: 'X-NetRaven-CSRF' })
  const origin = c.req.header('origin')
  if (origin !== undefined && origins.includes(origin)) return
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Failure('CSRF_REFUSED', { site })
  if (origin === undefined) return
  const host = URL.parse(origin)?.host
  if (
    host === undefined ||
    ![c.req.header('host'), new URL(c.req.url).host, URL.parse(publicUrl ?? '')?.host].includes(host)
  )
    throw new Failure('CSRF_REFUSED', { origin: origin.slice(0, 200) })
}

/** The refresh token of a browser comes in its cookie, and its answer goes there. */
function fillIn(c: Context, token: string | undefined): void {
  if (token === undefined) return
  const { req } = c
  const read = req.json.bind(req)
  Object.assign(req, {
    json: async () => {
      const sent: unknown = await read()
      const isObject = typeof sent === 'object' && sent !== null && !Array.isArray(sent)
      return isObject && !('refresh_token' in sent) ? { ...sent, refresh_token: token, cookie: true } : sent
    },
  })
}

async function wantsCookies(c: Context): Promise<boolean> {
  if (!/json/i.test(c.req.header('content-type') ?? '')) return false
  // What can't be read is refused by the route, after it has looked who asks.
  const sent: unknown = await c.req.json().catch(() => undefined)
  return typeof sent === 'object' && sent !== null && 'cookie' in sent && sent.cookie === true
}

/** Takes the tokens out of the answer and puts them into cookies. */
async function handOver(c: Context, isSecure: boolean): Promise<void> {
  const answer: unknown = await c.res.clone().json()
  if (typeof answer !== 'object' || answer === null) return
  const { access_token, refresh_token, ...rest } = answer as Record<string, unknown>
  // Such as a login that waits for its second factor.
  if (typeof access_token !== 'string' || typeof refresh_token !== 'string') return
  const { access, refresh } = names(isSecure)
  const safe = { httpOnly: true, secure: isSecure, sameSite: 'Strict' } as const
  const { status } = c.res
  const headers = new Headers(c.res.headers)
  c.res = undefined
  c.res = new Response(JSON.stringify(rest), { status, headers })
  setCookie(c, access, access_token, { ...safe, path: '/', maxAge: Number(rest.expires_in) })
  setCookie(c, refresh, refresh_token, { ...safe, path: REFRESH_PATH, maxAge: Number(rest.refresh_expires_in) })
}

const isHere = (address: string | null) => address === '::1' || /^127\./.test(address ?? '')
