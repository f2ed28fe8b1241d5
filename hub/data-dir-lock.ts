/**
 * One hub a data directory. The kernel holds the lock (flock on a file that stays open), so it ends with the process however
 * that ends, can't be stale, and counts across containers that share a folder. The file says who holds it, for people.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Log } from './log.ts'

export interface DataDirLock {
  release(): Promise<void>
}

interface Holder {
  readonly pid: number
  /** Tells a process from a later one with the same pid; see `startOf`. */
  readonly start: string
}

/**
 * Takes a folder for this process.
 * @param program flock(1); where there is none, a living process of the written pid and start counts as the holder
 * @throws Failure DATA_DIR_LOCKED when a living process has it; DATA_DIR_UNUSABLE when the file can't be written
 */
export async function lockDataDir(folder: string, log: Log, program = 'flock'): Promise<DataDirLock> {
  const path = join(folder, 'hub.lock')
  const file = await open(path, 'a+', 0o600).catch((cause) => {
    throw new Failure('DATA_DIR_UNUSABLE', { path: folder, errno: String(cause.code) }, { cause })
  })
  try {
    const before = await holderOf(path)
    const isTaken = (await flock(program, file)) ?? (before !== undefined && (await isAlive(before)))
    if (isTaken) throw new Failure('DATA_DIR_LOCKED', { path: folder, ...(before && { pid: before.pid }) })
    if (before)
      log.info({ path, pid: before.pid }, 'took over the data directory from a hub that did not stop properly')
    await file.truncate(0)
    await file.appendFile(JSON.stringify({ pid: process.pid, start: await startOf(process.pid) } satisfies Holder))
    await file.datasync()
  } catch (error) {
    await file.close()
    throw error
  }
  return {
    async release() {
      await file.truncate(0)
      await file.close()
    },
  }
}

/**
 * Locks the open file through flock(1): the lock belongs to the open file, which the child shares with us, and stays when
 * the child is gone.
 * @returns whether somebody else has it; undefined on a system without flock
 */
async function flock(program: string, file: FileHandle): Promise<boolean | undefined> {
  const child = spawn(program, ['--exclusive', '--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] })
  try {
    const [code] = await once(child, 'exit')
    return code !== 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    const found: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof found !== 'object' || found === null) return undefined
    if (!('pid' in found && typeof found.pid === 'number')) return undefined
    return { pid: found.pid, start: 'start' in found ? String(found.start) : '' }
  } catch (error) {
    // Empty: released properly, or just being written.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: alive, and somebody else's.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
  }
  return (await startOf(holder.pid)) === holder.start
}

/** When a process began, in ticks since boot (field 22 of proc_pid_stat(5)); empty where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch (error) {
    if (error instanceof Error && 'code' in error) return ''
    throw error
  }
}
