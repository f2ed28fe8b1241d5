/**
 * Where one NETCONF message ends and the next begins (RFC 6242): base 1.0 ends each with `]]>]]>` (section 4.3), base 1.1 sends
 * chunks with their size (section 4.2). A hello is always framed as in 1.0.
 */

const END_OF_MESSAGE = Buffer.from(']]>]]>')
const END_OF_CHUNKS = '\n##\n'
/** RFC 6242 section 4.2: at most ten digits, no leading zero, up to 4294967295. */
const CHUNK_HEADER = /^\n#([1-9]\d{0,9})\n/
const HEADER_MAX = 14
const CHUNK_MAX = 4_294_967_295
const LF = 10
const BLOCK_BYTES = 64 * 1024

export class FramingError extends Error {}

/** @returns a message as it is sent */
export function frame(message: string, version: '1.0' | '1.1'): Buffer {
  const bytes = Buffer.from(message)
  if (version === '1.0') return Buffer.concat([bytes, END_OF_MESSAGE])
  return Buffer.concat([Buffer.from(`\n#${bytes.length}\n`), bytes, Buffer.from(END_OF_CHUNKS)])
}

export class Deframer {
  #version: '1.0' | '1.1' = '1.0'
  /** Bytes that are not yet part of a message. */
  #rest: Buffer = Buffer.alloc(0)
  readonly #kept = new Kept()
  /** The last bytes of the pieces, in which a mark may have begun. */
  #tail: Buffer = Buffer.alloc(0)
  /** Bytes of the present chunk that are still to come; 0: a header is. */
  #chunkLeft = 0

  /** From the next message on. */
  use(version: '1.0' | '1.1'): void {
    this.#version = version
  }

  /**
   * @returns the next whole message, undefined when there is none yet; call it again with no bytes for the one behind it
   * @throws FramingError when the bytes are against the protocol
   */
  take(bytes: Uint8Array = Buffer.alloc(0)): Buffer | undefined {
    if (bytes.length > 0) this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes])
    return this.#version === '1.0' ? this.#toMark() : this.#chunks()
  }

  /** The mark may come in two pieces, so the end of what was searched is searched again. */
  #toMark(): Buffer | undefined {
    const window = Buffer.concat([this.#tail, this.#rest])
    const at = window.indexOf(END_OF_MESSAGE)
    if (at < 0) {
      this.#kept.add(this.#rest)
      this.#tail = window.subarray(Math.max(0, window.length - END_OF_MESSAGE.length + 1))
      this.#rest = Buffer.alloc(0)
      return undefined
    }
    this.#kept.add(this.#rest)
    const whole = this.#kept.take()
    const end = whole.length - window.length + at
    this.#rest = whole.subarray(end + END_OF_MESSAGE.length)
    this.#tail = Buffer.alloc(0)
    return whole.subarray(0, end)
  }

  #chunks(): Buffer | undefined {
    for (;;) {
      if (this.#chunkLeft > 0) {
        const part = this.#rest.subarray(0, this.#chunkLeft)
        if (part.length === 0) return undefined
        this.#kept.add(part)
        this.#chunkLeft -= part.length
        this.#rest = this.#rest.subarray(part.length)
        continue
      }
      // Some servers send a line feed too many behind their hello.
      while (this.#rest[0] === LF && this.#rest[1] === LF) this.#rest = this.#rest.subarray(1)
      const head = this.#rest.toString('latin1', 0, HEADER_MAX)
      if (head.startsWith(END_OF_CHUNKS)) {
        const message = this.#kept.take()
        if (message.length === 0) throw new FramingError('a message without a chunk')
        this.#rest = this.#rest.subarray(END_OF_CHUNKS.length)
        return message
      }
      const size = Number(CHUNK_HEADER.exec(head)?.[1])
      if (size > 0 && size <= CHUNK_MAX) {
        this.#rest = this.#rest.subarray(head.indexOf('\n', 1) + 1)
        this.#chunkLeft = size
        continue
      }
      if (couldBegin(head)) return undefined
      throw new FramingError(`no chunk header: ${JSON.stringify(head)}`)
    }
  }
}

/** Bytes put together: a message may come in millions of pieces of one byte, and each piece by itself costs a hundred. */
class Kept {
  #full: Buffer[] = []
  #block: Buffer = Buffer.alloc(0)
  #filled = 0

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === this.#block.length) {
        if (this.#filled > 0) this.#full.push(this.#block)
        this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
        this.#filled = 0
      }
      const count = bytes.copy(this.#block, this.#filled, at)
      this.#filled += count
      at += count
    }
  }

  /** All of them; then there are none. */
  take(): Buffer {
    const whole = Buffer.concat([...this.#full, this.#block.subarray(0, this.#filled)])
    this.#full = []
    this.#block = Buffer.alloc(0)
    this.#filled = 0
    return whole
  }
}

/** Whether more bytes could make a header of this. */
function couldBegin(head: string): boolean {
  return /^(?:\n(?:#(?:#|[1-9]\d{0,9})?)?)?$/.test(head)
}
