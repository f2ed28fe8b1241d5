/** Rows to begin with: a site, an agent with real keys, devices with a credential. Ids come from `newId`, keys are real. */
import { newSigningKey, type SigningKey } from '@netraven/protocol/keys.ts'
import type { ReadOutcome, Report } from '@netraven/protocol/report.ts'
import { newBoxKeys } from '@netraven/protocol/sealed-box.ts'
import { statementBytes } from '@netraven/protocol/statement.ts'
import type { Kysely } from 'kysely'
import { hashOf } from '../hub/blobs/blobs.ts'
import { sealCredential } from '../hub/credential-secret.ts'
import type { Tables } from '../hub/db/tables.ts'
import { newId } from '../hub/ids.ts'
import type { Keyring } from '../hub/keyring.ts'
import { addTasks } from '../hub/tasks.ts'

export interface SeededAgent {
  readonly id: string
  readonly siteId: string
  readonly key: SigningKey
  readonly boxPublicKey: string
  readonly boxSecretKey: string
}

export async function seedSite(db: Kysely<Tables>, name = `site-${newId()}`): Promise<string> {
  const id = newId()
  await db.insertInto('sites').values({ id, name }).execute()
  return id
}

export async function seedAgent(db: Kysely<Tables>, siteId: string): Promise<SeededAgent> {
  const id = newId()
  const key = newSigningKey()
  const box = newBoxKeys()
  await db
    .insertInto('agents')
    .values({
      id,
      site_id: siteId,
      name: `agent-${id}`,
      sign_public_key: key.publicKey,
      box_public_key: box.publicKey,
      drivers: JSON.stringify({ linux: 'd1' }),
    })
    .execute()
  return { id, siteId, key, boxPublicKey: box.publicKey, boxSecretKey: box.secretKey }
}

export async function seedCredential(db: Kysely<Tables>, keyring: Keyring, password: string): Promise<string> {
  const id = newId()
  const sealed = sealCredential(keyring, id, { password })
  const row = {
    id,
    name: `cred-${id}`,
    username: 'backup',
    kind: 'password',
    sealed_secret: sealed,
    updated_at: new Date(),
  } as const
  await db.insertInto('credentials').values(row).execute()
  return id
}

export async function seedDevice(
  db: Kysely<Tables>,
  siteId: string,
  credentialId: string | null = null,
): Promise<string> {
  const id = newId()
  await db
    .insertInto('devices')
    .values({
      id,
      site_id: siteId,
      name: `sw-${id}`,
      address: '127.0.0.1',
      port: 22,
      driver: 'linux',
      credential_id: credentialId,
      tags: '{}',
      options: '{}',
    })
    .execute()
  return id
}

/** A run over devices. @returns its id and its tasks' ids, one a device in their order */
export async function seedRun(
  db: Kysely<Tables>,
  siteId: string,
  devices: readonly string[],
  deadlineAt = new Date(Date.now() + 3_600_000),
): Promise<{ runId: string; tasks: string[] }> {
  const runId = newId()
  const tasks = devices.map((deviceId) => ({ id: newId(), runId, deviceId, siteId }))
  await db
    .insertInto('runs')
    .values({ id: runId, requested_by: 'test', total: tasks.length, deadline_at: deadlineAt })
    .execute()
  await addTasks(db, tasks, deadlineAt)
  return { runId, tasks: tasks.map((task) => task.id) }
}

/** A report as an agent signs it over a text. */
export function signedReport(
  key: SigningKey,
  task: { id: string; attempt: number; deviceId: string },
  text: string,
  extra: { verdict?: ReadOutcome['verdict']; fingerprint?: string; hostKey?: string; capturedAtMs?: number } = {},
): Report & { outcome: ReadOutcome } {
  const { verdict = 'complete', capturedAtMs = Date.now(), fingerprint, hostKey } = extra
  const contentHash = hashOf(Buffer.from(text))
  const sizeBytes = Buffer.byteLength(text)
  const statement = statementBytes({
    device: task.deviceId,
    task: task.id,
    attempt: task.attempt,
    contentHash,
    fingerprint: fingerprint ?? contentHash,
    sizeBytes,
    verdict,
    capturedAtMs,
  })
  return {
    task: task.id,
    attempt: task.attempt,
    device: task.deviceId,
    capturedAtMs,
    durationMs: 12,
    outcome: {
      kind: 'read',
      contentHash,
      sizeBytes,
      verdict,
      ...(fingerprint ? { fingerprint } : {}),
      ...(hostKey ? { hostKey } : {}),
      signature: Buffer.from(key.sign(statement)).toString('base64url'),
    },
  }
}
