/**
 * The HTTP API: mounts the routes, and is the only place where an error becomes a status. Whatever goes wrong is answered in
 * the one envelope; a bug is logged with its stack and shown as an id.
 */
import { randomBytes } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import { driverCatalogue } from '@netraven/protocol/driver-catalogue.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Access } from './access.ts'
import type { AccessTokens } from './access-tokens.ts'
import { apiDocument } from './api-document.ts'
import type { BlobStore } from './blobs/blobs.ts'
import { clientAddress } from './client-address.ts'
import type { HubConfig } from './config.ts'
import { defaultLoginLimits } from './credential-guard.ts'
import { classify, type Database } from './db/connect.ts'
import type { Migrations } from './db/migrate.ts'
import { sqlState } from './db/sqlstate.ts'
import { openDiffer } from './diff-thread.ts'
import { envelopeOf, headersOf, prefersProblem, problemOf } from './error-envelope.ts'
import { recordUnsaid } from './events.ts'
import { openHealthCheck } from './health.ts'
import type { Installation } from './installation.ts'
import type { Keyring } from './keyring.ts'
import { type Limits, noLimits } from './limits.ts'
import type { Log } from './log.ts'
import type { Mail } from './mail.ts'
import { driverNames } from './own-drivers.ts'
import { openPasswords, type Passwords } from './passwords.ts'
import { openPatternCheck } from './pattern-check.ts'
import {
  actorOf,
  type Circumstances,
  missingScope,
  type Principal,
  requireOwnPassword,
  requireSetUp,
} from './principal.ts'
import { agentRoutes, enrollmentRoutes } from './routes/agents.ts'
import { artifactRoutes } from './routes/artifacts.ts'
import { auditRoutes } from './routes/audit.ts'
import { authRoutes } from './routes/auth.ts'
import { backupRoutes, storageRoutes } from './routes/backups.ts'
import { conditional } from './routes/conditional.ts'
import { cookies } from './routes/cookies.ts'
import { credentialTestRoutes } from './routes/credential-tests.ts'
import { credentialUseRoutes } from './routes/credential-uses.ts'
import { credentialRoutes } from './routes/credentials.ts'
import { deviceFacetRoutes } from './routes/device-facets.ts'
import { deviceFileRoutes } from './routes/device-files.ts'
import { deviceRoutes } from './routes/devices.ts'
import { diagnosticRoutes } from './routes/diagnostics.ts'
import { docsRoutes } from './routes/docs.ts'
import { driverRoutes } from './routes/drivers.ts'
import { failureRoutes } from './routes/failures.ts'
import { grantRoutes } from './routes/grants.ts'
import { groupRoutes } from './routes/groups.ts'
import { bounded, crossOrigin, isEncrypted, MAX_BODY_BYTES, securityHeaders } from './routes/hardening.ts'
import { healthRoutes } from './routes/health.ts'
import { idempotency } from './routes/idempotency.ts'
import { keyRoutes } from './routes/keys.ts'
import { limiting } from './routes/limiting.ts'
import { linePatternRoutes } from './routes/line-patterns.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { rateLimitRoutes } from './routes/rate-limits.ts'
import { roleRoutes } from './routes/roles.ts'
import type { Gate, RouteParts } from './routes/route.ts'
import { runEventRoutes } from './routes/run-events.ts'
import { runRoutes } from './routes/runs.ts'
import { secondFactorRoutes } from './routes/second-factor.ts'
import { singleSignOnRoutes } from './routes/single-sign-on.ts'
import { siteRoutes } from './routes/sites.ts'
import { tagRuleRoutes } from './routes/tag-rules.ts'
import { tagRoutes } from './routes/tags.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { userRoutes } from './routes/users.ts'
import { versionRoutes } from './routes/version.ts'
import type { Scope } from './scopes.ts'
import { singleSignOnOf } from './single-sign-on.ts'
import { SOFTWARE } from './software.ts'

/** SQLSTATEs 22021 and 22P05: PostgreSQL stores every character but U+0000. */
const UNSTORABLE = new Set(['22021', '22P05'])

export interface AppParts {
  readonly config: Pick<HubConfig, 'accessTokenMinutes' | 'runTimeoutMs'> & Partial<HubConfig>
  readonly database: Pick<Database, 'db' | 'ping'>
  readonly migrations: Pick<Migrations, 'status'>
  readonly keyring: Keyring
  readonly installation: Installation
  readonly blobs: BlobStore
  readonly access: Access
  readonly tokens: AccessTokens
  readonly log: Log
  /** Name of this hub process. */
  readonly node: string
  /** Absent: no mail is sent. */
  readonly mail?: Mail | undefined
  /** Absent: as many at a time as is good for this machine. */
  readonly passwords?: Passwords
  /** Absent: nothing is limited. */
  readonly limits?: Limits
  /** Tells the agents of a site that there is work. May fail: agents also ask by themselves. */
  readonly wake: (siteId: string) => Promise<void>
  /** False from the moment the hub was told to stop: a load balancer then sends nothing new. */
  readonly isServing?: () => boolean
  /** Clock in ms. */
  readonly clock?: () => number
}

