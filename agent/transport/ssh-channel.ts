/** An SSH session channel as the session engine wants a channel. */
import type { Duplex, Readable } from 'node:stream'
import type { Channel, End } from '../channel.ts'

/** What ssh2 gives for a channel. Its `exit` comes with a status, or with null and a signal; `close` comes last. */
export type SshStream = Duplex & { readonly stderr: Readable; close(): void }

/** So many pieces of it are kept for a listener that is not there yet. */
const EARLY_MAX = 16

export class SshChannel implements Channel {
  readonly #stream: SshStream
  #end: End | undefined
  #onEnd: ((end: End) => void) | undefined
  #onErrorData: ((bytes: Buffer) => void) | undefined
  readonly #early: Buffer[] = []
  #exit: Pick<End, 'exit' | 'signal'> = {}

  constructor(stream: SshStream) {
    this.#stream = stream
    stream.on('exit', (status: number | null, signal?: string) => {
      this.#exit = status === null ? { signal: signal ?? 'a signal' } : { exit: status }
    })
    stream.on('error', (error: Error) => this.break(error))
    stream.on('close', () => this.#finish({ clean: true, ...this.#exit }))
    // Read although nobody may want it: it would fill the channel's window and stop the output.
    stream.stderr.on('data', (bytes: Buffer) => {
      if (this.#onErrorData) this.#onErrorData(bytes)
      else if (this.#early.length < EARLY_MAX) this.#early.push(bytes)
    })
  }

  write(data: string | Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(data)
  }

  onData(listener: (bytes: Buffer) => void): void {
    this.#stream.on('data', listener)
  }

  onErrorData(listener: (bytes: Buffer) => void): void {
    this.#onErrorData = listener
    for (const bytes of this.#early.splice(0)) listener(bytes)
  }

  onEnd(listener: (end: End) => void): void {
    this.#onEnd = listener
    if (this.#end) listener(this.#end)
  }

  close(): void {
    this.#stream.close()
  }

  /** The connection under it is gone. */
  break(error: Error): void {
    this.#finish({ clean: false, error })
  }

  #finish(end: End): void {
    if (this.#end) return
    this.#end = end
    this.#onEnd?.(end)
  }
}
