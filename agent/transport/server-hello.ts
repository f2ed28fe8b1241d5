/**
 * Reads along what an SSH server says first, in clear: its version line and its lists of algorithms (RFC 4253, sections 4.2,
 * 6 and 7.1). So a failure can name what a device offers, and tell one that says nothing from one that speaks something else.
 */
import type { Algorithms } from './algorithms.ts'

const MSG_KEXINIT = 20
const COOKIE_BYTES = 16
/** RFC 4253 section 6.1: no packet is longer. */
const PACKET_MAX = 35_000
/** Lines before the version, the version, and one packet. */
const BYTES_MAX = 128 * 1024

export class ServerHello {
  #bytes: Buffer = Buffer.alloc(0)
  #packetAt: number | undefined
  #version: string | undefined
  #offered: Algorithms | undefined
  #over = false

  /** Nothing more is to be learnt. */
  get over(): boolean {
    return this.#over
  }

  /** Such as `SSH-2.0-OpenSSH_9.2`; undefined: no such line came. */
  get version(): string | undefined {
    return this.#version
  }

  /** What the server offers, in its order; undefined: it did not get so far. */
  get offered(): Algorithms | undefined {
    return this.#offered
  }

  take(bytes: Uint8Array): void {
    if (this.#over) return
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    if (this.#version === undefined) this.#findVersion()
    if (this.#packetAt !== undefined) this.#readPacket(this.#packetAt)
    if (this.#bytes.length > BYTES_MAX) this.#over = true
    if (this.#over) this.#bytes = Buffer.alloc(0)
  }

  #findVersion(): void {
    let from = 0
    for (let end = this.#bytes.indexOf(10); end >= 0; end = this.#bytes.indexOf(10, from)) {
      const line = this.#bytes.toString('latin1', from, end)
      from = end + 1
      if (!line.startsWith('SSH-')) continue
      this.#version = line.replace(/[^ -~]/g, '').slice(0, 255)
      this.#packetAt = from
      return
    }
  }

  #readPacket(at: number): void {
    if (this.#bytes.length < at + 4) return
    const length = this.#bytes.readUInt32BE(at)
    if (length > PACKET_MAX) {
      this.#over = true
      return
    }
    if (this.#bytes.length < at + 4 + length) return
    this.#over = true
    const padding = this.#bytes[at + 4] ?? 0
    const payload = this.#bytes.subarray(at + 5, at + 4 + length - padding)
    if (payload[0] === MSG_KEXINIT) this.#offered = listsOf(payload.subarray(1 + COOKIE_BYTES))
  }
}

/** kex, host key, cipher and MAC to the server, and from it; the two directions are one list where they differ. */
function listsOf(body: Buffer): Algorithms | undefined {
  const lists: string[][] = []
  let at = 0
  while (lists.length < 6) {
    if (at + 4 > body.length) return undefined
    const end = at + 4 + body.readUInt32BE(at)
    if (end > body.length) return undefined
    lists.push(
      body
        .toString('latin1', at + 4, end)
        .split(',')
        .filter(Boolean),
    )
    at = end
  }
  const [kex = [], serverHostKey = [], cipherUp = [], cipherDown = [], macUp = [], macDown = []] = lists
  const both = (up: string[], down: string[]) => up.filter((name) => down.includes(name))
  return { kex, serverHostKey, cipher: both(cipherUp, cipherDown), mac: both(macUp, macDown) }
}
