/** Reads the files of a device with the agent's own `backup()` into a spool of its own, without hub or agent process. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ArtifactSpool } from '../agent/artifact-spool.ts'
import { type BackupParts, backup, type Read } from '../agent/backup.ts'
import { type Command, type Driver, defineDriver } from '../agent/driver.ts'
import { defaultPolicy } from '../agent/policy.ts'
import { connect } from '../agent/transport/connect.ts'
import { type SealedSecret, Task } from '../protocol/claim.ts'

/** What a device keeps: no packing makes it smaller. */
export const ARCHIVE = gzipSync(randomBytes(300_000))
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

export interface Place {
  readonly commands: readonly Command[]
  readonly port: number
  readonly transport: 'https' | 'scp'
  readonly secret: Omit<SealedSecret, 'task'>
  readonly options?: object
}

/** A file of the device; it must begin as gzip does, unless told otherwise. */
export function artifact(run: string | readonly string[], more: Partial<Command> = {}): Command {
  return { run, as: 'artifact', complete: /^\x1f\x8b/, ...more }
}

export class ArtifactReading {
  readonly folder: string
  spool: ArtifactSpool

  private constructor(folder: string, spool: ArtifactSpool) {
    this.folder = folder
    this.spool = spool
  }

  static async open(): Promise<ArtifactReading> {
    const folder = await mkdtemp(join(tmpdir(), 'netraven-files-'))
    return new ArtifactReading(folder, await openSpool(join(folder, 'spool')))
  }

  /** Takes away what is kept. */
  async anew(): Promise<void> {
    await rm(join(this.folder, 'spool'), { recursive: true, force: true })
    this.spool = await openSpool(join(this.folder, 'spool'))
  }

  /** Files on disk, each as it was spooled. */
  kept(): Promise<string[]> {
    return readdir(join(this.folder, 'spool'))
  }

  read({ commands, port, transport, secret, options = {} }: Place, more: Partial<BackupParts> = {}): Promise<Read> {
    const driver = driverOf(commands)
    const device = { id: randomUUID(), name: 'box1', address: '127.0.0.1', port }
    const head = { id: randomUUID(), attempt: 1, driver: driver.name, secrets: 'keep', deadlineMs: 8.64e15 }
    const task = Task.parse({ ...head, device, transport, options })
    return backup(task, {
      ...{ driver, connect, policy: defaultPolicy(), nowMs: Date.now, artifacts: this.spool },
      secret: { task: task.id, ...secret },
      signal: AbortSignal.timeout(60_000),
      log: { debug: () => undefined },
      ...more,
    })
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

function openSpool(dir: string): Promise<ArtifactSpool> {
  return ArtifactSpool.open({ dir, key: 'ab'.repeat(32) })
}

function driverOf(commands: readonly Command[]): Driver {
  return defineDriver({
    ...{
      name: 'test_files',
      title: 'Test',
      aliases: [],
      comment: '# ',
      channel: 'exchange',
      prompt: /^$/,
      rejected: [],
    },
    ...{ transports: ['https', 'scp'], http: { login: { kind: 'basic' } }, commands },
  })
}
