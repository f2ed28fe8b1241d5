/**
 * Versions as people read them: lists, masked and raw text, checks of hash and signature. Writing them is `backups.ts`'s
 * matter; the API calls a version a backup, because that is what people look for.
 */
import { createHash } from 'node:crypto'
import { Failure, type FailureCode, remediesOf } from '@netraven/protocol/failure.ts'
import { verifyKey } from '@netraven/protocol/keys.ts'
import { mask } from '@netraven/protocol/mask.ts'
import { statementBytes } from '@netraven/protocol/statement.ts'
import { type Kysely, sql } from 'kysely'
import type { z } from 'zod'
import type { Actor } from './actor.ts'
import type { Backup, BackupQuery, Verification } from './api/backup.ts'
import { isUuid } from './api/fields.ts'
import type { BlobStore } from './blobs/blobs.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import type { Keyring } from './keyring.ts'
import { invalidCursor, pageAfter, pageOfRows } from './pages.ts'
import { deviceFor, type Reacher, reaches, requireLevel } from './reach.ts'
import { findSite } from './sites.ts'
import { refuseArtifact } from './stored-artifacts.ts'

type Db = Kysely<Tables>

export interface VersionParts {
  readonly db: Db
  readonly blobs: BlobStore
  readonly keyring: Keyring
}

