import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { type Driver, defineDriver } from './driver.ts'
import { DriverCatalogue, type DriverEntry, driverDigest } from './driver-catalogue.ts'
import { loadAll } from './loaded-drivers.ts'

const driverOf = (name: string, title = name): Driver =>
  defineDriver({
    name,
    title,
    aliases: [name.replace('_', '-')],
    comment: '! ',
    channel: 'exec',
    prompt: /^#$/,
    rejected: [],
    commands: [{ run: 'show', as: 'config', complete: /^end$/ }],
  })

const entryOf = (driver: Driver): DriverEntry => ({ ...driver, digest: driverDigest(driver) })
const [one, two] = [driverOf('acme_one'), driverOf('acme_two')]

/** Files that remember who was loaded. */
function filesOf(...drivers: readonly Driver[]) {
  const loads: string[] = []
  const files = drivers.map((driver) => {
    const load = async () => {
      loads.push(driver.name)
      return { default: { ...driver, name: '' } }
    }
    return [driver.name, load] as const
  })
  return { loads, files: Object.fromEntries(files) }
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Failure ? error : undefined),
  )

describe('the catalogue of an agent', () => {
  it('announces every driver and loads none of them', () => {
    const { loads, files } = filesOf(one, two)
    const { digests } = new DriverCatalogue([one, two].map(entryOf), files)
    expect(digests).toEqual({ acme_one: driverDigest(one), acme_two: driverDigest(two) })
    expect(loads).toEqual([])
  })

  it('loads the one that is asked for, once, by name or alias in any case', async () => {
    const { loads, files } = filesOf(one, two)
    const catalogue = new DriverCatalogue([one, two].map(entryOf), files)
    const found = await Promise.all(['acme_two', 'ACME-two ', 'Acme_Two'].map((name) => catalogue.find(name)))
    expect(found).toEqual([two, two, two])
    expect(loads).toEqual(['acme_two'])
    expect(await catalogue.find('acme_three')).toBeUndefined()
    expect(await catalogue.find('constructor')).toBeUndefined()
  })

  it('takes no driver that differs from the announced one', async () => {
    const { files } = filesOf(driverOf('acme_one', 'Changed'))
    const failure = await failureOf(new DriverCatalogue([entryOf(one)], files).find('acme-one'))
    expect(failure).toMatchObject({ code: 'DRIVER_MISMATCH', details: { driver: 'acme_one' } })
  })

  it('says so when a file went away under it, and finds it when it is back', async () => {
    let isThere = false
    const load = async () => {
      if (!isThere) throw new SyntaxError('half a file')
      return { default: one }
    }
    const catalogue = new DriverCatalogue([entryOf(one)], { acme_one: load })
    const failure = await failureOf(catalogue.find('acme_one'))
    expect(failure).toMatchObject({
      code: 'DRIVER_MISMATCH',
      details: { driver: 'acme_one', reason: "its file can't be loaded (SyntaxError)" },
      cause: { message: 'half a file' },
    })
    isThere = true
    expect(await catalogue.find('acme_one')).toEqual(one)
  })

  it('announces nothing that it has no file for', async () => {
    const catalogue = new DriverCatalogue([one, two].map(entryOf), filesOf(two).files)
    expect(catalogue.digests).toEqual({ acme_two: driverDigest(two) })
    expect(await catalogue.find('acme_one')).toBeUndefined()
  })

  it('has one driver a name', () => {
    const twin = { ...two, aliases: ['acme_one'] }
    expect(() => new DriverCatalogue([one, twin].map(entryOf), filesOf(one, twin).files)).toThrow('called acme_one')
  })
})

describe('all drivers at once', () => {
  it('are as their files are now, whatever was generated', async () => {
    const changed = driverOf('acme_one', 'Changed')
    const drivers = await loadAll(filesOf(two, changed).files)
    expect(drivers.all).toEqual([changed, two])
    expect(drivers.find(' ACME-ONE')).toEqual(changed)
    expect(drivers.find('acme_three')).toBeUndefined()
  })

  it('have one driver a name', async () => {
    const twin = { ...two, aliases: ['acme_one'] }
    await expect(loadAll(filesOf(one, twin).files)).rejects.toThrow('called acme_one')
  })
})
