/**
 * A PostgreSQL of the hub's own, for when there is no DATABASE_URL: real binaries, a child process, durable as any.
 *
 * locked → leftover stopped → cluster made (first start) → starting → running → stopped. When it dies while running it is
 * started again; when the hub is killed it lives on until the next hub of this data directory stops and restarts it. It
 * listens on a unix socket only, behind a random password, so any number of hubs on a machine keep apart.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { lockDataDir } from '../data-dir-lock.ts'
import { syncFolder, writeDurably } from '../durable-file.ts'
import type { Log } from '../log.ts'
import { run } from './child.ts'
import { type ClusterHome, findHome } from './cluster-home.ts'
import { type Postmaster, startPostmaster, stopLeftover } from './postmaster.ts'

export interface EmbeddedOptions {
  /** Absolute; made when absent. */
  readonly dataDir: string
  readonly log: Log
  /** PostgreSQL settings on top of ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where the cluster goes when it can't be in the data directory. */
  readonly systemDir?: string
  /** Folder with `bin/postgres` and all it needs; the ones npm installed when absent. */
  readonly binaries?: string
}

export interface Embedded {
  /** For `openDatabase`; holds the password. */
  readonly url: string
  /** Pid of the server at this moment; undefined while it is being restarted. */
  readonly pid: () => number | undefined
  /** Folder of the cluster. */
  readonly folder: string
  /** Stops it in good order and gives the data directory back. May be called twice. */
  stop(): Promise<void>
}

/** Database and role; the cluster has nothing else in it. */
const NAME = 'netraven'

/** Pause before the first and the following restarts of a server that died, ms. */
const RESTART_PAUSES_MS = [100, 500, 2_000, 10_000, 30_000]

/** A server that ran this long before it died is restarted as if it were the first time, ms. */
const STEADY_AFTER_MS = 60_000

const initdbFlags = [
  `--username=${NAME}`,
  // Nobody may log in before pg_hba.conf is ours.
  '--auth=reject',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--data-checksums',
  // One call for the whole file system instead of one for each of a thousand files.
  ...(process.platform === 'linux' ? ['--sync-method=syncfs'] : []),
]

/**
 * Starts the embedded database.
 * @throws Failure DATA_DIR_LOCKED when another hub runs on this data directory; DATA_DIR_UNUSABLE; EMBEDDED_DB_FAILED with the
 * last lines of its log
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const log = options.log.child({ part: 'postgres' })
  await mkdir(options.dataDir, { recursive: true }).catch((cause) => {
    throw new Failure('DATA_DIR_UNUSABLE', { path: options.dataDir, errno: String(cause.code) }, { cause })
  })
  const locks = [await lockDataDir(options.dataDir, log)]
  const unlock = async () => {
    for (const lock of locks.splice(0)) await lock.release()
  }
  try {
    const home = await findHome({ ...options, log, systemDir: options.systemDir ?? '/var/lib/netraven' })
    // A copied data directory's note leads to the same cluster.
    if (home.folder !== join(options.dataDir, 'postgres')) locks.push(await lockDataDir(home.folder, log))
    const cluster = join(home.folder, 'cluster')
    await stopLeftover(cluster, log)
    await makeCluster(home, cluster, log)
    const password = await ensurePassword(home, cluster, join(options.dataDir, 'postgres.password'))
    const start = () => startPostmaster({ home, cluster, log, settings: { ...ourSettings, ...options.settings } })
    const supervised = supervise(await start(), start, log)
    return {
      url: urlOf(password, home),
      pid: supervised.pid,
      folder: cluster,
      async stop() {
        await supervised.stop()
        await rm(home.socketFolder, { recursive: true, force: true })
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    throw asFailure(error, options.dataDir)
  }
}

/**
 * The database of a hub that runs on this data directory, for a command beside it on the same host.
 * @throws Failure EMBEDDED_DB_FAILED when it has none yet, or its password can't be read
 */
export async function joinEmbedded(options: EmbeddedOptions): Promise<Pick<Embedded, 'url' | 'stop'>> {
  try {
    const home = await findHome({ ...options, systemDir: options.systemDir ?? '/var/lib/netraven' })
    const password = (await readFile(join(options.dataDir, 'postgres.password'), 'utf8')).trim()
    return { url: urlOf(password, home), stop: async () => undefined }
  } catch (error) {
    throw asFailure(error, options.dataDir)
  }
}

function urlOf(password: string, { socketFolder }: ClusterHome): string {
  return `postgres://${NAME}:${password}@localhost/${NAME}?host=${encodeURIComponent(socketFolder)}`
}

