/**
 * The bytes of artifacts as one connection brings them: part by part, each checked and in the store before the next is asked for, so the
 * hub never holds more than one. The row comes last. A hub that dies in between loses nothing: the agent begins again, and what is in
 * the store already is written once more to the same place.
 */
import { createHash, type Hash } from 'node:crypto'
import { ARTIFACT_PART_BYTES, type KeptArtifact } from '@netraven/protocol/artifact.ts'
import { decompress } from '@netraven/protocol/compression.ts'
import type { ArtifactQuestion, ContentAnswer } from '@netraven/protocol/content.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Report } from '@netraven/protocol/report.ts'
import type { Transaction } from 'kysely'
import { artifactsOf, isKept, keepArtifact } from './artifacts.ts'
import type { BackupParts } from './backups.ts'
import { hashOf } from './blobs/blobs.ts'
import type { Tables } from './db/tables.ts'
import { forgery, type Reporter } from './forgery.ts'
import { type Held, lockTasks, standing } from './tasks.ts'

interface Assembly {
  /** Task, attempt and place. */
  readonly of: string
  readonly parts: { hash: string; bytes: number; storedBytes: number; dataKey: number | null }[]
  readonly hash: Hash
  bytes: number
}

export type IntakeParts = Pick<BackupParts, 'inTransaction' | 'blobs' | 'newId' | 'log'>

export class ArtifactIntake {
  readonly #parts: IntakeParts
  readonly #agent: Reporter
  #assembly: Assembly | undefined

  constructor(parts: IntakeParts, agent: Reporter) {
    this.#parts = parts
    this.#agent = agent
  }

  /**
   * Takes one part.
   * @throws Failure BODY_INVALID, CONTENT_OUT_OF_ORDER, and what the store throws
   */
  async take(question: ArtifactQuestion, compressed: Uint8Array): Promise<ContentAnswer> {
    const { report, artifact: place, part, parts } = question
    const artifact = artifactsOf(report)[place]
    if (!artifact || !isKept(artifact))
      throw new Failure('BODY_INVALID', { call: 'artifact', reason: 'not in the report' })
    const of = `${report.task}/${report.attempt}/${place}/${artifact.contentHash}`
    if (part === 0) {
      this.#assembly = undefined
      const refusal =
        forgery(this.#agent, report) ?? (await this.#parts.inTransaction((trx) => this.#standing(trx, report)))
      if (refusal) return 'state' in refusal ? refusal : this.#refuse(report, refusal)
      this.#assembly = { of, parts: [], hash: createHash('sha256'), bytes: 0 }
    }
    const assembly = this.#assembly
    if (assembly?.of !== of || assembly.parts.length !== part) {
      this.#assembly = undefined
      throw new Failure('CONTENT_OUT_OF_ORDER', { part })
    }
    const bytes = await decompress(compressed, ARTIFACT_PART_BYTES).catch(() => undefined)
    const isLast = part + 1 === parts
    if (!bytes || (!isLast && bytes.length !== ARTIFACT_PART_BYTES)) return this.#corrupt(report)
    assembly.bytes += bytes.length
    assembly.hash.update(bytes)
    if (isLast && (assembly.bytes !== artifact.sizeBytes || assembly.hash.digest('hex') !== artifact.contentHash))
      return this.#corrupt(report)
    const hash = hashOf(bytes)
    const { storedBytes, dataKey } = await this.#parts.blobs.put(hash, bytes)
    assembly.parts.push({ hash, bytes: bytes.length, storedBytes, dataKey })
    return isLast ? this.#keep(report, artifact, assembly) : { state: 'more' }
  }

  async #keep(report: Report, artifact: KeptArtifact, { parts }: Assembly): Promise<ContentAnswer> {
    this.#assembly = undefined
    const { inTransaction, blobs, newId } = this.#parts
    return inTransaction(async (trx) => {
      const held = await lockedTask(trx, report)
      const refusal = this.#stand(held, report)
      if (refusal || !held) return refusal ?? { state: 'later' }
      await keepArtifact(trx, newId, this.#agent.id, held, report, artifact, { parts, store: blobs.name })
      return { state: 'recorded' }
    })
  }

  async #standing(trx: Transaction<Tables>, report: Report): Promise<ContentAnswer | undefined> {
    return this.#stand(await lockedTask(trx, report), report)
  }

  /** An answer when nothing may be kept of it any more. */
  #stand(held: Held | undefined, report: Report): ContentAnswer | undefined {
    if (held && held.deviceId !== report.device) return this.#refuse(report, new Failure('STATEMENT_INVALID'))
    const how = standing(held, this.#agent.id, report.attempt)
    if (how === 'held') return undefined
    if (how === 'done') return { state: 'recorded' }
    return this.#refuse(report, new Failure('TASK_NOT_HELD', { task: report.task, attempt: report.attempt }))
  }

  #corrupt(report: Report): ContentAnswer {
    this.#assembly = undefined
    return this.#refuse(report, new Failure('TRANSMISSION_CORRUPT', { task: report.task }))
  }

  #refuse({ task }: Report, failure: Failure): ContentAnswer {
    this.#parts.log.warn({ agentId: this.#agent.id, taskId: task, code: failure.code }, 'artifact refused')
    return { state: 'refused', failure: failure.toJSON() }
  }
}

async function lockedTask(trx: Transaction<Tables>, { task }: Report): Promise<Held | undefined> {
  return (await lockTasks(trx, [task])).get(task)
}
