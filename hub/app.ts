/**
 * The HTTP API: mounts the routes, and is the only place where an error becomes a status. Whatever goes wrong is answered in
 * the one envelope; a bug is logged with its stack and shown as an id.
 */
import { randomBytes } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import { driverCatalogue } from '@netraven/protocol/driver-catalogue.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import type { BlobStore } from './blobs/blobs.ts'
import type { HubConfig } from './config.ts'
import { defaultLoginLimits } from './credential-guard.ts'
import { classify, type Database } from './db/connect.ts'
import type { Migrations } from './db/migrate.ts'
import { sqlState } from './db/sqlstate.ts'
import { openDiffer } from './diff-thread.ts'
import { envelopeOf, headersOf } from './error-envelope.ts'
import { openHealthCheck } from './health.ts'
import type { Installation } from './installation.ts'
import type { Keyring } from './keyring.ts'
import type { Log } from './log.ts'
import { driverNames } from './own-drivers.ts'
import { openPatternCheck } from './pattern-check.ts'
import { agentRoutes, enrollmentRoutes } from './routes/agents.ts'
import { artifactRoutes } from './routes/artifacts.ts'
import { authRoutes } from './routes/auth.ts'
import { backupRoutes, storageRoutes } from './routes/backups.ts'
import { credentialTestRoutes } from './routes/credential-tests.ts'
import { credentialRoutes } from './routes/credentials.ts'
import { deviceRoutes } from './routes/devices.ts'
import { diagnosticRoutes } from './routes/diagnostics.ts'
import { docsRoutes } from './routes/docs.ts'
import { driverRoutes } from './routes/drivers.ts'
import { failureRoutes } from './routes/failures.ts'
import { healthRoutes } from './routes/health.ts'
import { linePatternRoutes } from './routes/line-patterns.ts'
import type { Access, RouteParts } from './routes/route.ts'
import { runRoutes } from './routes/runs.ts'
import { siteRoutes } from './routes/sites.ts'
import { SOFTWARE } from './software.ts'
import { bearerOf } from './tokens.ts'

/** No body of a request may be larger. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024

/** SQLSTATEs 22021 and 22P05: PostgreSQL stores every character but U+0000. */
const UNSTORABLE = new Set(['22021', '22P05'])

export interface AppParts {
  readonly config: Pick<HubConfig, 'accessTokenMinutes' | 'runTimeoutMs'> & Partial<Pick<HubConfig, 'logins'>>
  readonly database: Pick<Database, 'db' | 'ping'>
  readonly migrations: Pick<Migrations, 'status'>
  readonly keyring: Keyring
  readonly installation: Installation
  readonly blobs: BlobStore
  readonly log: Log
  /** Name of this hub process. */
  readonly node: string
  /** Tells the agents of a site that there is work. May fail: agents also ask by themselves. */
  readonly wake: (siteId: string) => Promise<void>
  /** False from the moment the hub was told to stop: a load balancer then sends nothing new. */
  readonly isServing?: () => boolean
  /** Clock in ms. */
  readonly clock?: () => number
}

type AppEnv = { Variables: { requestId: string } }
type AppContext = Context<AppEnv>

/** The whole API. Opens nothing by itself: give its `fetch` to a server. */
export function createApp(parts: AppParts): OpenAPIHono<AppEnv> {
  const { config, database, migrations, keyring, installation, blobs, log, wake } = parts
  const { clock = Date.now, isServing = () => true } = parts
  const { db } = database
  const signed: Access = {
    security: [{ bearer: [] }],
    middleware: async (c, next) => {
      c.set('bearer', await bearerOf(db, c.req.header('authorization')))
      await next()
    },
  }
  const routeParts: RouteParts = {
    db,
    keyring,
    installation,
    blobs,
    log,
    clock,
    wake,
    isServing,
    signed,
    drivers: () => driverNames(db, driverCatalogue),
    checkPatterns: openPatternCheck(),
    differ: openDiffer(),
    health: openHealthCheck({ db, blobs, clock, migrations, ping: () => database.ping(), version: SOFTWARE }),
    accessTokenMs: config.accessTokenMinutes * 60_000,
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
    c.header('x-content-type-options', 'nosniff')
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
  })
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new Failure('REQUEST_TOO_LARGE', { limitBytes: MAX_BODY_BYTES })
      },
    }),
  )
  app.route('/api', authRoutes(routeParts))
  app.route('/api', siteRoutes(routeParts))
  app.route('/api', enrollmentRoutes(routeParts))
  app.route('/api', agentRoutes(routeParts))
  app.route('/api', diagnosticRoutes(routeParts))
  app.route('/api', credentialRoutes(routeParts))
  app.route('/api', credentialTestRoutes(routeParts))
  app.route('/api', deviceRoutes(routeParts))
  app.route('/api', driverRoutes(routeParts))
  app.route('/api', linePatternRoutes(routeParts))
  app.route('/api', runRoutes(routeParts))
  app.route('/api', backupRoutes(routeParts))
  app.route('/api', artifactRoutes(routeParts))
  app.route('/api', storageRoutes(routeParts))
  app.route('/api', failureRoutes())
  app.route('/api', healthRoutes(routeParts))
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  const about = {
    openapi: '3.1.0',
    info: { title: 'NetRaven', version: SOFTWARE, description: 'Backups of network device configurations' },
  }
  app.doc31('/api/openapi.json', about)
  app.route(
    '/api',
    docsRoutes(() => app.getOpenAPI31Document(about)),
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
  const body = JSON.stringify(envelopeOf(failure, requestId))
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/json', 'x-request-id': requestId, ...headersOf(failure) },
  })
}

/** Whoever asks may bring an id of their own, if it is fit for a log. */
function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{8,64}$/.test(given) ? given : randomBytes(12).toString('base64url')
}