type AppEnv = { Variables: { requestId: string; signing: Promise<Principal> } }
type AppContext = Context<AppEnv>

/** The whole API. Opens nothing by itself: give its `fetch` to a server. */
export function createApp(parts: AppParts): OpenAPIHono<AppEnv> {
  const { config, database, migrations, keyring, installation, blobs, log, wake, access, tokens } = parts
  const { clock = Date.now, isServing = () => true, limits = noLimits } = parts
  const { db } = database
  const circumstancesOf = (c: Context): Circumstances => ({
    address: clientAddress(peerOf(c.env), c.req.header('x-forwarded-for'), config.trustProxyHops ?? 0),
    via: c.req.header('user-agent')?.slice(0, 200) ?? null,
    requestId: c.get('requestId'),
  })
  /** Asked by the limits and by the gate of the route, and found out once. */
  const senderOf = (c: Context): Promise<Principal> => {
    const known: Promise<Principal> | undefined = c.get('signing')
    const signing = known ?? access.principalOf(c.req.header('authorization'), circumstancesOf(c).address)
    c.set('signing', signing)
    return signing
  }
  const once = idempotency({ db, keyring }, log)
  const needs = (...required: Scope[]): Gate => ({
    security: [{ bearer: required }],
    middleware: async (c, next) => {
      const circumstances = circumstancesOf(c)
      const principal = await senderOf(c)
      requireOwnPassword(principal, c.req.path)
      requireSetUp(principal, config.requireSecondFactor ?? 'none', c.req.path)
      const missing = principal.scopes.missing(required)
      if (missing.length > 0) throw missingScope(principal, required, missing)
      c.set('principal', principal)
      const actor = { ...actorOf(principal, circumstances), entries: { count: 0 } }
      c.set('actor', actor)
      return once(c, principal, async () => {
        await next()
        if (!c.res.ok) return
        const served = { method: c.req.method, path: c.req.path, status: c.res.status }
        // It is done: that nobody could write it down is no reason to say that it failed.
        await recordUnsaid(db, actor, served).catch((err: unknown) =>
          log.error({ err, ...served, actor: actor.name }, 'a change is not in the audit log'),
        )
      })
    },
  })
  const routeParts: RouteParts = {
    db,
    keyring,
    installation,
    blobs,
    log,
    clock,
    wake,
    isServing,
    access,
    tokens,
    limits,
    needs,
    circumstancesOf,
    mail: parts.mail,
    passwords: parts.passwords ?? openPasswords(),
    publicUrl: config.publicUrl,
    singleSignOn: singleSignOnOf(config, clock),
    drivers: () => driverNames(db, driverCatalogue),
    checkPatterns: openPatternCheck(),
    differ: openDiffer(),
    health: openHealthCheck({ db, blobs, clock, migrations, ping: () => database.ping(), version: SOFTWARE }),
    accessTokenMs: config.accessTokenMinutes * 60_000,
    refreshTokenMs: (config.refreshTokenDays ?? 7) * 86_400_000,
    runTimeoutMs: config.runTimeoutMs,
    logins: config.logins ?? defaultLoginLimits,
  }

  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const issues = result.error.issues.map(({ path, message }) => ({
        where: result.target,
        path: path.join('.'),
        message,
      }))
      throw new Failure('REQUEST_INVALID', { issues })
    },
  })
  app.use(async (c, next) => {
    c.set('requestId', requestIdOf(c.req.header('x-request-id')))
    const startedMs = performance.now()
    await next()
    const { method, path } = c.req
    const ms = Math.round(performance.now() - startedMs)
    if (c.res.ok) log.debug({ requestId: c.var.requestId, method, path, status: c.res.status, ms }, 'request served')
    c.header('x-request-id', c.var.requestId)
  })
  const isTls = (c: Context) => isEncrypted(c, config.trustProxyHops ?? 0)
  const { corsOrigins: origins = [], publicUrl } = config
  app.use(securityHeaders(isTls), crossOrigin(origins), bounded())
  app.use(cookies({ isEncrypted: isTls, addressOf: (c) => circumstancesOf(c).address, publicUrl, origins }))
  app.use(
    limiting({
      limits,
      // Whoever can't be told counts by address; the gate of the route says why.
      signedBy: (c) => senderOf(c).catch(() => undefined),
      addressOf: (c) => circumstancesOf(c).address,
    }),
  )
  app.use('/api/*', conditional())
  app.route('/api', authRoutes(routeParts))
  app.route('/api', secondFactorRoutes(routeParts))
  app.route('/api', singleSignOnRoutes(routeParts))
  app.route('/api', tokenRoutes(routeParts))
  app.route('/api', keyRoutes(routeParts))
  app.route('/api', rateLimitRoutes(routeParts))
  app.route('/api', passwordRoutes(routeParts))
  app.route('/api', userRoutes(routeParts))
  app.route('/api', groupRoutes(routeParts))
  app.route('/api', roleRoutes(routeParts))
  app.route('/api', siteRoutes(routeParts))
  app.route('/api', enrollmentRoutes(routeParts))
  app.route('/api', agentRoutes(routeParts))
  app.route('/api', diagnosticRoutes(routeParts))
  app.route('/api', credentialUseRoutes(routeParts))
  app.route('/api', credentialRoutes(routeParts))
  app.route('/api', credentialTestRoutes(routeParts))
  app.route('/api', deviceFileRoutes(routeParts))
  app.route('/api', deviceRoutes(routeParts))
  app.route('/api', deviceFacetRoutes(routeParts))
  app.route('/api', grantRoutes(routeParts))
  app.route('/api', tagRoutes(routeParts))
  app.route('/api', tagRuleRoutes(routeParts))
  app.route('/api', driverRoutes(routeParts))
  app.route('/api', linePatternRoutes(routeParts))
  app.route('/api', runRoutes(routeParts))
  app.route('/api', runEventRoutes(routeParts))
  app.route('/api', backupRoutes(routeParts))
  app.route('/api', artifactRoutes(routeParts))
  app.route('/api', storageRoutes(routeParts))
  app.route('/api', auditRoutes(routeParts))
  app.route('/api', failureRoutes())
  app.route('/api', healthRoutes(routeParts))
  app.route('/api', versionRoutes())
  app.route(
    '/api',
    docsRoutes(() => apiDocument((head) => app.getOpenAPI31Document(head))),
  )
  app.notFound((c) => answer(c, log, new Failure('NOT_FOUND', { method: c.req.method, path: c.req.path })))
  app.onError((error, c) => answer(c, log, failureOf(error), error))
  return app
}

