/**
 * Databases for tests. Each test file makes its own, a copy of the migrated template (about 50 ms), on every server of the run:
 *
 * ```ts
 * describe.each(servers)('the queue on %s', (kind) => {
 *   let database: TestDatabase
 *   beforeAll(async () => { database = await (await postgresFor(kind)).newDatabase() })
 *   afterAll(() => database.drop())
 * ```
 */
import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { type Database, type DatabaseOptions, openDatabase } from '../hub/db/connect.ts'
import { silentLog } from '../hub/log.ts'
import { adminQuery, requireTestName, TEMPLATE } from './postgres-admin.ts'

export { requireTestName }

export type ServerKind = 'embedded' | 'server'

export interface ServerAccess {
  /** Of the superuser, for making and dropping databases. */
  readonly adminUrl: string
}

/** What global-setup.ts hands to every test file. */
export type PostgresAccess = Readonly<Partial<Record<ServerKind, ServerAccess>>>

declare module 'vitest' {
  interface ProvidedContext {
    postgres: PostgresAccess
  }
}

export interface TestDatabase {
  readonly name: string
  readonly url: string
  /** Opens it with small limits; closed by `drop` if not before. */
  open(options?: Partial<DatabaseOptions>): Database
  drop(): Promise<void>
}

export interface TestPostgres {
  readonly kind: ServerKind
  readonly adminUrl: string
  /** @param options `empty` leaves out the schema */
  newDatabase(options?: { empty?: boolean }): Promise<TestDatabase>
  /** Opens any URL with the limits of tests; the caller closes it. */
  openAt(url: string, options?: Partial<DatabaseOptions>): Database
}

/** The servers of this run: the embedded one always, Debian's where it is installed. */
export const servers: readonly ServerKind[] = (['embedded', 'server'] as const).filter(
  (kind) => inject('postgres')?.[kind],
)

/** A server of this run. */
export async function postgresFor(kind: ServerKind): Promise<TestPostgres> {
  const adminUrl = inject('postgres')[kind]?.adminUrl
  if (adminUrl === undefined) throw new Error(`there is no PostgreSQL of kind ${kind} in this run`)
  return {
    kind,
    adminUrl,
    openAt,
    async newDatabase({ empty = false } = {}) {
      const name = `netraven_${randomBytes(5).toString('hex')}_test`
      await adminQuery(adminUrl, `create database ${requireTestName(name)} template ${empty ? 'template0' : TEMPLATE}`)
      const url = new URL(adminUrl)
      url.pathname = `/${name}`
      const opened: Database[] = []
      return {
        name,
        url: url.href,
        open(options = {}) {
          const database = openAt(url.href, options)
          opened.push(database)
          return database
        },
        async drop() {
          await Promise.all(opened.map((database) => database.close()))
          await adminQuery(adminUrl, `drop database if exists ${requireTestName(name)} with (force)`)
        },
      }
    },
  }
}

function openAt(url: string, options: Partial<DatabaseOptions> = {}): Database {
  const limits = { poolMax: 5, statementTimeoutMs: 30_000, acquireTimeoutMs: 10_000, applicationName: 'test' }
  return openDatabase(url, { ...limits, log: silentLog(), ...options })
}
