import type { SealedSecret, Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { mask } from '@netraven/protocol/mask.ts'
import { describe, expect, it } from 'vitest'
import { type BackupParts, backup } from './backup.ts'
import { systemClock } from './clock.ts'
import { Ladder } from './ladder.ts'
import { defaultPolicy, parsePolicy } from './policy.ts'
import { VirtualClock } from './replay/reading.ts'
import { Device, driverOf, failureOf, plain } from './replay/scripted-device.ts'
import type { Target } from './target.ts'

const HOST_KEY = 'SHA256:seen'
const CONFIG = 'hostname r1\r\nusername a password hunter2\r\nend\r\n'
const driver = driverOf({ secrets: [/password (?<secret>\S+)$/] })

const task: Task = {
  id: '0192f0c1-2b3c-7d4e-8f50-1a2b3c4d5e6f',
  attempt: 1,
  device: { id: '0192f0c1-2b3c-7d4e-8f50-1a2b3c4d5e70', name: 'r1', address: 'r1.example', port: 2222 },
  driver: 'test_system',
  transport: 'ssh',
  secrets: 'keep',
  options: {},
  deadlineMs: 0,
}
const secret: SealedSecret = {
  task: task.id,
  username: 'u',
  password: 'login-pw',
  privateKey: 'PEM',
  maskKey: 'mask-key',
}

interface Setting {
  device?: Device
  task?: Partial<Task>
  parts?: Partial<BackupParts>
}

function begin({ device = plain({ 'show run': CONFIG }), task: more = {}, parts = {} }: Setting = {}) {
  const clock = new VirtualClock()
  const seen: { targets: Target[]; closed: number; logged: string } = { targets: [], closed: 0, logged: '' }
  const connect: BackupParts['connect'] = async (target) => {
    seen.targets.push(target)
    return {
      hostKey: HOST_KEY,
      shell: async () => device,
      exec: async () => Promise.reject(new Failure('CHANNEL_REFUSED')),
      close: () => {
        seen.closed += 1
      },
    }
  }
  const all: BackupParts = {
    driver,
    secret,
    policy: defaultPolicy(),
    connect,
    signal: new AbortController().signal,
    nowMs: () => 1_700_000_000_000.4,
    log: {
      debug: (facts, message) => {
        seen.logged += JSON.stringify(facts) + message
      },
    },
    clock,
    resolve: async () => ['192.0.2.1', '10.0.0.1'],
    ...parts,
  }
  const work = () => backup({ ...task, ...more }, all)
  return { seen, work, read: () => clock.drive(work()) }
}

const codeOf = async (setting: Setting) => (await failureOf(begin(setting).read())).code

describe('backup', () => {
  it('reads a device from its address to its hashes, and leaves', async () => {
    const device = plain({ 'show run': CONFIG })
    const { seen, read } = begin({ device, task: { hostKey: 'SHA256:pinned', options: { legacyAlgorithms: true } } })
    const result = await read()
    expect(result).toMatchObject({
      text: 'hostname r1\nusername a password hunter2\nend\n',
      verdict: 'complete',
      hostKey: HOST_KEY,
      capturedAtMs: 1_700_000_000_000,
    })
    expect(mask(result.text, result.spans, 'k')).not.toContain('hunter2')
    expect(seen.targets).toMatchObject([
      {
        address: '192.0.2.1',
        port: 2222,
        username: 'u',
        hostKey: 'SHA256:pinned',
        options: { legacyAlgorithms: true },
        timeoutMs: 30_000,
      },
    ])
    expect([seen.closed, device.written.endsWith('exit\r')]).toEqual([1, true])
  })

  it('logs no credential and no configuration', async () => {
    const { seen, read } = begin({ device: plain({ 'show run': 'password hunter2\r\n' }) })
    await read()
    expect(seen.logged).toContain('connected')
    expect(seen.logged).not.toMatch(/login-pw|PEM|mask-key|hunter2/)
  })

  it('masks before hashing when secrets may not leave', async () => {
    const read = await begin({ task: { secrets: 'strip' } }).read()
    expect(read.text).toMatch(/^hostname r1\nusername a password <secret:[0-9a-f]{8}>\nend\n$/)
    const { maskKey: _, ...keyless } = secret
    expect(await codeOf({ task: { secrets: 'strip' }, parts: { secret: keyless } })).toBe('MASKING_FAILED')
  })
})

describe('the agent’s policy', () => {
  const policy = (file: object) => ({ policy: parsePolicy(JSON.stringify(file), 'policy.json') })

  it('is about the very address that is connected to: the first one that it admits', async () => {
    const { seen, read } = begin({ parts: policy({ networks: ['10.0.0.0/8'] }) })
    await read()
    expect(seen.targets.map(({ address }) => address)).toEqual(['10.0.0.1'])
  })

  it.each([
    ['POLICY_NETWORK', policy({ networks: ['172.16.0.0/12'] }), {}],
    ['POLICY_NETWORK', policy({ networks: ['10.0.0.0/8'] }), { device: { ...task.device, address: '127.0.0.1' } }],
    ['POLICY_DRIVER', policy({ drivers: ['frr'] }), {}],
    ['POLICY_SECRETS', policy({ secrets: 'strip' }), {}],
    ['POLICY_COMMAND', { driver: driverOf({ prepare: ['configure terminal'] }) }, {}],
    ['NO_CREDENTIAL', { secret: undefined }, {}],
  ] as const)('refuses by %s before any connection', async (code, parts, more) => {
    const { seen, read } = begin({ parts, task: more })
    expect((await failureOf(read())).code).toBe(code)
    expect(seen.targets).toEqual([])
  })
})

describe('the ladder of a read', () => {
  const enabling = driverOf({ enable: { run: 'enable', from: /^r1>$/, password: /^Password: $/ } })
  const withEnable = (secretWord: string) => {
    let mark = '>'
    return new Device('r1>', (line, self) => {
      if (line === 'enable') return self.send('\r\nPassword: ')
      if (line === secretWord) mark = '#'
      self.send(line === 'show run' ? `\r\n${CONFIG}r1${mark}` : `\r\nr1${mark}`)
    })
  }
  const climb = async (device: Device, more: Setting = {}) => {
    const ladder = new Ladder(() => 0)
    const { read } = begin({ ...more, device, parts: { driver: enabling, ladder, ...more.parts } })
    const failure = await read().then(
      () => undefined,
      (error: unknown) => error,
    )
    const seen = ladder.steps.filter(({ state }) => state !== 'skipped')
    return { failure, seen: seen.map(({ rung, state, detail, code }) => [rung, state, code ?? detail]) }
  }

  it('[DEV-4] shows name and address, privilege, prompt, commands and the end', async () => {
    const { failure, seen } = await climb(withEnable('login-pw'))
    expect(failure).toBeUndefined()
    expect(seen).toEqual([
      ['dns', 'passed', 'r1.example is 192.0.2.1, 10.0.0.1'],
      ['tcp', 'passed', undefined],
      ['login', 'passed', undefined],
      ['enable', 'passed', 'enable'],
      ['prompt', 'passed', 'r1#'],
      ['command', 'passed', 'show run'],
      ['completeness', 'passed', expect.stringMatching(/^\d+ bytes$/)],
    ])
  })

  it('ends where privilege is refused', async () => {
    const { failure, seen } = await climb(withEnable('another'))
    expect(failure).toMatchObject({ code: 'ENABLE_FAILED', details: { rung: 'enable' } })
    expect(seen.at(-1)).toEqual(['enable', 'failed', expect.any(String)])
  })

  it('[DEV-2] [DEV-5] a test whose port is shut looks at the other ports; a backup, or one over jump hosts, does not', async () => {
    const shut = new Failure('PORT_REFUSED', { address: '192.0.2.1' })
    const asked: unknown[] = []
    const parts: Partial<BackupParts> = {
      connect: () => Promise.reject(shut),
      probe: async (address, except) => {
        asked.push([address, except])
        return { 22: 'open' }
      },
    }
    const of = async (task: Partial<Task>) => (await climb(plain({}), { task, parts })).failure
    expect(await of({ purpose: 'test' })).toMatchObject({ code: 'PORT_REFUSED', details: { ports: { 22: 'open' } } })
    expect(await of({})).toMatchObject({ details: { rung: 'tcp' } })
    expect(await of({ purpose: 'test', via: [] })).toMatchObject({ code: 'PORT_REFUSED' })
    expect(asked).toEqual([['192.0.2.1', 2222]])
  })

  it('[TMO-5] a suspect text fails a test, and no backup', async () => {
    const cut = () => plain({ 'show run': 'hostname r1\r\n' })
    const test = await climb(cut(), { task: { purpose: 'test' }, parts: { driver } })
    expect(test.failure).toMatchObject({ code: 'SUSPECT_TRUNCATED', details: { reasons: expect.any(Array) } })
    expect(test.seen.at(-1)).toEqual(['completeness', 'failed', 'SUSPECT_TRUNCATED'])
    expect((await climb(cut(), { parts: { driver } })).failure).toBeUndefined()
  })
})

describe('a name', () => {
  it('that does not resolve, or to nothing, is a failure of DNS', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
    const failure = await failureOf(begin({ parts: { resolve } }).read())
    const details = { address: 'r1.example', reason: 'ENOTFOUND', rung: 'dns', times: { dns: 0 } }
    expect([failure.code, failure.details]).toEqual(['DNS_FAILED', details])
    expect(await codeOf({ parts: { resolve: async () => [] } })).toBe('DNS_FAILED')
  })

  it('that is an address is not resolved', async () => {
    const resolve = () => Promise.reject(new Error('asked'))
    const { seen, read } = begin({ parts: { resolve }, task: { device: { ...task.device, address: '::1' } } })
    await read()
    expect(seen.targets[0]?.address).toBe('::1')
  })

  it('is resolved by the system otherwise', async () => {
    const { seen, work } = begin({
      parts: { resolve: undefined, clock: systemClock },
      task: { device: { ...task.device, address: 'localhost' } },
    })
    await work()
    expect(['127.0.0.1', '::1']).toContain(seen.targets[0]?.address)
  })
})

