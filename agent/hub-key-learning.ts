/**
 * Learning the hub's keys: what a trusted key has vouched for is trusted at once, written to disk, and then told to the hub, which waits
 * for that before the new key signs. One step at a time; a word that comes meanwhile asks once more.
 */
import type { Answer } from '@netraven/protocol/calls.ts'
import type { HubKey } from '@netraven/protocol/hello.ts'
import { verifyKey } from '@netraven/protocol/keys.ts'
import type { TrustedKeys } from './identity.ts'
import type { Log } from './log.ts'

export interface HubKeyLearningParts {
  readonly trusted: TrustedKeys
  /** Writes them to disk for good. */
  readonly keep: (publicKeys: readonly string[]) => Promise<void>
  /** Tells the hub which keys are on disk, and gets those that count. */
  readonly ask: (ids: string[]) => Promise<Answer<'keys'>>
  readonly log: Log
}

export class HubKeyLearning {
  readonly #parts: HubKeyLearningParts
  #kept: string[]
  #busy: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor(parts: HubKeyLearningParts) {
    this.#parts = parts
    this.#kept = parts.trusted.ids
  }

  /** Ids of the keys that are on disk. */
  get kept(): string[] {
    return [...this.#kept]
  }

  /** What hello's answer brought. @param tells whether the hub wants to know what was learnt */
  heard(keys: readonly HubKey[], tells: boolean): void {
    this.#parts.trusted.learn(keys.map(({ publicKey }) => publicKey))
    this.#next(async () => {
      if ((await this.#keep()) && tells) await this.#exchange()
    })
  }

  /** The hub says that there is another. */
  ask(): void {
    if (this.#waiting > 1) return
    this.#next(() => this.#exchange())
  }

  /** Settles when nothing is under way. */
  get idle(): Promise<void> {
    return this.#busy
  }

  async #exchange(): Promise<void> {
    const { keys } = await this.#parts.ask(this.#kept)
    this.#parts.trusted.learn(keys.map(({ publicKey }) => publicKey))
    if (await this.#keep()) await this.#parts.ask(this.#kept)
  }

  /** @returns whether there was anything new */
  async #keep(): Promise<boolean> {
    const publicKeys = this.#parts.trusted.publicKeys
    const ids = publicKeys.map((publicKey) => verifyKey(publicKey).id)
    if (ids.length === this.#kept.length && ids.every((id) => this.#kept.includes(id))) return false
    await this.#parts.keep(publicKeys)
    this.#kept = ids
    this.#parts.log.info({ keys: ids }, 'learnt the keys of the hub')
    return true
  }

  #next(work: () => Promise<void>): void {
    this.#waiting += 1
    this.#busy = this.#busy
      .then(work)
      .catch((error: unknown) =>
        this.#parts.log.warn({ err: error }, 'could not learn the hub’s keys; the next hello tries again'),
      )
      .finally(() => {
        this.#waiting -= 1
      })
  }
}
