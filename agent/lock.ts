/** One agent process for each folder: two with one identity would fence each other off the hub for ever. */
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'

/**
 * Takes the folder. A lock left by a process that is gone (kill -9, power cut) is taken over; process ids are told apart
 * from reused ones by their start time.
 * @returns what gives it back
 * @throws Failure AGENT_ALREADY_RUNNING with the pid
 */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'agent.lock')
  const mine = `${process.pid} ${await startTime(process.pid)}\n`
  for (let attempt = 0; attempt < 3; attempt++) {
    const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined
      throw new Failure('CONFIG_INVALID', { problems: [`NETRAVEN_AGENT_DIR ${dir} can’t be written: ${error.code}`] })
    })
    if (file) {
      await file.writeFile(mine)
      await file.close()
      return () => rm(path, { force: true })
    }
    const [pid = '0', started = ''] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ')
    if (pid !== '0' && started !== '' && (await startTime(Number(pid))) === started) {
      throw new Failure('AGENT_ALREADY_RUNNING', { pid: Number(pid), dir })
    }
    await rm(path, { force: true })
  }
  throw new Failure('AGENT_ALREADY_RUNNING', { dir })
}

/** Start time of a process in clock ticks since boot (proc(5), field 22); `gone` when there is none. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return isAlive(pid) ? 'alive' : 'gone'
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 'unknown'
}

/** For systems without /proc. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
