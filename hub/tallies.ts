/**
 * How often somebody came in a window of time, over all hubs. Windows are fixed, and what the window before holds counts on, less and
 * less until this one ends; so there is no moment at which twice the limit gets through.
 *
 * The counters are shared; a hub takes points from them in handfuls, and hands them out without asking. What it took it can't take
 * twice, so all hubs together never let more through than the limit. A handful is at most a twentieth of the limit, begins with one,
 * and what nobody came for is given back after two seconds: by so much, for so long, a hub may refuse too early.
 *
 * Windows follow each hub's clock: where clocks differ by d, the share d / window of the limit may get through twice.
 */

export interface Limit {
  /** Points in a window. */
  readonly limit: number
  readonly windowSeconds: number
}

/** How somebody stands after a question. */
export interface Standing extends Limit {
  readonly isAllowed: boolean
  readonly remaining: number
  /** Until the window ends. */
  readonly resetSeconds: number
  /** Until the next point is free; 0 when one is. */
  readonly retryAfterSeconds: number
}

/** Counters that may be shared. */
export interface Counters {
  /** @returns what the counter is afterwards. @throws when they are out of reach */
  add(key: string, points: number, lifeSeconds: number): Promise<number>
  /** 0 when there is none. */
  read(key: string): Promise<number>
}

interface Tally {
  readonly key: string
  readonly windowSeconds: number
  /** Number of the window since 1970. */
  readonly window: number
  /** Points of the window before; undefined: not yet read. */
  before: number | undefined
  /** Points of this window, of all hubs, as far as is known. */
  total: number
  /** Taken by this hub and not yet handed out. */
  spare: number
  /** How many to take next. */
  handful: number
  waiting: number
  pending: Promise<void> | undefined
  usedMs: number
  /** Refused without asking until then. */
  askAtMs: number
}

/** A refusal is not looked into again for so long, ms: points that another hub gives back are seen then. */
const REFUSED_FOR_MS = 1_000
const IDLE_MS = 2_000
const MOST_KEYS = 50_000

export interface TallyParts {
  readonly counters: Counters
  /** Clock in ms. */
  readonly clock: () => number
  /** Take one point at a time. */
  readonly isExact?: boolean
}

export class Tallies {
  readonly #parts: TallyParts
  readonly #tallies = new Map<string, Tally>()

  constructor(parts: TallyParts) {
    this.#parts = parts
  }

