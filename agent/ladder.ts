/**
 * How far one read has come, and how long each rung took. Transport, session and shell say where they are; when something fails,
 * the rung they stand on is where it failed, whatever the failure's words are.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Rung, rungOfCode, rungs, type Step } from '@netraven/protocol/ladder.ts'

/** What those who climb say. */
export interface Climb {
  /** From now on time counts for this rung, and what fails, fails here. */
  enter(rung: Rung): void
  /** It is behind us. @param detail what was seen, one plain line without secrets */
  pass(rung: Rung, detail?: string): void
}

const DETAIL_MAX = 300

export class Ladder implements Climb {
  readonly #nowMs: () => number
  readonly #spentMs = new Map<Rung, number>()
  readonly #passed = new Map<Rung, string>()
  #current: Rung | undefined
  #sinceMs = 0
  /** What the device's name meant; undefined: it was not looked up. */
  resolved: { readonly name: string; readonly address: string } | undefined
  #fallen: { readonly rung: Rung | undefined; readonly failure: Failure } | undefined
  #watcher: (() => void) | undefined

  /** @param nowMs ms since any fixed moment */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Whoever wants to see the climb itself is called at each change, synchronously. */
  watch(changed: () => void): void {
    this.#watcher = changed
  }

  enter(rung: Rung): void {
    if (rung === this.#current) return
    this.#stop()
    this.#passed.delete(rung)
    this.#current = rung
    this.#sinceMs = this.#nowMs()
    this.#watcher?.()
  }

  pass(rung: Rung, detail = ''): void {
    if (this.#current === rung) this.#stop()
    this.#passed.set(rung, detail)
    this.#watcher?.()
  }

  /** A session is open: its connection stands and its login was taken, also when the transport did not say so. */
  connected(): void {
    for (const rung of ['tcp', 'login'] as const) if (!this.#passed.has(rung)) this.pass(rung)
    this.#stop()
  }

  /**
   * Notes where it ended.
   * @returns the failure with the rung and the times so far, ms by rung, in its details
   */
  fall(failure: Failure): Failure {
    const rung = this.#current ?? rungOfCode(failure.code) ?? this.#next
    this.#stop()
    if (rung) this.#passed.delete(rung)
    const times = Object.fromEntries(rungs.flatMap((one) => (this.#spentMs.has(one) ? [[one, this.#msOf(one)]] : [])))
    const details = { ...failure.details, ...(rung === undefined ? {} : { rung }), times }
    const told = new Failure(failure.code, details, { cause: failure.cause })
    this.#fallen = { rung, failure: told }
    this.#watcher?.()
    return told
  }

  get hasFallen(): boolean {
    return this.#fallen !== undefined
  }

  /** All rungs in their order. Those that nobody stood on are skipped. */
  get steps(): Step[] {
    return rungs.map((rung) => this.#stepOf(rung))
  }

  /** Those at the bottom of which it is known what became of them, without a gap. */
  get climbed(): Step[] {
    const open = rungs.findIndex((rung, at) => this.#isOpen(rung, at))
    return this.steps.slice(0, open < 0 ? rungs.length : open)
  }

  /** The rung that it stands on, and for how long already, ms. */
  get current(): { readonly rung: Rung; readonly ms: number } | undefined {
    const rung = this.#current
    return rung && { rung, ms: Math.max(0, Math.round(this.#nowMs() - this.#sinceMs)) }
  }

  #isOpen(rung: Rung, at: number): boolean {
    if (rung === this.#current) return true
    if (this.#passed.has(rung) || this.#fallen?.rung === rung) return false
    // Whether privilege is needed the prompt tells.
    if (rung === 'enable' && this.#current === 'prompt') return true
    return !rungs
      .slice(at + 1)
      .some((one) => one === this.#current || this.#passed.has(one) || this.#fallen?.rung === one)
  }

  /** The rung above the highest that was passed: between two of them it is the way to the next. */
  get #next(): Rung | undefined {
    const highest = rungs.findLastIndex((rung) => this.#passed.has(rung))
    // Privilege is asked for on a prompt.
    if (rungs[highest] === 'login') return 'prompt'
    return highest < 0 ? undefined : rungs[highest + 1]
  }

  #stepOf(rung: Rung): Step {
    const ms = this.#msOf(rung)
    if (this.#fallen?.rung === rung) {
      const { failure } = this.#fallen
      const detail = seenBy(failure)
      return { rung, state: 'failed', ms, code: failure.code, ...(detail === '' ? {} : { detail }) }
    }
    const detail = this.#passed.get(rung)
    if (detail === undefined) return { rung, state: 'skipped', ms: 0 }
    return { rung, state: 'passed', ms, ...(detail === '' ? {} : { detail: plain(detail) }) }
  }

  #msOf(rung: Rung): number {
    return Math.max(0, Math.round(this.#spentMs.get(rung) ?? 0))
  }

  #stop(): void {
    if (this.#current === undefined) return
    const spentMs = this.#nowMs() - this.#sinceMs
    this.#spentMs.set(this.#current, (this.#spentMs.get(this.#current) ?? 0) + spentMs)
    this.#current = undefined
  }
}

/** What of a failure's details tells most beside its code. */
function seenBy({ details }: Failure): string {
  const { command, lastLine, reason, seen, asked } = details
  const facts = Object.entries({ command, 'last line': lastLine, reason, seen, asked })
  return plain(
    facts
      .filter(([, value]) => typeof value === 'string' && value !== '')
      .map(([name, value]) => (name === 'command' ? value : `${name}: ${value}`))
      .join(', '),
  )
}

function plain(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, DETAIL_MAX)
}
