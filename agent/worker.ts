/**
 * Claims work, runs so many devices at once and one task a device, keeps the leases, and hands results to the reporter.
 * It asks when the hub nudges, when a place becomes free and there may be more, and every renewal period in any case: a
 * lost nudge costs time, never a task.
 */
import type { Answer, Asked } from '@netraven/protocol/calls.ts'
import type { Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Log } from './log.ts'

/** Places that become free within so many ms are asked for together. */
const LINGER_MS = 40
/** Results of so many tasks are remembered, so that a task handed out twice is not run twice. */
const REMEMBERED = 10_000

export interface WorkerParts {
  readonly concurrency: number
  readonly call: {
    (name: 'claim', question: Asked<'claim'>): Promise<Answer<'claim'>>
    (name: 'renew', question: Asked<'renew'>): Promise<Answer<'renew'>>
  }
  readonly isOnline: () => boolean
  /** Runs one task to its end; its result, if it was not called off, is safe on disk when this resolves. Never rejects for the device's sake. */
  readonly run: (task: Task, sealKey: string | undefined, signal: AbortSignal) => Promise<void>
  readonly hubNowMs: () => number
  readonly health: () => Asked<'renew'>['health']
  /** Everything whose lease is to be kept. */
  readonly holding: () => Asked<'renew'>['holding']
  /** Whether there is room for another result. */
  readonly hasRoom: () => boolean
  readonly log: Log
}

interface Active {
  readonly task: Task
  readonly abort: AbortController
  readonly deadline: NodeJS.Timeout
}

export class Worker {
  readonly #parts: WorkerParts
  readonly #active = new Map<string, Active>()
  readonly #devices = new Set<string>()
  readonly #done = new Set<string>()
  #asking = false
  #askAgain = false
  /** The last claim was answered in full: there may be more. */
  #mayBeMore = true
  #linger: NodeJS.Timeout | undefined
  #renewal: NodeJS.Timeout | undefined
  #draining = false
  #wasRoomy = true
  #idle: (() => void) | undefined

  constructor(parts: WorkerParts) {
    this.#parts = parts
  }

  get active(): number {
    return this.#active.size
  }

  /** What it works on. */
  get holding(): { task: string; attempt: number }[] {
    return [...this.#active.values()].map(({ task }) => ({ task: task.id, attempt: task.attempt }))
  }

  /** The link is up: drop what the hub says is lost, keep the rest alive, ask. */
  online({ lost, renewEveryMs }: { lost: readonly string[]; renewEveryMs: number }): void {
    this.#drop(lost)
    clearInterval(this.#renewal)
    this.#renewal = setInterval(() => this.#renew(), renewEveryMs)
    this.nudge()
  }

  /** The link is down: running tasks go on, their results are spooled. */
  offline(): void {
    clearInterval(this.#renewal)
  }

  /** There may be work. */
  nudge(): void {
    this.#mayBeMore = true
    this.#ask()
  }

  /** Takes no more work and waits for what runs. Aborting `signal` cuts what is left. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true
    clearInterval(this.#renewal)
    clearTimeout(this.#linger)
    const cut = () => this.#drop([...this.#active.keys()])
    if (signal.aborted) cut()
    else signal.addEventListener('abort', cut, { once: true })
    if (this.#active.size === 0) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  #ask(): void {
    if (this.#asking) {
      this.#askAgain = true
      return
    }
    const credit = Math.min(1000, this.#parts.concurrency - this.#active.size)
    if (this.#draining || credit <= 0 || !this.#mayBeMore || !this.#parts.isOnline() || !this.#isRoomy()) return
    this.#asking = true
    this.#claim(credit)
      .catch((error: unknown) => this.#parts.log.warn({ err: error }, 'claim failed'))
      .finally(() => {
        this.#asking = false
        if (!this.#askAgain) return
        this.#askAgain = false
        this.#ask()
      })
  }

  /** A full spool is said once, and once more when there is room again. */
  #isRoomy(): boolean {
    const roomy = this.#parts.hasRoom()
    if (!roomy && this.#wasRoomy) this.#parts.log.error({ code: 'SPOOL_FULL' }, 'the spool is full: no work is taken')
    if (roomy && !this.#wasRoomy) this.#parts.log.info('the spool has room again')
    this.#wasRoomy = roomy
    return roomy
  }

  async #claim(credit: number): Promise<void> {
    this.#mayBeMore = false
    const { tasks, sealKey } = await this.#parts.call('claim', { credit })
    this.#mayBeMore ||= tasks.length === credit
    for (const task of tasks) this.#start(task, sealKey)
  }

  #start(task: Task, sealKey: string | undefined): void {
    const { log, hubNowMs, run } = this.#parts
    const key = `${task.id}/${task.attempt}`
    if (this.#active.has(task.id) || this.#done.has(key)) {
      log.warn(
        { taskId: task.id, attempt: task.attempt, code: 'TASK_REPEATED' },
        'task handed out twice; not run again',
      )
      return
    }
    if (this.#devices.has(task.device.id)) {
      log.warn({ taskId: task.id, deviceId: task.device.id, code: 'DEVICE_BUSY' }, 'device is being read already')
      return
    }
    const abort = new AbortController()
    const limitMs = Math.max(0, Math.min(task.deadlineMs - hubNowMs(), 2 ** 31 - 1))
    const deadline = setTimeout(() => abort.abort(new Failure('TASK_DEADLINE', { limitMs })), limitMs)
    this.#active.set(task.id, { task, abort, deadline })
    this.#devices.add(task.device.id)
    run(task, sealKey, abort.signal)
      .catch((error: unknown) => log.error({ taskId: task.id, err: error }, 'task ended without a result'))
      .finally(() => this.#ended(task, key))
  }

  #ended(task: Task, key: string): void {
    clearTimeout(this.#active.get(task.id)?.deadline)
    this.#active.delete(task.id)
    this.#devices.delete(task.device.id)
    this.#done.add(key)
    for (const oldest of this.#done) {
      if (this.#done.size <= REMEMBERED) break
      this.#done.delete(oldest)
    }
    if (this.#active.size === 0) this.#idle?.()
    this.#linger ??= setTimeout(() => {
      this.#linger = undefined
      this.#ask()
    }, LINGER_MS)
  }

  #renew(): void {
    const { call, health, holding, isOnline, log } = this.#parts
    if (!isOnline()) return
    call('renew', { holding: holding(), health: health() }).then(
      ({ lost }) => {
        this.#drop(lost)
        this.nudge()
      },
      (error: unknown) => log.warn({ err: error }, 'renewal failed'),
    )
  }

  #drop(lost: readonly string[]): void {
    for (const id of lost) this.#active.get(id)?.abort.abort(new Failure('CANCELLED', { task: id }))
  }
}
