/** The field of the API's bench: PostgreSQL with a large fleet in it, and a hub in a process of its own. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { type Database, openDatabase } from '../../hub/db/connect.ts'
import { type Keyring, keyringOf } from '../../hub/keyring.ts'
import { silentLog } from '../../hub/log.ts'
import { seedCrowd } from '../crowd.ts'
import { generousLimits } from '../field.ts'
import { adminQuery } from '../postgres-admin.ts'
import { startServers } from '../postgres-servers.ts'
import { type RunningHub, startHub } from '../processes.ts'
import { ownCpuMs } from './usage.ts'

export interface ApiFieldOptions {
  readonly devices: number
  readonly versions: number
}

const ADMIN_PASSWORD = 'bench-administrator'
const DATABASE = 'bench_api_test'

export class ApiField {
  readonly hub: RunningHub
  readonly database: Database
  readonly keyring: Keyring
  /** Which PostgreSQL it is. */
  readonly server: string
  readonly folder: string
  /** What a login sends. */
  readonly login = JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD })
  /** Of the administrator. */
  readonly token: string
  readonly #undo: (() => Promise<unknown>)[]

  static async open(options: ApiFieldOptions): Promise<ApiField> {
    const undo: (() => Promise<unknown>)[] = []
    try {
      const folder = await mkdtemp(join(tmpdir(), 'netraven-bench-api-'))
      undo.push(() => rm(folder, { recursive: true, force: true }))
      await chmod(folder, 0o711)
      const { access, stop } = await startServers(silentLog())
      undo.push(stop)
      const { adminUrl } = access.server ?? access.embedded ?? {}
      if (adminUrl === undefined) throw new RangeError('there is no PostgreSQL')
      await adminQuery(adminUrl, `create database ${DATABASE} template template0`)
      const url = new URL(adminUrl)
      url.pathname = `/${DATABASE}`
      const key = randomBytes(32)
      const hub = await startHub({
        ...generousLimits,
        DATABASE_URL: url.href,
        NETRAVEN_DATA_DIR: join(folder, 'hub'),
        NETRAVEN_ADMIN_PASSWORD: ADMIN_PASSWORD,
        NETRAVEN_MASTER_KEY: key.toString('base64'),
      })
      undo.push(() => hub.kill())
      const limits = { poolMax: 10, statementTimeoutMs: 0, acquireTimeoutMs: 10_000, applicationName: 'bench' }
      const database = openDatabase(url.href, { ...limits, log: silentLog() })
      undo.push(() => database.close())
      const { devices, versions } = options
      await seedCrowd(database.db, { sites: 1_000, devices, versions, rest: Math.max(devices, versions / 10) })
      const { rows } = await database.statement('show server_version', [])
      const [{ server_version: version }] = z.tuple([z.object({ server_version: z.string() })]).parse(rows)
      const login = JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD })
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${hub.url}/api/auth/token`, { method: 'POST', headers, body: login })
      const { access_token: token } = z.object({ access_token: z.string() }).parse(await answer.json())
      return new ApiField({ hub, database, keyring: keyringOf(key), server: version, folder, token }, undo)
    } catch (error) {
      await undoAll(undo)
      throw error
    }
  }

  private constructor(
    parts: Pick<ApiField, 'hub' | 'database' | 'keyring' | 'server' | 'folder' | 'token'>,
    undo: (() => Promise<unknown>)[],
  ) {
    this.hub = parts.hub
    this.database = parts.database
    this.keyring = parts.keyring
    this.server = parts.server
    this.folder = parts.folder
    this.token = parts.token
    this.#undo = undo
  }

  /** A thousand devices, from all over the fleet. */
  names(): Promise<{ id: string; name: string }[]> {
    return this.database.db.selectFrom('devices').select(['id', 'name']).orderBy('name').limit(1_000).execute()
  }

  cpuMs() {
    return { hub: ownCpuMs(this.hub.pid), bench: ownCpuMs(process.pid), atMs: performance.now() }
  }

  /** CPU since then: of the hub for a request, and how much of a core each process kept busy. */
  cpuSince(before: ReturnType<ApiField['cpuMs']>, requests: number) {
    const now = this.cpuMs()
    const passedMs = now.atMs - before.atMs
    const hundredths = (value: number) => Math.round(value * 100) / 100
    return {
      hubCpuMsPerRequest: hundredths((now.hub - before.hub) / Math.max(1, requests)),
      coresBusy: {
        hub: hundredths((now.hub - before.hub) / passedMs),
        bench: hundredths((now.bench - before.bench) / passedMs),
      },
    }
  }

  close(): Promise<void> {
    return undoAll(this.#undo)
  }
}

async function undoAll(undo: (() => Promise<unknown>)[]): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) await step()
}
