/**
 * Talk with a device over one channel: what it sends goes through the terminal, what we send through the guard, and every
 * wait has its limits. Only here do bytes, timers and the abort signal meet.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Channel, End } from './channel.ts'
import type { Clock } from './clock.ts'
import type { Guard, Utterance } from './guard.ts'
import { Terminal } from './terminal.ts'

export interface Limits {
  /** No byte for so long ends the wait, ms. */
  readonly idleMs: number
  /** The wait takes no longer, ms. */
  readonly totalMs: number
  /** No more bytes are taken for one command. */
  readonly maxBytes: number
}

/** How a wait stands; the facts of a DEVICE_COMMAND_TIMEOUT. */
export interface Facts {
  readonly elapsedMs: number
  readonly limitMs: number
  readonly bytes: number
  readonly lastByteAgeMs: number
  /** `stalled`: nothing came any more; `slow`: it was still flowing when the time was up. */
  readonly kind: 'stalled' | 'slow'
  /** What to try as the command's limit instead, s. */
  readonly seconds: number
  /** What to try as the limit of its silence, s. */
  readonly idleSeconds: number
}

/** What a device may be given at most, s: the bound of its settings. */
const LONGEST_SECONDS = 3600

export interface Wait<T> {
  readonly limits: Limits
  /**
   * Looks at the terminal after each arrival, and when `wakeAfter` asked for it.
   * @param quietMs since the last byte, or since the wait began
   * @returns what was waited for, or undefined to go on
   */
  step(quietMs: number): T | undefined
  /** What to throw when a time limit is reached. */
  expired(facts: Facts): Failure
  /** What was asked, for failures. */
  readonly about: string
  /** The channel may end here: then `step` is called a last time and must answer. Absent: an end is CONNECTION_LOST. */
  ended?(end: End): T
}

export interface ConversationParts {
  readonly channel: Channel
  readonly guard: Guard
  readonly clock: Clock
  readonly signal: AbortSignal
}

export class Conversation {
  readonly terminal: Terminal
  readonly #channel: Channel
  readonly #guard: Guard
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #end: End | undefined
  #bytes = 0
  #lastByteMs: number
  /** Of the wait that runs: called when something happened. */
  #look: (() => void) | undefined
  #fail: ((reason: unknown) => void) | undefined
  #wakeAtMs: number | undefined
  #maxBytes = Number.POSITIVE_INFINITY
  #overflown = false

