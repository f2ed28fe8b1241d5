import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { artifactStatementBytes } from '@netraven/protocol/artifact.ts'
import { Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ArtifactSpool } from './artifact-spool.ts'
import { readArtifacts, signedArtifacts } from './artifacts.ts'
import { type Command, defineDriver } from './driver.ts'
import type { Session } from './session.ts'

type Fetch = Session['fetch']

let dir: string
let spool: ArtifactSpool
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'netraven-artifacts-'))
  spool = await ArtifactSpool.open({ dir, key: 'ab'.repeat(32) })
})
afterEach(() => rm(dir, { recursive: true }))

function taskOf(extra: object = {}): Task {
  const device = { id: randomUUID(), name: 'lb1', address: '127.0.0.1', port: 22 }
  const place = { driver: 'test_os', transport: 'sftp', secrets: 'keep', deadlineMs: 60_000 }
  return Task.parse({ id: randomUUID(), attempt: 2, device, ...place, ...extra })
}

const artifact = (run: string): Command => ({ run, as: 'artifact' })
const driverOf = (...commands: Command[]) =>
  defineDriver({
    ...{ title: 'Test', aliases: [], comment: '# ', channel: 'exchange', prompt: /^$/, rejected: [], name: 'test_os' },
    commands,
  })

function reading(task: Task, commands: Command[], fetch: Fetch, signal = AbortSignal.timeout(10_000)) {
  return readArtifacts(task, driverOf(...commands), { session: { fetch }, spool, signal })
}

const brings =
  (path: string, doubts: (string | undefined)[] = []): Fetch =>
  async (_, into) => {
    into(Buffer.from('bytes'))
    const doubt = doubts.shift()
    return { path, ...(doubt === undefined ? {} : { doubt }) }
  }

describe('files of a device', () => {
  it('are named by the file alone, so that no name leads elsewhere', async () => {
    for (const [path, name] of [
      ['/var/local/ucs/full.ucs', 'full.ucs'],
      ['C:\\backup\\a.zip', 'a.zip'],
      ['/x/..', 'artifact'],
      ['/x/a\nb', 'a b'],
      ['/x/', 'artifact'],
    ] as const) {
      const [read] = await reading(taskOf(), [artifact('get /x')], brings(path))
      expect(read).toMatchObject({ name, sizeBytes: 5, verdict: 'complete' })
    }
  })

  it('one that changed while it was read is read once more, and then counts', async () => {
    const [read] = await reading(taskOf(), [artifact('get /x')], brings('/x', ['the file changed while it was read']))
    expect(read).toMatchObject({ verdict: 'complete', reasons: [] })
    const [again] = await reading(taskOf(), [artifact('get /x')], brings('/x', ['it changed', 'it changed']))
    expect(again).toMatchObject({ verdict: 'suspect', reasons: ['it changed', 'a second read brought the same'] })
  })

  it('one that fails does not take the others with it; one that need not be there is left out', async () => {
    const fetch: Fetch = async (command, into, max) => {
      if (command.run === 'get /bad') throw new Failure('COMMAND_REJECTED')
      if (command.run === 'get /none') return undefined
      return command.run === 'get /empty' ? { path: '/empty' } : brings('/good')(command, into, max)
    }
    const commands = ['get /bad', 'get /none', 'get /empty', 'get /good'].map(artifact)
    expect(await reading(taskOf(), commands, fetch)).toMatchObject([
      { source: 'get /bad', failure: { code: 'COMMAND_REJECTED' } },
      { source: 'get /empty', failure: { code: 'EMPTY_READ' } },
      { source: 'get /good', name: 'good' },
    ])
  })

  it('are not even asked for where secrets must not leave the site', async () => {
    const fetch: Fetch = () => Promise.reject(new Error('the device was asked'))
    expect(await reading(taskOf({ secrets: 'strip' }), [artifact('get /a/b.ucs')], fetch)).toMatchObject([
      { failure: { code: 'ARTIFACT_UNMASKABLE', details: { name: 'b.ucs' } } },
    ])
  })

  it('end with the task when it is called off', async () => {
    const abort = new AbortController()
    const fetch: Fetch = async () => {
      abort.abort(new Failure('TASK_DEADLINE'))
      throw new Failure('CONNECTION_LOST')
    }
    await expect(reading(taskOf(), [artifact('get /x')], fetch, abort.signal)).rejects.toMatchObject({
      code: 'TASK_DEADLINE',
    })
  })

  it('[HASH-6] are signed one by one; what failed names the agent and the site', async () => {
    const key = newSigningKey()
    const task = taskOf()
    const read = await reading(task, [artifact('get /x')], brings('/x'))
    const failed = { source: 'get /y', failure: new Failure('COMMAND_REJECTED', { command: 'get /y' }) }
    const [signed, told] = signedArtifacts(key, task, 5000, [...read, failed], { agent: 'jump-1', site: 'berlin' })
    if (!signed || !('signature' in signed)) throw new Error('not signed')
    const { name, contentHash, sizeBytes, verdict } = signed
    const place = { device: task.device.id, task: task.id, attempt: 2, capturedAtMs: 5000 }
    const bytes = artifactStatementBytes({ ...place, name, contentHash, sizeBytes, verdict })
    expect(key.verify(bytes, Buffer.from(signed.signature, 'base64url'))).toBe(true)
    expect(told).toEqual({
      source: 'get /y',
      failure: { code: 'COMMAND_REJECTED', details: { agent: 'jump-1', site: 'berlin', command: 'get /y' } },
    })
  })
})
