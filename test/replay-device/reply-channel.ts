/** The way from a replayed device to its peer, with the faults that a reply may have. */
import type { Duplex } from 'node:stream'
import type { ReplayPeer } from '../../agent/replay/device.ts'
import type { Faults } from './faults.ts'
import { pourJunk } from './junk.ts'

const TICK_MS = 50
const FLOOD_BLOCK_BYTES = 64 * 1024

export interface ReplyChannelParts {
  readonly channel: Duplex
  readonly faults: Faults
  /** Bytes of the longest reply, where `hang: command`, `drop` and `flood` set in. */
  readonly longestBytes: number
  readonly hangUp: (what: 'connection' | 'channel') => void
}

export class ReplyChannel implements ReplayPeer {
  readonly #parts: ReplyChannelParts
  /** What waits for its turn when the device is slow. */
  #waiting: Buffer[] = []
  #timer: NodeJS.Timeout | undefined
  #ending = false
  #silent = false
  #closed = false

  constructor(parts: ReplyChannelParts) {
    this.#parts = parts
    parts.channel.once('close', () => {
      this.#silent = true
      this.#closed = true
      clearInterval(this.#timer)
    })
  }

  write(bytes: Buffer): void {
    if (this.#silent) return
    const { faults, longestBytes, hangUp } = this.#parts
    if (faults.junk === 'greeting' || (faults.junk === 'reply' && bytes.length >= longestBytes)) {
      this.#silent = true
      pourJunk(this.#parts.channel)
      return
    }
    if (bytes.length < longestBytes || !(faults.flood || faults.drop || faults.hang === 'command')) {
      this.#send(bytes)
      return
    }
    this.#silent = true
    if (faults.flood) {
      this.#flood(faults.flood)
      return
    }
    const { drop } = faults
    this.#parts.channel.write(bytes.subarray(0, bytes.length / 2), () => {
      if (drop) hangUp(drop)
    })
  }

  end(): void {
    if (this.#silent) return
    this.#ending = true
    if (this.#waiting.length === 0) this.#parts.hangUp('channel')
  }

  #send(bytes: Buffer): void {
    const { channel, faults } = this.#parts
    if (faults.bytesPerSecond === undefined) {
      channel.write(bytes)
      return
    }
    this.#waiting.push(bytes)
    const budget = Math.max(1, Math.floor((faults.bytesPerSecond * TICK_MS) / 1000))
    this.#timer ??= setInterval(() => this.#trickle(budget), TICK_MS)
  }

  #trickle(budget: number): void {
    const all = Buffer.concat(this.#waiting)
    this.#parts.channel.write(all.subarray(0, budget))
    this.#waiting = all.length > budget ? [all.subarray(budget)] : []
    if (this.#waiting.length > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    if (this.#ending) this.#parts.hangUp('channel')
  }

  #flood({ bytes, lines }: { bytes: number; lines: boolean }): void {
    const { channel } = this.#parts
    const line = lines ? ' description poured out without an end\r\n' : ' description poured out without an end '
    const block = Buffer.from(line.repeat(Math.ceil(FLOOD_BLOCK_BYTES / line.length)))
    let left = bytes
    const pour = () => {
      while (left > 0 && !this.#closed) {
        const part = block.subarray(0, Math.min(left, block.length))
        left -= part.length
        if (!channel.write(part)) {
          channel.once('drain', pour)
          return
        }
      }
    }
    pour()
  }
}