  constructor({ channel, guard, clock, signal }: ConversationParts) {
    this.#channel = channel
    this.#guard = guard
    this.#clock = clock
    this.#signal = signal
    this.#lastByteMs = clock.nowMs()
    this.terminal = new Terminal((text) => this.say({ kind: 'cursor', text }))
    channel.onData((bytes) => this.#take(bytes))
    channel.onEnd((end) => {
      this.#end = end
      this.#look?.()
    })
  }

  /** Bytes that came since the last command. */
  get bytes(): number {
    return this.#bytes
  }

  /** @throws Failure POLICY_COMMAND, and nothing was written */
  say(utterance: Utterance): void {
    const text = this.#guard.pass(utterance)
    if (utterance.kind === 'command') this.#bytes = 0
    if (!this.#end) this.#channel.write(text)
  }

  /** Within a `step`: call it again when it has been quiet for so long. */
  wakeAfter(quietMs: number): void {
    const atMs = Math.max(this.#lastByteMs, this.#clock.nowMs() - quietMs) + quietMs
    this.#wakeAtMs = Math.min(this.#wakeAtMs ?? atMs, atMs)
  }

  /**
   * Waits until `step` answers.
   * @throws Failure what `expired` makes, CONNECTION_LOST, OUTPUT_TOO_LARGE, or the reason of the abort signal
   */
  wait<T>(wait: Wait<T>): Promise<T> {
    const startedMs = this.#clock.nowMs()
    this.#maxBytes = wait.limits.maxBytes
    this.#lastByteMs = startedMs
    return new Promise<T>((resolve, reject) => {
      let cancelTimer: (() => void) | undefined
      let timerAtMs = Number.POSITIVE_INFINITY
      let looking = false
      let again = false
      const finish = (settle: () => void) => {
        cancelTimer?.()
        this.#look = undefined
        this.#fail = undefined
        this.#signal.removeEventListener('abort', abort)
        settle()
      }
      const abort = () => {
        this.#channel.close()
        finish(() => reject(reasonOf(this.#signal)))
      }
      const arm = () => {
        const dueMs = Math.min(
          this.#lastByteMs + wait.limits.idleMs,
          startedMs + wait.limits.totalMs,
          this.#wakeAtMs ?? Number.POSITIVE_INFINITY,
        )
        // A timer that fires early only looks again; so arrivals need not move it.
        if (dueMs >= timerAtMs) return
        cancelTimer?.()
        timerAtMs = dueMs
        cancelTimer = this.#clock.after(Math.max(0, dueMs - this.#clock.nowMs()), () => {
          timerAtMs = Number.POSITIVE_INFINITY
          look()
        })
      }
      const judge = (): T | undefined => {
        const nowMs = this.#clock.nowMs()
        const quietMs = nowMs - this.#lastByteMs
        if (this.#overflown)
          throw new Failure('OUTPUT_TOO_LARGE', { command: wait.about, limitBytes: wait.limits.maxBytes })
        if (this.#wakeAtMs !== undefined && this.#wakeAtMs <= nowMs) this.#wakeAtMs = undefined
        const found = wait.step(quietMs)
        if (found !== undefined) return found
        if (this.#end) {
          // The transport may hear of an abort before we do.
          if (this.#signal.aborted) throw reasonOf(this.#signal)
          if (wait.ended) return wait.ended(this.#end)
          throw lost(wait.about, this.#bytes, this.#end)
        }
        const elapsedMs = nowMs - startedMs
        if (quietMs >= wait.limits.idleMs || elapsedMs >= wait.limits.totalMs)
          throw this.#expired(wait, elapsedMs, quietMs)
        return undefined
      }
      const look = () => {
        // A channel may answer within `write`: then the step that wrote is looked at again, not entered twice.
        again = true
        if (looking) return
        looking = true
        try {
          while (again) {
            again = false
            const found = judge()
            if (found !== undefined) {
              finish(() => resolve(found))
              return
            }
          }
          arm()
        } catch (error) {
          finish(() => reject(error))
        } finally {
          looking = false
        }
      }
      if (this.#signal.aborted) {
        abort()
        return
      }
      this.#signal.addEventListener('abort', abort)
      this.#wakeAtMs = undefined
      this.#look = look
      this.#fail = (reason) => finish(() => reject(reason))
      look()
    })
  }

  close(): void {
    this.#channel.close()
  }

  #expired<T>(wait: Wait<T>, elapsedMs: number, quietMs: number): Failure {
    const idle = quietMs >= wait.limits.idleMs
    return wait.expired({
      elapsedMs: Math.round(elapsedMs),
      limitMs: idle ? wait.limits.idleMs : wait.limits.totalMs,
      bytes: this.#bytes,
      lastByteAgeMs: Math.round(quietMs),
      kind: idle || quietMs * 2 >= wait.limits.totalMs ? 'stalled' : 'slow',
      ...moreOf(wait.limits, idle),
    })
  }

  #take(bytes: Buffer): void {
    this.#bytes += bytes.length
    this.#lastByteMs = this.#clock.nowMs()
    if (this.#overflown || this.#bytes > this.#maxBytes) {
      this.#overflown = true
      this.#channel.close()
    } else {
      try {
        this.terminal.feed(bytes)
      } catch (error) {
        this.#fail?.(error)
        return
      }
      if (this.terminal.lines.length > this.#maxBytes) this.#overflown = true
    }
    this.#look?.()
  }
}

/** The limit that was met, doubled; a command may never take less than the silence in it. */
function moreOf({ idleMs, totalMs }: Limits, idle: boolean): Pick<Facts, 'seconds' | 'idleSeconds'> {
  const seconds = (ms: number) => Math.min(LONGEST_SECONDS, Math.ceil(ms / 1000))
  const moreIdleMs = idle ? 2 * idleMs : idleMs
  return { seconds: seconds(idle ? Math.max(totalMs, moreIdleMs) : 2 * totalMs), idleSeconds: seconds(moreIdleMs) }
}

function lost(about: string, bytes: number, end: End): Failure {
  return new Failure('CONNECTION_LOST', { command: about, bytes, clean: end.clean }, { cause: end.error })
}

/** Why a signal was aborted, as a failure. */
export function reasonOf(signal: AbortSignal): Failure {
  return signal.reason instanceof Failure ? signal.reason : new Failure('CANCELLED', {}, { cause: signal.reason })
}