/** What an error means to whoever asked. */
function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  if (error instanceof HTTPException) {
    if (error.status === 413) return new Failure('REQUEST_TOO_LARGE', { limitBytes: MAX_BODY_BYTES })
    if (error.status === 415)
      return new Failure('REQUEST_INVALID', {
        issues: [{ where: 'header', path: 'content-type', message: 'not the type that this endpoint takes' }],
      })
    if (error.status < 500)
      return new Failure('REQUEST_INVALID', { issues: [{ where: 'body', path: '', message: 'not valid JSON' }] })
  }
  if (error instanceof Error && error.message === 'aborted') {
    return new Failure('REQUEST_INVALID', { issues: [{ where: 'body', path: '', message: 'broke off' }] })
  }
  if (UNSTORABLE.has(sqlState(error) ?? '')) {
    return new Failure('REQUEST_INVALID', {
      issues: [{ where: 'request', path: '', message: 'has a character that no text may have' }],
    })
  }
  return classify(error) ?? new Failure('INTERNAL')
}

function answer(c: AppContext, log: Log, failure: Failure, error: unknown = failure): Response {
  const requestId = c.var.requestId ?? requestIdOf(undefined)
  const { status } = failure.entry
  const facts = { requestId, method: c.req.method, path: c.req.path, status, code: failure.code }
  if (failure.code === 'INTERNAL') log.error({ ...facts, err: error }, 'request failed')
  else if (status >= 500) log.warn({ ...facts, err: failure }, 'request failed')
  else log.debug(facts, 'request refused')
  const isProblem = prefersProblem(c.req.header('accept'))
  const body = JSON.stringify(isProblem ? problemOf(failure, requestId) : envelopeOf(failure, requestId))
  const type = isProblem ? 'application/problem+json' : 'application/json'
  return new Response(body, {
    status,
    headers: { 'content-type': type, vary: 'accept', 'x-request-id': requestId, ...headersOf(failure) },
  })
}

/** The address at the other end of the connection, when there is a connection. */
function peerOf(env: unknown): string | undefined {
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress
}

/** Whoever asks may bring an id of their own, if it is fit for a log. */
function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{8,64}$/.test(given) ? given : randomBytes(12).toString('base64url')
}
