/**
 * Own drivers on this host. A task names one by the digest that the hub signed; what the hub sends for it, and what lies in the
 * folder, counts only when it has that digest.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer, Asked } from '@netraven/protocol/calls.ts'
import type { Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { BoundedPattern } from './bounded-pattern.ts'
import type { Driver } from './driver.ts'
import type { DriverCatalogue } from './driver-catalogue.ts'
import { writeDurably } from './durable-file.ts'
import type { Log } from './log.ts'
import { compileDriver, fileDigest } from './own-driver.ts'

/** So many compiled drivers are remembered; the others lie in the folder. */
const REMEMBERED = 200

export interface DriverStoreParts {
  /** The agent's folder; files are kept in `drivers` below it. */
  readonly dir: string
  readonly builtIn: DriverCatalogue
  readonly call: (name: 'driver', question: Asked<'driver'>) => Promise<Answer<'driver'>>
  readonly log: Log
}

export class DriverStore {
  readonly #parts: DriverStoreParts
  readonly #known = new Map<string, Promise<Driver>>()

  constructor(parts: DriverStoreParts) {
    this.#parts = parts
  }

  /**
   * The own driver that a task names.
   * @throws Failure DRIVER_MISMATCH when what is there is not what was signed; DRIVER_INVALID, DRIVER_UNKNOWN as `compileDriver`;
   * DRIVER_UNAVAILABLE when the hub has no such file; CANCELLED when the link is down: then the task comes again
   */
  async find(task: Pick<Task, 'driver' | 'driverFile' | 'driverDigest' | 'trial'>): Promise<Driver> {
    const digest = task.driverFile ?? ''
    const driver = await this.#compiled(digest, task.trial === undefined)
    const { builtIn } = this.#parts
    const base = driver.own?.extends
    const isSwapped =
      base !== undefined && task.driverDigest !== undefined && task.driverDigest !== builtIn.digests[base]
    if (driver.name !== task.driver || isSwapped) throw new Failure('DRIVER_MISMATCH', { driver: task.driver })
    return driver
  }

  async #compiled(digest: string, keep: boolean): Promise<Driver> {
    const known = this.#known.get(digest)
    if (known) return known
    const made = this.#fetched(digest, keep).then((file) =>
      compileDriver(file, this.#parts.builtIn, (source) => new BoundedPattern(source)),
    )
    // Many tasks with one driver come at once: one asks, all wait.
    this.#known.set(digest, made)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break
      this.#known.delete(oldest)
    }
    try {
      return await made
    } catch (error) {
      this.#known.delete(digest)
      throw error
    }
  }

  async #fetched(digest: string, keep: boolean): Promise<string> {
    const { dir, call, log } = this.#parts
    const path = join(dir, 'drivers', `${digest}.json`)
    const kept = await readIfThere(path)
    if (kept !== undefined && fileDigest(kept) === digest) return kept
    if (kept !== undefined)
      log.warn({ file: path, code: 'DRIVER_MISMATCH' }, 'a kept driver was changed; asked for anew')
    const { file } = await call('driver', { digest }).catch((error: unknown) => {
      const isLink = error instanceof Failure && ['LINK_DOWN', 'LINK_TIMEOUT'].includes(error.code)
      throw isLink ? new Failure('CANCELLED', { reason: error.code }, { cause: error }) : error
    })
    if (fileDigest(file) !== digest) throw new Failure('DRIVER_MISMATCH', { digest })
    if (keep) {
      await mkdir(join(dir, 'drivers'), { recursive: true, mode: 0o700 })
      await writeDurably(path, file, 0o600)
    }
    return file
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
