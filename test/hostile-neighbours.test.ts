/** What hostile devices cost those who are read beside them: nothing. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Failure, FailureCode } from '../protocol/failure.ts'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import type { Faults } from './replay-device/faults.ts'
import { type ReplayedDevice, type ReplayProcess, startReplayProcess } from './replay-device/replay-process.ts'

const MEBIBYTE = 1024 * 1024
/** Silent, or with something to say for ever: as long as nobody gives up, they are still being read. */
const ENDLESS: Partial<Faults>[] = [
  ...(['banner', 'kex', 'auth', 'session', 'shell', 'prompt', 'enable', 'command'] as const).map((hang) => ({ hang })),
  { dripBanner: true },
  { bytesPerSecond: 1 },
  { latencyMs: 60_000 },
]
/** Ended by the agent in the middle of what they say. */
const LOUD: [Partial<Faults>, FailureCode[]][] = [
  [{ flood: { bytes: 200_000_000, lines: true } }, ['OUTPUT_TOO_LARGE']],
  [{ flood: { bytes: 200_000_000, lines: false } }, ['OUTPUT_TOO_LARGE']],
  [{ junk: 'banner' }, ['BANNER_TIMEOUT', 'SSH_PROTOCOL']],
  [{ junk: 'kex' }, ['SSH_PROTOCOL']],
  [{ junk: 'greeting' }, ['OUTPUT_TOO_LARGE']],
  [{ junk: 'reply' }, ['OUTPUT_TOO_LARGE']],
  [{ drop: 'connection' }, ['CONNECTION_LOST']],
  [{ drop: 'channel' }, ['CONNECTION_LOST']],
  [{ hostKey: 'other' }, ['HOST_KEY_CHANGED']],
]

let fleet: ReplayProcess

beforeAll(async () => {
  fleet = await startReplayProcess(['--count', String(ENDLESS.length + LOUD.length + 2)])
})
afterAll(async () => {
  await fleet?.stop()
})

const toward = ({ address, port, hostKey }: ReplayedDevice, change: Partial<Reading> = {}): Reading => ({
  address,
  port,
  hostKey,
  driver: 'cisco_ios',
  username: 'netraven',
  secret: { password: 'replay-password', enable: 'fleet-enable' },
  ...change,
})

function at(index: number): ReplayedDevice {
  const found = fleet.devices[index]
  if (!found) throw new RangeError(`no device ${index}`)
  return found
}

/** Bytes that are still needed after everything has been cleaned up. */
function neededBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('healthy devices among hostile ones', () => {
  it('are read while every one of them still hangs', async () => {
    const cancel = new AbortController()
    let ended = 0
    const hanging: Promise<Failure>[] = []
    for (const [index, faults] of ENDLESS.entries()) {
      await fleet.fail(at(index).name, faults)
      hanging.push(failureOf(readDevice(toward(at(index), { signal: cancel.signal }))).finally(() => ended++))
    }
    const healthy = [at(ENDLESS.length), at(ENDLESS.length + 1)]
    const reads = await Promise.all([...healthy, ...healthy].map((each) => readDevice(toward(each))))
    expect(reads.map(({ verdict }) => verdict)).toEqual(reads.map(() => 'complete'))
    expect(ended).toBe(0)
    cancel.abort()
    expect((await Promise.all(hanging)).map(({ code }) => code)).toEqual(hanging.map(() => 'CANCELLED'))
  })

  it('are read beside those that never stop talking, each of which ends with its own code', async () => {
    const loud = LOUD.map(([faults, codes], index) => ({ faults, codes, device: at(ENDLESS.length + 2 + index) }))
    for (const { faults, device } of loud) await fleet.fail(device.name, faults)
    const options = { maxOutputBytes: 4 * MEBIBYTE, connectTimeoutMs: 20_000 }
    const failures = loud.map(({ device }) => failureOf(readDevice(toward(device, { options }))))
    const reads = await Promise.all([0, 1, 0, 1].map((index) => readDevice(toward(at(ENDLESS.length + index)))))
    expect(reads.map(({ verdict }) => verdict)).toEqual(reads.map(() => 'complete'))
    for (const [index, { code }] of (await Promise.all(failures)).entries()) expect(loud[index]?.codes).toContain(code)
  })
})

describe('what is needed for hostile devices', () => {
  it('is given back, however many of them there were', async () => {
    const loud = LOUD.map((_, index) => at(ENDLESS.length + 2 + index))
    const options = { maxOutputBytes: MEBIBYTE, connectTimeoutMs: 20_000 }
    const readAll = () => Promise.all(loud.map((device) => failureOf(readDevice(toward(device, { options })))))
    for (let warmUp = 0; warmUp < 2; warmUp += 1) await readAll()
    const before = neededBytes()
    for (let round = 0; round < 6; round += 1) await readAll()
    const open = async () => {
      const stats = await fleet.stats()
      return loud.filter(({ name }) => (stats[name]?.open ?? 0) > 0).map(({ name }) => name)
    }
    await expect.poll(open, { timeout: 10_000 }).toEqual([])
    expect(neededBytes() - before).toBeLessThan(4 * MEBIBYTE)
  })
})
