/**
 * The PostgreSQL servers of a test run: the embedded one (18, over a unix socket) and Debian's (15, over TCP), each with a
 * migrated template database. Both live in one folder that is named after our process, so that a later run finds and
 * clears what a killed one left.
 */
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type Identity, run } from '../hub/db/child.ts'
import { postgresUser } from '../hub/db/cluster-home.ts'
import { openDatabase } from '../hub/db/connect.ts'
import { startEmbedded } from '../hub/db/embedded.ts'
import { migrate } from '../hub/db/migrate.ts'
import { startPostmaster, stopLeftover } from '../hub/db/postmaster.ts'
import type { Log } from '../hub/log.ts'
import type { PostgresAccess, ServerAccess } from './postgres.ts'
import { adminQuery, TEMPLATE } from './postgres-admin.ts'

export interface Servers {
  readonly access: PostgresAccess
  stop(): Promise<void>
}

const PREFIX = 'netraven-test-'

/** Faster than safe: these servers hold nothing that matters. */
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '150' }

/** Starts what there is and prepares the templates. */
export async function startServers(log: Log): Promise<Servers> {
  await sweep(log)
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
  // The user postgres must be able to pass; mkdtemp makes folders that only their owner enters.
  await chmod(folder, 0o711)
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    await Promise.allSettled(stops.map((each) => each()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const embedded = await startEmbedded({ dataDir: join(folder, 'embedded'), log, settings })
    stops.push(() => embedded.stop())
    const debian = await startDebian(join(folder, 'server'), log)
    if (debian) stops.push(debian.stop)
    const access: PostgresAccess = {
      embedded: await prepare({ adminUrl: embedded.url }, log),
      ...(debian && { server: await prepare({ adminUrl: debian.url }, log) }),
    }
    return { access, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function prepare(server: ServerAccess, log: Log): Promise<ServerAccess> {
  await adminQuery(server.adminUrl, `create database ${TEMPLATE}`)
  const url = new URL(server.adminUrl)
  url.pathname = `/${TEMPLATE}`
  const limits = { poolMax: 2, statementTimeoutMs: 60_000, acquireTimeoutMs: 10_000, applicationName: 'template' }
  const database = openDatabase(url.href, { ...limits, log })
  try {
    await migrate(database.db, { log }).up()
  } finally {
    await database.close()
  }
  return server
}

/** @returns undefined when the package is not installed */
async function startDebian(folder: string, log: Log) {
  const bin = await debianBinaries()
  if (bin === undefined) return undefined
  const runAs: Identity = process.getuid?.() === 0 ? await postgresUser(log) : {}
  const cluster = join(folder, 'cluster')
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder, 'password')
  await mkdir(folder, { mode: 0o700 })
  await writeFile(passwordFile, password)
  for (const path of [folder, passwordFile]) {
    if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(path, runAs.uid, runAs.gid)
  }
  const flags = [
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
  ]
  const init = await run(join(bin, 'initdb'), [...flags, '--no-sync', '--pgdata', cluster], { runAs, cwd: folder })
  if (init.code !== 0) throw new Error(`initdb of Debian's PostgreSQL failed: ${init.errors}`)
  const port = await freePort()
  const server = await startPostmaster({
    home: { folder, socketFolder: folder, runAs, initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') },
    cluster,
    settings: { ...settings, listen_addresses: '127.0.0.1', port: String(port), log_min_messages: 'log' },
    log,
  })
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop: () => server.stop() }
}

/** Newest of the versions that Debian installs side by side. */
async function debianBinaries(): Promise<string | undefined> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch(() => [])
  for (const version of versions.toSorted((one, other) => Number(other) - Number(one))) {
    const bin = join(root, version, 'bin')
    if ((await run(join(bin, 'initdb'), ['--version'])).code === 0) return bin
  }
  return undefined
}

async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.on('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
  })
  return promise
}

/** Stops and removes the servers of runs whose process is gone, those of embedded.test.ts too. */
async function sweep(log: Log): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1])
    if (!Number.isSafeInteger(pid) || isAlive(pid)) continue
    const folder = join(tmpdir(), name)
    try {
      const files = await readdir(folder, { recursive: true })
      for (const file of files.filter((path) => basename(path) === 'postmaster.pid')) {
        await stopLeftover(join(folder, dirname(file)), log)
      }
      await rm(folder, { recursive: true, force: true })
    } catch (err) {
      log.warn({ err, folder }, 'what an earlier test run left could not be cleared')
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
