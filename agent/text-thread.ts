/**
 * Texts in a thread of their own, where patterns are at work that somebody wrote: one that backtracks without end costs its own text
 * the time limit, and no other device anything. The thread begins with the first text and ends when there were none for a while.
 */
import { Worker } from 'node:worker_threads'
import type { LinePatterns } from '@netraven/protocol/claim.ts'
import { Failure, type FailureWire } from '@netraven/protocol/failure.ts'
import type { Transport } from '@netraven/protocol/transport.ts'
import type { Driver } from './driver.ts'
import type { Output } from './session.ts'
import type { Text, TextOptions } from './text.ts'

/** A text of 64 MiB with two hundred patterns takes a few seconds. */
const LIMIT_MS = 20_000
const IDLE_MS = 30_000
/** The engine is loaded once more, on a slow jump host that is busy. */
const START_MS = 60_000

/** What the thread compiles by itself, since a pattern can't be sent. */
interface DriverRef {
  readonly name: string
  /** File of an own driver; absent: the built-in one of that name. */
  readonly file?: string
  readonly transport: Transport
}

export type TextJob = { readonly driver: DriverRef } & (
  | {
      readonly kind: 'text'
      readonly outputs: readonly (Omit<Output, 'command' | 'bytes'> & { command: number; bytes: Uint8Array })[]
      readonly options: Omit<TextOptions, 'patterns'>
      readonly patterns?: LinePatterns
    }
  | { readonly kind: 'replay'; readonly recording: string }
)

export type TextAnswer =
  | { readonly ready: true }
  | { readonly text: Text }
  | { readonly failure: FailureWire }
  | { readonly bug: string }

const WORKER = new URL('./text-worker.ts', import.meta.url)

export class TextThread {
  readonly #limitMs: number
  #worker: Worker | undefined
  /** The one that said so. */
  #begun: Worker | undefined
  #last: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  #closed = false

  constructor({ limitMs = LIMIT_MS } = {}) {
    this.#limitMs = limitMs
  }

  /**
   * `makeText` with own patterns.
   * @param driver as it reads over this transport
   * @throws Failure as `makeText`, and PATTERN_TOO_SLOW
   */
  text(
    driver: Driver,
    transport: Transport,
    outputs: readonly Output[],
    { patterns, ...options }: Omit<TextOptions, 'patterns'> & { readonly patterns?: LinePatterns | undefined },
  ): Promise<Text> {
    return this.#run(driver.name, {
      kind: 'text',
      driver: refOf(driver, transport),
      outputs: outputs.map((output) => ({ ...output, command: driver.commands.indexOf(output.command) })),
      options,
      ...(patterns ? { patterns } : {}),
    })
  }

  /**
   * Reads a recording with a driver, also cut at many places.
   * @returns what was read; a cut that goes unnoticed makes it suspect
   * @throws Failure as `readReplayed`, DRIVER_TRIAL_FAILED when it is no recording, PATTERN_TOO_SLOW
   */
  replay(driver: Driver, recording: string): Promise<Text> {
    const [transport = 'ssh'] = driver.transports
    return this.#run(driver.name, { kind: 'replay', driver: refOf(driver, transport), recording })
  }

  /** Ends the thread; what waits for it is called off. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    if (this.#worker) await this.#drop(this.#worker)
  }

  /** One job after the other. */
  #run(driver: string, job: TextJob): Promise<Text> {
    const done = this.#last.then(() => this.#one(driver, job))
    this.#last = done.catch(() => undefined)
    return done
  }

  async #one(driver: string, job: TextJob): Promise<Text> {
    clearTimeout(this.#idle)
    if (this.#closed) throw new Failure('CANCELLED')
    const worker = this.#worker ?? this.#begin()
    worker.ref()
    try {
      // How long the thread takes to begin says nothing about a pattern.
      if (worker !== this.#begun)
        await this.#answer(worker, () => new Error('the thread for texts did not begin'), START_MS)
      this.#begun = worker
      const tooSlow = () => new Failure('PATTERN_TOO_SLOW', { driver, limitMs: this.#limitMs })
      const answer = await this.#answer(worker, tooSlow, this.#limitMs, job)
      this.#rest(worker)
      if ('text' in answer) return answer.text
      if ('failure' in answer) throw Failure.fromWire(answer.failure)
      throw new Error('bug' in answer ? answer.bug : 'the thread for texts began twice')
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'PATTERN_TOO_SLOW') await this.#drop(worker)
      throw error
    }
  }

  #begin(): Worker {
    const worker = new Worker(WORKER, { workerData: { textThread: true } })
    this.#worker = worker
    const gone = () => {
      if (this.#worker === worker) this.#worker = undefined
    }
    // Also while it rests: then nobody else hears of it.
    return worker.on('error', gone).on('exit', gone)
  }

  #answer(worker: Worker, late: () => Error, limitMs: number, job?: TextJob): Promise<TextAnswer> {
    return new Promise<TextAnswer>((resolve, reject) => {
      const settle = (how: () => void) => {
        clearTimeout(overdue)
        worker.off('message', heard).off('error', broke).off('exit', ended)
        how()
      }
      const heard = (answer: TextAnswer) => settle(() => resolve(answer))
      const broke = (error: unknown) => settle(() => reject(error))
      const ended = () => broke(this.#closed ? new Failure('CANCELLED') : new Error('the thread for texts ended'))
      const overdue = setTimeout(() => broke(late()), limitMs)
      worker.on('message', heard).on('error', broke).on('exit', ended)
      if (job) worker.postMessage(job)
    })
  }

  async #drop(worker: Worker): Promise<void> {
    if (this.#worker === worker) this.#worker = undefined
    await worker.terminate()
  }

  #rest(worker: Worker): void {
    worker.unref()
    this.#idle = setTimeout(() => {
      if (this.#worker === worker) void this.#drop(worker)
    }, IDLE_MS).unref()
  }
}

function refOf({ name, own }: Driver, transport: Transport): DriverRef {
  return { name, transport, ...(own ? { file: own.file } : {}) }
}
