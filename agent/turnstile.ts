/** Lets so many pass at once; the others wait in order. */
import { reasonOf } from './conversation.ts'

export class Turnstile {
  readonly #width: number
  #inside = 0
  readonly #waiting: (() => void)[] = []

  /** @param width how many at once, at least 1 */
  constructor(width: number) {
    this.#width = width
  }

  /**
   * Does the work when there is room.
   * @throws the signal's reason when it is aborted while waiting; what the work throws
   */
  async pass<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#width) await this.#turn(signal)
    else this.#inside++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#inside--
    }
  }

  /** The place is handed over by whoever leaves: nobody can slip in between. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        const place = this.#waiting.indexOf(enter)
        if (place >= 0) this.#waiting.splice(place, 1)
        reject(reasonOf(signal))
      }
      if (signal.aborted) return leave()
      this.#waiting.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
}
