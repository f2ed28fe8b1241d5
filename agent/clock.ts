/** Time as an argument, so that a test decides what it is. */
export interface Clock {
  /** Ms since any fixed moment; never goes back. */
  nowMs(): number
  /** Runs once after so many ms. @returns what calls it off */
  after(delayMs: number, run: () => void): () => void
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
