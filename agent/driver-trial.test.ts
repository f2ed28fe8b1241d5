import { randomUUID } from 'node:crypto'
import { Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { newBoxKeys } from '@netraven/protocol/sealed-box.ts'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { ReadArtifact } from './artifacts.ts'
import { type Command, defineDriver } from './driver.ts'
import { DriverCatalogue } from './driver-catalogue.ts'
import { type TrialParts, tryDriver } from './driver-trial.ts'
import { noText, type Text } from './text.ts'

const config: Command = { run: 'show running-config', as: 'config', complete: /^end$/m }
const file: Command = { run: 'get /config/full.ucs', as: 'artifact' }
const text: Text = { ...noText, text: 'hostname x\nend\n', sizeBytes: 15 }
const archive: ReadArtifact = {
  ...{ source: 'get /config/full.ucs', name: 'full.ucs', contentHash: 'ab'.repeat(32), sizeBytes: 812 },
  ...{ verdict: 'complete', reasons: [] },
}

function trial(commands: readonly Command[], recording: string | undefined, more: Partial<TrialParts> = {}) {
  const driver = defineDriver({
    ...{ name: 'acme_os', title: 'Acme', aliases: [], comment: '# ', channel: 'exec', prompt: /^\$ $/, rejected: [] },
    commands,
  })
  const task = Task.parse({
    ...{ id: randomUUID(), attempt: 1, driver: 'acme_os', driverFile: 'ab'.repeat(32), transport: 'ssh' },
    ...{ secrets: 'keep', deadlineMs: 8.64e15, trial: recording === undefined ? {} : { recording } },
    ...{ device: { id: randomUUID(), name: 'box1', address: '127.0.0.1', port: 22 } },
    ...(recording === undefined ? { purpose: 'test' } : {}),
  })
  const parts: TrialParts = {
    ...{
      drivers: new DriverCatalogue([], {}),
      boxSecretKey: newBoxKeys().secretKey,
      key: newSigningKey(),
      agent: { name: 'a1', site: 'lab' },
    },
    localSecret: async () => {
      throw new Failure('LOCAL_CREDENTIAL_UNKNOWN')
    },
    read: async () => ({ ...text, capturedAtMs: 0, durationMs: 0 }),
    ...{ nowMs: () => 0, hubNowMs: () => 0, log: pino({ level: 'silent' }), newMaskKey: () => Buffer.alloc(32, 1) },
    ...{ policy: { admitDriver: () => undefined }, ownDriver: async () => driver, replay: async () => text },
    ...more,
  }
  return tryDriver(parts, task, undefined, new AbortController().signal)
}

describe('a trial of a driver', () => {
  it('on a recording shows what was read, and is no report about a device', async () => {
    const tried = await trial([config, file], '@@ driver: acme_os')
    expect(tried?.outcome).toMatchObject({ kind: 'read', verdict: 'complete', lines: 2, preview: 'hostname x\nend\n' })
    expect(tried?.report).toBeUndefined()
  })

  it('that fetches files alone can’t be on a recording, and says what can be done instead', async () => {
    const replay = async () => {
      throw new Error('nothing is replayed')
    }
    const tried = await trial([file], '@@ driver: acme_os', { replay })
    expect(tried?.outcome).toMatchObject({
      kind: 'failed',
      failure: { code: 'DRIVER_TRIAL_NEEDS_DEVICE', details: { driver: 'acme_os' } },
    })
  })

  it('that fetches files alone shows on a device which files came, and none of their bytes', async () => {
    const read = async () => ({ ...noText, artifacts: [archive], capturedAtMs: 0, durationMs: 0 })
    const tried = await trial([file], undefined, { read })
    expect(tried?.outcome).toEqual({
      ...{ kind: 'read', verdict: 'complete', reasons: [], sizeBytes: 812, lines: 0, secrets: 0 },
      preview: `full.ucs: 812 bytes, sha256 ${'ab'.repeat(32)}\n`,
    })
    expect(tried?.report?.report.outcome.kind).toBe('tested')
  })
})
