/** What a report says, as the ends of tasks and the spans of versions take it. */
import type { ArtifactsOutcome, ReadOutcome, Report } from '@netraven/protocol/report.ts'
import { sql, type Transaction } from 'kysely'
import { isDoubtful } from './artifacts.ts'
import type { Tables } from './db/tables.ts'
import type { Success, Tested } from './tasks.ts'

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
