/**
 * Counts every call before anything is done for it, and says in its answer how the caller stands.
 *
 * The headers are those of draft-ietf-httpapi-ratelimit-headers-06, which servers and clients have in use. Later drafts put the same into
 * one structured field, `RateLimit`, whose form still changes from draft to draft.
 */
import type { Context, MiddlewareHandler } from 'hono'
import type { LimitBucket } from '../api/rate-limit.ts'
import type { Limits } from '../limits.ts'
import type { Principal } from '../principal.ts'
import type { Standing } from '../tallies.ts'

/** Share of a point that an answer "not modified" gives back: it costs a quarter. */
const NOT_MODIFIED_REBATE = 0.75

interface RouteClass {
  readonly bucket: LimitBucket
  readonly methods: RegExp
  readonly path: RegExp
}

/** Calls that are counted for themselves as well. */
const classes: readonly RouteClass[] = [
  { bucket: 'login', methods: /^POST$/, path: /^\/api\/auth\/token$/ },
  { bucket: 'forgot-password', methods: /^POST$/, path: /^\/api\/auth\/(?:forgot|reset)-password$/ },
  { bucket: 'enroll', methods: /^POST$/, path: /^\/api\/agents\/enroll$/ },
  { bucket: 'content', methods: /^GET$/, path: /^\/api\/(?:backups|artifacts)\/[^/]+\/content$|\/export$/ },
  { bucket: 'heavy', methods: /^GET$/, path: /^\/api\/backups\/[^/]+\/diff\/|\/search$/ },
  {
    bucket: 'heavy',
    methods: /^POST$/,
    path: /^\/api\/(?:runs$|drivers|devices\/import$|agents\/[^/]+\/diagnostics\/)|\/(?:verify|test|credential-test|reachability|apply)$/,
  },
]

/** Load balancers and probes ask often, from one address, and must always have an answer. */
const isExempt = (path: string) =>
  !path.startsWith('/api/') || path === '/api/health' || path.startsWith('/api/health/')

export interface LimitingParts {
  readonly limits: Limits
  /** Who sends this; undefined: nobody who is known. */
  readonly signedBy: (c: Context) => Promise<Principal | undefined>
  readonly addressOf: (c: Context) => string | null
}

export function limiting({ limits, signedBy, addressOf }: LimitingParts): MiddlewareHandler {
  return async (c, next) => {
    const { method, path } = c.req
    if (isExempt(path)) return next()
    const principal = await signedBy(c)
    const charge = await limits.charge({ principal, address: addressOf(c) }, bucketsOf(method, path, principal))
    await next()
    if (c.res.status === 304) charge.giveBack(NOT_MODIFIED_REBATE)
    for (const [name, value] of Object.entries(headersOf(charge.standings))) c.header(name, value)
  }
}

/** Whoever is not known has no buckets of their own. */
export function bucketsOf(method: string, path: string, principal: Principal | undefined): LimitBucket[] {
  const buckets: LimitBucket[] = [principal ? 'principal' : 'anonymous']
  for (const { bucket, methods, path: pattern } of classes) {
    if (!methods.test(method) || !pattern.test(path)) continue
    const isOfPrincipals = bucket === 'heavy' || bucket === 'content'
    if (principal || !isOfPrincipals) buckets.push(bucket)
  }
  return buckets
}

/** The tightest of several buckets is told, and the policy of each. */
function headersOf(standings: readonly Standing[]): Record<string, string> {
  const tightest = standings.toSorted((a, b) => a.remaining - b.remaining)[0]
  if (!tightest) return {}
  return {
    'ratelimit-limit': String(tightest.limit),
    'ratelimit-remaining': String(tightest.remaining),
    'ratelimit-reset': String(tightest.resetSeconds),
    'ratelimit-policy': standings.map(({ limit, windowSeconds }) => `${limit};w=${windowSeconds}`).join(', '),
  }
}
