/** Ids: uuid version 7 (RFC 9562, 5.7), so that rows made one after the other lie beside each other in an index. */
import { randomBytes } from 'node:crypto'

/** Steps that one millisecond holds (12 bits). */
const STEPS = 0x1000

let lastMs = 0
let lastStep = 0

/**
 * A new uuid v7. Within a process each is greater than the one before, also in one millisecond and when the clock steps
 * back (RFC 9562, 6.2, methods 1 and 3: the 12 bits after the time count up from a random start).
 * @param nowMs ms since 1970
 * @param random source of that many random bytes
 */
export function newId(nowMs: number = Date.now(), random: (size: number) => Uint8Array = randomBytes): string {
  const bytes = Buffer.from(random(10))
  if (nowMs > lastMs) {
    lastMs = nowMs
    // The upper half stays free, so that a busy millisecond seldom runs over.
    lastStep = bytes.readUInt16BE(0) % (STEPS / 2)
  } else if (++lastStep === STEPS) {
    lastMs += 1
    lastStep = 0
  }
  const time = lastMs.toString(16).padStart(12, '0')
  const step = lastStep.toString(16).padStart(3, '0')
  const variant = ((bytes[2] ?? 0) & 0x3f) | 0x80
  const tail = bytes.toString('hex', 4)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${step}-${variant.toString(16)}${bytes.toString('hex', 3, 4)}-${tail}`
}
