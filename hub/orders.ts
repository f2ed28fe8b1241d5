/** What an agent gets when it asks for work: leased tasks in the protocol's words, each credential sealed for its task. */

import type { Answered } from '@netraven/protocol/calls.ts'
import { DeviceOptions, type SealedSecret, type Task } from '@netraven/protocol/claim.ts'
import { type Sealer, sealTo } from '@netraven/protocol/sealed-box.ts'
import type { Kysely } from 'kysely'
import { type CredentialSecret, openCredential } from './credential-secret.ts'
import type { Tables } from './db/tables.ts'
import type { Keyring } from './keyring.ts'
import { type Claimed, claimTasks } from './tasks.ts'

export interface OrderParts {
  readonly db: Kysely<Tables>
  readonly keyring: Keyring
  readonly leaseMs: number
  readonly taskTimeoutMs: number
}

export interface Claimant {
  readonly id: string
  readonly siteId: string
  readonly boxPublicKey: string
  /** Driver name to digest, as announced in hello. */
  readonly drivers: Readonly<Record<string, string>>
}

/** Leases tasks to an agent and writes them down as it will read them. */
export async function ordersFor(parts: OrderParts, agent: Claimant, credit: number): Promise<Answered<'claim'>> {
  const claimed = await claimTasks(parts.db, agent, credit, parts)
  if (claimed.length === 0) return { tasks: [] }
  const sealer = claimed.some(needsBox) ? sealTo(agent.boxPublicKey) : undefined
  const opened = new Map<string, CredentialSecret>()
  const tasks = claimed.map((task) => orderOf(parts, agent, task, sealer, opened))
  opened.clear()
  return { ...(sealer ? { sealKey: sealer.publicKey } : {}), tasks }
}

function orderOf(
  { keyring }: OrderParts,
  agent: Claimant,
  task: Claimed,
  sealer: Sealer | undefined,
  opened: Map<string, CredentialSecret>,
): Task {
  const digest = Object.hasOwn(agent.drivers, task.driver) ? agent.drivers[task.driver] : undefined
  return {
    id: task.id,
    attempt: task.attempt,
    device: { id: task.deviceId, name: task.deviceName, address: task.address, port: task.port },
    driver: task.driver,
    transport: task.transport,
    secrets: task.secrets,
    options: DeviceOptions.parse(task.options),
    deadlineMs: task.deadlineAt.getTime(),
    ...(digest ? { driverDigest: digest } : {}),
    ...(task.hostKey ? { hostKey: task.hostKey } : {}),
    ...(task.lastGoodBytes ? { lastGoodBytes: task.lastGoodBytes } : {}),
    ...(task.localName ? { local: task.localName } : {}),
    ...(sealer && needsBox(task) ? { box: sealer.seal(secretOf(keyring, task, opened)) } : {}),
  }
}

/** A credential goes in a box; so does the key of the masks, also where the jump host has the credential. */
function needsBox(task: Claimed): boolean {
  return task.sealedSecret !== null || task.secrets === 'strip'
}

function secretOf(keyring: Keyring, task: Claimed, opened: Map<string, CredentialSecret>): SealedSecret {
  const id = task.credentialId ?? ''
  const secret = opened.get(id) ?? (task.sealedSecret ? openCredential(keyring, id, task.sealedSecret) : {})
  opened.set(id, secret)
  return {
    task: task.id,
    username: task.sealedSecret ? (task.username ?? '') : '',
    ...secret,
    ...(task.secrets === 'strip' ? { maskKey: keyring.maskKey } : {}),
  }
}
