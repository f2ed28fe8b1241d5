/**
 * Reads a replayed device as the agent reads a real one, through the session engine, in a time of its own: waiting costs
 * nothing, and the same recording gives the same result each time.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Channel, Connection, End, ExchangeReply } from '../channel.ts'
import type { Clock } from '../clock.ts'
import type { Driver } from '../driver.ts'
import { Session } from '../session.ts'
import { makeText, type Text, type TextOptions } from '../text.ts'
import { type ReplayOptions, replayExec, replayShell } from './device.ts'
import type { Recording } from './recording.ts'

/** What a replayed device takes for its passwords; it takes any. */
export const LOGIN = { password: 'replayed-login', enable: 'replayed-enable-1' }

export interface ReplayedRead extends Text {
  /** Bytes that the device had sent when the text was there; a cut before them must not go unnoticed. */
  readonly deviceBytes: number
}

export interface ReadingOptions
  extends Pick<ReplayOptions, 'chunk' | 'cutAfterBytes' | 'afterCut' | 'lineEnd'>,
    TextOptions {
  /** How long the device rests before each piece that it sends, ms. Default: not at all. */
  readonly pauseMs?: () => number
}

type Ends = Pick<Connection, 'shell' | 'exec' | 'exchange'>

/**
 * One read, without the second try that a suspect gets.
 * @param between stands between engine and device, as who listens in does
 * @throws Failure as `Session.open`, `Session.read` and `makeText`; Error when nothing is left that could ever happen
 */
export async function readReplayed(
  driver: Driver,
  recording: Recording,
  options: ReadingOptions,
  between: (device: Ends) => Ends = (device) => device,
): Promise<ReplayedRead> {
  const clock = new VirtualClock()
  const device = new ReplayedConnection(recording, options, paceOf(clock, options.pauseMs))
  const reading = async () => {
    const session = await Session.open({
      driver,
      connection: between(device),
      secret: LOGIN,
      options: {},
      clock,
      signal: new AbortController().signal,
    })
    const text = makeText(driver, await session.read(), options)
    const { deviceBytes } = device
    session.leave()
    return { ...text, deviceBytes }
  }
  return clock.drive(reading())
}

/** Its time stands still while anything can happen at once, then goes to the next timer. */
export class VirtualClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<{ atMs: number; run: () => void }>()

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  async drive<T>(work: Promise<T>): Promise<T> {
    let running = true
    const settled = work.finally(() => {
      running = false
    })
    // Whoever awaits `settled` below hears of it; until then it is no unhandled rejection.
    settled.catch(() => undefined)
    while (true) {
      await new Promise((resolve) => setImmediate(resolve))
      if (!running) return settled
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs)
      if (!next) throw new Error('the session waits for nothing')
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
  }
}

/** Lets things happen one after the other, each when it is due. */
type Pace = (act: () => void) => void

function paceOf(clock: Clock, pauseMs: (() => number) | undefined): Pace {
  let dueMs = 0
  return (act) => {
    if (!pauseMs) {
      act()
      return
    }
    dueMs = Math.max(dueMs, clock.nowMs()) + pauseMs()
    clock.after(dueMs - clock.nowMs(), act)
  }
}

class ReplayedConnection implements Ends {
  readonly #recording: Recording
  readonly #options: ReadingOptions
  readonly #pace: Pace
  #bytes = 0
  #cut = false

  constructor(recording: Recording, options: ReadingOptions, pace: Pace) {
    this.#recording = recording
    this.#options = options
    this.#pace = pace
  }

  /** Sent so far. */
  get deviceBytes(): number {
    return this.#bytes
  }

  async shell(): Promise<Channel> {
    if (this.#recording.login.length === 0) throw new Failure('CHANNEL_REFUSED', { channel: 'shell' })
    const channel = new ReplayedChannel((bytes) => shell.input(bytes))
    const peer = {
      write: (bytes: Buffer) =>
        this.#pace(() => {
          this.#bytes += bytes.length
          channel.send(bytes)
        }),
      end: () => this.#pace(() => channel.end({ clean: true })),
    }
    const shell = replayShell(this.#recording, peer, this.#options)
    return channel
  }

  async exec(command: string): Promise<Channel> {
    if (this.#cut) throw new Failure('CONNECTION_LOST', { command })
    const { output, exit } = replayExec(this.#recording, command, this.#options)
    const left = (this.#options.cutAfterBytes ?? Number.POSITIVE_INFINITY) - this.#bytes
    this.#cut = output.length > left
    const sent = this.#cut ? output.subarray(0, left) : output
    const channel = new ReplayedChannel(() => undefined)
    this.#bytes += sent.length
    for (const chunk of this.#options.chunk?.(sent) ?? [sent]) this.#pace(() => channel.send(chunk))
    if (!this.#cut) this.#pace(() => channel.end({ clean: true, exit }))
    else if (this.#options.afterCut !== 'hang') this.#pace(() => channel.end({ clean: false }))
    return channel
  }

  /** A transport without a stream tells itself that an answer broke off. */
  async exchange(request: string): Promise<ExchangeReply> {
    const reply = await this.#answer(request)
    return this.#recording.runs.has(request) ? reply : { ...reply, refused: 'unknown' }
  }

  async #answer(request: string): Promise<ExchangeReply> {
    const { output, exit } = replayExec(this.#recording, request, this.#options)
    const left = (this.#options.cutAfterBytes ?? Number.POSITIVE_INFINITY) - this.#bytes
    if (output.length > left) {
      throw new Failure(this.#options.afterCut === 'hang' ? 'DEVICE_COMMAND_TIMEOUT' : 'CONNECTION_LOST', {
        command: request,
      })
    }
    this.#bytes += output.length
    return { bytes: output, ...(exit === 0 ? {} : { refused: 'unknown' as const }) }
  }
}

class ReplayedChannel implements Channel {
  readonly #typed: (bytes: Buffer) => void
  readonly #early: Buffer[] = []
  #ended: End | undefined
  #onData: ((bytes: Buffer) => void) | undefined
  #onEnd: ((end: End) => void) | undefined

  constructor(typed: (bytes: Buffer) => void) {
    this.#typed = typed
  }

  write(data: string | Uint8Array): void {
    if (!this.#ended) this.#typed(Buffer.from(data))
  }

  onData(listener: (bytes: Buffer) => void): void {
    this.#onData = listener
    for (const bytes of this.#early.splice(0)) listener(bytes)
  }

  onEnd(listener: (end: End) => void): void {
    this.#onEnd = listener
    if (this.#ended) listener(this.#ended)
  }

  close(): void {
    this.end({ clean: true })
  }

  send(bytes: Buffer): void {
    if (this.#onData) this.#onData(bytes)
    else this.#early.push(bytes)
  }

  end(end: End): void {
    if (this.#ended) return
    this.#ended = end
    this.#onEnd?.(end)
  }
}
