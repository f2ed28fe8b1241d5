/** The limits of one exchange: time without a byte, time altogether, bytes. What the conversation is for a stream. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { ExchangeLimits } from './channel.ts'
import type { Clock } from './clock.ts'
import { reasonOf } from './conversation.ts'

export interface PatienceParts {
  /** What was asked, for failures. */
  readonly command: string
  readonly limits: ExchangeLimits
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called once, when a limit is reached or the signal is aborted. */
  readonly over: (failure: Failure) => void
}

export class Patience {
  readonly #parts: PatienceParts
  readonly #startedMs: number
  #lastByteMs: number
  #bytes = 0
  #cancel: (() => void) | undefined
  #done = false
  readonly #abort = () => this.#fail(reasonOf(this.#parts.signal))

  constructor(parts: PatienceParts) {
    this.#parts = parts
    this.#startedMs = parts.clock.nowMs()
    this.#lastByteMs = this.#startedMs
    if (parts.signal.aborted) queueMicrotask(this.#abort)
    else parts.signal.addEventListener('abort', this.#abort, { once: true })
    this.#arm()
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Bytes came. @returns whether they may still be taken */
  heard(bytes: number): boolean {
    const { limits, command, clock } = this.#parts
    this.#bytes += bytes
    this.#lastByteMs = clock.nowMs()
    if (this.#bytes > limits.maxBytes)
      this.#fail(new Failure('OUTPUT_TOO_LARGE', { command, limitBytes: limits.maxBytes }))
    return !this.#done
  }

  /** It is over, well or not. */
  end(): void {
    this.#done = true
    this.#cancel?.()
    this.#parts.signal.removeEventListener('abort', this.#abort)
  }

  #arm(): void {
    const { limits, clock } = this.#parts
    const dueMs = Math.min(this.#lastByteMs + limits.idleMs, this.#startedMs + limits.totalMs)
    this.#cancel = clock.after(Math.max(0, dueMs - clock.nowMs()), () => this.#look())
  }

  /** A timer that fires early only looks again; so arrivals need not move it. */
  #look(): void {
    const { limits, clock, command } = this.#parts
    if (this.#done) return
    const elapsedMs = clock.nowMs() - this.#startedMs
    const quietMs = clock.nowMs() - this.#lastByteMs
    const idle = quietMs >= limits.idleMs
    if (!idle && elapsedMs < limits.totalMs) {
      this.#arm()
      return
    }
    this.#fail(
      new Failure('DEVICE_COMMAND_TIMEOUT', {
        command,
        elapsedMs: Math.round(elapsedMs),
        limitMs: idle ? limits.idleMs : limits.totalMs,
        bytes: this.#bytes,
        lastByteAgeMs: Math.round(quietMs),
        kind: idle || quietMs * 2 >= limits.totalMs ? 'stalled' : 'slow',
      }),
    )
  }

  #fail(failure: Failure): void {
    if (this.#done) return
    this.end()
    this.#parts.over(failure)
  }
}
