/**
 * A report becomes "seen again" or a new version. Reports come in batches and are settled in one transaction; text is asked
 * for only when a device's configuration is new to the hub. The blob is written before the row, and every step may be done
 * twice: same text, same hash, same row.
 */
import { createHash } from 'node:crypto'
import { decompress } from '@netraven/protocol/compression.ts'
import { type ContentAnswer, type ContentQuestion, MAX_TEXT_BYTES } from '@netraven/protocol/content.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { ReadOutcome, Report, ReportResult } from '@netraven/protocol/report.ts'
import type { Kysely, Transaction } from 'kysely'
import { ArtifactIntake } from './artifact-intake.ts'
import { noteArtifacts } from './artifacts.ts'
import type { BlobStore } from './blobs/blobs.ts'
import { defaultLoginLimits, type LoginLimits } from './credential-guard.ts'
import type { Tables } from './db/tables.ts'
import { noteResolved } from './device-names.ts'
import { forgery, type Reporter } from './forgery.ts'
import type { Log } from './log.ts'
import { noteLogins, type Told } from './login-outcomes.ts'
import type { RetryPolicy } from './retries.ts'
import {
  endTests,
  failOrRetry,
  type ReadReport,
  type Retryable,
  type Success,
  seenAgain,
  succeedTasks,
  successOf,
  type Tested,
  testOf,
  unsuccessOf,
} from './task-ends.ts'
import { closeRuns, type Held, lockTasks, standing } from './tasks.ts'

export type { Reporter } from './forgery.ts'

export interface BackupParts {
  readonly db: Kysely<Tables>
  readonly inTransaction: <T>(work: (trx: Transaction<Tables>) => Promise<T>) => Promise<T>
  readonly blobs: BlobStore
  readonly newId: () => string
  readonly logins?: LoginLimits
  /** Absent: nothing is tried again. */
  readonly retries?: RetryPolicy
  /** Tells the agents of a site that there is work. May fail: agents also ask by themselves. */
  readonly wake?: (siteId: string) => Promise<void>
  readonly log: Log
}

type Read = Report & { outcome: ReadOutcome }

export class Backups {
  readonly #parts: BackupParts

  constructor(parts: BackupParts) {
    this.#parts = parts
  }

