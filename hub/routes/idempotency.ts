/**
 * `Idempotency-Key` on POST. It stands behind the gate of the route: an answer is given again only to whoever might ask for it anew.
 * Requests that anyone may send take no key: their answers are tokens, and nobody may have those for knowing a key.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Context, Next } from 'hono'
import {
  freeKey,
  holdKey,
  type IdempotencyParts,
  leaveAnswer,
  RENEW_HELD_MS,
  requestHash,
  takeKey,
} from '../idempotency.ts'
import type { Log } from '../log.ts'
import type { Principal } from '../principal.ts'

export type Once = (c: Context, principal: Principal, next: Next) => Promise<Response | undefined>

/** @returns what to call instead of `next` */
export function idempotency(parts: IdempotencyParts, log: Log): Once {
  return async (c, principal, next) => {
    const key = keyOf(c)
    if (key === undefined) {
      await next()
      return undefined
    }
    const body = new Uint8Array(await c.req.arrayBuffer())
    const contentType = c.req.header('content-type') ?? ''
    const hash = requestHash(c.req.method, new URL(c.req.url), contentType, body)
    const request = { principal: `user ${principal.user.id}`, key, hash }
    const taken = await takeKey(parts, request)
    if ('answer' in taken) {
      const { status, headers, body: left } = taken.answer
      const isEmpty = status === 204 || left.length === 0
      return new Response(isEmpty ? null : new Uint8Array(left), {
        status,
        headers: { ...headers, 'idempotency-replayed': 'true' },
      })
    }
    const { holder } = taken
    const trouble = (err: unknown) => log.warn({ err }, 'a key of an idempotent request could not be kept')
    const timer = setInterval(() => void holdKey(parts, request, holder).catch(trouble), RENEW_HELD_MS)
    try {
      await next()
    } finally {
      clearInterval(timer)
    }
    if (c.res.ok && c.error === undefined) {
      const answer = {
        status: c.res.status,
        headers: headersOf(c.res),
        body: Buffer.from(await c.res.clone().arrayBuffer()),
      }
      await leaveAnswer(parts, request, holder, answer).catch(trouble)
    } else await freeKey(parts, request, holder).catch(trouble)
    return undefined
  }
}

function keyOf(c: Context): string | undefined {
  if (c.req.method !== 'POST') return undefined
  const key = c.req.header('idempotency-key')
  if (key === undefined) return undefined
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key
  const message = 'must be 1 to 255 printable characters of ASCII'
  throw new Failure('REQUEST_INVALID', { issues: [{ where: 'header', path: 'idempotency-key', message }] })
}

function headersOf(response: Response): Record<string, string> {
  const kept = ['content-type', 'location', 'cache-control']
  return Object.fromEntries([...response.headers].filter(([name]) => kept.includes(name)))
}
