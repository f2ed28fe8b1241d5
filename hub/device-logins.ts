/** Credentials of a device as people name them, and how logins to it stand. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Device, DeviceLogin } from './api/device.ts'
import { findCredential } from './credentials.ts'
import type { Tables } from './db/tables.ts'
import { credentialsOf } from './device-credentials.ts'

type Db = Kysely<Tables> | Transaction<Tables>

interface LoginFacts {
  readonly logins: readonly DeviceLogin[]
  readonly is_resting: boolean | null
  readonly login_cooldown_until: Date | null
  readonly login_failures: number
  readonly login_failure_code: string | null
}

/** Column of a row of `devices`. */
export const isResting = sql<boolean | null>`devices.login_cooldown_until > now()`.as('is_resting')

/** Column of a row of `devices`: its credentials in their order, each with how it did. */
export const loginsColumn = sql<DeviceLogin[]>`(
  select coalesce(jsonb_agg(jsonb_build_object('credential', c.name, 'successRate', s.success_rate,
    'lastSucceededAt', s.succeeded_at, 'lastRefusedAt', s.refused_at) order by own.position), '[]')
  from ${credentialsOf('devices')} own join credentials c on c.id = own.id
    left join login_standings s on s.device_id = devices.id and s.credential_id = c.id)`.as('logins')

/** What a device's row says of logins, as it is shown. */
export function shownLogins(row: LoginFacts): Pick<Device, 'credentials' | 'logins' | 'coolDown'> {
  const { logins, is_resting, login_cooldown_until: until, login_failures: failures, login_failure_code: code } = row
  return {
    credentials: logins.map(({ credential }) => credential),
    logins: logins.map(({ lastSucceededAt, lastRefusedAt, ...login }) => ({
      ...login,
      lastSucceededAt: inUtc(lastSucceededAt),
      lastRefusedAt: inUtc(lastRefusedAt),
    })),
    coolDown: is_resting && until ? { until: until.toISOString(), failures, code: code ?? 'PASSWORD_REJECTED' } : null,
  }
}

/** A time inside JSON has PostgreSQL's words. */
function inUtc(time: string | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

/**
 * Ids of the credentials that a person named, in that order.
 * @param wanted `credentials`, or `credential` alone; null or none takes all away
 * @returns undefined when neither is said
 * @throws Failure CREDENTIAL_UNKNOWN; REQUEST_INVALID when both are said, or one is named twice
 */
export async function wantedCredentials(
  db: Db,
  wanted: { readonly credential?: string | null | undefined; readonly credentials?: readonly string[] | undefined },
): Promise<string[] | undefined> {
  const { credential, credentials } = wanted
  if (credentials !== undefined && credential !== undefined) {
    throw new Failure('REQUEST_INVALID', {
      issues: [{ where: 'json', path: 'credential', message: 'stands beside credentials; give one of both' }],
    })
  }
  if (credentials === undefined && credential === undefined) return undefined
  const ids: string[] = []
  for (const name of credentials ?? (credential ? [credential] : [])) ids.push((await findCredential(db, name)).id)
  if (new Set(ids).size < ids.length) {
    throw new Failure('REQUEST_INVALID', {
      issues: [{ where: 'json', path: 'credentials', message: 'names one credential twice' }],
    })
  }
  return ids
}
