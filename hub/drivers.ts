/** The drivers as the hub knows them: names and aliases; how they read devices is the agents' matter. */
import { Failure } from '@netraven/protocol/failure.ts'
import { nearest } from './nearest.ts'

export interface DriverName {
  readonly name: string
  /** As the vendor writes it. */
  readonly title: string
  /** Also found under these; lower case. */
  readonly aliases: readonly string[]
}

export class DriverNames {
  readonly all: readonly DriverName[]
  readonly #byName: ReadonlyMap<string, string>

  constructor(catalogue: readonly DriverName[]) {
    this.all = catalogue
    this.#byName = new Map(catalogue.flatMap(({ name, aliases }) => [name, ...aliases].map((word) => [word, name])))
  }

  /** @returns the driver's name; undefined when there is none of that name or alias, in any case */
  find(nameOrAlias: string): string | undefined {
    return this.#byName.get(nameOrAlias.trim().toLowerCase())
  }

  /** @returns the name or alias that is nearest to a wrong one */
  nearest(word: string): string | undefined {
    return nearest(word, [...this.#byName.keys()])
  }

  /** @throws Failure DRIVER_UNKNOWN, with `didYouMean` when a name is near */
  require(nameOrAlias: string): string {
    const found = this.find(nameOrAlias)
    if (found) return found
    const didYouMean = this.nearest(nameOrAlias)
    throw new Failure('DRIVER_UNKNOWN', { driver: nameOrAlias, ...(didYouMean && { didYouMean }) })
  }
}
