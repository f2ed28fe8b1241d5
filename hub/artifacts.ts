/**
 * Files that devices have beside their text: what a report says of them becomes "seen again", a new row, or a wish for the bytes. They
 * never make a version of the text, and are never read as one. All are kept: what may go one day is the business of retention.
 */
import { type Artifact, artifactStatementBytes, type KeptArtifact } from '@netraven/protocol/artifact.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { VerifyKey } from '@netraven/protocol/keys.ts'
import type { Report } from '@netraven/protocol/report.ts'
import { sql, type Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import type { Held } from './tasks.ts'

type Trx = Transaction<Tables>

export interface Noted {
  /** Places of those whose bytes the hub does not have. */
  readonly missing: number[]
  /** Whether this read brought a file that differs from the good one before. */
  readonly changed: boolean
}

/** What a report says of artifacts, in order. */
export function artifactsOf({ outcome }: Report): readonly Artifact[] {
  return 'artifacts' in outcome ? (outcome.artifacts ?? []) : []
}

export function isKept(artifact: Artifact): artifact is KeptArtifact {
  return 'contentHash' in artifact
}

/** Whether somebody should look: one is suspect, or was not to be had. That one must not be kept is as somebody wished. */
export function isDoubtful(report: Report): boolean {
  return artifactsOf(report).some((one) =>
    isKept(one) ? one.verdict === 'suspect' : one.failure.code !== 'ARTIFACT_UNMASKABLE',
  )
}

/** Whether the agent signed each of its artifacts. */
export function areSigned(key: VerifyKey, report: Report): boolean {
  return artifactsOf(report)
    .filter(isKept)
    .every((artifact) => key.verify(statementOf(report, artifact), Buffer.from(artifact.signature, 'base64url')))
}

function statementOf({ device, task, attempt, capturedAtMs }: Report, artifact: KeptArtifact): Buffer {
  const { name, contentHash, sizeBytes, verdict } = artifact
  return artifactStatementBytes({ device, task, attempt, name, contentHash, sizeBytes, verdict, capturedAtMs })
}

/** Writes down what is known of a report's artifacts. May be done twice: one read counts once. */
export async function noteArtifacts(
  trx: Trx,
  newId: () => string,
  agentId: string,
  held: Held,
  report: Report,
): Promise<Noted> {
  const missing: number[] = []
  let changed = false
  for (const [place, artifact] of artifactsOf(report).entries()) {
    const last = await newestOf(trx, held.deviceId, artifact)
    if (last && last.what === (isKept(artifact) ? artifact.contentHash : artifact.failure.code)) {
      changed ||= isKept(artifact) && artifact.verdict === 'complete' && last.task_id === report.task
      await seenAgain(trx, last.id, report)
      continue
    }
    const before = isKept(artifact) ? await sameBytes(trx, held.deviceId, artifact) : undefined
    if (isKept(artifact) && before === undefined) {
      missing.push(place)
      continue
    }
    const id = await addArtifact(trx, newId(), agentId, held, report, artifact)
    if (before !== undefined) {
      await sql`
        insert into artifact_parts (artifact_id, position, content_hash)
        select ${id}, position, content_hash from artifact_parts where artifact_id = ${before}`.execute(trx)
    }
    changed ||= isKept(artifact) && artifact.verdict === 'complete'
  }
  return { missing, changed }
}

/** A file whose bytes are in the store. */
export async function keepArtifact(
  trx: Trx,
  newId: () => string,
  agentId: string,
  held: Held,
  report: Report,
  artifact: KeptArtifact,
  {
    parts,
    store,
  }: { parts: readonly { hash: string; bytes: number; storedBytes: number; dataKey: number | null }[]; store: string },
): Promise<void> {
  // Another try of the same task may have got this far before the line broke.
  const known = await trx
    .selectFrom('artifacts')
    .select('id')
    .where('task_id', '=', report.task)
    .where('attempt', '=', report.attempt)
    .where('source', '=', artifact.source)
    .executeTakeFirst()
  if (known) return
  // Sorted, so that two who write the same blobs never wait for each other in a circle.
  const blobs = [...new Map(parts.map((part) => [part.hash, part])).values()].toSorted((a, b) =>
    a.hash < b.hash ? -1 : 1,
  )
  await trx
    .insertInto('blobs')
    .values(
      blobs.map(({ hash, bytes, storedBytes, dataKey }) => ({
        content_hash: hash,
        store,
        size_bytes: bytes,
        stored_bytes: storedBytes,
        sealed_under: dataKey,
      })),
    )
    .onConflict((conflict) => conflict.column('content_hash').doNothing())
    .execute()
  const id = await addArtifact(trx, newId(), agentId, held, report, artifact)
  await trx
    .insertInto('artifact_parts')
    .values(parts.map(({ hash }, position) => ({ artifact_id: id, position, content_hash: hash })))
    .execute()
}

async function newestOf(trx: Trx, deviceId: string, artifact: Artifact) {
  const row = await trx
    .selectFrom('artifacts')
    .select(['id', 'task_id', 'content_hash', 'failure_code'])
    .where('device_id', '=', deviceId)
    .where('source', '=', artifact.source)
    .where('state', '=', isKept(artifact) ? artifact.verdict : 'absent')
    .orderBy('last_seen_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { id: row.id, task_id: row.task_id, what: row.content_hash ?? row.failure_code }
}

/** A row of this device with the same bytes. */
async function sameBytes(trx: Trx, deviceId: string, { contentHash }: KeptArtifact): Promise<string | undefined> {
  const row = await trx
    .selectFrom('artifacts')
    .select('id')
    .where('device_id', '=', deviceId)
    .where('content_hash', '=', contentHash)
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

async function seenAgain(trx: Trx, id: string, { task, capturedAtMs }: Report): Promise<void> {
  await sql`
    update artifacts set last_seen_at = greatest(last_seen_at, ${new Date(capturedAtMs)}), seen_count = seen_count + 1,
      last_task_id = ${task}
    where id = ${id} and last_task_id <> ${task}`.execute(trx)
}

async function addArtifact(
  trx: Trx,
  id: string,
  agentId: string,
  held: Held,
  report: Report,
  artifact: Artifact,
): Promise<string> {
  const at = new Date(report.capturedAtMs)
  const kept = isKept(artifact) ? artifact : undefined
  const failure = isKept(artifact) ? undefined : Failure.fromWire(artifact.failure)
  await trx
    .insertInto('artifacts')
    .values({
      id,
      device_id: held.deviceId,
      source: artifact.source,
      name: kept?.name ?? '',
      state: kept?.verdict ?? 'absent',
      content_hash: kept?.contentHash ?? null,
      size_bytes: kept?.sizeBytes ?? null,
      reasons: JSON.stringify(kept?.reasons ?? []),
      failure_code: failure?.code ?? null,
      failure_details: failure ? JSON.stringify(failure.details) : null,
      first_seen_at: at,
      last_seen_at: at,
      last_task_id: report.task,
      agent_id: agentId,
      task_id: report.task,
      attempt: report.attempt,
      signature: kept?.signature ?? null,
    })
    .execute()
  return id
}
