import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { defineDriver } from './driver.ts'
import { loadAll } from './loaded-drivers.ts'
import { defaultPolicy, loadPolicy, looksChanging, parsePolicy } from './policy.ts'

const drivers = await loadAll()

const policyOf = (file: object) => parsePolicy(JSON.stringify(file), 'policy.json')

function failureOf(act: () => unknown): Failure {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it did not fail')
}

const codeOf = (act: () => unknown) => failureOf(act).code

function driverOf(command: string) {
  const commands = [{ run: command, as: 'config', complete: /^end$/ } as const]
  const prompt = /^#$/
  return defineDriver({
    name: 'x_y',
    title: 'X',
    aliases: [],
    comment: '#',
    channel: 'shell',
    prompt,
    rejected: [],
    commands,
  })
}

describe('networks', () => {
  const policy = policyOf({ networks: ['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::ffff:172.16.0.0/108'] })

  it.each(['10.1.2.3', '192.0.2.7', 'fd12::1', '172.16.9.9', '::ffff:10.9.9.9', '::ffff:c000:207'])(
    '%s is inside',
    (address) => {
      expect(policy.admitAddress(address)).toBeUndefined()
    },
  )

  it.each([
    '11.0.0.1',
    '192.0.2.8',
    'fe80::1',
    '::1',
    '127.0.0.1',
    '172.32.0.1',
    '::ffff:11.0.0.1',
    '0x0a.1.1.1.1',
    'router.example',
    '',
  ])('%s is refused', (address) => {
    const failure = failureOf(() => policy.admitAddress(address))
    expect(failure.code).toBe('POLICY_NETWORK')
    expect(failure.details).toMatchObject({
      address,
      networks: ['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::ffff:172.16.0.0/108'],
    })
  })
})

describe('drivers', () => {
  it('are all allowed without a file, and only the named ones with it', () => {
    for (const driver of drivers.all) expect(defaultPolicy().admitDriver(driver)).toBeUndefined()
    const policy = policyOf({ drivers: ['frr'] })
    expect(codeOf(() => policy.admitDriver(driverOf('show run')))).toBe('POLICY_DRIVER')
  })

  it.each([
    'configure terminal',
    'write memory',
    'copy run start',
    'reload',
    'sudo rm x',
    'show run > flash:x',
    'cat a >> /etc/b',
  ])('that would send "%s" are refused', (command) => {
    const failure = failureOf(() => defaultPolicy().admitDriver(driverOf(command)))
    expect([failure.code, failure.details.command]).toEqual(['POLICY_COMMAND', command])
  })

  it('may send what the operator wrote down letter for letter', () => {
    const policy = policyOf({ extraCommands: ['write memory'] })
    expect(policy.admitDriver(driverOf('write memory'))).toBeUndefined()
    expect(codeOf(() => policy.admitDriver(driverOf('write memory all')))).toBe('POLICY_COMMAND')
  })

  it.each([
    'show run',
    'write term',
    'cat x 2>/dev/null',
    'x 2>&1',
    'show configuration | display set',
    'config global',
    'copy running-configuration display',
    'config show dump',
  ])('"%s" does not look as if it changed something', (command) => expect(looksChanging(command)).toBe(false))
})

describe('ways in', () => {
  it('on which a password can be overheard are closed without a file', () => {
    const policy = defaultPolicy()
    for (const transport of ['ssh', 'netconf', 'https', 'sftp', 'scp'] as const)
      expect(policy.admitTransport(transport)).toBeUndefined()
    expect(codeOf(() => policy.admitTransport('telnet'))).toBe('POLICY_TRANSPORT')
    expect(codeOf(() => policy.admitTransport('http'))).toBe('POLICY_TRANSPORT')
  })

  it('are those that the file names, and no others', () => {
    const policy = policyOf({ transports: ['ssh', 'telnet'] })
    expect(policy.admitTransport('telnet')).toBeUndefined()
    expect(codeOf(() => policy.admitTransport('https'))).toBe('POLICY_TRANSPORT')
  })
})

describe('secrets', () => {
  it('stay at the site when the policy says so', () => {
    const policy = policyOf({ secrets: 'strip' })
    expect(policy.admitSecrets('strip')).toBeUndefined()
    expect(codeOf(() => policy.admitSecrets('keep'))).toBe('POLICY_SECRETS')
    expect(defaultPolicy().admitSecrets('keep')).toBeUndefined()
  })
})

describe('the policy file', () => {
  const folders: string[] = []
  const folder = async () => {
    const dir = await mkdtemp(join(tmpdir(), 'netraven-policy-'))
    folders.push(dir)
    return dir
  }
  afterEach(() => Promise.all(folders.splice(0).map((dir) => rm(dir, { recursive: true }))))

  it('tells everything that is wrong with it at once', () => {
    const failure = failureOf(() =>
      policyOf({
        networks: ['10.0.0.0/33', 'home', '10.1'],
        readOnly: false,
        secrets: 'no',
        drivers: [],
        netwroks: [],
      }),
    )
    expect(failure.code).toBe('POLICY_INVALID')
    const text = JSON.stringify(failure.details.problems)
    for (const part of ['networks.0', 'networks.1', 'networks.2', 'readOnly', 'secrets', 'drivers', 'netwroks']) {
      expect(text).toContain(part)
    }
  })

  it('that is not JSON is invalid', () => {
    expect(codeOf(() => parsePolicy('{networks', 'policy.json'))).toBe('POLICY_INVALID')
  })

  it('need not exist', async () => {
    expect((await loadPolicy(await folder())).source).toBe('default')
  })

  it('is read from the agent’s folder', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'policy.json'), '{"networks":["10.0.0.0/8"],"readOnly":true}')
    const policy = await loadPolicy(dir)
    expect(policy.source).toBe(join(dir, 'policy.json'))
    expect(codeOf(() => policy.admitAddress('192.0.2.1'))).toBe('POLICY_NETWORK')
  })

  it('that exists and can’t be read stops the agent: it never falls back to allowing all', async () => {
    const dir = await folder()
    await mkdir(join(dir, 'policy.json'))
    await expect(loadPolicy(dir)).rejects.toMatchObject({ code: 'POLICY_INVALID' })
  })
})
