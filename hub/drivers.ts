/** The drivers as the hub knows them: names and aliases; how they read devices is the agents' matter. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Transport } from '@netraven/protocol/transport.ts'
import { nearest } from './nearest.ts'

export interface DriverName {
  readonly name: string
  /** As the vendor writes it. */
  readonly title: string
  /** Also found under these; lower case. */
  readonly aliases: readonly string[]
  /** Ways in that it has, its usual one first. */
  readonly transports: readonly Transport[]
  /** Of an own driver; absent: built in. */
  readonly version?: number
}

export class DriverNames {
  readonly all: readonly DriverName[]
  readonly #byName: ReadonlyMap<string, string>

  constructor(catalogue: readonly DriverName[]) {
    this.all = catalogue
    const aliases = catalogue.flatMap((driver) => driver.aliases.map((word) => [word, driver.name] as const))
    // A name counts before anybody's alias.
    this.#byName = new Map([...aliases, ...catalogue.map(({ name }) => [name, name] as const)])
  }

  /** @returns the driver's name; undefined when there is none of that name or alias, in any case */
  find(nameOrAlias: string): string | undefined {
    return this.#byName.get(nameOrAlias.trim().toLowerCase())
  }

  /** @returns the name or alias that is nearest to a wrong one */
  nearest(word: string): string | undefined {
    return nearest(word, [...this.#byName.keys()])
  }

  /**
   * @param name a driver's name, as `find` gives it
   * @param wanted absent: the driver's usual way in
   * @returns what to use; undefined when the driver can't be read so
   */
  transportOf(name: string, wanted?: Transport): Transport | undefined {
    const transports = this.all.find((driver) => driver.name === name)?.transports ?? []
    return wanted === undefined ? (transports[0] ?? 'ssh') : transports.find((one) => one === wanted)
  }

  /** @throws Failure TRANSPORT_UNSUPPORTED */
  requireTransport(name: string, wanted?: Transport): Transport {
    const found = this.transportOf(name, wanted)
    if (found) return found
    const transports = this.all.find((driver) => driver.name === name)?.transports ?? []
    throw new Failure('TRANSPORT_UNSUPPORTED', { driver: name, transport: wanted ?? '', transports: [...transports] })
  }

  /** @throws Failure DRIVER_UNKNOWN, with `didYouMean` when a name is near */
  require(nameOrAlias: string): string {
    const found = this.find(nameOrAlias)
    if (found) return found
    const didYouMean = this.nearest(nameOrAlias)
    throw new Failure('DRIVER_UNKNOWN', { driver: nameOrAlias, ...(didYouMean && { didYouMean }) })
  }
}
