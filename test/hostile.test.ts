import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ssh2 from 'ssh2'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Failure, type FailureCode } from '../protocol/failure.ts'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import { CATALYST_LOCATION } from './replay-device/catalyst.ts'
import type { Faults } from './replay-device/faults.ts'
import { type ReplayedDevice, type ReplayProcess, startReplayProcess } from './replay-device/replay-process.ts'

const COUNT = 12
const MEBIBYTE = 1024 * 1024

let fleet: ReplayProcess
let device: ReplayedDevice

beforeAll(async () => {
  fleet = await startReplayProcess(['--count', String(COUNT)])
  device = at(0)
})
afterEach(async () => {
  await fleet.fail('*', {})
})
afterAll(async () => {
  await fleet?.stop()
})

function at(index: number): ReplayedDevice {
  const found = fleet.devices[index]
  if (!found) throw new RangeError(`no device ${index}`)
  return found
}

const toward = ({ address, port }: ReplayedDevice, change: Partial<Reading> = {}): Reading => ({
  address,
  port,
  driver: 'cisco_ios',
  username: 'netraven',
  secret: { password: 'replay-password', enable: 'fleet-enable' },
  ...change,
})

/** What the device has seen while something happened. */
async function seenBy<Result>(what: () => Promise<Result>) {
  const before = (await fleet.stats())[device.name]
  const result = await what()
  const after = (await fleet.stats())[device.name]
  if (!before || !after) throw new RangeError('no such device')
  return { result, attempts: after.attempts.slice(before.attempts.length), logins: after.logins - before.logins }
}

describe('a replayed switch', () => {
  it('is read whole, the same twice, and a changed line is seen', async () => {
    const first = await readDevice(toward(device))
    expect(first).toMatchObject({ verdict: 'complete', reasons: [], hostKey: device.hostKey })
    expect(first.text).toContain(`\nhostname ${device.name}\n`)
    expect((await readDevice(toward(device))).contentHash).toBe(first.contentHash)
    await fleet.replace(device.name, [[CATALYST_LOCATION, 'rack 7']])
    const changed = await readDevice(toward(device))
    expect(changed.text).toContain('snmp-server location rack 7\n')
    expect(changed.fingerprint).not.toBe(first.fingerprint)
    await fleet.replace(device.name, [['rack 7', CATALYST_LOCATION]])
    expect((await readDevice(toward(device))).fingerprint).toBe(first.fingerprint)
  })

  it('is still the same device after a restart', async () => {
    const again = await startReplayProcess(['--count', '2'])
    await again.stop()
    expect(again.devices.map(({ hostKey }) => hostKey)).toEqual([at(0).hostKey, at(1).hostKey])
    expect(at(0).hostKey).not.toBe(at(1).hostKey)
  })

  it.each<Partial<Faults>>([
    { latencyMs: 30 },
    { bytesPerSecond: 40_000 },
    { methods: ['keyboard-interactive'] },
    { methods: ['keyboard-interactive', 'password'] },
  ])('is read whole although %j', async (faults) => {
    await fleet.fail(device.name, faults)
    const { result, attempts, logins } = await seenBy(() => readDevice(toward(device, { hostKey: device.hostKey })))
    expect(result).toMatchObject({ verdict: 'complete', reasons: [] })
    expect({ attempts: attempts.length, logins }).toEqual({ attempts: 1, logins: 1 })
  })
})

