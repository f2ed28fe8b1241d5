/** The recordings beside the drivers, for tests that read all of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Driver } from '../driver.ts'
import { loadAll } from '../loaded-drivers.ts'
import { parseRecording, type Recording } from './recording.ts'

export interface Shelved {
  /** `vendor_os.NAME` */
  readonly name: string
  readonly recording: Recording
  readonly driver: Driver
}

export const folder = join(import.meta.dirname, '..', 'drivers', 'recordings')

/** @throws RangeError when a recording is malformed. One without a driver is left out: `drivers.test.ts` tells of it. */
export async function shelf(): Promise<Shelved[]> {
  const drivers = await loadAll()
  return readdirSync(folder)
    .filter((file) => file.endsWith('.session'))
    .flatMap((file) => {
      const recording = parseRecording(readFileSync(join(folder, file), 'utf8'))
      const driver = drivers.find(recording.driver)
      return driver ? [{ name: basename(file, '.session'), recording, driver }] : []
    })
}
