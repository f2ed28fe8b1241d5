/**
 * Tests of credentials. Such a test is a test of a device that offers it one named credential and no other, once; guard, pause,
 * expiry and revocation hold as for any login, and what the device says counts as any login's.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql } from 'kysely'
import type { Actor } from './actor.ts'
import type { CredentialTest } from './api/credential-test.ts'
import type { Reachability } from './api/reachability.ts'
import { findCredential } from './credentials.ts'
import type { Tables } from './db/tables.ts'
import { credentialsOf } from './device-credentials.ts'
import { REFUSALS } from './login-outcomes.ts'
import { deviceFor, type Reacher, reaches } from './reach.ts'
import { type OneCredential, showTest, startTest } from './reachability.ts'
import type { RunParts } from './runs.ts'

/**
 * Starts a test of a credential, or says how the same one stands that already waits or runs.
 * @param device absent: of those that have the credential, rather one that does not rest, the one that was read last
 * @throws Failure CREDENTIAL_UNKNOWN; REQUEST_INVALID when no device has it and none is named; DEVICE_BUSY also while another test
 *   of the device is open; else as `startTest`
 */
export async function startCredentialTest(
  parts: RunParts,
  credential: string,
  device: string | undefined,
  who: Reacher,
  requestedBy: Actor,
): Promise<CredentialTest> {
  const only = await findCredential(parts.db, credential)
  const chosen = device ?? (await likelyDevice(parts.db, only, who))
  return shown(await startTest(parts, chosen, who, requestedBy, undefined, only), only)
}

/** The newest test of one credential on a device. @throws Failure DEVICE_UNKNOWN, CREDENTIAL_UNKNOWN, NOT_TESTED */
export async function lastCredentialTest(
  db: Kysely<Tables>,
  device: string,
  credential: string,
  who: Reacher,
): Promise<CredentialTest> {
  const only = await findCredential(db, credential)
  return shown(await showTest(db, await deviceFor(db, who, device, 'read'), only), only)
}

async function likelyDevice(db: Kysely<Tables>, { id, name }: OneCredential, who: Reacher): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select d.id from devices d
    where d.removed_at is null and ${reaches(who, 'operate', 'd')} and exists (select from ${credentialsOf('d')} own where own.id = ${id})
    order by coalesce(d.login_cooldown_until > now(), false), d.last_read_at desc nulls last, lower(d.name) limit 1`.execute(
    db,
  )
  const [found] = rows
  if (found) return found.id
  const message = `is needed: no device has the credential ${name}`
  throw new Failure('REQUEST_INVALID', { issues: [{ where: 'json', path: 'device', message }] })
}

function shown(test: Reachability, { name }: OneCredential): CredentialTest {
  return { ...test, credential: name, opens: opens(test) }
}

function opens({ steps, durationMs }: Reachability): boolean | null {
  // It still climbs, or was lost: what comes above the login may yet say otherwise.
  if (durationMs === null) return null
  if (steps.some(({ code }) => code !== undefined && REFUSALS.has(code))) return false
  const isIn = steps.some(({ rung, state }) => rung === 'login' && state === 'passed')
  const isStuck = steps.some(({ rung, state }) => ['enable', 'prompt'].includes(rung) && state === 'failed')
  return isIn && !isStuck ? true : null
}