/** Versions that somebody may see, newest first, a page at a time. @throws Failure DEVICE_UNKNOWN, SITE_UNKNOWN */
export async function listVersions(db: Db, query: z.output<typeof BackupQuery>, who: Reacher) {
  const { device, site, latest, limit, cursor } = query
  const before = pageAfter(cursor)
  if (before !== undefined && !isUuid(before)) throw invalidCursor()
  let rows = versionRows(db).where(reaches(who, 'read'))
  if (device !== undefined) rows = rows.where('versions.device_id', '=', (await deviceFor(db, who, device, 'read')).id)
  if (site !== undefined) rows = rows.where('devices.site_id', '=', (await findSite(db, site)).id)
  if (latest === 'true') {
    // Of the device itself the planner would expect next to none, and read all.
    rows = rows.where(sql<boolean>`exists (select from devices newest
      where newest.latest_version_id = versions.id and newest.removed_at is null)`)
  }
  if (before !== undefined) rows = rows.where('versions.id', '<', before)
  const found = await rows
    .orderBy('versions.id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageOfRows(found, limit, toBackup, (row) => row.id)
}

/** @throws Failure BACKUP_NOT_FOUND, ARTIFACT_NO_TEXT */
export async function showVersion(db: Db, id: string, who: Reacher): Promise<Backup> {
  return toBackup(await versionRow(db, id, who))
}

/**
 * The text of a version as people may see it: secrets show as `<secret:1a2b3c4d>`.
 * @throws Failure BACKUP_NOT_FOUND, ARTIFACT_NO_TEXT, MASKING_FAILED, and what the store throws
 */
export async function maskedText(
  parts: VersionParts,
  id: string,
  who: Reacher,
): Promise<{ version: Backup; text: string }> {
  const row = await versionRow(parts.db, id, who)
  const text = (await readText(parts, row)).toString()
  try {
    return { version: toBackup(row), text: mask(text, row.spans, parts.keyring.maskKey) }
  } catch (cause) {
    throw new Failure('MASKING_FAILED', { backup: id, device: row.device }, { cause })
  }
}

/** The text byte for byte. Whoever calls this writes down who read it. @throws Failure BACKUP_NOT_FOUND, ARTIFACT_NO_TEXT, and the store's */
export async function rawText(
  parts: VersionParts,
  id: string,
  who: Reacher,
): Promise<{ version: Backup; text: Buffer }> {
  const row = await versionRow(parts.db, id, who)
  return { version: toBackup(row), text: await readText(parts, row) }
}

/**
 * Checks a version as an outsider would: the stored text against its hash, and the agent's signature over what the row says.
 * @throws Failure BACKUP_NOT_FOUND, ARTIFACT_NO_TEXT
 */
export async function verifyVersion(parts: VersionParts, id: string, who: Reacher): Promise<Verification> {
  const row = await versionRow(parts.db, id, who)
  const problems: Failure[] = []
  const actualHash = await readText(parts, row).then(
    (text) => createHash('sha256').update(text).digest('hex'),
    (error: unknown) => {
      if (!(error instanceof Failure)) throw error
      problems.push(error)
      return typeof error.details.actual === 'string' ? error.details.actual : null
    },
  )
  if (actualHash !== null && actualHash !== row.content_hash && problems.length === 0) {
    problems.push(problem('CONTENT_HASH_MISMATCH', row, { expected: row.content_hash, actual: actualHash }))
  }
  const signatureValid = isSigned(row)
  if (!signatureValid) problems.push(problem('STATEMENT_INVALID', row, { backup: row.id }))
  return {
    backup: row.id,
    device: row.device,
    verified: problems.length === 0,
    expectedHash: row.content_hash,
    actualHash,
    signatureValid,
    agent: row.agent,
    signPublicKey: row.sign_public_key,
    problems: problems.map((failure) => ({
      code: failure.code,
      message: failure.message,
      remedies: remediesOf({ code: failure.code, details: { device: row.device, ...failure.details } }),
    })),
  }
}

/**
 * Takes a suspect for good: somebody looked, and the device really is so (a factory reset, a large clean-up). If nothing good was
 * seen later it is its device's newest version from now on, and the next read is measured against it. Twice is harmless.
 * @throws Failure BACKUP_NOT_FOUND, ARTIFACT_NO_TEXT, NOT_OWNER
 */
export async function acceptVersion(db: Db, id: string, who: Reacher, actor: Actor): Promise<Backup> {
  const { device, device_id: deviceId, verdict, accepted_at: acceptedAt } = await versionRow(db, id, who)
  await requireLevel(db, who, deviceId, 'manage')
  if (verdict === 'suspect' && acceptedAt === null) {
    await db.transaction().execute(async (trx) => {
      await trx.selectFrom('devices').select('id').where('id', '=', deviceId).forUpdate().execute()
      await trx
        .updateTable('versions')
        .set({ accepted_at: sql`now()`, accepted_by: actor.name })
        .where('id', '=', id)
        .execute()
      const newest = trx
        .selectFrom('versions')
        .select('id')
        .where('device_id', '=', deviceId)
        .where((row) => row.or([row('verdict', '=', 'complete'), row('accepted_at', 'is not', null)]))
        .orderBy('last_seen_at', 'desc')
        .limit(1)
      await trx.updateTable('devices').set({ latest_version_id: newest }).where('id', '=', deviceId).execute()
      await recordEvent(trx, { kind: 'suspect backup accepted', actor, details: { backup: id, device } })
    })
  }
  return showVersion(db, id, who)
}

function isSigned(row: VersionRow): boolean {
  const statement = statementBytes({
    device: row.device_id,
    task: row.task_id,
    attempt: row.attempt,
    contentHash: row.content_hash,
    fingerprint: row.fingerprint,
    sizeBytes: row.size_bytes,
    verdict: row.verdict,
    capturedAtMs: row.first_seen_at.getTime(),
  })
  return verifyKey(row.sign_public_key).verify(statement, Buffer.from(row.signature, 'base64url'))
}

async function readText({ blobs }: VersionParts, row: VersionRow): Promise<Buffer> {
  try {
    return await blobs.get(row.content_hash)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(error.code, { device: row.device, backup: row.id, ...error.details }, { cause: error })
  }
}

async function versionRow(db: Db, id: string, who: Reacher): Promise<VersionRow> {
  const row = isUuid(id)
    ? await versionRows(db).where('versions.id', '=', id).where(reaches(who, 'read')).executeTakeFirst()
    : undefined
  if (row) return row
  await refuseArtifact(db, id, who)
  throw new Failure('BACKUP_NOT_FOUND', { backup: id })
}

function versionRows(db: Db) {
  return db
    .selectFrom('versions')
    .innerJoin('devices', 'devices.id', 'versions.device_id')
    .innerJoin('sites', 'sites.id', 'devices.site_id')
    .innerJoin('agents', 'agents.id', 'versions.agent_id')
    .selectAll('versions')
    .select(['devices.name as device', 'devices.driver', 'sites.name as site'])
    .select(['agents.name as agent', 'agents.sign_public_key'])
    .select(sql<boolean>`devices.latest_version_id is not distinct from versions.id`.as('latest'))
}

type VersionRow = Awaited<ReturnType<ReturnType<typeof versionRows>['executeTakeFirstOrThrow']>>

function toBackup(row: VersionRow): Backup {
  return {
    id: row.id,
    device: row.device,
    deviceId: row.device_id,
    site: row.site,
    driver: row.driver,
    latest: row.latest,
    verdict: row.verdict,
    reasons: row.reasons,
    accepted: row.accepted_at && { at: row.accepted_at.toISOString(), by: row.accepted_by ?? '' },
    secrets: row.secrets,
    sizeBytes: row.size_bytes,
    contentHash: row.content_hash,
    fingerprint: row.fingerprint,
    firstSeenAt: row.first_seen_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    seenCount: row.seen_count,
    agent: row.agent,
    task: row.task_id,
    attempt: row.attempt,
    signature: row.signature,
  }
}

function problem(code: FailureCode, row: VersionRow, details: Record<string, unknown>): Failure {
  return new Failure(code, { device: row.device, ...details })
}