  /** Takes the bytes of artifacts that one connection brings. */
  intake(agent: Reporter): ArtifactIntake {
    return new ArtifactIntake(this.#parts, agent)
  }

  /** Settles a batch of reports of one agent. Never throws for what a report says; throws when the database is away. */
  async report(agent: Reporter, reports: readonly Report[]): Promise<ReportResult[]> {
    const results = new Map<string, ReportResult>()
    const sound = reports.filter((report) => {
      const failure = forgery(agent, report)
      if (failure) results.set(report.task, this.#refuse(agent, report, failure))
      return !failure
    })
    const { runs, sites } = await this.#parts.inTransaction((trx) => this.#settle(trx, agent, sound, results))
    if (runs.length > 0) await closeRuns(this.#parts.db, runs)
    await Promise.allSettled([...sites].map((site) => this.#parts.wake?.(site)))
    return reports.map((report) => results.get(report.task) ?? { task: report.task, state: 'later' })
  }

  async #settle(
    trx: Transaction<Tables>,
    agent: Reporter,
    reports: readonly Report[],
    results: Map<string, ReportResult>,
  ): Promise<{ runs: string[]; sites: ReadonlySet<string> }> {
    const tasks = reports.map((report) => report.task)
    const locked = await lockTasks(trx, tasks)
    const again: Success[] = []
    const failed: Retryable[] = []
    const tested: Tested[] = []
    const logins: Told[] = []
    const runs = new Set<string>()
    for (const report of reports) {
      const held = locked.get(report.task)
      const refusal = this.#stand(agent, report, held)
      if (refusal || !held) {
        results.set(report.task, refusal ?? { task: report.task, state: 'later' })
        continue
      }
      logins.push({ report, held })
      if (report.outcome.kind === 'tested' || held.purpose === 'test') {
        tested.push(testOf(report))
      } else if (report.outcome.kind === 'failed') {
        failed.push(unsuccessOf(report, report.outcome.failure, held.earlierTries.length, this.#parts.retries))
      } else {
        const ended = await this.#read(trx, agent, held, { ...report, outcome: report.outcome })
        if (ended && 'state' in ended) {
          results.set(report.task, ended)
          continue
        }
        if (ended) again.push(ended)
      }
      runs.add(held.runId)
      results.set(report.task, { task: report.task, state: 'recorded' })
    }
    await seenAgain(trx, again)
    await succeedTasks(trx, again)
    await noteResolved(trx, logins)
    const { told: words, sites } = await noteLogins(trx, logins, this.#parts.logins ?? defaultLoginLimits)
    for (const { task, failure, retryInMs } of await failOrRetry(trx, failed.map(words)))
      this.#parts.log.info({ taskId: task, code: failure.code, retryInMs }, 'task is tried again later')
    await endTests(trx, tested.map(words))
    return { runs: [...runs], sites }
  }

  /** @returns the task's success, what else the hub needs, or undefined when the task is ended already */
  async #read(
    trx: Transaction<Tables>,
    agent: Reporter,
    held: Held,
    read: ReadReport,
  ): Promise<Success | ReportResult | undefined> {
    const { outcome, task } = read
    const { missing, changed } = await noteArtifacts(trx, this.#parts.newId, agent.id, held, read)
    if (missing.length > 0) return { task, state: 'need', artifacts: missing }
    if (outcome.kind === 'artifacts') return successOf(read, null, changed ? 'changed' : 'unchanged')
    const version = await this.#known(trx, held, { ...read, outcome })
    if (version) return successOf(read, version.id, version.outcome)
    return (await this.#back(trx, agent, held, { ...read, outcome })) ? undefined : { task, state: 'need' }
  }

  /** A result when the report can't move the task: it is recorded already, or not this agent's. */
  #stand(agent: Reporter, report: Report, held: Held | undefined): ReportResult | undefined {
    if (held && held.deviceId !== report.device) return this.#refuse(agent, report, new Failure('STATEMENT_INVALID'))
    if (held && isOther(report, held))
      return this.#refuse(agent, report, new Failure('BODY_INVALID', { reason: `it was a ${held.purpose}` }))
    const how = standing(held, agent.id, report.attempt)
    if (how === 'done') return { task: report.task, state: 'recorded' }
    if (how === 'held') return undefined
    return this.#refuse(agent, report, new Failure('TASK_NOT_HELD', { task: report.task, attempt: report.attempt }))
  }

  /** The version that this read sees again: the newest good one by fingerprint, or any of the device's with this very text. */
  async #known(
    trx: Transaction<Tables>,
    held: Held,
    { outcome }: Read,
  ): Promise<{ id: string; outcome: Success['outcome'] } | undefined> {
    const fingerprint = outcome.fingerprint ?? outcome.contentHash
    if (held.latestVersionId && held.latestFingerprint === fingerprint) {
      return { id: held.latestVersionId, outcome: 'unchanged' }
    }
    if (outcome.verdict === 'complete') return undefined
    const suspect = await trx
      .selectFrom('versions')
      .select('id')
      .where('device_id', '=', held.deviceId)
      .where('content_hash', '=', outcome.contentHash)
      .where('verdict', '=', 'suspect')
      .orderBy('first_seen_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    return suspect && { id: suspect.id, outcome: 'suspect' }
  }

  /** A device went back to a text that it had before: a new version of a blob that is there. @returns whether it was so */
  async #back(trx: Transaction<Tables>, agent: Reporter, held: Held, read: Read): Promise<boolean> {
    const old = await trx
      .selectFrom('versions')
      .innerJoin('blobs', 'blobs.content_hash', 'versions.content_hash')
      .select(['versions.spans', 'blobs.stored_bytes as storedBytes', 'blobs.sealed_under as dataKey'])
      .where('versions.device_id', '=', held.deviceId)
      .where('versions.content_hash', '=', read.outcome.contentHash)
      .where('versions.secrets', '=', held.deviceSecrets)
      .limit(1)
      .executeTakeFirst()
    if (old) await this.#addVersion(trx, agent, held, read, old.spans, old)
    return old !== undefined
  }

  /**
   * Takes the whole compressed text of a report whose hash was new. The hash is checked over the text itself; then the blob,
   * then the row.
   */
  async content(agent: Reporter, question: ContentQuestion, compressed: Uint8Array): Promise<ContentAnswer> {
    const { report, spans = [] } = question
    if (report.outcome.kind !== 'read') throw new Failure('BODY_INVALID', { reason: 'content of a failed read' })
    const read: Read = { ...report, outcome: report.outcome }
    const forged = forgery(agent, report)
    if (forged) return answerOf(this.#refuse(agent, report, forged))
    const text = await this.#unpack(read, compressed)
    if (!text) return { state: 'refused', failure: this.#corrupt(agent, report).toJSON() }

    // Who holds the task is asked before the costly write and again, under a lock, before the row.
    const before = await this.#parts.inTransaction(async (trx) => {
      const held = (await lockTasks(trx, [report.task])).get(report.task)
      return this.#stand(agent, report, held)
    })
    if (before) return answerOf(before)
    const stored = await this.#parts.blobs.put(read.outcome.contentHash, text)
    const settled = await this.#parts.inTransaction(async (trx) => {
      const held = (await lockTasks(trx, [report.task])).get(report.task)
      const refusal = this.#stand(agent, report, held)
      if (refusal || !held) return { answer: refusal ?? ({ task: report.task, state: 'later' } as const) }
      await this.#addVersion(trx, agent, held, read, spans, stored)
      return { answer: { task: report.task, state: 'recorded' } as const, run: held.runId }
    })
    if (settled.run) await closeRuns(this.#parts.db, [settled.run])
    return answerOf(settled.answer)
  }

  async #unpack(read: Read, compressed: Uint8Array): Promise<Buffer | undefined> {
    const { contentHash, sizeBytes } = read.outcome
    if (sizeBytes > MAX_TEXT_BYTES) return undefined
    const text = await decompress(compressed, sizeBytes).catch(() => undefined)
    const sound = text?.length === sizeBytes && createHash('sha256').update(text).digest('hex') === contentHash
    return sound ? text : undefined
  }

  async #addVersion(
    trx: Transaction<Tables>,
    agent: Reporter,
    held: Held,
    read: Read,
    spans: readonly number[],
    stored: { storedBytes: number; dataKey: number | null },
  ): Promise<void> {
    const { outcome } = read
    const capturedAt = new Date(read.capturedAtMs)
    const id = this.#parts.newId()
    await trx
      .insertInto('blobs')
      .values({
        content_hash: outcome.contentHash,
        store: this.#parts.blobs.name,
        size_bytes: outcome.sizeBytes,
        stored_bytes: stored.storedBytes,
        sealed_under: stored.dataKey,
      })
      .onConflict((conflict) => conflict.column('content_hash').doNothing())
      .execute()
    await trx
      .insertInto('versions')
      .values({
        id,
        device_id: held.deviceId,
        content_hash: outcome.contentHash,
        fingerprint: outcome.fingerprint ?? outcome.contentHash,
        size_bytes: outcome.sizeBytes,
        verdict: outcome.verdict,
        reasons: JSON.stringify(outcome.reasons ?? []),
        secrets: held.deviceSecrets,
        spans: [...spans],
        first_seen_at: capturedAt,
        last_seen_at: capturedAt,
        agent_id: agent.id,
        task_id: read.task,
        attempt: read.attempt,
        signature: outcome.signature,
      })
      .execute()
    if (outcome.verdict === 'complete') {
      await trx.updateTable('devices').set({ latest_version_id: id }).where('id', '=', held.deviceId).execute()
    }
    await succeedTasks(trx, [successOf(read, id, outcome.verdict === 'complete' ? 'changed' : 'suspect')])
  }

  #refuse(agent: Reporter, report: Report, failure: Failure): ReportResult {
    this.#parts.log.warn(
      { agentId: agent.id, taskId: report.task, attempt: report.attempt, code: failure.code },
      'report refused',
    )
    return { task: report.task, state: 'refused', failure: failure.toJSON() }
  }

  #corrupt(agent: Reporter, report: Report): Failure {
    this.#parts.log.warn({ agentId: agent.id, taskId: report.task, code: 'TRANSMISSION_CORRUPT' }, 'content refused')
    return new Failure('TRANSMISSION_CORRUPT', { task: report.task })
  }
}

/** A test of a device that was only to be read, or the other way round. */
function isOther({ outcome }: Report, { purpose }: Held): boolean {
  return purpose === 'test' ? outcome.kind === 'read' || outcome.kind === 'artifacts' : outcome.kind === 'tested'
}

function answerOf(result: ReportResult): ContentAnswer {
  const state = result.state === 'need' ? 'later' : result.state
  return { state, ...(result.failure ? { failure: result.failure } : {}) }
}
