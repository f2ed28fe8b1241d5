/**
 * The drivers of this release by name and alias. The agent announces all of them and loads none before a task names it: a site
 * has a few systems, and all drivers together take 4 MB.
 */
import { createHash } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Driver } from './driver.ts'

/** What is known of a driver before it is loaded; made by `npm run generate`. */
export interface DriverEntry {
  readonly name: string
  readonly aliases: readonly string[]
  readonly digest: string
}

/** Name to the driver's file, as `drivers/index.ts` lists them. */
export type DriverFiles = Readonly<Record<string, () => Promise<{ readonly default: Driver }>>>

/** Where a driver is looked for by name or alias, any case. */
export interface DriverSource {
  find(name: string): Driver | undefined | Promise<Driver | undefined>
}

/** Digest of a driver's content: what the hub signs into a task, so that nobody swaps the driver in between. 16 hex digits. */
export function driverDigest(driver: Driver): string {
  const canonical = JSON.stringify(driver, (_, value) => (value instanceof RegExp ? value.source : value))
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16)
}

export class DriverCatalogue implements DriverSource {
  /** Each driver's name and digest, as hello announces them. */
  readonly digests: Readonly<Record<string, string>>
  readonly #entries: ReadonlyMap<string, DriverEntry>
  readonly #files: DriverFiles
  readonly #loaded = new Map<string, Promise<Driver>>()

  /** @param entries those that have no file are left out @throws RangeError when two drivers share a name or an alias */
  constructor(entries: readonly DriverEntry[], files: DriverFiles) {
    const there = entries.filter(({ name }) => Object.hasOwn(files, name))
    this.#entries = byName(there)
    this.#files = files
    this.digests = Object.fromEntries(there.map(({ name, digest }) => [name, digest]))
  }

  /**
   * Loads the driver when it is asked for first.
   * @returns undefined when none is called so
   * @throws Failure DRIVER_MISMATCH when its file is not what was announced, or can't be loaded
   */
  async find(name: string): Promise<Driver | undefined> {
    const entry = this.#entries.get(spelt(name))
    if (!entry) return undefined
    const known = this.#loaded.get(entry.name)
    if (known) return known
    const loading = this.#load(entry)
    this.#loaded.set(entry.name, loading)
    try {
      return await loading
    } catch (error) {
      this.#loaded.delete(entry.name)
      throw error
    }
  }

  async #load({ name, digest }: DriverEntry): Promise<Driver> {
    const differs = (reason: string, cause?: unknown) =>
      new Failure('DRIVER_MISMATCH', { driver: name, reason }, { cause })
    const driver = await loadDriver(this.#files, name).catch((error: unknown) => {
      // An installation that was replaced under a running agent.
      throw differs(`its file can't be loaded (${error instanceof Error ? error.name : 'unknown'})`, error)
    })
    if (driverDigest(driver) !== digest) throw differs('its file is not the one that this agent announced')
    return driver
  }
}

/** @throws RangeError when there is no such file, and whatever loading it throws */
export async function loadDriver(files: DriverFiles, name: string): Promise<Driver> {
  const file = await files[name]?.()
  if (!file) throw new RangeError(`drivers/index.ts has no line for ${name}`)
  return { ...file.default, name }
}

/** @throws RangeError when two share a name or an alias */
export function byName<Named extends Pick<DriverEntry, 'name' | 'aliases'>>(all: readonly Named[]): Map<string, Named> {
  const found = new Map<string, Named>()
  for (const one of all) {
    for (const name of [one.name, ...one.aliases]) {
      if (found.has(name)) throw new RangeError(`two drivers are called ${name}`)
      found.set(name, one)
    }
  }
  return found
}

/** A name as people write it, as it stands in a driver. */
export const spelt = (name: string) => name.trim().toLowerCase()
