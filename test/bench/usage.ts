/** What processes have used, as the kernel counts it (proc(5)); Linux alone. */
import { readdirSync, readFileSync } from 'node:fs'

/** USER_HZ, which is 100 on every architecture that Node runs on. */
const MS_PER_TICK = 10

interface Stat {
  readonly parent: number
  /** Of the process itself, ms. */
  readonly ownMs: number
  /** Of its children that have ended and were waited for, ms. */
  readonly endedChildrenMs: number
}

function statOf(pid: number): Stat | undefined {
  const text = fileOf(pid, 'stat')
  if (text === undefined) return undefined
  // The name in brackets may hold anything; the fields behind it are counted from the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return {
    parent: field(4),
    ownMs: (field(14) + field(15)) * MS_PER_TICK,
    endedChildrenMs: (field(16) + field(17)) * MS_PER_TICK,
  }
}

function fileOf(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}

/** CPU time of one process without its children, ms. @throws RangeError when it is gone */
export function ownCpuMs(pid: number): number {
  const stat = statOf(pid)
  if (!stat) throw new RangeError(`process ${pid} is gone`)
  return stat.ownMs
}

/** CPU time of a process and of all that it started, ended ones too, ms. */
export function treeCpuMs(pid: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const stats = new Map(pids.map((name) => [Number(name), statOf(Number(name))]))
  const sum = (root: number): number => {
    const stat = stats.get(root)
    if (!stat) return 0
    const children = [...stats].filter(([, child]) => child?.parent === root)
    return children.reduce((total, [child]) => total + sum(child), stat.ownMs + stat.endedChildrenMs)
  }
  return sum(pid)
}

/** Memory of a process now and at its most, MB (10^6 bytes). @throws RangeError when it is gone */
export function residentMegabytes(pid: number): { now: number; peak: number } {
  const status = fileOf(pid, 'status')
  if (status === undefined) throw new RangeError(`process ${pid} is gone`)
  const megabytes = (name: string) => {
    const kibibytes = Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
    return Math.round((kibibytes * 1024) / 100_000) / 10
  }
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
}