  /** Takes a point, if there is one. @throws when the counters are out of reach */
  async take(key: string, limit: Limit): Promise<Standing> {
    for (;;) {
      const nowMs = this.#parts.clock()
      const tally = this.#tally(key, limit.windowSeconds, nowMs)
      tally.usedMs = nowMs
      if (tally.spare >= 1) {
        tally.spare -= 1
        return standing(tally, limit, nowMs, true)
      }
      if (nowMs < tally.askAtMs) return standing(tally, limit, nowMs, false)
      tally.waiting += 1
      tally.pending ??= this.#fetch(tally, limit).finally(() => {
        tally.pending = undefined
      })
      try {
        await tally.pending
      } finally {
        tally.waiting -= 1
      }
    }
  }

  /** For an answer that cost less than was taken. */
  giveBack(key: string, points: number): void {
    const tally = this.#tallies.get(key)
    if (tally) tally.spare += points
  }

  /** Looks without taking. @throws when the counters are out of reach */
  async look(key: string, limit: Limit): Promise<Standing> {
    const nowMs = this.#parts.clock()
    const tally = this.#tally(key, limit.windowSeconds, nowMs)
    if (tally.before === undefined) {
      const [before, total] = await Promise.all([
        this.#parts.counters.read(counterOf(tally, -1)),
        this.#parts.counters.read(counterOf(tally)),
      ])
      tally.before ??= before
      tally.total = Math.max(tally.total, total)
    }
    return standing(tally, limit, nowMs, true)
  }

  /** Its counter was reset. @param key absent: all */
  forget(key?: string): void {
    if (key === undefined) this.#tallies.clear()
    else this.#tallies.delete(key)
  }

  /** Gives back what nobody came for, and forgets what is past. To be called each second. */
  async sweep(): Promise<void> {
    const nowMs = this.#parts.clock()
    const given: Promise<unknown>[] = []
    for (const [key, tally] of this.#tallies) {
      if (tally.pending || nowMs - tally.usedMs < IDLE_MS) continue
      const isPast = tally.window < windowAt(nowMs, tally.windowSeconds)
      if (isPast) this.#tallies.delete(key)
      else if (tally.spare >= 1) given.push(this.#return(tally, Math.floor(tally.spare)))
    }
    await Promise.all(given)
  }

  /** Gives back everything, when the hub stops. */
  async close(): Promise<void> {
    await Promise.all([...this.#tallies.values()].map((tally) => this.#return(tally, Math.floor(tally.spare))))
    this.#tallies.clear()
  }

  async #return(tally: Tally, points: number): Promise<void> {
    if (points < 1) return
    tally.spare -= points
    tally.handful = 1
    tally.total = await this.#parts.counters.add(counterOf(tally), -points, tally.windowSeconds * 2)
  }

  #tally(key: string, windowSeconds: number, nowMs: number): Tally {
    const window = windowAt(nowMs, windowSeconds)
    const known = this.#tallies.get(key)
    if (known?.window === window && known.windowSeconds === windowSeconds) return known
    if (!known && this.#tallies.size >= MOST_KEYS) {
      for (const oldest of this.#tallies.keys()) {
        this.#tallies.delete(oldest)
        break
      }
    }
    const tally: Tally = {
      ...{ key, windowSeconds, window },
      ...{ before: undefined, total: 0, spare: 0, handful: 1, waiting: 0, pending: undefined },
      ...{ usedMs: nowMs, askAtMs: 0 },
    }
    this.#tallies.delete(key)
    this.#tallies.set(key, tally)
    return tally
  }

  async #fetch(tally: Tally, limit: Limit): Promise<void> {
    const { counters, clock, isExact } = this.#parts
    const counter = counterOf(tally)
    const life = tally.windowSeconds * 2
    const wanted = isExact ? 1 : Math.max(tally.handful, tally.waiting)
    const [before, total] = await Promise.all([
      tally.before ?? counters.read(counterOf(tally, -1)),
      counters.add(counter, wanted, life),
    ])
    tally.before = before
    const nowMs = clock()
    const room = Math.floor(capacity(tally, limit, nowMs) - (total - wanted))
    const granted = Math.min(Math.max(room, 0), wanted)
    tally.total = granted < wanted ? await counters.add(counter, granted - wanted, life) : total
    tally.spare += granted
    const most = Math.max(1, Math.floor(Math.min(limit.limit / 20, (room - granted) / 4)))
    tally.handful = Math.min(tally.handful * 2, most)
    if (granted === 0) tally.askAtMs = nowMs + Math.min(REFUSED_FOR_MS, waitMs(tally, limit, nowMs))
  }
}

function windowAt(nowMs: number, windowSeconds: number): number {
  return Math.floor(nowMs / (windowSeconds * 1000))
}

/** Key of the stored counter: `KEY#SECONDS.WINDOW`. */
function counterOf({ key, windowSeconds, window }: Tally, offset = 0): string {
  return `${key}#${windowSeconds}.${window + offset}`
}

/** Points that this window has by now: the limit, less what is carried over. */
function capacity(tally: Tally, { limit }: Limit, nowMs: number): number {
  const windowMs = tally.windowSeconds * 1000
  const passed = (nowMs - tally.window * windowMs) / windowMs
  const carried = Math.min(tally.before ?? 0, limit) * Math.min(Math.max(1 - passed, 0), 1)
  return limit - carried
}

/** How long until a point is free, ms. */
function waitMs(tally: Tally, { limit }: Limit, nowMs: number): number {
  const windowMs = tally.windowSeconds * 1000
  const passedMs = nowMs - tally.window * windowMs
  const before = Math.min(tally.before ?? 0, limit)
  const free = limit - 1 - tally.total
  if (free >= 0) return Math.max(1, (before === 0 ? 0 : 1 - free / before) * windowMs - passedMs)
  const next = Math.min(tally.total, limit)
  return windowMs - passedMs + Math.max(0, 1 - (limit - 1) / next) * windowMs
}

function standing(tally: Tally, limit: Limit, nowMs: number, isAllowed: boolean): Standing {
  const windowMs = limit.windowSeconds * 1000
  return {
    limit: limit.limit,
    windowSeconds: limit.windowSeconds,
    isAllowed,
    remaining: isAllowed ? Math.max(0, Math.floor(capacity(tally, limit, nowMs) - tally.total + tally.spare)) : 0,
    resetSeconds: Math.ceil(((tally.window + 1) * windowMs - nowMs) / 1000),
    retryAfterSeconds: isAllowed ? 0 : Math.max(1, Math.ceil(waitMs(tally, limit, nowMs) / 1000)),
  }
}
