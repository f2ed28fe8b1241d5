/** A channel whose last words can be heard once more: a login listens first, then the session does. */
import type { Channel, End } from './channel.ts'

export class RelayChannel implements Channel {
  readonly #inner: Channel
  #listener: ((bytes: Buffer) => void) | undefined
  #onEnd: ((end: End) => void) | undefined
  #end: End | undefined
  /** What came since `forget`; undefined once nobody will ask for it. */
  #kept: Buffer[] | undefined = []
  #released = false

  constructor(inner: Channel) {
    this.#inner = inner
    inner.onData((bytes) => {
      this.#kept?.push(bytes)
      this.#listener?.(bytes)
    })
    inner.onEnd((end) => {
      this.#end = end
      this.#onEnd?.(end)
    })
  }

  /** What was said so far concerns nobody any more. */
  forget(): void {
    this.#kept = []
  }

  /** The first listener is done: the next one hears what is kept, and from then on all. */
  release(): void {
    this.#released = true
    this.#listener = undefined
    this.#onEnd = undefined
  }

  write(data: string | Uint8Array): void {
    this.#inner.write(data)
  }

  onData(listener: (bytes: Buffer) => void): void {
    const kept = this.#kept ?? []
    if (this.#released) this.#kept = undefined
    this.#listener = listener
    for (const bytes of kept) listener(bytes)
  }

  onEnd(listener: (end: End) => void): void {
    this.#onEnd = listener
    if (this.#end) listener(this.#end)
  }

  close(): void {
    this.#inner.close()
  }
}
