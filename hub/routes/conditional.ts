/**
 * ETags (RFC 9110, 8.8.3 and 13.1.2): whoever has an answer already says so with `If-None-Match`, and is told in one line that it still
 * holds. JSON gets a weak tag over its bytes; what is handed out byte for byte is known by its sha256.
 */
import { createHash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'

/** Headers of an answer that also stand in a 304 (RFC 9110, 15.4.5), and those that are ours. */
const KEPT = new Set([
  'cache-control',
  'content-location',
  'date',
  'expires',
  'vary',
  'x-content-sha256',
  'x-request-id',
])

export function conditional(): MiddlewareHandler {
  return async (c, next) => {
    await next()
    if (c.req.method !== 'GET' || c.res.status !== 200) return
    const tag = await tagOf(c)
    if (tag === undefined) return
    c.header('etag', tag)
    c.header('vary', 'authorization, accept', { append: true })
    if (!matches(c.req.header('if-none-match'), tag)) return
    const { headers, body } = c.res
    const kept = [...headers].filter(([name]) => KEPT.has(name) || name === 'etag')
    await body?.cancel()
    c.res = undefined
    c.res = new Response(null, { status: 304, headers: kept })
  }
}

async function tagOf(c: Context): Promise<string | undefined> {
  const type = c.res.headers.get('content-type') ?? ''
  const sha256 = c.res.headers.get('x-content-sha256')
  if (type.startsWith('application/octet-stream')) return sha256 === null ? undefined : `"${sha256}"`
  // A masked text has the hash of the whole one beside it: what is sent is another text.
  if (!type.startsWith('application/json') && sha256 === null) return undefined
  const bytes = Buffer.from(await c.res.clone().arrayBuffer())
  const hash = createHash('sha256').update(bytes)
  return sha256 === null ? `W/"${hash.digest('base64url').slice(0, 27)}"` : `"${hash.digest('hex')}"`
}

/** Weak comparison: what the weak mark says does not count (RFC 9110, 8.8.3.2). */
function matches(asked: string | undefined, tag: string): boolean {
  if (asked === undefined) return false
  if (asked.trim() === '*') return true
  const opaque = (one: string) => one.trim().replace(/^W\//, '')
  return asked.split(',').some((one) => opaque(one) === opaque(tag))
}
