/**
 * Ids, hashes, keys and signatures are random: written as text they are up to twice their size, and they spoil the
 * compression of what stands between them. Packing moves them out of a JSON text as raw bytes and leaves one control
 * character each, which JSON text itself never holds.
 *
 * ```
 * U+0001  uuid, 16 bytes                          "01936c1e-…"
 * U+0002  sha256 in lower case hex, 32 bytes      "9f86d081…"
 * U+0003  base64url, a length (LEB128) and bytes  "iVBORw0K…"
 * U+0004  OpenSSH fingerprint, 32 bytes           "SHA256:…"
 * ```
 * A character stands for the string with its quotes. Packing changes text, not JSON values: unpacking yields the same
 * text to the byte, whatever it was.
 */

const TOKEN =
  /"(?:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})|([0-9a-f]{64})|([A-Za-z0-9_-]{32,})|SHA256:([A-Za-z0-9+/]{43}))"/g
const MARK = /[\x01-\x04]/g

export interface Packed {
  readonly tokens: Uint8Array
  readonly text: string
}

/** @param json without control characters, as JSON.stringify writes it */
export function pack(json: string): Packed {
  const tokens: Buffer[] = []
  const text = json.replace(TOKEN, (whole, uuid?: string, hash?: string, base64url?: string, print?: string) => {
    if (uuid !== undefined) {
      tokens.push(Buffer.from(uuid.replaceAll('-', ''), 'hex'))
      return '\x01'
    }
    if (hash !== undefined) {
      tokens.push(Buffer.from(hash, 'hex'))
      return '\x02'
    }
    const bytes = Buffer.from(base64url ?? print ?? '', base64url === undefined ? 'base64' : 'base64url')
    if (base64url !== undefined) {
      if (bytes.toString('base64url') !== base64url) return whole
      tokens.push(leb128(bytes.length), bytes)
      return '\x03'
    }
    if (unpadded(bytes) !== print) return whole
    tokens.push(bytes)
    return '\x04'
  })
  return { tokens: Buffer.concat(tokens), text }
}

/** @throws RangeError when marks and tokens do not fit each other */
export function unpack({ tokens, text }: Packed): string {
  const from = new Reader(tokens)
  const json = text.replace(MARK, (mark) => {
    if (mark === '\x01') return `"${hyphenated(from.take(16).toString('hex'))}"`
    if (mark === '\x02') return `"${from.take(32).toString('hex')}"`
    if (mark === '\x03') return `"${from.take(from.length()).toString('base64url')}"`
    return `"SHA256:${unpadded(from.take(32))}"`
  })
  from.end()
  return json
}

/** Tokens and what follows them as one piece of bytes. */
export function frame(tokens: Uint8Array, rest: Uint8Array): Buffer {
  return Buffer.concat([leb128(tokens.length), tokens, rest])
}

/** @throws RangeError when it is no frame */
export function unframe(bytes: Uint8Array): { tokens: Uint8Array; rest: Uint8Array } {
  const from = new Reader(bytes)
  const tokens = from.take(from.length())
  return { tokens, rest: from.rest() }
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new RangeError('fewer bytes than announced')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  /** LEB128 of at most four bytes. */
  length(): number {
    let value = 0
    for (const scale of [1, 2 ** 7, 2 ** 14, 2 ** 21]) {
      const [byte = 0] = this.take(1)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new RangeError('a length of more than four bytes')
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at)
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw new RangeError('more bytes than announced')
  }
}

function leb128(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left])
    bytes.push((left % 128) | 0x80)
  }
}

const hyphenated = (hex: string) =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