describe('[TMO-5] a suspect read', () => {
  const twice = (first: string, second: string) => {
    const replies = { 'show run': first }
    const device = plain(replies)
    const write = device.write.bind(device)
    let reads = 0
    device.write = (data) => {
      if (String(data) === 'show run\r') {
        replies['show run'] = reads === 0 ? first : second
        reads += 1
      }
      write(data)
    }
    return { device, reads: () => reads }
  }

  it('is taken once more, and a good second one is the result', async () => {
    const { device, reads } = twice('hostname r1\r\n', CONFIG)
    expect(await begin({ device }).read()).toMatchObject({ verdict: 'complete', reasons: [] })
    expect(reads()).toBe(2)
  })

  it('stays one when the second is no better, and says why', async () => {
    const { device, reads } = twice('hostname r1\r\n', 'hostname r1\r\n')
    const read = await begin({ device }).read()
    expect(read).toMatchObject({ verdict: 'suspect', text: 'hostname r1\n' })
    expect(read.reasons).toEqual(['the end mark of the configuration is missing', 'a second read brought the same'])
    expect(reads()).toBe(2)
  })

  it('that differs from the first says so', async () => {
    const { device } = twice('hostname r1\r\n', 'hostname r2\r\n')
    expect((await begin({ device }).read()).reasons).toContain('a second read differed and is no better')
  })

  it('is decided by a second one where a message of the system broke in, and no message is kept', async () => {
    const message = (time: string) => `*Nov 24 ${time}: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up\r\n`
    const cut = twice(CONFIG.replace('a password', `a pass\r\n${message('10:00:00')}word`), CONFIG)
    expect(await begin({ device: cut.device }).read()).toMatchObject({ verdict: 'complete', reasons: [] })
    const both = twice(message('10:00:00') + CONFIG, CONFIG.replace('end', `${message('10:00:09')}end`))
    const read = await begin({ device: both.device }).read()
    expect([read.verdict, read.text]).toEqual(['complete', CONFIG.replaceAll('\r', '')])
    const inside = CONFIG.replace('end', ` event syslog pattern "%LINK-3-UPDOWN: Interface"\r\nend`)
    const legal = await begin({ device: twice(inside, inside).device }).read()
    expect([legal.verdict, legal.text]).toEqual(['complete', inside.replaceAll('\r', '')])
  })

  it('is one that shrank to less than half', async () => {
    const read = await begin({ task: { lastGoodBytes: 10_000 } }).read()
    expect([read.verdict, read.reasons[0]]).toEqual(['suspect', 'it has 44 bytes, the last good one has 10000'])
  })
})

describe('whatever fails', () => {
  it('the connection is closed', async () => {
    const { seen, read } = begin({ device: plain({}) })
    expect((await failureOf(read())).code).toBe('COMMAND_REJECTED')
    expect(seen.closed).toBe(1)
  })

  it('a task that was dropped before it began connects nowhere', async () => {
    const reason = new Failure('CANCELLED', { task: task.id })
    const { seen, read } = begin({ parts: { signal: AbortSignal.abort(reason) } })
    expect(await failureOf(read())).toBe(reason)
    expect(seen.targets).toEqual([])
  })
})
