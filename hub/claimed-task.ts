/** A task as it is handed out: what the database knows of it, and the credentials with which it may be logged in. */
import type { DeviceOptions } from '@netraven/protocol/claim.ts'
import type { Transport } from '@netraven/protocol/transport.ts'
import { sql, type Transaction } from 'kysely'
import type { LoginLimits } from './credential-guard.ts'
import type { Tables } from './db/tables.ts'

/** A credential as a task gets it. */
export interface OfferedLogin {
  readonly credentialId: string
  readonly username: string
  readonly sealedSecret: Buffer | null
  readonly localName: string | null
  /** Changes with the secret, and whenever the guard opens or closes. */
  readonly epoch: string
}

export interface Claimed {
  readonly id: string
  readonly attempt: number
  readonly purpose: 'backup' | 'test'
  readonly deadlineAt: Date
  readonly deviceId: string
  readonly deviceName: string
  readonly address: string
  readonly port: number
  readonly driver: string
  readonly transport: Transport
  readonly options: DeviceOptions
  readonly secrets: 'keep' | 'strip'
  readonly hostKey: string | null
  readonly lastGoodBytes: number | null
  /** An own driver, or own patterns, concern it. */
  readonly isOwn: boolean
  /** The device is reached over others. */
  readonly isBehind: boolean
  /** In the order in which they are to be tried. */
  readonly logins: readonly OfferedLogin[]
}

/** Before its logins are put beside it. */
export type ClaimedRow = Omit<Claimed, 'logins'> & { readonly credentialIds: readonly string[] }

/** Who takes tasks. */
export interface TaskHolder {
  readonly id: string
  readonly siteId: string
}

export interface ClaimLimits {
  readonly leaseMs: number
  readonly taskTimeoutMs: number
  readonly logins?: LoginLimits
}

/** Puts the credentials beside the tasks that may use them. */
export async function withLogins<T extends { readonly credentialIds: readonly string[] }>(
  trx: Transaction<Tables>,
  siteId: string,
  tasks: readonly T[],
): Promise<(T & { readonly logins: readonly OfferedLogin[] })[]> {
  const ids = [...new Set(tasks.flatMap((task) => task.credentialIds))]
  const { rows } = await sql<OfferedLogin>`
    select c.id as "credentialId", c.username, c.sealed_secret as "sealedSecret", c.local_name as "localName",
      coalesce(g.epoch, c.epoch) as epoch
    from credentials c left join credential_guards g on g.credential_id = c.id and g.site_id = ${siteId}
    where c.id = any(${ids}::uuid[])`.execute(trx)
  const logins = new Map(rows.map((login) => [login.credentialId, login]))
  return tasks.map((task) => ({ ...task, logins: task.credentialIds.flatMap((id) => logins.get(id) ?? []) }))
}
