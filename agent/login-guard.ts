/**
 * The guard of credentials inside one agent. The hub has one of its own over all agents of a site, but it hears of a refusal only
 * when the task is over; until then the tasks that run beside it would try the same wrong password on every other device.
 *
 * A credential begins unproven: few tasks at once may log in with it, the others wait. The first login proves it and lets all go; so
 * many different refusals in a row close it, and who waits is told so without having connected. A login proves it for a while only:
 * passwords change overnight.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { LoginCare } from '@netraven/protocol/hello.ts'
import { reasonOf } from './conversation.ts'

export interface LoginGuardLimits {
  /** Tasks at once that log in with an unproven credential. */
  readonly width: number
  /** Refusals in a row that close it. */
  readonly refusals: number
  /** How long a login proves it, ms. */
  readonly provenMs: number
  /** How long it stays closed, ms. The hub ends that sooner by another name for the credential. */
  readonly closedMs: number
}

export const defaultLoginGuardLimits: LoginGuardLimits = {
  width: 3,
  refusals: 3,
  provenMs: 60_000,
  closedMs: 900_000,
}

/** Tasks that end without a verdict let one more in each, up to so many times the width: a row of dead devices must not block. */
const UNDECIDED_FACTOR = 4
/** Credentials that nobody uses are forgotten beyond so many. */
const REMEMBERED = 10_000

interface Standing {
  provenAtMs: number | undefined
  closedUntilMs: number | undefined
  refusals: number
  undecided: number
  inside: number
  readonly waiting: (() => void)[]
}

/** One task's leave to log in. Whatever it says, `left` comes last; it may come twice. */
export interface LoginPass {
  opened(): void
  refused(): void
  left(): void
}

export class LoginGuard {
  #limits: LoginGuardLimits
  readonly #nowMs: () => number
  readonly #standings = new Map<string, Standing>()

  /** @param nowMs ms since any fixed moment of the calendar; it is shown to people */
  constructor(nowMs: () => number, limits: LoginGuardLimits = defaultLoginGuardLimits) {
    this.#nowMs = nowMs
    this.#limits = limits
  }

  /** The hub's measure instead of its own. */
  take({ atOnce, refusals, heldBackMs }: LoginCare): void {
    this.#limits = { ...this.#limits, width: atOnce, refusals, closedMs: heldBackMs }
  }

  /**
   * Waits until a task may log in with a credential.
   * @throws Failure CREDENTIAL_GUARDED when too many devices refused it, also while waiting; the signal's reason
   */
  async enter(credential: string, signal: AbortSignal): Promise<LoginPass> {
    if (signal.aborted) throw reasonOf(signal)
    const standing = this.#standingOf(credential)
    while (!this.#mayEnter(standing)) await turn(standing, signal)
    standing.inside += 1
    return this.#passOf(standing)
  }

  #mayEnter(standing: Standing): boolean {
    const { closedUntilMs, refusals, undecided } = standing
    if (closedUntilMs !== undefined && this.#nowMs() < closedUntilMs) {
      throw new Failure('CREDENTIAL_GUARDED', {
        until: new Date(closedUntilMs).toISOString(),
        refusals: standing.refusals,
      })
    }
    if (this.#isProven(standing)) return true
    // Those inside may all be refused: together with those that were, they must not be more than close it.
    const width = Math.min(this.#limits.width, this.#limits.refusals)
    return standing.inside < Math.min(width + undecided, width * UNDECIDED_FACTOR) - refusals
  }

  #isProven({ provenAtMs }: Standing): boolean {
    return provenAtMs !== undefined && this.#nowMs() - provenAtMs < this.#limits.provenMs
  }

  #passOf(standing: Standing): LoginPass {
    let isInside = true
    let isJudged = false
    return {
      opened: () => {
        isJudged = true
        Object.assign(standing, { provenAtMs: this.#nowMs(), closedUntilMs: undefined, refusals: 0, undecided: 0 })
        wakeAll(standing)
      },
      refused: () => {
        isJudged = true
        standing.refusals += 1
        standing.undecided = 0
        standing.provenAtMs = undefined
        if (standing.refusals < this.#limits.refusals) return
        standing.closedUntilMs = this.#nowMs() + this.#limits.closedMs
        wakeAll(standing)
      },
      left: () => {
        if (!isInside) return
        isInside = false
        standing.inside -= 1
        if (!isJudged && !this.#isProven(standing)) standing.undecided += 1
        wakeAll(standing)
      },
    }
  }

  #standingOf(credential: string): Standing {
    const known = this.#standings.get(credential)
    if (known) {
      // What closed it is long past: it begins anew.
      const { closedUntilMs } = known
      if (closedUntilMs !== undefined && closedUntilMs <= this.#nowMs()) {
        Object.assign(known, { closedUntilMs: undefined, refusals: 0, undecided: 0 })
      }
      return known
    }
    this.#forget()
    const fresh: Standing = {
      provenAtMs: undefined,
      closedUntilMs: undefined,
      refusals: 0,
      undecided: 0,
      inside: 0,
      waiting: [],
    }
    this.#standings.set(credential, fresh)
    return fresh
  }

  #forget(): void {
    for (const [credential, { inside, waiting, closedUntilMs }] of this.#standings) {
      if (this.#standings.size < REMEMBERED) return
      const isClosed = closedUntilMs !== undefined && closedUntilMs > this.#nowMs()
      if (inside === 0 && waiting.length === 0 && !isClosed) this.#standings.delete(credential)
    }
  }
}

/** All look for themselves, in their order; who still may not enter waits again behind nobody who came later. */
function wakeAll({ waiting }: Standing): void {
  for (const wake of waiting.splice(0)) wake()
}

function turn(standing: Standing, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(reasonOf(signal))
    const wake = () => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const leave = () => {
      const place = standing.waiting.indexOf(wake)
      if (place >= 0) standing.waiting.splice(place, 1)
      reject(reasonOf(signal))
    }
    standing.waiting.push(wake)
    signal.addEventListener('abort', leave, { once: true })
  })
}
