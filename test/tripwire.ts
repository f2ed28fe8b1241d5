/** A TCP proxy that can swallow what one side says and then cut the line: a link that breaks at the worst moment. */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Tripwire {
  readonly #server: Server
  readonly #pairs = new Set<[Socket, Socket]>()
  #armed: ((cut: () => void) => void) | undefined
  bytesUp = 0
  bytesDown = 0

  constructor(target: { host: string; port: number }) {
    this.#server = createServer({ noDelay: true }, (near) => {
      const far = connect({ ...target, noDelay: true })
      const pair: [Socket, Socket] = [near, far]
      this.#pairs.add(pair)
      const end = () => {
        near.destroy()
        far.destroy()
        this.#pairs.delete(pair)
      }
      near.on('data', (bytes) => {
        this.bytesUp += bytes.length
        far.write(bytes)
      })
      far.on('data', (bytes) => {
        this.bytesDown += bytes.length
        if (this.#armed) {
          const armed = this.#armed
          this.#armed = undefined
          armed(end)
        } else near.write(bytes)
      })
      for (const socket of pair) socket.on('error', end).on('close', end)
    })
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** The next thing that the far side says never arrives: the line is cut instead. @returns when it was */
  cutAtNextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#armed = (cut) => {
        cut()
        resolve()
      }
    })
  }

  /** Cuts all lines now. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
