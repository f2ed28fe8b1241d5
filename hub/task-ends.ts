/**
 * How tasks end that an agent reports on, or begin once more; what a report says, as the ends take it. Callers have locked the tasks
 * and know that the agent holds them (`tasks.ts`).
 */
import type { FailureWire } from '@netraven/protocol/failure.ts'
import type { Step } from '@netraven/protocol/ladder.ts'
import type { ArtifactsOutcome, ReadOutcome, Report } from '@netraven/protocol/report.ts'
import { sql, type Transaction } from 'kysely'
import { isDoubtful } from './artifacts.ts'
import type { Tables } from './db/tables.ts'
import { pinHops } from './jump-hosts.ts'
import { type RetryPolicy, retryDelayMs } from './retries.ts'

export interface Success {
  readonly task: string
  readonly outcome: 'changed' | 'unchanged' | 'suspect'
  /** Null: the device has no text. */
  readonly version: string | null
  readonly capturedAt: Date
  readonly durationMs: number
  /** Host key to pin, when none is yet. */
  readonly hostKey: string | null
  /** Those seen on the way. */
  readonly hopKeys: readonly { readonly device: string; readonly hostKey: string }[]
}

/** Ends locked tasks that were read; the devices remember it. */
export async function succeedTasks(trx: Transaction<Tables>, done: readonly Success[]): Promise<void> {
  if (done.length === 0) return
  await sql`
    with done as (
      select * from unnest(${done.map((one) => one.task)}::uuid[], ${done.map((one) => one.outcome)}::text[],
        ${done.map((one) => one.version)}::uuid[], ${done.map((one) => one.capturedAt)}::timestamptz[],
        ${done.map((one) => one.durationMs)}::int[], ${done.map((one) => one.hostKey)}::text[])
        as row (task, outcome, version, captured_at, duration_ms, host_key)
    ), ended as (
      update tasks set state = 'succeeded', outcome = done.outcome, version_id = done.version, finished_at = now(),
        captured_at = done.captured_at, duration_ms = done.duration_ms, lease_until = null
      from done where tasks.id = done.task
      returning tasks.id, tasks.device_id, done.captured_at, done.host_key
    )
    update devices set last_task_id = ended.id, last_read_at = ended.captured_at, last_failure_code = null,
      host_key = coalesce(devices.host_key, ended.host_key)
    from ended where devices.id = ended.device_id`.execute(trx)
  for (const { task, hopKeys } of done) if (hopKeys.length > 0) await pinHops(trx, task, hopKeys)
}

export interface Unsuccess {
  readonly task: string
  readonly failure: FailureWire
  readonly durationMs: number
}

/** A task that was not read and may be tried again. */
export interface Retryable extends Unsuccess {
  /** Pause before, ms; null: it is not tried again. */
  readonly retryInMs: number | null
}

/**
 * Queues locked tasks once more that are to be tried again, where their device is now; those whose deadline leaves no time for
 * another try as long as this one end, and so do the others. @returns those that wait
 */
export async function failOrRetry(trx: Transaction<Tables>, failed: readonly Retryable[]): Promise<Retryable[]> {
  const wanted = failed.filter((one) => one.retryInMs !== null)
  const waiting = wanted.length === 0 ? new Set<string>() : await queueAgain(trx, wanted)
  await failTasks(
    trx,
    failed.filter(({ task }) => !waiting.has(task)),
  )
  return wanted.filter(({ task }) => waiting.has(task))
}

