/**
 * A TCP socket that sends at once what is written in one turn of the event loop.
 *
 * Without its native add-on ssh2 writes each packet in three pieces (length, body, tag). With Nagle's algorithm the second
 * piece waits for the acknowledgement of the first, which the peer delays by 40 ms: four packets of a login, 180 ms. Turning
 * the algorithm off alone sends three segments a packet; collecting the pieces sends one, and costs one system call.
 */
import { Socket } from 'node:net'

export class PacketSocket extends Socket {
  #collecting = false

  constructor() {
    super()
    // `connect` of node:net puts the `write` of `Socket` on every socket whose own is another one.
    this.on('connect', () => Reflect.deleteProperty(this, 'write'))
  }

  override write(
    data: Uint8Array | string,
    encodingOrWritten?: BufferEncoding | ((error?: Error | null) => void),
    written?: (error?: Error | null) => void,
  ): boolean {
    if (!this.#collecting && !this.connecting) {
      this.#collecting = true
      this.cork()
      process.nextTick(() => {
        this.#collecting = false
        this.uncork()
      })
    }
    if (typeof encodingOrWritten === 'string') return super.write(data, encodingOrWritten, written)
    return super.write(data, undefined, encodingOrWritten ?? written)
  }
}
