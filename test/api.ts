/** The hub's API over a test database, called without a socket, signed in as admin. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Access, openAccess } from '../hub/access.ts'
import { accessTokens } from '../hub/access-tokens.ts'
import { ensureAdmin } from '../hub/accounts.ts'
import type { ErrorBody } from '../hub/api/error.ts'
import { type AppParts, createApp } from '../hub/app.ts'
import type { BlobStore } from '../hub/blobs/blobs.ts'
import { openLocalBlobs } from '../hub/blobs/local.ts'
import type { Database } from '../hub/db/connect.ts'
import { migrate } from '../hub/db/migrate.ts'
import { type Installation, openInstallation } from '../hub/installation.ts'
import { type Keyring, keyringOf } from '../hub/keyring.ts'
import { type DefaultLimits, defaultLimits, LIMITS_CHANNEL } from '../hub/limit-rules.ts'
import { openLimits } from '../hub/limits.ts'
import { openLog } from '../hub/log.ts'
import { ACCESS_CHANNEL } from '../hub/sessions.ts'
import { tokenKeys } from '../hub/token-keys.ts'
import { postgresFor, type ServerKind, type TestDatabase } from './postgres.ts'

export const ADMIN_PASSWORD = 'canary-admin-password'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed text, when it is JSON. */
  readonly body: Record<string, unknown>
  /** Of a refusal. */
  readonly error: ErrorBody | undefined
}

const MANY = 1_000_000

/** Tests call as often as they like. */
export const generousLimits: DefaultLimits = defaultLimits({
  ...{ principal: MANY, anonymous: MANY, heavy: MANY, content: MANY },
  ...{ login: MANY, 'forgot-password': MANY, enroll: MANY, agent: MANY },
})

export interface TestApi {
  readonly test: TestDatabase
  readonly database: Database
  readonly keyring: Keyring
  readonly installation: Installation
  readonly blobs: BlobStore
  readonly access: Access
  /** What the app was made of, for another one on the same database. */
  readonly parts: AppParts
  readonly app: ReturnType<typeof createApp>
  readonly fetch: (request: Request) => Promise<Response>
  /** Sites that were woken, in order. */
  readonly woken: string[]
  /** Everything logged, at every level. */
  readonly log: string[]
  /** Every answer's text, for tests that look for what must not be in any. */
  readonly texts: string[]
  token: string
  /** With the admin's token; a string is sent as it is, anything else as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>
  close(): Promise<void>
}

export async function openTestApi(kind: ServerKind, parts: Partial<AppParts> = {}): Promise<TestApi> {
  const test = await (await postgresFor(kind)).newDatabase()
  const database = test.open()
  const folder = await mkdtemp(join(tmpdir(), 'netraven-api-'))
  const lines: string[] = []
  const log = openLog({ level: 'trace', write: (line) => lines.push(line) })
  const keyring = keyringOf(Buffer.alloc(32, 7))
  const installation = await openInstallation(database.db, keyring)
  const blobs = await openLocalBlobs({ folder, keyring, log })
  await ensureAdmin(database.db, ADMIN_PASSWORD)
  const woken: string[] = []
  const clock = parts.clock ?? Date.now
  const tokens = accessTokens(installation.id, tokenKeys(database.db, keyring, clock), clock)
  const access = openAccess({ db: database.db, tokens, clock })
  const { statement } = database
  const limits = await openLimits({ db: database.db, statement, defaults: generousLimits, clock, log })
  const subscription = await database.listen([ACCESS_CHANNEL, LIMITS_CHANNEL], (channel, payload) => {
    if (channel === ACCESS_CHANNEL) access.forget(payload)
    else void limits.heard(payload)
  })
  const whole: AppParts = {
    config: { accessTokenMinutes: 30, runTimeoutMs: 3_600_000 },
    database,
    migrations: migrate(database.db, { log }),
    keyring,
    installation,
    blobs,
    access,
    tokens,
    limits,
    log,
    node: 'test',
    wake: async (siteId) => void woken.push(siteId),
    ...parts,
  }
  const app = createApp(whole)
  const texts: string[] = []
  const fetch = async (request: Request) => app.fetch(request)
  const api: TestApi = {
    test,
    database,
    keyring,
    installation,
    blobs,
    access,
    parts: whole,
    app,
    fetch,
    woken,
    log: lines,
    texts,
    token: '',
    async call(method, path, body, headers = {}) {
      const isText = typeof body === 'string'
      const response = await fetch(
        new Request(`http://hub.test${path}`, {
          method,
          headers: {
            ...(api.token && { authorization: `Bearer ${api.token}` }),
            ...(body !== undefined && { 'content-type': isText ? 'text/csv' : 'application/json' }),
            ...headers,
          },
          ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
        }),
      )
      const text = await response.text()
      texts.push(text)
      const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
      const parsed = isJson ? JSON.parse(text) : {}
      return { status: response.status, headers: response.headers, text, body: parsed, error: parsed.error }
    },
    async close() {
      await limits.close()
      await subscription.close()
      await test.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  const { body } = await api.call('POST', '/api/auth/token', { username: ' Admin ', password: ADMIN_PASSWORD })
  api.token = String(body.access_token)
  return api
}
