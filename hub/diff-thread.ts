/** Diffs in a thread of their own: unlike texts take seconds of computing, in which the hub must go on answering. */
import { Worker } from 'node:worker_threads'
import { Failure } from '@netraven/protocol/failure.ts'
import type { DiffSide, TextDiff } from './diff.ts'

export interface DiffJob {
  readonly from: DiffSide
  readonly to: DiffSide
  readonly timeoutMs: number
}

export interface Differ {
  /** @throws Failure DIFF_TOO_LARGE when the texts are larger or less alike than can be compared in time */
  diff(from: DiffSide, to: DiffSide): Promise<TextDiff>
}

export interface DiffLimits {
  readonly timeoutMs: number
  /** Of both texts together, UTF-16 code units. */
  readonly maxLength: number
  /** Threads at once; more callers wait. */
  readonly threads: number
}

const WORKER = new URL('./diff-worker.ts', import.meta.url)

/** What the thread needs beyond its own timeout to start and to answer, ms. */
const GRACE_MS = 5_000

/** A differ whose threads end with each job, so that none holds memory. */
export function openDiffer(limits: DiffLimits = { timeoutMs: 5_000, maxLength: 32 * 1024 * 1024, threads: 2 }): Differ {
  const waiting: (() => void)[] = []
  let active = 0
  const enter = () => {
    if (active < limits.threads) {
      active += 1
      return Promise.resolve()
    }
    return new Promise<void>((resolve) => waiting.push(resolve))
  }
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else active -= 1
  }
  return {
    async diff(from, to) {
      const length = from.text.length + to.text.length
      if (length > limits.maxLength) throw new Failure('DIFF_TOO_LARGE', { length, limit: limits.maxLength })
      await enter()
      try {
        return await inThread({ from, to, timeoutMs: limits.timeoutMs })
      } finally {
        leave()
      }
    },
  }
}

async function inThread(job: DiffJob): Promise<TextDiff> {
  const worker = new Worker(WORKER, { workerData: { diffJob: job }, resourceLimits: { maxOldGenerationSizeMb: 1024 } })
  const overdue = setTimeout(() => void worker.terminate(), job.timeoutMs + GRACE_MS)
  try {
    return await new Promise<TextDiff>((resolve, reject) => {
      const tooLarge = (details: Record<string, unknown>) => reject(new Failure('DIFF_TOO_LARGE', details))
      worker.on('message', (result: TextDiff | null) => {
        if (result) resolve(result)
        else tooLarge({ timeoutMs: job.timeoutMs })
      })
      worker.on('error', (error) => {
        if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') tooLarge({ reason: 'out of memory' })
        else reject(error)
      })
      worker.on('exit', () => tooLarge({ timeoutMs: job.timeoutMs }))
    })
  } finally {
    clearTimeout(overdue)
    await worker.terminate()
  }
}
