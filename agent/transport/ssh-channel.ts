/** An SSH session channel as the session engine wants a channel. */
import type { Duplex, Readable } from 'node:stream'
import type { Channel, End } from '../channel.ts'

/** What ssh2 gives for a channel. Its `exit` comes with a status, or with null and a signal; `close` comes last. */
export type SshStream = Duplex & { readonly stderr: Readable; close(): void }

export class SshChannel implements Channel {
  readonly #stream: SshStream
  #end: End | undefined
  #onEnd: ((end: End) => void) | undefined
  #exit: Pick<End, 'exit' | 'signal'> = {}

  /** @param broken what ended the connection under the channel; undefined: the device closed the channel itself */
  constructor(stream: SshStream, broken: () => Error | undefined) {
    this.#stream = stream
    stream.on('exit', (status: number | null, signal?: string) => {
      this.#exit = status === null ? { signal: signal ?? 'a signal' } : { exit: status }
    })
    stream.on('error', (error: Error) => this.#finish({ clean: false, error }))
    stream.on('close', () => {
      const error = broken()
      this.#finish(error ? { clean: false, error } : { clean: true, ...this.#exit })
    })
    // Nobody may want it, but unread it would fill the channel's window and stop the output.
    stream.stderr.resume()
  }

  write(data: string | Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(data)
  }

  onData(listener: (bytes: Buffer) => void): void {
    this.#stream.on('data', listener)
  }

  onErrorData(listener: (bytes: Buffer) => void): void {
    this.#stream.stderr.on('data', listener)
  }

  onEnd(listener: (end: End) => void): void {
    this.#onEnd = listener
    if (this.#end) listener(this.#end)
  }

  close(): void {
    this.#stream.close()
  }

  #finish(end: End): void {
    if (this.#end) return
    this.#end = end
    this.#onEnd?.(end)
  }
}
