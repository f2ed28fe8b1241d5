/** The inside of the thread of `diff-thread.ts`: takes its one job along, answers, ends. Anywhere else it does nothing. */
import { parentPort, workerData } from 'node:worker_threads'
import { diffTexts } from './diff.ts'
import type { DiffJob } from './diff-thread.ts'

const job = (workerData as { diffJob?: DiffJob } | null)?.diffJob
if (job) parentPort?.postMessage(diffTexts(job.from, job.to, { timeoutMs: job.timeoutMs }) ?? null)
