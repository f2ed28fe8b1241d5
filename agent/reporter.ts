/**
 * Carries results to the hub: hashes first, many in one message; the text only of those that the hub asks for. A result
 * leaves the spool when the hub has it for good, or says that it never will.
 */

import { ARTIFACT_PART_BYTES } from '@netraven/protocol/artifact.ts'
import type { Answer, Asked } from '@netraven/protocol/calls.ts'
import { CONTENT_PART_BYTES } from '@netraven/protocol/content.ts'
import { Failure, type FailureWire } from '@netraven/protocol/failure.ts'
import { MAX_REPORTS, type Report } from '@netraven/protocol/report.ts'
import type { ArtifactSpool } from './artifact-spool.ts'
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
  /** Absent: no result has files. */
  readonly artifacts?: Pick<ArtifactSpool, 'parts'>
  readonly call: {
    (name: 'report', question: Asked<'report'>): Promise<Answer<'report'>>
    (name: 'content', question: Asked<'content'>, bytes: Uint8Array): Promise<Answer<'content'>>
    (name: 'artifact', question: Asked<'artifact'>, bytes: Uint8Array): Promise<Answer<'artifact'>>
  }
  readonly isOnline: () => boolean
  readonly random: () => number
  readonly log: Log
}

/** What the hub says about a result. */
interface Told {
  readonly state: string
  readonly failure?: FailureWire | undefined
  readonly artifacts?: readonly number[] | undefined
}

export class Reporter {
  readonly #parts: ReporterParts
  readonly #corrupt = new Map<string, number>()
  /** Results whose files the hub has been sent. */
  readonly #carried = new Set<string>()
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
        const state = await this.#carry(report, result)
        if (state === 'finished') finished.push(report)
        if (state === 'later') later = true
      }
    }
    try {
      await Promise.all(Array.from({ length: TEXTS_AT_ONCE }, carry))
    } finally {
      await this.#parts.spool.remove(finished)
    }
    return later
  }

  async #carry(report: Report, result: Told | undefined): Promise<'finished' | 'later' | 'again'> {
    if (result?.state !== 'need') return this.#settle(report, result)
    return result.artifacts ? this.#sendArtifacts(report, result.artifacts) : this.#sendText(report)
  }

  /** Files first, one after the other; then the hub is told of the result again, and takes the text if it needs it. */
  async #sendArtifacts(report: Report, places: readonly number[]): Promise<'finished' | 'later' | 'again'> {
    const turn = this.#largeTurn.then(async () => {
      for (const place of places) {
        const state = await this.#sendArtifact(report, place)
        if (state !== 'carried') return state
      }
      // A hub that asks for what it has taken is given time.
      const id = `${report.task}/${report.attempt}`
      if (this.#carried.has(id)) return 'later'
      this.#carried.add(id)
      return 'again'
    })
    this.#largeTurn = turn.then(
      () => undefined,
      () => undefined,
    )
    return turn
  }

  async #sendArtifact(report: Report, place: number): Promise<'finished' | 'later' | 'carried'> {
    const { call, artifacts, log } = this.#parts
    const { outcome } = report
    const artifact = 'artifacts' in outcome ? outcome.artifacts?.[place] : undefined
    if (!artifacts || !artifact || !('sizeBytes' in artifact)) return 'later'
    const parts = Math.ceil(artifact.sizeBytes / ARTIFACT_PART_BYTES)
    let part = 0
    try {
      for await (const bytes of artifacts.parts(report, place)) {
        const answer = await call('artifact', { report, artifact: place, encoding: 'zstd', part, parts }, bytes)
        part += 1
        if (answer.state === 'more' && part < parts) continue
        if (answer.state === 'recorded') return 'carried'
        return this.#settle(report, answer)
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'SPOOL_CORRUPT') throw error
      log.error({ taskId: report.task, err: error }, 'a file is lost: the spool is damaged')
      return this.#giveUp(report, error)
    }
    return this.#giveUp(report, new Failure('SPOOL_CORRUPT', { task: report.task, reason: 'the artifact is cut' }))
  }

  /** The hub is to hear that it failed. */
  async #giveUp(report: Report, failure: Failure): Promise<'later'> {
    const outcome = { kind: 'failed', failure: failure.toJSON() } as const
    await this.#parts.spool.add({ report: { ...report, outcome }, spans: [], compressed: new Uint8Array(0) })
    return 'later'
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

  async #settle(report: Report, result: Told | undefined): Promise<'finished' | 'later'> {
    const { log } = this.#parts
    this.#carried.delete(`${report.task}/${report.attempt}`)
    if (result?.state === 'recorded') {
      this.#corrupt.delete(report.task)
      return 'finished'
    }
    if (result?.state !== 'refused') return 'later'
    const failure = Failure.fromWire(result.failure ?? { code: 'INTERNAL', details: {} })
    const times = (this.#corrupt.get(report.task) ?? 0) + 1
    if (failure.code === 'TRANSMISSION_CORRUPT' && report.outcome.kind !== 'failed') {
      this.#corrupt.set(report.task, times)
      return times < MAX_CORRUPT ? 'later' : this.#giveUp(report, failure)
    }
    this.#corrupt.delete(report.task)
    log.warn(
      { taskId: report.task, attempt: report.attempt, code: failure.code },
      'the hub refused a result; it is dropped',
    )
    return 'finished'
  }
}
