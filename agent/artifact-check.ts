/**
 * Whether a file has its end. The transfer tells that all came that the device has; but a device may have half a file, when its disk was
 * full or it is being written. gzip (RFC 1952), zip (PKWARE APPNOTE 4.3) and tar (POSIX ustar) say themselves where they end.
 */
import { once } from 'node:events'
import { createGunzip } from 'node:zlib'

/** The beginning of a file, on which a driver's `complete` is tested; a pattern of an own driver looks at no line of more than 1000. */
export const HEAD_BYTES = 512
/** Looked at no further: a few kilobytes can unpack to anything. */
const UNPACKED_MAX = 8 * 1024 ** 3
const BLOCK = 512

/**
 * @param content the file, piece by piece
 * @param begins what it must begin with, as Latin-1; absent: anything
 * @returns what speaks against it, in words for a person
 */
export async function doubtsAbout(content: AsyncIterable<Buffer>, begins?: RegExp): Promise<string[]> {
  const doubts: string[] = []
  let ending: Ending | undefined
  let rest = Buffer.alloc(0)
  try {
    for await (const piece of content) {
      if (ending) {
        await ending.take(piece)
        continue
      }
      rest = Buffer.concat([rest, piece])
      if (rest.length < HEAD_BYTES) continue
      ending = endingOf(rest)
      if (isOther(rest, begins)) doubts.push('it does not begin as such a file does')
      await ending.take(rest)
    }
    if (!ending) {
      ending = endingOf(rest)
      if (isOther(rest, begins)) doubts.push('it does not begin as such a file does')
      await ending.take(rest)
    }
    const doubt = await ending.end()
    return doubt === undefined ? doubts : [...doubts, doubt]
  } finally {
    ending?.close()
  }
}

function isOther(head: Buffer, begins: RegExp | undefined): boolean {
  return begins !== undefined && !begins.test(head.toString('latin1', 0, HEAD_BYTES))
}

interface Ending {
  take(piece: Buffer): Promise<void> | void
  /** @returns why it is not whole */
  end(): Promise<string | undefined> | string | undefined
  close(): void
}

function endingOf(head: Buffer): Ending {
  return knownEnding(head)?.() ?? { take: () => undefined, end: () => undefined, close: () => undefined }
}

function knownEnding(head: Buffer): (() => Ending) | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return () => new GzipEnding()
  if (/^PK(?:\x03\x04|\x05\x06)/.test(head.toString('latin1', 0, 4))) return () => new ZipEnding()
  return isTar(head) ? () => new TarEnding() : undefined
}

/** Whether half of a file that begins so would be found out here. */
export function tellsItsEnd(head: Buffer): boolean {
  return knownEnding(head) !== undefined
}

const isTar = (head: Buffer) => head.toString('latin1', 257, 262) === 'ustar'

class GzipEnding implements Ending {
  readonly #gunzip = createGunzip()
  #error: Error | undefined
  #wake: (() => void) | undefined
  #unpacked = 0
  #head = Buffer.alloc(0)
  #tar: TarEnding | undefined
  #isOver = false

  constructor() {
    this.#gunzip.on('error', (error) => {
      this.#error ??= error
      this.#wake?.()
    })
    this.#gunzip.on('data', (bytes: Buffer) => this.#look(bytes))
  }

  async take(piece: Buffer): Promise<void> {
    if (this.#error || this.#isOver) return
    await new Promise<void>((resolve) => {
      // A write that fails is not always answered.
      this.#wake = resolve
      this.#gunzip.write(piece, () => resolve())
    })
    if (this.#unpacked > UNPACKED_MAX) this.#isOver = true
  }

  async end(): Promise<string | undefined> {
    if (this.#isOver) return `it unpacks to more than ${UNPACKED_MAX} bytes and was looked at no further`
    if (!this.#error) {
      this.#gunzip.end()
      await once(this.#gunzip, 'end').catch((error: unknown) => {
        if (!(error instanceof Error)) throw error
        this.#error ??= error
      })
    }
    if (this.#error) return `it is no whole gzip file: ${this.#error.message}`
    const inner = this.#tar?.end()
    return inner === undefined ? undefined : `unpacked, ${inner}`
  }

  close(): void {
    this.#gunzip.destroy()
  }

  #look(bytes: Buffer): void {
    this.#unpacked += bytes.length
    if (this.#tar) {
      this.#tar.take(bytes)
      return
    }
    if (this.#head.length >= BLOCK) return
    this.#head = Buffer.concat([this.#head, bytes])
    if (this.#head.length < BLOCK || !isTar(this.#head)) return
    this.#tar = new TarEnding()
    this.#tar.take(this.#head)
  }
}

/** Walks from header to header; the last is followed by a block of zeros. */
class TarEnding implements Ending {
  #block = Buffer.alloc(0)
  #skip = 0
  #hasEnd = false
  #isOdd = false

  take(piece: Buffer): void {
    for (let rest = piece; rest.length > 0 && !this.#hasEnd && !this.#isOdd; ) {
      const skipped = Math.min(this.#skip, rest.length)
      this.#skip -= skipped
      rest = rest.subarray(skipped)
      const wanted = BLOCK - this.#block.length
      this.#block = Buffer.concat([this.#block, rest.subarray(0, wanted)])
      rest = rest.subarray(wanted)
      if (this.#block.length === BLOCK) this.#header(this.#block)
    }
  }

  end(): string | undefined {
    if (this.#isOdd) return 'it is no tar archive behind its first files'
    return this.#hasEnd ? undefined : 'the tar archive has no end'
  }

  close(): void {
    this.#block = Buffer.alloc(0)
  }

  #header(block: Buffer): void {
    this.#block = Buffer.alloc(0)
    if (block.every((byte) => byte === 0)) {
      this.#hasEnd = true
      return
    }
    const size = isTar(block) ? sizeIn(block) : undefined
    if (size === undefined) this.#isOdd = true
    else this.#skip = Math.ceil(size / BLOCK) * BLOCK
  }
}

/** Octal; GNU tar writes what is larger in base 256, with the first bit set. */
function sizeIn(block: Buffer): number | undefined {
  if (((block[124] ?? 0) & 0x80) !== 0) return block.readUIntBE(130, 6)
  const digits = block
    .toString('latin1', 124, 136)
    .replace(/[\0 ]+$/, '')
    .trimStart()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined
}

/** The end record stands last, points to the directory before it, and says how long its comment is. */
class ZipEnding implements Ending {
  #tail = Buffer.alloc(0)
  #size = 0

  take(piece: Buffer): void {
    this.#size += piece.length
    const all = Buffer.concat([this.#tail, piece])
    this.#tail = all.subarray(Math.max(0, all.length - 22 - 0xffff))
  }

  end(): string | undefined {
    const tail = this.#tail
    for (let at = tail.length - 22; at >= 0; at -= 1) {
      if (tail.readUInt32LE(at) !== 0x06054b50 || at + 22 + tail.readUInt16LE(at + 20) !== tail.length) continue
      const [bytes, from] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)]
      const isLarge = from === 0xffffffff || bytes === 0xffffffff
      if (isLarge || from + bytes === this.#size - tail.length + at) return undefined
    }
    return 'the zip archive has no end'
  }

  close(): void {
    this.#tail = Buffer.alloc(0)
  }
}
