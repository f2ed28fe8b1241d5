/** One run of the PostgreSQL server process: its start, its end, and one that an earlier hub left behind. */
import { spawn } from 'node:child_process'
import { readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Log } from '../log.ts'
import { childEnvironment } from './child.ts'
import type { ClusterHome } from './cluster-home.ts'

export interface Postmaster {
  readonly pid: number
  /** Settles when the process is gone. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>
}

export interface PostmasterOptions {
  readonly home: ClusterHome
  readonly cluster: string
  readonly settings: Readonly<Record<string, string>>
  readonly log: Log
}

/** Recovery after a crash replays the log and may take its time, ms. */
const START_LIMIT_MS = 600_000

/** How long each signal has to work before the next, harsher one, ms. */
const STOP_LIMIT_MS = 30_000

/** Starts of a server whose predecessor was killed may meet its last children for a moment. */
const START_ATTEMPTS = 5

/**
 * Starts the server and waits until it takes connections.
 * @throws Failure EMBEDDED_DB_FAILED with the last lines of its log
 */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (attempt >= START_ATTEMPTS) throw error
      await stopLeftover(options.cluster, options.log)
      await sleep(200 * attempt)
    }
  }
}

function startOnce({ home, cluster, settings, log }: PostmasterOptions): Promise<Postmaster> {
  const flags = Object.entries({ ...settings, unix_socket_directories: home.socketFolder }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const child = spawn(home.postgres, ['-D', cluster, ...flags], {
    ...home.runAs,
    cwd: home.folder,
    env: childEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C in a terminal is for the hub, which stops the database last.
    detached: true,
  })
  const started = Promise.withResolvers<Postmaster>()
  const ended = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>()
  const lines: string[] = []
  const fail = (reason: string) =>
    started.reject(new Failure('EMBEDDED_DB_FAILED', { reason, output: lines.slice(-5).join('\n') }))

  const timer = setTimeout(() => {
    fail('no connection is taken')
    child.kill('SIGQUIT')
  }, START_LIMIT_MS)
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    if (lines.length > 20) lines.shift()
    tell(log, line)
    if (!line.includes('database system is ready to accept connections')) return
    clearTimeout(timer)
    const { pid } = child
    if (pid !== undefined) started.resolve({ pid, ended: ended.promise, stop })
  })
  child.on('error', (error) => {
    clearTimeout(timer)
    fail(error.message)
    ended.resolve({ code: -1, signal: null })
  })
  child.on('close', (code, signal) => {
    clearTimeout(timer)
    fail(`ended with ${signal ?? `status ${code}`}`)
    ended.resolve({ code, signal })
  })

  const stop = async () => {
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      child.kill(signal)
      const limit = new AbortController()
      const isGone = await Promise.race([
        ended.promise.then(() => true),
        sleep(STOP_LIMIT_MS, false, { signal: limit.signal }).catch(() => false),
      ])
      limit.abort()
      if (isGone) return
      log.warn({ signal }, 'the embedded database does not stop')
    }
  }
  return started.promise
}

/**
 * Stops a server that an earlier, killed hub left running on this cluster, so that each start begins alike.
 * @throws Failure EMBEDDED_DB_FAILED when it can't be stopped
 */
export async function stopLeftover(cluster: string, log: Log): Promise<void> {
  const file = join(cluster, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const pid = Number(text.split('\n', 1)[0])
  if (!Number.isSafeInteger(pid) || pid <= 1) return
  if (!(await serves(pid, cluster))) {
    // In a container pids come round soon, and PostgreSQL would take whoever has this one now for a server of its own. We
    // hold the lock on the data directory, so nobody is just starting.
    if (process.platform === 'linux') await rm(file, { force: true })
    return
  }
  log.info({ pid }, 'stopping a database that an earlier hub left running')
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    process.kill(pid, signal)
    for (let waitedMs = 0; waitedMs < STOP_LIMIT_MS; waitedMs += 50) {
      if (!(await serves(pid, cluster))) return
      await sleep(50)
    }
  }
  throw new Failure('EMBEDDED_DB_FAILED', { reason: 'a database left by an earlier hub does not stop', pid })
}

/** Whether a process is the server of this cluster: it works in the cluster's folder, and no other process does. */
async function serves(pid: number, cluster: string): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(cluster))
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'ESRCH'].includes(String(error.code)))
      return false
    throw error
  }
}

function tell(log: Log, line: string): void {
  if (/^(FATAL|PANIC):/.test(line)) log.warn({ line }, 'PostgreSQL complains')
  else log.debug({ line }, 'PostgreSQL says')
}
