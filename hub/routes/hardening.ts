/**
 * What holds for every answer and every question, whatever the route: headers that leave a browser nothing to try, no other origin
 * unless it was named, and bounds on what is sent.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { parseJson } from '../json.ts'

/** No body of a request may be larger. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024
/** JSON that is not a list of devices or a driver. */
export const MAX_JSON_BYTES = 1024 * 1024
/** Anyone may send these. */
export const MAX_OPEN_BYTES = 64 * 1024
/** Path and query. */
export const MAX_URL_BYTES = 8_192

/** Pages have a policy of their own; nothing else is one. */
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/** Two years, as browsers want it who are to know it beforehand (hstspreload.org); subdomains are not ours to speak for. */
const HSTS = 'max-age=63072000'

export function securityHeaders(isEncrypted: (c: Context) => boolean): MiddlewareHandler {
  return async (c, next) => {
    await next()
    const set = (name: string, value: string) => {
      if (!c.res.headers.has(name)) c.header(name, value)
    }
    c.header('x-content-type-options', 'nosniff')
    c.header('x-frame-options', 'DENY')
    c.header('referrer-policy', 'no-referrer')
    c.header('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()')
    c.header('cross-origin-opener-policy', 'same-origin')
    set('cross-origin-resource-policy', 'same-origin')
    set('content-security-policy', POLICY)
    set('cache-control', 'no-store')
    if (isEncrypted(c)) c.header('strict-transport-security', HSTS)
  }
}

/** Whether the request came by TLS: to this hub, or to the proxy in front of it that counts. */
export function isEncrypted(c: Context, trustProxyHops: number): boolean {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { encrypted?: boolean } } }
  if (incoming?.socket?.encrypted === true) return true
  return trustProxyHops > 0 && c.req.header('x-forwarded-proto')?.split(',').at(-1)?.trim() === 'https'
}

/** Pages of the named origins may call the API, with cookies; without names nobody is told anything. */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  if (origins.length === 0) return (_, next) => next()
  const allow = cors({
    origin: [...origins],
    credentials: true,
    allowMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH'],
    allowHeaders: [
      ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'Last-Event-ID'],
      ...['X-NetRaven-CSRF', 'X-Request-Id'],
    ],
    exposeHeaders: [
      'ETag',
      'Location',
      'Retry-After',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'X-Request-Id',
    ],
    maxAge: 600,
  })
  return (c, next) => {
    const origin = c.req.header('origin')
    if (origin === undefined || !origins.includes(origin)) return next()
    return allow(c, async () => {
      await next()
      c.header('cross-origin-resource-policy', 'cross-origin')
    })
  }
}

const bounds = new Map(
  [MAX_BODY_BYTES, MAX_JSON_BYTES, MAX_OPEN_BYTES].map((limitBytes) => [
    limitBytes,
    bodyLimit({
      maxSize: limitBytes,
      onError: () => {
        throw new Failure('REQUEST_TOO_LARGE', { limitBytes })
      },
    }),
  ]),
)

/** How large the body of a request may be, bytes. */
export function bodyBound(path: string, contentType: string): number {
  if (/^\/api\/(?:auth\/|agents\/enroll$)/.test(path)) return MAX_OPEN_BYTES
  if (/^\/api\/(?:devices\/(?:import|bulk)$|drivers)/.test(path)) return MAX_BODY_BYTES
  return /json/i.test(contentType) ? MAX_JSON_BYTES : MAX_BODY_BYTES
}

/** Bounds on the address, the body, and the JSON in it. JSON is looked over when a route reads it, and not before. */
export function bounded(): MiddlewareHandler {
  return (c, next) => {
    const { pathname, search } = new URL(c.req.url)
    if (pathname.length + search.length > MAX_URL_BYTES)
      throw new Failure('URL_TOO_LONG', { limitBytes: MAX_URL_BYTES })
    const { req } = c
    Object.assign(req, { json: async () => parseJson(await req.arrayBuffer()) })
    const bound = bounds.get(bodyBound(c.req.path, c.req.header('content-type') ?? ''))
    return bound ? bound(c, next) : next()
  }
}