const ourSettings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '60',
  shared_buffers: '64MB',
  jit: 'off',
  timezone: 'UTC',
  password_encryption: 'scram-sha-256',
  // What a query did wrong is the hub's to log; its detail may hold values.
  log_min_messages: 'log',
  log_line_prefix: '',
  log_checkpoints: 'off',
}

/** Keeps a server running until told otherwise. */
function supervise(first: Postmaster, start: () => Promise<Postmaster>, log: Log) {
  const stopping = new AbortController()
  let current: Postmaster | undefined = first

  const watch = async (server: Postmaster): Promise<void> => {
    let deaths = 0
    for (let next: Postmaster | undefined = server; next; next = await restart(deaths)) {
      current = next
      const startedMs = performance.now()
      const end = await next.ended
      current = undefined
      if (stopping.signal.aborted) return
      log.error(end, 'the embedded database ended unexpectedly')
      deaths = performance.now() - startedMs > STEADY_AFTER_MS ? 0 : deaths + 1
    }
  }

  /** @returns undefined when we were told to stop meanwhile */
  const restart = async (deaths: number): Promise<Postmaster | undefined> => {
    for (let tries = deaths; !stopping.signal.aborted; tries += 1) {
      await pause(RESTART_PAUSES_MS[Math.min(tries, RESTART_PAUSES_MS.length) - 1] ?? 0, stopping.signal)
      if (stopping.signal.aborted) return undefined
      try {
        const server = await start()
        if (!stopping.signal.aborted) return server
        await server.stop()
      } catch (err) {
        log.error({ err }, 'the embedded database did not start again')
      }
    }
    return undefined
  }

  const watching = watch(first)
  return {
    pid: () => current?.pid,
    async stop() {
      stopping.abort()
      await current?.stop()
      await watching
    },
  }
}

/** Makes the cluster at the first start; one that was half made is made anew. */
async function makeCluster(home: ClusterHome, cluster: string, log: Log): Promise<void> {
  const made = await versionOf(cluster)
  const ours = /\b(\d+)\./.exec((await run(home.postgres, ['--version'], { runAs: home.runAs })).output)?.[1]
  if (made !== undefined) {
    if (made === ours) return
    throw new Failure('EMBEDDED_DB_FAILED', {
      reason: `made by PostgreSQL ${made}, this release brings ${ours}`,
      path: cluster,
    })
  }
  const startedMs = performance.now()
  const half = `${cluster}.part`
  await rm(half, { recursive: true, force: true })
  const init = await run(home.initdb, [...initdbFlags, '--pgdata', half], { runAs: home.runAs, cwd: home.folder })
  if (init.code !== 0) {
    await rm(half, { recursive: true, force: true })
    throw new Failure('EMBEDDED_DB_FAILED', { reason: 'initdb failed', output: tail(init.errors || init.output) })
  }
  await writeFile(join(half, 'pg_hba.conf'), 'local all all scram-sha-256\n')
  await single(home, half, 'postgres', `create database ${NAME}`)
  await rename(half, cluster)
  await syncFolder(home.folder)
  log.info({ folder: cluster, durationMs: Math.round(performance.now() - startedMs) }, 'made a database')
}

/** The password of the role; a lost one is replaced, which only the owner of the files can do. */
async function ensurePassword(home: ClusterHome, cluster: string, file: string): Promise<string> {
  const found = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (found.trim() !== '') return found.trim()
  const password = randomBytes(24).toString('base64url')
  // First the role, then the file: a crash in between leaves no file, and the next start begins again.
  await single(home, cluster, 'postgres', `alter role ${NAME} password '${password}'`)
  await writeDurably(file, `${password}\n`)
  await chmod(file, 0o600)
  return password
}

/** One statement without a server (single-user mode), while none runs. */
async function single(home: ClusterHome, cluster: string, database: string, statement: string): Promise<void> {
  const args = ['--single', '-D', cluster, '-c', 'log_min_error_statement=panic', '-c', 'exit_on_error=on', database]
  const result = await run(home.postgres, args, { runAs: home.runAs, cwd: home.folder, input: `${statement}\n` })
  if (result.code !== 0)
    throw new Failure('EMBEDDED_DB_FAILED', { reason: 'set-up failed', output: tail(result.errors) })
}

async function versionOf(cluster: string): Promise<string | undefined> {
  try {
    return (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function asFailure(error: unknown, path: string): unknown {
  if (error instanceof Failure || !(error instanceof Error) || !('code' in error)) return error
  return new Failure('DATA_DIR_UNUSABLE', { path, errno: String(error.code), reason: error.message }, { cause: error })
}

const tail = (text: string) => text.trim().split('\n').slice(-5).join('\n').slice(-1_000)

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => {
    clearTimeout(timer)
    resolve()
  })
  return promise
}
