/**
 * Completed lines as bytes, each with its line feed; only ever appended to. Small output is one block that grows; large
 * output gets more blocks, since copying it as it grows would need three times its size.
 */

const FIRST_BYTES = 4096
const BLOCK_BYTES = 1024 * 1024
const LF = 10

export class Lines {
  /** Full blocks, cut to what is used of them. */
  readonly #full: Buffer[] = []
  #before = 0
  #block: Buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #used = 0

  /** Bytes. */
  get length(): number {
    return this.#before + this.#used
  }

  clear(): void {
    this.#full.length = 0
    this.#before = 0
    this.#used = 0
    if (this.#block.length > BLOCK_BYTES / 16) this.#block = Buffer.allocUnsafe(FIRST_BYTES)
  }

  /** Appends a line; its line feed is added. */
  add(cells: Uint8Array, from: number, to: number): void {
    const block = this.#room(to - from + 1)
    block.set(cells.subarray(from, to), this.#used)
    this.#used += to - from
    block[this.#used++] = LF
  }

  /**
   * Appends as many whole lines as stand at the beginning of these bytes without any terminal control but CR LF.
   * @returns where the first line begins that is unfinished or has more in it
   */
  addPlain(bytes: Uint8Array, from: number): number {
    const block = this.#room(bytes.length - from)
    let size = this.#used
    let begun = from
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0
      if (isPlain(byte)) {
        block[size++] = byte
      } else if (byte === LF) {
        block[size++] = LF
        this.#used = size
        begun = at + 1
      } else if (byte !== 13 || bytes[at + 1] !== LF) {
        break
      }
    }
    return begun
  }

  /** @returns a view or a copy; valid until the next change */
  slice(from: number, to: number): Buffer {
    if (from >= this.#before) return this.#block.subarray(from - this.#before, to - this.#before)
    const parts: Buffer[] = []
    let start = 0
    for (const block of [...this.#full, this.#block.subarray(0, this.#used)]) {
      if (start < to && start + block.length > from) parts.push(block.subarray(Math.max(0, from - start), to - start))
      start += block.length
    }
    return Buffer.concat(parts)
  }

  /** @returns where the line that begins at `from` ends, its line feed included; -1: no line begins there */
  endOf(from: number): number {
    if (from >= this.#before) {
      const at = this.#block.subarray(0, this.#used).indexOf(LF, from - this.#before)
      return at < 0 ? -1 : this.#before + at + 1
    }
    let start = 0
    for (const block of [...this.#full, this.#block.subarray(0, this.#used)]) {
      const at = start + block.length > from ? block.indexOf(LF, Math.max(0, from - start)) : -1
      if (at >= 0) return start + at + 1
      start += block.length
    }
    return -1
  }

  /** @returns where the line begins whose line feed stands before `end`; -1: more than `max` bytes before that */
  startOf(end: number, max: number): number {
    const from = Math.max(0, end - 1 - max)
    const at = this.slice(from, end - 1).lastIndexOf(LF)
    if (at >= 0) return from + at + 1
    return from === 0 ? 0 : -1
  }

  #room(bytes: number): Buffer {
    const needed = this.#used + bytes
    if (needed <= this.#block.length) return this.#block
    const last = this.#block
    if (needed > BLOCK_BYTES && this.#used > 0) {
      this.#full.push(last.subarray(0, this.#used))
      this.#before += this.#used
      this.#used = 0
      this.#block = Buffer.allocUnsafe(Math.max(BLOCK_BYTES, bytes))
    } else {
      this.#block = Buffer.allocUnsafe(Math.max(needed, last.length * 2))
      last.copy(this.#block, 0, 0, this.#used)
    }
    return this.#block
  }
}

/** Whether a byte is text: no control, but tabs are. */
export function isPlain(byte: number): boolean {
  return (byte >= 32 && byte !== 127) || byte === 9
}
