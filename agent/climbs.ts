/**
 * Tests of devices as they climb: whenever one stands on another rung, the hub is told how far it has come, for whoever watches. One
 * message is under way at a time, a tenth of a second lies between two, and what changed meanwhile goes with the next. All of it may
 * be lost: the report at the end says everything again.
 */
import type { Answer, Asked } from '@netraven/protocol/calls.ts'
import type { Task } from '@netraven/protocol/claim.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Ladder } from './ladder.ts'
import type { Log } from './log.ts'

/** Between two messages, of all tests together, ms. */
const PAUSE_MS = 100

export interface ClimbsParts {
  readonly call: (name: 'climbed', question: Asked<'climbed'>) => Promise<Answer<'climbed'>>
  readonly clock?: Clock
  readonly log: Log
}

interface Climber {
  readonly task: Pick<Task, 'id' | 'attempt'>
  readonly ladder: Pick<Ladder, 'climbed' | 'current'>
}

export class Climbs {
  readonly #parts: ClimbsParts
  readonly #climbers = new Set<Climber>()
  /** Those of whom the hub has not heard the newest, in the order in which they wait. */
  readonly #untold = new Set<Climber>()
  #isHeard = false
  #isTelling = false

  constructor(parts: ClimbsParts) {
    this.#parts = parts
  }

  /** The link is up: this hub hears of what climbs now, if it wants to. */
  online(abilities: readonly string[]): void {
    this.#isHeard = abilities.includes('climbs')
    for (const climber of this.#climbers) this.#changed(climber)
  }

  offline(): void {
    this.#isHeard = false
  }

  /** @returns what ends it: then nothing more is told of this climb */
  follow = (task: Climber['task'], ladder: Climber['ladder'] & Pick<Ladder, 'watch'>): (() => void) => {
    const climber = { task, ladder }
    this.#climbers.add(climber)
    ladder.watch(() => this.#changed(climber))
    return () => {
      this.#climbers.delete(climber)
      this.#untold.delete(climber)
    }
  }

  #changed(climber: Climber): void {
    if (!this.#isHeard || !this.#climbers.has(climber)) return
    this.#untold.add(climber)
    if (this.#isTelling) return
    this.#isTelling = true
    // To leave a rung and to step on the next is one change.
    queueMicrotask(() => this.#tellNext())
  }

  #tellNext(): void {
    const [climber] = this.#untold
    if (!climber || !this.#isHeard) {
      this.#untold.clear()
      this.#isTelling = false
      return
    }
    this.#untold.delete(climber)
    const { log, clock = systemClock } = this.#parts
    this.#tell(climber)
      .catch((error: unknown) => log.debug({ taskId: climber.task.id, err: error }, 'how far a test is was not heard'))
      .finally(() => clock.after(PAUSE_MS, () => this.#tellNext()))
  }

  async #tell({ task, ladder }: Climber): Promise<void> {
    const { climbed: steps, current } = ladder
    await this.#parts.call('climbed', { task: task.id, attempt: task.attempt, steps, ...(current && { current }) })
  }
}