async function queueAgain(trx: Transaction<Tables>, wanted: readonly Retryable[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    with failed as (
      select * from unnest(${wanted.map((one) => one.task)}::uuid[], ${wanted.map((one) => one.failure.code)}::text[],
        ${wanted.map((one) => JSON.stringify(one.failure.details))}::jsonb[], ${wanted.map((one) => one.durationMs)}::int[],
        ${wanted.map((one) => one.retryInMs)}::int[]) as row (task, code, details, duration_ms, retry_in_ms)
    )
    update tasks set state = 'queued', site_id = devices.site_id, lease_until = null,
      not_before = now() + failed.retry_in_ms * interval '1 millisecond',
      earlier_tries = tasks.earlier_tries || jsonb_build_object('attempt', tasks.attempt, 'agent', tasks.agent_id,
        'code', failed.code, 'details', failed.details)
    from failed, devices
    where tasks.id = failed.task and devices.id = tasks.device_id
      and tasks.deadline_at > now() + (failed.retry_in_ms::bigint + failed.duration_ms) * interval '1 millisecond'
    returning tasks.id`.execute(trx)
  return new Set(rows.map((row) => row.id))
}

/** Ends locked tasks that were not read; the devices remember why, and the details how often it was tried, if more than once. */
export async function failTasks(trx: Transaction<Tables>, failed: readonly Unsuccess[]): Promise<void> {
  if (failed.length === 0) return
  await sql`
    with failed as (
      select * from unnest(${failed.map((one) => one.task)}::uuid[], ${failed.map((one) => one.failure.code)}::text[],
        ${failed.map((one) => JSON.stringify(one.failure.details))}::jsonb[],
        ${failed.map((one) => one.durationMs)}::int[]) as row (task, code, details, duration_ms)
    ), ended as (
      update tasks set state = 'failed', failure_code = failed.code, duration_ms = failed.duration_ms, finished_at = now(),
        lease_until = null, not_before = null,
        failure_details = failed.details || case when tasks.earlier_tries = '[]' then '{}' else jsonb_build_object(
          'attempts', jsonb_array_length(tasks.earlier_tries) + (tasks.not_before is null)::int,
          'before', tasks.earlier_tries->-1->>'code') end
      from failed where tasks.id = failed.task
      returning tasks.id, tasks.device_id, tasks.purpose, failed.code
    )
    update devices set last_task_id = ended.id, last_failure_code = ended.code
    from ended where devices.id = ended.device_id and ended.purpose = 'backup'`.execute(trx)
}

export interface Tested {
  readonly task: string
  readonly steps: readonly Step[]
  /** Absent: the device can be read. */
  readonly failure?: FailureWire | undefined
  readonly durationMs: number
}

/** Ends locked tasks that tested a device. The devices stay as they are: a test is no read. */
export async function endTests(trx: Transaction<Tables>, tested: readonly Tested[]): Promise<void> {
  if (tested.length === 0) return
  await sql`
    update tasks set state = case when tested.code is null then 'succeeded' else 'failed' end, failure_code = tested.code,
      failure_details = tested.details, steps = tested.steps, duration_ms = tested.duration_ms, finished_at = now(),
      lease_until = null
    from unnest(${tested.map((one) => one.task)}::uuid[], ${tested.map((one) => one.failure?.code ?? null)}::text[],
        ${tested.map((one) => (one.failure ? JSON.stringify(one.failure.details) : null))}::jsonb[],
        ${tested.map((one) => JSON.stringify(one.steps))}::jsonb[], ${tested.map((one) => one.durationMs)}::int[])
      as tested (task, code, details, steps, duration_ms)
    where tasks.id = tested.task`.execute(trx)
}

/** A report on a device that was read. */
export type ReadReport = Report & { outcome: ReadOutcome | ArtifactsOutcome }

/** @param version null: there is no text */
export function successOf(read: ReadReport, version: string | null, outcome: Success['outcome']): Success {
  const { capturedAtMs, durationMs } = read
  return {
    task: read.task,
    outcome: isDoubtful(read) ? 'suspect' : outcome,
    version,
    capturedAt: new Date(capturedAtMs),
    durationMs,
    hostKey: read.outcome.hostKey ?? null,
    hopKeys: read.outcome.hopKeys ?? [],
  }
}

/** @param policy absent: nothing is tried again */
export function unsuccessOf(
  { task, durationMs, refused = [] }: Report,
  failure: FailureWire,
  earlierTries: number,
  policy: RetryPolicy | undefined,
): Retryable {
  const read = { failure, earlierTries, wasRefused: refused.length > 0 }
  return { task, failure, durationMs, retryInMs: policy ? retryDelayMs(read, policy) : null }
}

export function testOf({ task, durationMs, outcome }: Report): Tested {
  const steps = outcome.kind === 'tested' ? outcome.steps : []
  return { task, durationMs, steps, failure: 'failure' in outcome ? outcome.failure : undefined }
}

/** Stretches the spans of versions that were seen again. */
export async function seenAgain(trx: Transaction<Tables>, successes: readonly Success[]): Promise<void> {
  const seen = successes.filter(({ version }) => version !== null)
  if (seen.length === 0) return
  await sql`
    update versions set last_seen_at = greatest(last_seen_at, seen.at), seen_count = seen_count + 1
    from unnest(${seen.map((one) => one.version)}::uuid[], ${seen.map((one) => one.capturedAt)}::timestamptz[]) as seen (version, at)
    where versions.id = seen.version`.execute(trx)
}
