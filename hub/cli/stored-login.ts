/** The login between two commands: one file, for its owner's eyes only, and a lock for whoever changes it. */
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { z } from 'zod'
import { writeDurably, writeOnce } from '../durable-file.ts'

export const StoredLogin = z.object({
  hub: z.url(),
  user: z.string(),
  token: z.string(),
  expiresAt: z.iso.datetime(),
  /** Absent: of the release before; the login ends with its token. */
  refreshToken: z.string().optional(),
})
export type StoredLogin = z.infer<typeof StoredLogin>

const FILE = 'login.json'
const LOCK = 'login.lock'

/** Whoever holds the lock asks the hub once, with a limit far below this; an older lock was left by a command that died, ms. */
const LOCK_STALE_MS = 30_000
const LOCK_PAUSE_MS = 50

/**
 * @returns undefined when nobody logged in
 * @throws Failure NOT_LOGGED_IN when the file is there and can't be used
 */
export async function readLogin(folder: string): Promise<StoredLogin | undefined> {
  const path = join(folder, FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined
    throw new Failure('NOT_LOGGED_IN', { path, reason: 'the file of the login cannot be read' }, { cause })
  }
  try {
    return StoredLogin.parse(JSON.parse(text))
  } catch (cause) {
    throw new Failure('NOT_LOGGED_IN', { path, reason: 'the file of the login is damaged' }, { cause })
  }
}

/** @throws Failure EXPORT_FAILED when the folder can't be written */
export async function writeLogin(folder: string, login: StoredLogin): Promise<string> {
  const path = join(folder, FILE)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeDurably(path, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 })
  } catch (cause) {
    throw notWritten(path, cause)
  }
  return path
}

export async function forgetLogin(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true })
}

/**
 * Does work on the login while no other command does. A lock that a dead command left is taken over; should two take it over at the
 * same instant, both work, which the hub forgives within ten seconds.
 * @param sleep in ms of real time: it is other processes that are waited for
 * @throws Failure EXPORT_FAILED when the folder can't be written, before any work
 */
export async function withLoginLock<T>(folder: string, sleep: (ms: number) => Promise<void>, work: () => Promise<T>) {
  const path = join(folder, LOCK)
  const mark = `${process.pid} ${crypto.randomUUID()}\n`
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    while (!(await writeOnce(path, mark))) {
      if (!(await takeAway(path))) await sleep(LOCK_PAUSE_MS)
    }
  } catch (cause) {
    throw notWritten(path, cause)
  }
  try {
    return await work()
  } finally {
    // Not when it was taken over meanwhile: then it is another's.
    if ((await contentOf(path)) === mark) await rm(path, { force: true })
  }
}

/** Takes a lock away whose holder is dead. @returns whether it did */
async function takeAway(path: string): Promise<boolean> {
  const before = await contentOf(path)
  if (before === undefined) return true
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }))
  const isOld = Date.now() - mtimeMs > LOCK_STALE_MS
  if (!isOld && isAlive(Number(before.split(' ')[0]))) return false
  const aside = `${path}.${crypto.randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true
    throw error
  }
  await rm(aside, { force: true })
  return true
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: alive, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function notWritten(path: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  return new Failure('EXPORT_FAILED', { path, errno }, { cause })
}
