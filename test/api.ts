/** The hub's API over a test database, called without a socket, signed in as admin. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureAdmin } from '../hub/accounts.ts'
import type { ErrorBody } from '../hub/api/error.ts'
import { type AppParts, createApp } from '../hub/app.ts'
import type { BlobStore } from '../hub/blobs/blobs.ts'
import { openLocalBlobs } from '../hub/blobs/local.ts'
import type { Database } from '../hub/db/connect.ts'
import { migrate } from '../hub/db/migrate.ts'
import { type Installation, openInstallation } from '../hub/installation.ts'
import { type Keyring, keyringOf } from '../hub/keyring.ts'
import { openLog } from '../hub/log.ts'
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

export interface TestApi {
  readonly test: TestDatabase
  readonly database: Database
  readonly keyring: Keyring
  readonly installation: Installation
  readonly blobs: BlobStore
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
  const app = createApp({
    config: { accessTokenMinutes: 30, runTimeoutMs: 3_600_000 },
    database,
    migrations: migrate(database.db, { log }),
    keyring,
    installation,
    blobs,
    log,
    node: 'test',
    wake: async (siteId) => void woken.push(siteId),
    ...parts,
  })
  const texts: string[] = []
  const fetch = async (request: Request) => app.fetch(request)
  const api: TestApi = {
    test,
    database,
    keyring,
    installation,
    blobs,
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
      await test.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  const { body } = await api.call('POST', '/api/auth/token', { username: ' Admin ', password: ADMIN_PASSWORD })
  api.token = String(body.access_token)
  return api
}
