import { randomUUID } from 'node:crypto'
import { Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { newBoxKeys, sealTo } from '@netraven/protocol/sealed-box.ts'
import { statementBytes } from '@netraven/protocol/statement.ts'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { Read } from './backup.ts'
import { defineDriver } from './driver.ts'
import { DriverCatalogue, driverDigest } from './driver-catalogue.ts'
import { type ResultParts, resultOf } from './result.ts'

const driver = defineDriver({
  name: 'test_os',
  title: 'Test OS',
  aliases: [],
  comment: '! ',
  channel: 'exec',
  prompt: /^#$/,
  rejected: [],
  commands: [{ run: 'show', as: 'config', complete: /^end$/ }],
})
const drivers = new DriverCatalogue([{ name: 'test_os', aliases: [], digest: driverDigest(driver) }], {
  test_os: async () => ({ default: driver }),
})
const boxKeys = newBoxKeys()
const key = newSigningKey()
const hash = 'ab'.repeat(32)
const read: Read = {
  text: 'hostname x\nend\n',
  spans: [9, 1],
  contentHash: hash,
  fingerprint: hash,
  sizeBytes: 15,
  verdict: 'complete',
  reasons: [],
  hostKey: `SHA256:${'A'.repeat(43)}`,
  capturedAtMs: 5000,
  durationMs: 0,
}

function taskOf(extra: object = {}): Task {
  const device = { id: randomUUID(), name: 'sw1', address: '127.0.0.1', port: 22 }
  const place = { driver: 'test_os', transport: 'ssh', secrets: 'keep', deadlineMs: 60_000 }
  return Task.parse({ id: randomUUID(), attempt: 2, device, ...place, ...extra })
}

function logInto(lines: string[]) {
  return pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
}

async function run(task: Task, parts: Partial<ResultParts> = {}, sealKey?: string) {
  const whole: ResultParts = {
    drivers,
    boxSecretKey: boxKeys.secretKey,
    key,
    localSecret: async (name) => {
      throw new Failure('LOCAL_CREDENTIAL_UNKNOWN', { name })
    },
    read: async () => read,
    nowMs: () => 0,
    hubNowMs: () => 7000,
    agent: { name: 'jump-1', site: 'berlin' },
    log: logInto([]),
    ...parts,
  }
  const result = await resultOf(whole, task, sealKey, AbortSignal.timeout(10_000))
  if (!result) throw new Error('there is no result')
  return result
}

async function failureOf(...args: Parameters<typeof run>) {
  const { report, compressed } = await run(...args)
  if (report.outcome.kind !== 'failed') throw new Error('it did not fail')
  expect(compressed.length).toBe(0)
  return report.outcome.failure
}

describe('the result of a task', () => {
  it('[HASH-6] signs what was read, so that anybody with the public key can check it', async () => {
    const task = taskOf()
    const { report, spans } = await run(task)
    const { outcome } = report
    expect(outcome).toMatchObject({ kind: 'read', contentHash: hash, verdict: 'complete', hostKey: read.hostKey })
    if (outcome.kind !== 'read') throw new Error('not read')
    const statement = statementBytes({ ...read, device: task.device.id, task: task.id, attempt: task.attempt })
    expect(key.verify(statement, Buffer.from(outcome.signature, 'base64url'))).toBe(true)
    expect([report.capturedAtMs, spans]).toEqual([5000, [9, 1]])
  })

  it('tells the hub no host key when one was pinned already', async () => {
    const { report } = await run(taskOf({ hostKey: read.hostKey }))
    expect(report.outcome).not.toHaveProperty('hostKey')
  })

  it('[DEV-4] says what the device’s name meant, whether the read went well or not', async () => {
    const resolved = { name: 'sw1.example', address: '192.0.2.1' }
    const well = await run(taskOf(), {
      read: async (_, __, ___, ____, ladder) => {
        ladder.resolved = resolved
        return read
      },
    })
    const badly = await run(taskOf(), {
      read: async (_, __, ___, ____, ladder) => {
        ladder.resolved = resolved
        throw new Failure('TCP_TIMEOUT')
      },
    })
    expect([well.report, badly.report]).toMatchObject([{ resolved }, { resolved, outcome: { kind: 'failed' } }])
    expect((await run(taskOf())).report).not.toHaveProperty('resolved')
  })

  it('[GEN-5] a failure names the agent, the site and the device', async () => {
    const failing = { read: () => Promise.reject(new Failure('TCP_TIMEOUT', { elapsedMs: 30_000 })) }
    expect(await failureOf(taskOf(), failing)).toEqual({
      code: 'TCP_TIMEOUT',
      details: { agent: 'jump-1', site: 'berlin', device: 'sw1', address: '127.0.0.1', port: 22, elapsedMs: 30_000 },
    })
  })

  it('[DEV-2] a test brings its rungs and no text, whether it went well or not', async () => {
    const test = taskOf({ purpose: 'test' })
    const well = await run(test, {
      read: async (_, __, ___, ____, ladder) => {
        ladder.enter('completeness')
        ladder.pass('completeness', '15 bytes')
        return read
      },
    })
    const last = { rung: 'completeness', state: 'passed', ms: 0, detail: '15 bytes' }
    expect(well.report.outcome).toEqual({ kind: 'tested', steps: expect.arrayContaining([last]) })
    expect([well.compressed.length, well.spans]).toEqual([0, []])
    expect(JSON.stringify(well.report)).not.toContain(hash)

    const failing = { read: () => Promise.reject(new Failure('TCP_TIMEOUT', { elapsedMs: 30_000 })) }
    const { outcome } = (await run(test, failing)).report
    expect(outcome).toMatchObject({ kind: 'tested', failure: { code: 'TCP_TIMEOUT', details: { device: 'sw1' } } })
    expect(outcome).toMatchObject({
      steps: expect.arrayContaining([{ rung: 'tcp', state: 'failed', ms: 0, code: 'TCP_TIMEOUT' }]),
    })
    const unknown = (await run(taskOf({ purpose: 'test', driver: 'other_os' }))).report.outcome
    expect(unknown).toMatchObject({ kind: 'tested', failure: { code: 'DRIVER_UNKNOWN' } })
  })

  it('[DEV-2] a test is followed while it climbs and no longer, however it ends; a backup is not followed', async () => {
    const said: string[] = []
    const follow: ResultParts['follow'] = ({ purpose }) => {
      said.push(`${purpose} begins`)
      return () => void said.push(`${purpose} ends`)
    }
    const parts = { follow, read: () => Promise.reject(new Failure('CANCELLED')) }
    await run(taskOf({ purpose: 'test' }), { follow })
    await expect(run(taskOf({ purpose: 'test' }), parts)).rejects.toThrow('there is no result')
    await run(taskOf(), { follow })
    expect(said).toEqual(['test begins', 'test ends', 'test begins', 'test ends'])
  })

  it('refuses a driver that it does not have, or that is another than the signed one, before anything is sent', async () => {
    const unread = { read: () => Promise.reject(new Error('a device was read')) }
    expect(await failureOf(taskOf({ driver: 'other_os' }), unread)).toMatchObject({ code: 'DRIVER_UNKNOWN' })
    expect(await failureOf(taskOf({ driverDigest: '0'.repeat(16) }), unread)).toMatchObject({ code: 'DRIVER_MISMATCH' })
    const changed = new DriverCatalogue([{ name: 'test_os', aliases: [], digest: 'announced' }], {
      test_os: async () => ({ default: driver }),
    })
    const signed = taskOf({ driverDigest: 'announced' })
    expect(await failureOf(signed, { ...unread, drivers: changed })).toMatchObject({ code: 'DRIVER_MISMATCH' })
    const { report } = await run(taskOf({ driverDigest: drivers.digests.test_os }))
    expect(report.outcome.kind).toBe('read')
  })

  it('[DAUTH-7] opens a credential that was sealed for this task, and no other', async () => {
    const seen: unknown[] = []
    const parts: Partial<ResultParts> = {
      read: async (_, __, secret) => {
        seen.push(secret)
        return read
      },
    }
    const task = taskOf()
    const sealer = sealTo(boxKeys.publicKey)
    const secret = { task: task.id, username: 'backup', password: 'canary-password' }
    await run({ ...task, box: sealer.seal(secret) }, parts, sealer.publicKey)
    expect(seen).toEqual([secret])
    const moved = { ...taskOf(), box: sealer.seal(secret) }
    expect(await failureOf(moved, parts, sealer.publicKey)).toMatchObject({ code: 'SEALED_BOX_INVALID' })
    const foreign = sealTo(newBoxKeys().publicKey)
    const box = foreign.seal(secret)
    expect(await failureOf({ ...task, box }, parts, foreign.publicKey)).toMatchObject({ code: 'SEALED_BOX_INVALID' })
    expect(await failureOf({ ...task, box }, parts)).toMatchObject({ code: 'SEALED_BOX_INVALID' })
    expect(await failureOf(taskOf({ local: 'core' }), parts)).toMatchObject({ code: 'LOCAL_CREDENTIAL_UNKNOWN' })
    expect(seen).toHaveLength(1)
  })

  it('a bug is an internal failure without its message, and stands in the log with its stack', async () => {
    const lines: string[] = []
    const failing = { read: () => Promise.reject(new TypeError('canary-detail')), log: logInto(lines) }
    const failure = await failureOf(taskOf(), failing)
    expect(failure.code).toBe('INTERNAL')
    expect(JSON.stringify(failure)).not.toContain('canary-detail')
    expect(lines.join()).toContain('canary-detail')
  })

  it('[STK-3] a read that was called off leaves no result: the device did not fail, and another agent reads it', async () => {
    const called = run(taskOf(), { read: () => Promise.reject(new Failure('CANCELLED')) })
    await expect(called).rejects.toThrow('there is no result')
    expect(await failureOf(taskOf(), { read: () => Promise.reject(new Failure('TASK_DEADLINE')) })).toMatchObject({
      code: 'TASK_DEADLINE',
    })
  })

  it('brings the key of the masks to a credential of the jump host, and no login where there is none', async () => {
    const keys = newBoxKeys()
    const sealer = sealTo(keys.publicKey)
    const seen: unknown[] = []
    const parts: Partial<ResultParts> = {
      boxSecretKey: keys.secretKey,
      localSecret: async (_, task) => ({ task, username: 'backup', password: 'local' }),
      read: async (_task, _driver, secret) => {
        seen.push(secret)
        return read
      },
    }
    const local = taskOf({ local: 'core', secrets: 'strip' })
    const box = (task: string) => sealer.seal({ task, username: '', maskKey: 'masks' })
    await run({ ...local, box: box(local.id) }, parts, sealer.publicKey)
    const bare = taskOf({ secrets: 'strip' })
    await run({ ...bare, box: box(bare.id) }, parts, sealer.publicKey)
    expect(seen).toEqual([{ task: local.id, username: 'backup', password: 'local', maskKey: 'masks' }, undefined])
  })
})
