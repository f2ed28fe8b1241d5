/** All drivers in memory, for scripts and tests; the agent has a `DriverCatalogue`. */
import type { Driver } from './driver.ts'
import { byName, type DriverFiles, type DriverSource, loadDriver, spelt } from './driver-catalogue.ts'
import { driverFiles } from './drivers/index.ts'

/** As their files are now, whatever was generated from them. @throws RangeError when two share a name or an alias */
export async function loadAll(files: DriverFiles = driverFiles): Promise<LoadedDrivers> {
  return new LoadedDrivers(await Promise.all(Object.keys(files).map((name) => loadDriver(files, name))))
}

export class LoadedDrivers implements DriverSource {
  /** By name. */
  readonly all: readonly Driver[]
  readonly #byName: ReadonlyMap<string, Driver>

  /** @throws RangeError when two share a name or an alias */
  constructor(drivers: readonly Driver[]) {
    this.#byName = byName(drivers)
    this.all = drivers.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(name: string): Driver | undefined {
    return this.#byName.get(spelt(name))
  }
}
