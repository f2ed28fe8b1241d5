/**
 * Patterns that somebody wrote, tried on texts that would keep a bad one busy, before they are kept: in a thread, because until then
 * nobody knows what they do.
 */
import { Worker } from 'node:worker_threads'

export interface WrittenPattern {
  readonly path: readonly (string | number)[]
  readonly source: string
  /** What it is run over. */
  readonly over: 'text' | 'line'
}

export interface PatternProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

export interface PatternJob {
  readonly patterns: readonly WrittenPattern[]
  /** For all texts of one pattern, ms; a sound one takes a hundredth. */
  readonly limitMs: number
}

export type PatternCheck = (patterns: readonly WrittenPattern[]) => Promise<PatternProblem[]>

const WORKER = new URL('./pattern-worker.ts', import.meta.url)
/** A check of all patterns of a large driver takes a few seconds. */
const WHOLE_LIMIT_MS = 90_000

/** @param limitMs for all texts of one pattern */
export function openPatternCheck(limitMs = 5_000): PatternCheck {
  return async (patterns) => {
    if (patterns.length === 0) return []
    const job: PatternJob = { patterns, limitMs }
    const worker = new Worker(WORKER, {
      workerData: { patternJob: job },
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    const gaveUp: PatternProblem[] = [{ path: [], message: 'the patterns take too long to be tried' }]
    let overdue: NodeJS.Timeout | undefined
    try {
      return await new Promise<PatternProblem[]>((resolve, reject) => {
        overdue = setTimeout(() => resolve(gaveUp), WHOLE_LIMIT_MS)
        worker.once('message', resolve)
        worker.once('error', (error) => {
          if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(gaveUp)
          else reject(error)
        })
        worker.once('exit', () => resolve(gaveUp))
      })
    } finally {
      clearTimeout(overdue)
      await worker.terminate()
    }
  }
}
