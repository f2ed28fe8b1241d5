import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'

const BLOCK_BYTES = 64 * 1024

/** Writes random bytes for as long as somebody takes them, or so many. */
export function pourJunk(stream: Writable, bytes = Number.POSITIVE_INFINITY): void {
  const block = randomBytes(BLOCK_BYTES)
  let left = bytes
  let closed = false
  const pour = () => {
    while (!closed && left > 0) {
      const part = block.subarray(0, Math.min(left, BLOCK_BYTES))
      left -= part.length
      if (!stream.write(part)) {
        stream.once('drain', pour)
        return
      }
    }
  }
  stream.once('close', () => {
    closed = true
  })
  pour()
}
