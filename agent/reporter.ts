/**
 * Carries results to the hub: hashes first, many in one message; the text only of those that the hub asks for. A result
 * leaves the spool when the hub has it for good, or says that it never will.
 */
import type { Answer, Asked } from '@netraven/protocol/calls.ts'
import { CONTENT_PART_BYTES } from '@netraven/protocol/content.ts'
import { Failure, type FailureWire } from '@netraven/protocol/failure.ts'
import { MAX_REPORTS, type Report } from '@netraven/protocol/report.ts'
import type { Log } from './log.ts'
import type { Spool, SpoolEntry } from './spool.ts'

/** Results that arrive within so many ms travel together. */
const LINGER_MS = 80
/** After the hub said `later`, or a call failed, so long, ms; grows to a minute. */
const FIRST_PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000
/** A text is sent so many times before the result is given up as one that can't be carried. */
const MAX_CORRUPT = 3
/** So many texts are on their way at once, so that a long round trip does not pace a first backup of many devices. */
const TEXTS_AT_ONCE = 8

export interface ReporterParts {
  readonly spool: Spool
  readonly call: {
    (name: 'report', question: Asked<'report'>): Promise<Answer<'report'>>
    (name: 'content', question: Asked<'content'>, bytes: Uint8Array): Promise<Answer<'content'>>
  }
  readonly isOnline: () => boolean
  readonly random: () => number
  readonly log: Log
}

export class Reporter {
  readonly #parts: ReporterParts
  readonly #corrupt = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #working = false
  #done: Promise<void> = Promise.resolve()
  #pauseMs = 0
  #atOnce = MAX_REPORTS
  /** Texts of several parts go one after the other: the hub puts one together at a time. */
  #largeTurn: Promise<void> = Promise.resolve()

  constructor(parts: ReporterParts) {
    this.#parts = parts
  }

  /** Something is in the spool, or the link is up. */
  poke(): void {
    if (this.#pauseMs === 0) this.#schedule(LINGER_MS)
  }

  /** The link is up: whatever waited for it goes now. */
  online(): void {
    this.#pauseMs = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#schedule(0)
  }

  /** Tries to get everything out, for a shutdown; gives up when the link is down. */
  async flush(): Promise<void> {
    while (this.#parts.isOnline() && this.#parts.spool.size > 0) {
      const before = this.#parts.spool.size
      if (!this.#working) this.#done = this.#round()
      await this.#done
      if (this.#parts.spool.size >= before) return
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #schedule(ms: number): void {
    if (this.#working || this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#done = this.#round()
    }, ms)
  }

  async #round(): Promise<void> {
    const { spool, isOnline, random, log } = this.#parts
    let later = false
    this.#working = true
    try {
      const batch = spool.pending.slice(0, MAX_REPORTS)
      if (!isOnline() || batch.length === 0) return
      later = await this.#send(batch.slice(0, this.#atOnce))
      this.#atOnce = MAX_REPORTS
      this.#pauseMs = 0
    } catch (error) {
      log.warn({ err: error }, 'report failed; results stay in the spool')
      later = true
      await this.#isolate(error)
    } finally {
      this.#working = false
      if (later) {
        this.#pauseMs = Math.min(MAX_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2))
        this.#schedule(this.#pauseMs * random())
      } else if (spool.size > 0 && isOnline()) this.#schedule(LINGER_MS)
    }
  }

  /** One result that the hub can't read must not hold the others back: they go one by one, and that one is given up. */
  async #isolate(error: unknown): Promise<void> {
    const { spool, log } = this.#parts
    if (!(error instanceof Failure) || error.code !== 'BODY_INVALID') return
    const [first] = spool.pending
    if (this.#atOnce === 1 && first) {
      log.error({ taskId: first.task, err: error }, 'the hub can’t read this result; it is dropped')
      await spool.remove([first])
    }
    this.#atOnce = 1
  }

  /** @returns whether the hub asked to come back later with any of them */
  async #send(batch: readonly Report[]): Promise<boolean> {
    const { results } = await this.#parts.call('report', { reports: [...batch] })
    const states = new Map(results.map((result) => [result.task, result]))
    const finished: Report[] = []
    const wanted = [...batch]
    let later = false
    const carry = async () => {
      for (let report = wanted.shift(); report; report = wanted.shift()) {
        const result = states.get(report.task)
        const state = result?.state === 'need' ? await this.#sendText(report) : await this.#settle(report, result)
        if (state === 'finished') finished.push(report)
        else later = true
      }
    }
    try {
      await Promise.all(Array.from({ length: TEXTS_AT_ONCE }, carry))
    } finally {
      await this.#parts.spool.remove(finished)
    }
    return later
  }

  async #sendText(report: Report): Promise<'finished' | 'later'> {
    const entry = await this.#parts.spool.read(report).catch((error: unknown) => {
      this.#parts.log.error({ taskId: report.task, err: error }, 'result lost: the spool entry is damaged')
      return undefined
    })
    if (!entry) return 'finished'
    if (entry.compressed.length <= CONTENT_PART_BYTES) return this.#carryParts(report, entry)
    const turn = this.#largeTurn.then(() => this.#carryParts(report, entry))
    this.#largeTurn = turn.then(
      () => undefined,
      () => undefined,
    )
    return turn
  }

  async #carryParts(report: Report, entry: SpoolEntry): Promise<'finished' | 'later'> {
    const { call } = this.#parts
    const parts = Math.max(1, Math.ceil(entry.compressed.length / CONTENT_PART_BYTES))
    for (let part = 0; part < parts; part++) {
      const bytes = entry.compressed.subarray(part * CONTENT_PART_BYTES, (part + 1) * CONTENT_PART_BYTES)
      const spans = part === 0 ? { spans: [...entry.spans] } : {}
      const answer = await call('content', { report, encoding: 'zstd', part, parts, ...spans }, bytes)
      if (answer.state === 'more' && part + 1 < parts) continue
      return this.#settle(report, answer)
    }
    return 'later'
  }

  async #settle(
    report: Report,
    result: { state: string; failure?: FailureWire | undefined } | undefined,
  ): Promise<'finished' | 'later'> {
    const { log, spool } = this.#parts
    if (result?.state === 'recorded') {
      this.#corrupt.delete(report.task)
      return 'finished'
    }
    if (result?.state !== 'refused') return 'later'
    const failure = Failure.fromWire(result.failure ?? { code: 'INTERNAL', details: {} })
    const times = (this.#corrupt.get(report.task) ?? 0) + 1
    if (failure.code === 'TRANSMISSION_CORRUPT' && report.outcome.kind === 'read') {
      this.#corrupt.set(report.task, times)
      if (times < MAX_CORRUPT) return 'later'
      const outcome = { kind: 'failed', failure: failure.toJSON() } as const
      await spool.add({ report: { ...report, outcome }, spans: [], compressed: new Uint8Array(0) })
      return 'later'
    }
    this.#corrupt.delete(report.task)
    log.warn(
      { taskId: report.task, attempt: report.attempt, code: failure.code },
      'the hub refused a result; it is dropped',
    )
    return 'finished'
  }
}