describe('a replayed host with a channel for each command', () => {
  let host: ReplayProcess
  let folder: string
  const keys = ssh2.utils.generateKeyPairSync('ed25519')
  const recording = fileURLToPath(new URL('../agent/drivers/recordings/linux.plain-user.session', import.meta.url))
  const reading = (change: Partial<Reading> = {}): Reading => {
    const [only] = host.devices
    if (!only) throw new RangeError('no device')
    return { ...toward(only), driver: 'linux', ...change }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nr-replay-'))
    await writeFile(join(folder, 'keys'), `${keys.public}\n`)
    host = await startReplayProcess(['--recording', recording, '--public-key', join(folder, 'keys')])
  })
  afterAll(async () => {
    await host?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('is read with a password and with a key', async () => {
    const read = await readDevice(reading())
    expect(read.verdict).toBe('complete')
    expect((await readDevice(reading({ secret: { privateKey: keys.private } }))).contentHash).toBe(read.contentHash)
  })

  it('rejects a foreign key', async () => {
    const foreign = ssh2.utils.generateKeyPairSync('ed25519').private
    expect((await failureOf(readDevice(reading({ secret: { privateKey: foreign } })))).code).toBe('KEY_REJECTED')
  })

  it.each<[Partial<Faults>, FailureCode]>([
    [{ drop: 'connection' }, 'CONNECTION_LOST'],
    [{ refuse: 'session' }, 'CHANNEL_REFUSED'],
    [{ refuse: 'exec' }, 'CHANNEL_REFUSED'],
    [{ flood: { bytes: 200_000_000, lines: true } }, 'OUTPUT_TOO_LARGE'],
  ])('never yields half a configuration: %j', async (faults, code) => {
    await host.fail('*', faults)
    const options = { maxOutputBytes: MEBIBYTE }
    expect((await failureOf(readDevice(reading({ options })))).code).toBe(code)
    await host.fail('*', {})
  })

  it('never yields half a configuration as a whole one when its channel closes in order', async () => {
    await host.fail('*', { drop: 'channel' })
    expect((await readDevice(reading())).verdict).toBe('suspect')
    await host.fail('*', {})
  })
})

describe('a device that is hung', () => {
  const options = { connectTimeoutMs: 700, idleTimeoutMs: 700, commandTimeoutMs: 2000 }
  const patient = { ...options, idleTimeoutMs: 1500 }

  it.each<[Partial<Faults>, FailureCode, object, object?]>([
    [{ hang: 'banner' }, 'BANNER_TIMEOUT', {}],
    [{ dripBanner: true }, 'BANNER_TIMEOUT', {}],
    [{ hang: 'kex' }, 'SSH_PROTOCOL', { server: 'SSH-2.0-Replay' }],
    [{ hang: 'auth' }, 'CONNECTION_LOST', {}],
    [{ hang: 'session' }, 'CHANNEL_REFUSED', {}],
    [{ hang: 'shell' }, 'CHANNEL_REFUSED', {}],
    [{ hang: 'prompt' }, 'PROMPT_NOT_FOUND', {}],
    [{ bytesPerSecond: 1 }, 'PROMPT_NOT_FOUND', {}, patient],
    [{ hang: 'enable' }, 'DEVICE_COMMAND_TIMEOUT', { command: 'enable', kind: 'stalled' }],
    [{ hang: 'command' }, 'DEVICE_COMMAND_TIMEOUT', { command: 'show running-config', kind: 'stalled' }],
    [{ bytesPerSecond: 1000 }, 'DEVICE_COMMAND_TIMEOUT', { command: 'show running-config', kind: 'slow' }],
  ])('is given up in time: %j', async (faults, code, details, limits = options) => {
    await fleet.fail(device.name, faults)
    expect(await failureOf(readDevice(toward(device, { options: limits })))).toMatchObject({ code, details })
    await expect.poll(async () => (await fleet.stats())[device.name]?.open).toBe(0)
  })

  it('is let go when the task is cancelled, and the connection with it', async () => {
    await fleet.fail(device.name, { hang: 'command' })
    const cancel = new AbortController()
    const reading = failureOf(readDevice(toward(device, { signal: cancel.signal })))
    await expect.poll(async () => (await fleet.stats())[device.name]?.open).toBe(1)
    cancel.abort(new Failure('TASK_DEADLINE'))
    expect((await reading).code).toBe('TASK_DEADLINE')
    await expect.poll(async () => (await fleet.stats())[device.name]?.open).toBe(0)
  })
})

describe('a device that breaks off', () => {
  it.each<Partial<Faults>>([{ drop: 'connection' }, { drop: 'channel' }])(
    'in the middle of its configuration never yields half of one: %j',
    async (faults) => {
      await fleet.fail(device.name, faults)
      expect((await failureOf(readDevice(toward(device)))).code).toBe('CONNECTION_LOST')
    },
  )

  it.each<Partial<Faults>>([{ refuse: 'session' }, { refuse: 'shell' }])('refuses: %j', async (faults) => {
    await fleet.fail(device.name, faults)
    expect((await failureOf(readDevice(toward(device)))).code).toBe('CHANNEL_REFUSED')
  })
})

describe('a device that is not what it was', () => {
  it('[DEV-8] gets no password when another host key answers', async () => {
    await fleet.fail(device.name, { hostKey: 'other' })
    const { result, attempts } = await seenBy(() => failureOf(readDevice(toward(device, { hostKey: device.hostKey }))))
    expect(result).toMatchObject({ code: 'HOST_KEY_CHANGED', details: { pinned: device.hostKey } })
    expect(attempts).toEqual([])
  })

  it.each<Partial<Faults>>([
    { rejectLogin: true },
    { rejectLogin: true, methods: ['password'] },
    { rejectLogin: true, methods: ['keyboard-interactive'] },
  ])('[DAUTH-5] is offered a rejected password once: %j', async (faults) => {
    await fleet.fail(device.name, faults)
    const { result, attempts } = await seenBy(() => failureOf(readDevice(toward(device))))
    expect(result.code).toBe('PASSWORD_REJECTED')
    expect(attempts).toHaveLength(1)
  })

  it('[DAUTH-1] accepts keys alone, and the failure says so', async () => {
    await fleet.fail(device.name, { methods: ['publickey'] })
    const { result, attempts } = await seenBy(() => failureOf(readDevice(toward(device))))
    expect(result).toMatchObject({ code: 'METHOD_UNSUPPORTED', details: { methods: ['publickey'] } })
    expect(attempts).toEqual([])
  })

  it('[DEV-7] has old algorithms alone: named, and read once they are allowed', async () => {
    await fleet.fail(device.name, { algorithms: 'legacy' })
    const failure = await failureOf(readDevice(toward(device)))
    expect(failure).toMatchObject({ code: 'SSH_LEGACY_ALGOS', details: { offered: { serverHostKey: ['ssh-rsa'] } } })
    const read = await readDevice(toward(device, { options: { legacyAlgorithms: true } }))
    expect(read.verdict).toBe('complete')
  })
})

describe('a device that pours out 200 MB', () => {
  it.each([true, false])('is cut off, and the memory stays flat (in lines: %j)', async (lines) => {
    await fleet.fail(device.name, { flood: { bytes: 200_000_000, lines } })
    const options = { maxOutputBytes: 8 * MEBIBYTE }
    const before = process.memoryUsage.rss()
    let peak = before
    const sampling = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss())
    }, 20)
    try {
      const failure = await failureOf(readDevice(toward(device, { options })))
      expect(failure).toMatchObject({ code: 'OUTPUT_TOO_LARGE', details: { command: 'show running-config' } })
    } finally {
      clearInterval(sampling)
    }
    expect(peak - before).toBeLessThan(100 * MEBIBYTE)
    await expect.poll(async () => (await fleet.stats())[device.name]?.open).toBe(0)
  })

  it('is cut off at the limit that holds without a setting', async () => {
    await fleet.fail(device.name, { flood: { bytes: 200_000_000, lines: true } })
    const before = process.memoryUsage.rss()
    expect((await failureOf(readDevice(toward(device)))).code).toBe('OUTPUT_TOO_LARGE')
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * MEBIBYTE)
  })
})

describe('sick devices among healthy ones', () => {
  it('do not hold up the healthy', async () => {
    const sick: Partial<Faults>[] = [
      { hang: 'banner' },
      { hang: 'kex' },
      { hang: 'auth' },
      { hang: 'prompt' },
      { hang: 'command' },
      { bytesPerSecond: 10 },
      { flood: { bytes: 200_000_000, lines: true } },
    ]
    const cancel = new AbortController()
    let ended = 0
    const waiting: Promise<Failure>[] = []
    for (const [index, faults] of sick.entries()) {
      await fleet.fail(at(index).name, faults)
      const reading = failureOf(readDevice(toward(at(index), { signal: cancel.signal })))
      if (!faults.flood) waiting.push(reading.finally(() => ended++))
      else reading.catch(() => undefined)
    }
    const healthy = fleet.devices.slice(sick.length)
    const reads = await Promise.all([...healthy, ...healthy].map((each) => readDevice(toward(each))))
    expect(reads.map(({ verdict }) => verdict)).toEqual(reads.map(() => 'complete'))
    expect(ended).toBe(0)
    cancel.abort()
    expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual(waiting.map(() => 'CANCELLED'))
  })
})
