/** Artifacts as people get them: lists, the bytes, checks of hash and signature. Keeping them is `artifacts.ts`'s matter. */
import { createHash } from 'node:crypto'
import { artifactStatementBytes } from '@netraven/protocol/artifact.ts'
import { Failure, remediesOf } from '@netraven/protocol/failure.ts'
import { verifyKey } from '@netraven/protocol/keys.ts'
import { type Kysely, sql } from 'kysely'
import type { z } from 'zod'
import type { Artifact, ArtifactQuery, ArtifactVerification } from './api/artifact.ts'
import { isUuid } from './api/fields.ts'
import type { BlobStore } from './blobs/blobs.ts'
import type { Tables } from './db/tables.ts'
import { invalidCursor, pageAfter, pageOfRows } from './pages.ts'
import { deviceFor, type Reacher, reaches } from './reach.ts'
import { findSite } from './sites.ts'

type Db = Kysely<Tables>

export interface StoredArtifactParts {
  readonly db: Db
  readonly blobs: BlobStore
}

/** Newest first, a page at a time. @throws Failure DEVICE_UNKNOWN, SITE_UNKNOWN */
export async function listArtifacts(db: Db, query: z.output<typeof ArtifactQuery>, who: Reacher) {
  const { device, site, latest, limit, cursor } = query
  const before = pageAfter(cursor)
  if (before !== undefined && !isUuid(before)) throw invalidCursor()
  let rows = artifactRows(db).where(reaches(who, 'read'))
  if (device !== undefined) rows = rows.where('artifacts.device_id', '=', (await deviceFor(db, who, device, 'read')).id)
  if (site !== undefined) rows = rows.where('devices.site_id', '=', (await findSite(db, site)).id)
  if (latest === 'true') rows = rows.where(isLatest, '=', true).where('devices.removed_at', 'is', null)
  if (before !== undefined) rows = rows.where('artifacts.id', '<', before)
  const found = await rows
    .orderBy('artifacts.id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageOfRows(found, limit, toArtifact, (row) => row.id)
}

/** @throws Failure ARTIFACT_NOT_FOUND */
export async function showArtifact(db: Db, id: string, who: Reacher): Promise<Artifact> {
  return toArtifact(await artifactRow(db, id, who))
}

/**
 * The bytes, part by part. Whoever calls this writes down who read it.
 * @throws Failure ARTIFACT_NOT_FOUND, also for one that is absent, and what the store throws for the first part
 */
export async function openArtifact(parts: StoredArtifactParts, id: string, who: Reacher) {
  const artifact = toArtifact(await artifactRow(parts.db, id, who))
  if (artifact.contentHash === null) throw new Failure('ARTIFACT_NOT_FOUND', { device: artifact.device, artifact: id })
  const content = contentOf(parts, artifact)
  const first = await content.next()
  async function* whole(): AsyncGenerator<Buffer> {
    if (first.value) yield first.value
    yield* content
  }
  return { artifact, contentHash: artifact.contentHash, content: whole() }
}

/**
 * Checks an artifact as an outsider would: the stored bytes against their hash, and the agent's signature over what the row says.
 * @throws Failure ARTIFACT_NOT_FOUND, also for one that is absent
 */
export async function verifyArtifact(
  parts: StoredArtifactParts,
  id: string,
  who: Reacher,
): Promise<ArtifactVerification> {
  const row = await artifactRow(parts.db, id, who)
  const { device, content_hash: expectedHash } = row
  if (expectedHash === null) throw new Failure('ARTIFACT_NOT_FOUND', { device, artifact: id })
  const problems: Failure[] = []
  let actualHash: string | null = null
  try {
    const hash = createHash('sha256')
    for await (const bytes of contentOf(parts, toArtifact(row))) hash.update(bytes)
    actualHash = hash.digest('hex')
    if (actualHash !== expectedHash)
      problems.push(new Failure('CONTENT_HASH_MISMATCH', { expected: expectedHash, actual: actualHash }))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    problems.push(error)
  }
  const signatureValid = isSigned(row)
  if (!signatureValid) problems.push(new Failure('STATEMENT_INVALID', { artifact: id }))
  return {
    artifact: row.id,
    device,
    name: row.name,
    verified: problems.length === 0,
    expectedHash,
    actualHash,
    signatureValid,
    agent: row.agent,
    signPublicKey: row.sign_public_key,
    problems: problems.map((failure) => shown(new Failure(failure.code, { device, ...failure.details }))),
  }
}

/** Tells an id of an artifact from one that is nowhere. @throws Failure ARTIFACT_NO_TEXT when it is one */
export async function refuseArtifact(db: Db, id: string, who: Reacher): Promise<void> {
  const row = await foundArtifact(db, id, who)
  if (row) throw new Failure('ARTIFACT_NO_TEXT', { artifact: id, device: row.device, name: row.name || row.source })
}

async function* contentOf({ db, blobs }: StoredArtifactParts, { id, device }: Artifact): AsyncGenerator<Buffer> {
  const parts = await db
    .selectFrom('artifact_parts')
    .select('content_hash')
    .where('artifact_id', '=', id)
    .orderBy('position')
    .execute()
  for (const { content_hash: hash } of parts) {
    try {
      yield await blobs.get(hash)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      throw new Failure(error.code, { device, artifact: id, ...error.details }, { cause: error })
    }
  }
}

function isSigned(row: ArtifactRow): boolean {
  const { state, content_hash: contentHash, size_bytes: sizeBytes, signature } = row
  if (state === 'absent' || contentHash === null || sizeBytes === null || signature === null) return false
  const statement = artifactStatementBytes({
    device: row.device_id,
    task: row.task_id,
    attempt: row.attempt,
    name: row.name,
    contentHash,
    sizeBytes,
    verdict: state,
    capturedAtMs: row.first_seen_at.getTime(),
  })
  return verifyKey(row.sign_public_key).verify(statement, Buffer.from(signature, 'base64url'))
}

async function foundArtifact(db: Db, id: string, who: Reacher): Promise<ArtifactRow | undefined> {
  if (!isUuid(id)) return undefined
  return artifactRows(db).where('artifacts.id', '=', id).where(reaches(who, 'read')).executeTakeFirst()
}

async function artifactRow(db: Db, id: string, who: Reacher): Promise<ArtifactRow> {
  const row = await foundArtifact(db, id, who)
  if (!row) throw new Failure('ARTIFACT_NOT_FOUND', { artifact: id })
  return row
}

const isLatest = sql<boolean>`artifacts.id = (
  select newest.id from artifacts newest
  where newest.device_id = artifacts.device_id and newest.source = artifacts.source and newest.state = 'complete'
  order by newest.last_seen_at desc, newest.id desc limit 1) is true`

function artifactRows(db: Db) {
  return db
    .selectFrom('artifacts')
    .innerJoin('devices', 'devices.id', 'artifacts.device_id')
    .innerJoin('sites', 'sites.id', 'devices.site_id')
    .innerJoin('agents', 'agents.id', 'artifacts.agent_id')
    .selectAll('artifacts')
    .select(['devices.name as device', 'sites.name as site', 'agents.name as agent', 'agents.sign_public_key'])
    .select(isLatest.as('latest'))
}

type ArtifactRow = Awaited<ReturnType<ReturnType<typeof artifactRows>['executeTakeFirstOrThrow']>>

function toArtifact(row: ArtifactRow): Artifact {
  const failure = row.failure_code === null ? undefined : wordsOf(row.failure_code, row.failure_details ?? {})
  return {
    id: row.id,
    kind: 'artifact',
    device: row.device,
    deviceId: row.device_id,
    site: row.site,
    source: row.source,
    name: row.name,
    state: row.state,
    latest: row.latest,
    reasons: row.reasons,
    failure: failure ?? null,
    sizeBytes: row.size_bytes,
    contentHash: row.content_hash,
    firstSeenAt: row.first_seen_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    seenCount: row.seen_count,
    agent: row.agent,
    task: row.task_id,
    attempt: row.attempt,
    signature: row.signature,
  }
}

const wordsOf = (code: string, details: Record<string, unknown>) => shown(Failure.fromWire({ code, details }))

function shown(failure: Failure) {
  return { code: failure.code, message: failure.message, remedies: remediesOf(failure) }
}
