import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { driverCatalogue } from '@netraven/protocol/driver-catalogue.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DriverCatalogue } from './driver-catalogue.ts'
import { DriverStore } from './driver-store.ts'
import { driverFiles } from './drivers/index.ts'
import { createLog } from './log.ts'
import { compileDriver, fileDigest } from './own-driver.ts'
import { parsePolicy } from './policy.ts'

const drivers = new DriverCatalogue(driverCatalogue, driverFiles)

const acme = {
  name: 'acme_os',
  title: 'Acme OS',
  comment: '! ',
  channel: 'shell',
  prompt: '^[\\w.-]+[>#] ?$',
  rejected: ['^% Invalid'],
  commands: [{ run: 'show running-config', as: 'config', complete: '^end$' }],
  secrets: ['^password (?<secret>\\S+)$'],
}
const compile = (file: object) => compileDriver(JSON.stringify(file), drivers, (source) => new RegExp(source))
const codeOf = async (work: () => unknown) => {
  try {
    await work()
    return 'nothing'
  } catch (error) {
    return error instanceof Failure ? error.code : error
  }
}

describe('the file of an own driver', () => {
  it('becomes a driver as a built-in one is', async () => {
    expect(await compile(acme)).toMatchObject({
      name: 'acme_os',
      prompt: /^[\w.-]+[>#] ?$/,
      commands: [{ run: 'show running-config', as: 'config', complete: /^end$/ }],
      logout: ['exit'],
      own: { commands: ['show running-config'] },
    })
  })

  it('that extends a built-in one replaces its fields, and adds to its lists', async () => {
    const ios = await drivers.find('cisco_ios')
    const own = await compile({
      name: 'my_ios',
      extends: 'cisco_ios',
      prepare: [],
      '+volatile': ['^! mine'],
      title: 'Mine',
    })
    expect(own).toMatchObject({
      name: 'my_ios',
      title: 'Mine',
      prepare: [],
      enable: ios?.enable,
      commands: ios?.commands,
    })
    expect(own.volatile).toEqual([...(ios?.volatile ?? []), /^! mine/])
    expect(own.own?.extends).toBe('cisco_ios')
  })

  it.each([
    ['not JSON', 'DRIVER_INVALID'],
    [JSON.stringify({ ...acme, prompt: undefined }), 'DRIVER_INVALID'],
    [JSON.stringify({ ...acme, prepare: ['reload'] }), 'DRIVER_INVALID'],
    [JSON.stringify({ name: 'x_os', extends: 'no_such' }), 'DRIVER_UNKNOWN'],
  ])('is judged once more on the agent, whatever the hub did: %s', async (file, code) => {
    expect(await codeOf(() => compileDriver(file, drivers, (source) => new RegExp(source)))).toBe(code)
  })
})

describe('the policy of an agent', () => {
  const admit = (rules: object, file: object) =>
    codeOf(async () => parsePolicy(JSON.stringify(rules), 'policy.json').admitDriver(await compile(file)))
  const ios = { name: 'cisco_ios', extends: 'cisco_ios' }

  it.each<[string, object, object, string]>([
    ['takes own drivers that only read', {}, acme, 'nothing'],
    ['takes none where it says so', { ownDrivers: 'refuse' }, acme, 'POLICY_DRIVER'],
    ['does not take one for the built-in that it is called like', { ownDrivers: 'refuse' }, ios, 'POLICY_DRIVER'],
    [
      'takes none where secrets must stay, since the file says what they are',
      { secrets: 'strip' },
      acme,
      'POLICY_DRIVER',
    ],
    ['unless it says so', { secrets: 'strip', ownDrivers: 'allow' }, acme, 'nothing'],
    ['takes only named ones where it names drivers', { drivers: ['linux'] }, acme, 'POLICY_DRIVER'],
    ['and then named ones', { drivers: ['linux', 'acme_os'] }, acme, 'nothing'],
    ['sends no command that is not known to read', {}, { ...acme, prepare: ['acme quiet'] }, 'POLICY_COMMAND'],
    ['but those that it names', { extraCommands: ['acme quiet'] }, { ...acme, prepare: ['acme quiet'] }, 'nothing'],
    ['trusts what the built-in one sends anyway', {}, { name: 'my_ros', extends: 'mikrotik_routeros' }, 'nothing'],
    ['also in what is put beside it', {}, { ...ios, '+commands': [{ run: 'acme x', as: 'note' }] }, 'POLICY_COMMAND'],
  ])('%s', async (_, rules, file, code) => {
    expect(await admit(rules, file)).toBe(code)
  })
})

describe('the store of own drivers', () => {
  let dir = ''
  const asked: string[] = []
  const file = JSON.stringify(acme)
  const digest = fileDigest(file)
  const storeOf = (answer: () => Promise<{ file: string }>) =>
    new DriverStore({
      dir,
      builtIn: drivers,
      log: createLog('silent'),
      call: (_, question) => {
        asked.push(question.digest)
        return answer()
      },
    })
  const task = { driver: 'acme_os', driverFile: digest }
  const never = () => Promise.reject(new Error('it asked the hub'))

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'netraven-store-'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('takes no file but the one whose digest was signed, and keeps no other', async () => {
    const store = storeOf(async () => ({ file: JSON.stringify({ ...acme, title: 'Swapped' }) }))
    expect(await codeOf(() => store.find(task))).toBe('DRIVER_MISMATCH')
    expect(await readdir(dir)).toEqual([])
  })

  it('asks once for many tasks, and never again: it lies in the folder', async () => {
    asked.length = 0
    const store = storeOf(async () => ({ file }))
    const found = await Promise.all(Array.from({ length: 20 }, () => store.find(task)))
    expect([asked, found[0]?.title, new Set(found).size]).toEqual([[digest], 'Acme OS', 1])
    expect((await storeOf(never).find(task)).title).toBe('Acme OS')
  })

  it('asks again when what lies there was changed', async () => {
    const path = join(dir, 'drivers', `${digest}.json`)
    await writeFile(path, 'spoiled')
    expect((await storeOf(async () => ({ file })).find(task)).title).toBe('Acme OS')
    expect(await readFile(path, 'utf8')).toBe(file)
  })

  it('keeps no draft that is only tried', async () => {
    const draft = JSON.stringify({ ...acme, title: 'Draft' })
    const store = storeOf(async () => ({ file: draft }))
    expect((await store.find({ driver: 'acme_os', driverFile: fileDigest(draft), trial: {} })).title).toBe('Draft')
    expect(await readdir(join(dir, 'drivers'))).toEqual([`${digest}.json`])
  })

  it('does not read with a driver of another name, or over another base than the hub signed', async () => {
    const store = storeOf(never)
    expect(await codeOf(() => store.find({ ...task, driver: 'other_os' }))).toBe('DRIVER_MISMATCH')
    const over = JSON.stringify({ name: 'my_ios', extends: 'cisco_ios' })
    const based = { driver: 'my_ios', driverFile: fileDigest(over) }
    const overStore = storeOf(async () => ({ file: over }))
    expect(await codeOf(() => overStore.find({ ...based, driverDigest: '0'.repeat(16) }))).toBe('DRIVER_MISMATCH')
    expect(await codeOf(() => overStore.find({ ...based, driverDigest: drivers.digests.cisco_ios }))).toBe('nothing')
  })

  it('leaves the task for later when the hub is out of reach, and says what the hub says otherwise', async () => {
    const other = { driver: 'acme_os', driverFile: fileDigest(randomUUID()) }
    const failing = (code: 'LINK_DOWN' | 'DRIVER_UNAVAILABLE') =>
      codeOf(() => storeOf(() => Promise.reject(new Failure(code))).find(other))
    expect(await failing('LINK_DOWN')).toBe('CANCELLED')
    expect(await failing('DRIVER_UNAVAILABLE')).toBe('DRIVER_UNAVAILABLE')
  })
})
