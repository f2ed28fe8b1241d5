/** What an agent gets when it asks for work: leased tasks in the protocol's words, each credential sealed for its task. */

import type { Answered } from '@netraven/protocol/calls.ts'
import { DeviceOptions, type FurtherLogin, type SealedSecret, type Task } from '@netraven/protocol/claim.ts'
import { type Sealer, sealTo } from '@netraven/protocol/sealed-box.ts'
import type { Kysely } from 'kysely'
import type { Claimed, OfferedLogin } from './claimed-task.ts'
import type { LoginLimits } from './credential-guard.ts'
import { type CredentialSecret, openCredential } from './credential-secret.ts'
import type { Tables } from './db/tables.ts'
import { takeTrial } from './driver-trials.ts'
import { type HopRow, waysOf } from './jump-hosts.ts'
import type { Keyring } from './keyring.ts'
import { type OwnOrder, ownOrders } from './own-drivers.ts'
import { claimTasks } from './tasks.ts'

export interface OrderParts {
  readonly db: Kysely<Tables>
  readonly keyring: Keyring
  readonly leaseMs: number
  readonly taskTimeoutMs: number
  readonly logins?: LoginLimits
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
  const trial = claimed.length < credit ? await takeTrial(parts.db, agent.id) : undefined
  const trials = trial ? [trial] : []
  if (claimed.length === 0) return { tasks: trials }
  const own = await ownOrders(parts.db, idsOf(claimed.filter(({ isOwn }) => isOwn)))
  const ways = await waysOf(parts.db, idsOf(claimed.filter(({ isBehind }) => isBehind)))
  const sealer = claimed.some(needsBox) || ways.size > 0 ? sealTo(agent.boxPublicKey) : undefined
  const opened = new Map<string, CredentialSecret>()
  const tasks = claimed.map((task) => ({
    ...orderOf(parts, agent, task, sealer, opened),
    ...ownFields(agent, own.get(task.id)),
    ...wayFields(parts.keyring, task, ways.get(task.id), sealer, opened),
  }))
  opened.clear()
  return { ...(sealer ? { sealKey: sealer.publicKey } : {}), tasks: [...tasks, ...trials] }
}

function idsOf(tasks: readonly Claimed[]): string[] {
  return tasks.map((task) => task.id)
}

/** Each hop has its own credential, in a box of this task. */
function wayFields(
  keyring: Keyring,
  { id }: Claimed,
  way: readonly HopRow[] | undefined,
  sealer: Sealer | undefined,
  opened: Map<string, CredentialSecret>,
): Partial<Task> {
  if (!way) return {}
  const via = way.map(({ device, name, address, port, hostKey, legacyAlgorithms, localName, ...credential }) => ({
    device,
    name,
    address,
    port,
    ...(hostKey ? { hostKey } : {}),
    ...(legacyAlgorithms ? { legacyAlgorithms } : {}),
    ...(localName ? { local: localName } : {}),
    ...(sealer && credential.sealedSecret ? { box: sealer.seal(secretOf(keyring, id, credential, opened)) } : {}),
  }))
  return { via }
}

/** What an own driver, or own patterns, change of a task. */
function ownFields(agent: Claimant, own: OwnOrder | undefined): Partial<Task> {
  if (!own) return {}
  const { driver, isTrial, ignore, remove } = own
  const hasPatterns = ignore.length + remove.length > 0
  return {
    ...(driver
      ? { driver: driver.name, driverFile: driver.digest, driverDigest: digestOf(agent, driver.extends) }
      : {}),
    ...(isTrial ? { trial: {} } : {}),
    ...(hasPatterns ? { patterns: { ignore: [...ignore], remove: [...remove] } } : {}),
  }
}

/** As this agent announced it. */
function digestOf(agent: Claimant, driver: string | null): string | undefined {
  return driver !== null && Object.hasOwn(agent.drivers, driver) ? agent.drivers[driver] : undefined
}

function orderOf(
  { keyring }: OrderParts,
  agent: Claimant,
  task: Claimed,
  sealer: Sealer | undefined,
  opened: Map<string, CredentialSecret>,
): Task {
  const [first, ...others] = task.logins
  const digest = digestOf(agent, task.driver)
  return {
    id: task.id,
    attempt: task.attempt,
    ...(task.purpose === 'test' ? { purpose: 'test' } : {}),
    device: { id: task.deviceId, name: task.deviceName, address: task.address, port: task.port },
    driver: task.driver,
    transport: task.transport,
    secrets: task.secrets,
    options: DeviceOptions.parse(task.options),
    deadlineMs: task.deadlineAt.getTime(),
    ...(digest ? { driverDigest: digest } : {}),
    ...(task.hostKey ? { hostKey: task.hostKey } : {}),
    ...(task.lastGoodBytes ? { lastGoodBytes: task.lastGoodBytes } : {}),
    ...(first ? { credential: first.epoch } : {}),
    ...(first?.localName ? { local: first.localName } : {}),
    ...(sealer && needsFirstBox(task) ? { box: sealer.seal(firstSecretOf(keyring, task, opened)) } : {}),
    ...(others.length > 0 ? { others: others.map((login) => furtherOf(keyring, task, login, sealer, opened)) } : {}),
  }
}

function furtherOf(
  keyring: Keyring,
  task: Claimed,
  login: OfferedLogin,
  sealer: Sealer | undefined,
  opened: Map<string, CredentialSecret>,
): FurtherLogin {
  return {
    credential: login.epoch,
    ...(login.localName ? { local: login.localName } : {}),
    ...(sealer && login.sealedSecret ? { box: sealer.seal(secretOf(keyring, task.id, login, opened)) } : {}),
  }
}

/** A credential goes in a box; so does the key of the masks, also where the jump host has the credential. */
function needsFirstBox({ logins: [first], secrets }: Claimed): boolean {
  return (first?.sealedSecret ?? null) !== null || secrets === 'strip'
}

function needsBox(task: Claimed): boolean {
  return needsFirstBox(task) || task.logins.some((login) => login.sealedSecret !== null)
}

function firstSecretOf(keyring: Keyring, task: Claimed, opened: Map<string, CredentialSecret>): SealedSecret {
  const [first] = task.logins
  return {
    ...(first ? secretOf(keyring, task.id, first, opened) : { task: task.id, username: '' }),
    ...(task.secrets === 'strip' ? { maskKey: keyring.maskKey } : {}),
  }
}

function secretOf(
  keyring: Keyring,
  task: string,
  login: Pick<OfferedLogin, 'sealedSecret'> & {
    readonly credentialId: string | null
    readonly username: string | null
  },
  opened: Map<string, CredentialSecret>,
): SealedSecret {
  const { credentialId, sealedSecret, username } = login
  if (!sealedSecret || credentialId === null) return { task, username: '' }
  const secret = opened.get(credentialId) ?? openCredential(keyring, credentialId, sealedSecret)
  opened.set(credentialId, secret)
  return { task, username: username ?? '', ...secret }
}
