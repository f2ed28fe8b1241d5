/** Strings and numbers as SSH writes them (RFC 4251, 5). */

/** @throws RangeError when the bytes end too early */
export class SshReader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  take(size: number): Buffer {
    const end = this.#offset + size
    if (end > this.#bytes.length) throw new RangeError('the bytes end too early')
    const taken = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return taken
  }

  uint32(): number {
    return this.take(4).readUInt32BE()
  }

  string(): Buffer {
    return this.take(this.uint32())
  }

  get rest(): Buffer {
    return this.#bytes.subarray(this.#offset)
  }
}

export function sshUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function sshString(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([sshUint32(bytes.length), bytes])
}

/** A positive number of any length: no leading zeros, but one where the first bit would mean minus. */
export function sshMpint(magnitude: Uint8Array): Buffer {
  let start = 0
  while (start < magnitude.length && magnitude[start] === 0) start += 1
  const bytes = magnitude.subarray(start)
  const isHigh = ((bytes[0] ?? 0) & 0x80) !== 0
  return sshString(isHigh ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}
