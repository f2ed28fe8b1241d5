/**
 * One task becomes one result: the box is opened, the driver is checked against the signed digest, the device is read, the
 * statement is signed, the text compressed. Whatever fails in a known way is a result too.
 */
import { type FurtherLogin, type Hop, SealedSecret, type Task } from '@netraven/protocol/claim.ts'
import { compress } from '@netraven/protocol/compression.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { SigningKey } from '@netraven/protocol/keys.ts'
import type { ArtifactsOutcome, ReadOutcome, Report } from '@netraven/protocol/report.ts'
import { openFrom } from '@netraven/protocol/sealed-box.ts'
import { statementBytes } from '@netraven/protocol/statement.ts'
import { signedArtifacts } from './artifacts.ts'
import type { Read } from './backup.ts'
import type { Driver } from './driver.ts'
import type { DriverCatalogue } from './driver-catalogue.ts'
import { Ladder } from './ladder.ts'
import type { Log } from './log.ts'
import type { LoginGuard } from './login-guard.ts'
import { Logins } from './logins.ts'
import type { SpoolEntry } from './spool.ts'

export interface ResultParts {
  readonly drivers: DriverCatalogue
  readonly boxSecretKey: string
  readonly key: SigningKey
  /** A credential that only this host has. @throws Failure LOCAL_CREDENTIAL_UNKNOWN */
  readonly localSecret: (name: string, task: string) => Promise<SealedSecret>
  readonly read: (
    task: Task,
    driver: Driver,
    secret: SealedSecret | undefined,
    signal: AbortSignal,
    ladder: Ladder,
    /** The secret and the others that the task has, in their order. */
    logins: Logins,
    /** Opens that of a device on the way. */
    hopSecret: (hop: Hop) => Promise<SealedSecret>,
  ) => Promise<Read>
  /** Holds back credentials that devices refuse; absent: none. */
  readonly guard?: LoginGuard
  /** The driver whose file the task names; absent: this agent takes none. */
  readonly ownDriver?: (task: Task) => Promise<Driver>
  /** Tells the hub of a test while it climbs. Absent: it hears of it at the end. @returns what ends that */
  readonly follow?: (task: Task, ladder: Ladder) => () => void
  readonly nowMs: () => number
  readonly hubNowMs: () => number
  /** For messages: who failed. */
  readonly agent: { readonly name: string; readonly site: string }
  readonly log: Log
}

/**
 * Runs a task to its end. A bug becomes INTERNAL and is logged with its stack.
 * @returns undefined when the read was called off (this agent stops, or the hub gave the task to another): that is no failure of
 * the device, and whoever has the task next brings a result
 */
export async function resultOf(
  parts: ResultParts,
  task: Task,
  sealKey: string | undefined,
  signal: AbortSignal,
): Promise<SpoolEntry | undefined> {
  const startedMs = parts.nowMs()
  const head = { task: task.id, attempt: task.attempt, device: task.device.id }
  const ladder = new Ladder(parts.nowMs)
  const unfollow = task.purpose === 'test' ? parts.follow?.(task, ladder) : undefined
  let logins: Logins | undefined
  try {
    const driver = await driverOf(parts, task)
    const secret = await secretOf(parts, task, sealKey)
    logins = loginsOf(parts, task, sealKey, secret)
    const hopSecret = (hop: Hop) => hopSecretOf(parts, task, sealKey, hop)
    const read = await parts.read(task, driver, secret, signal, ladder, logins, hopSecret)
    const facts = { capturedAtMs: read.capturedAtMs, durationMs: took(parts, startedMs) }
    const report = { ...head, ...facts, ...logins.told(true), ...resolvedBy(ladder) }
    // The text of a test ends here.
    if (task.purpose === 'test') return withoutText({ ...report, outcome: { kind: 'tested', steps: ladder.steps } })
    const compressed = await compress(Buffer.from(read.text))
    return {
      report: { ...report, outcome: outcomeOf(parts, task, report.capturedAtMs, read) },
      spans: read.spans,
      compressed,
    }
  } catch (error) {
    const failure = failureOf(parts, task, error)
    if (failure.code === 'CANCELLED') return undefined
    const facts = { capturedAtMs: parts.hubNowMs(), durationMs: took(parts, startedMs) }
    const report = { ...head, ...facts, ...logins?.told(false), ...resolvedBy(ladder) }
    if (task.purpose !== 'test')
      return withoutText({ ...report, outcome: { kind: 'failed', failure: failure.toJSON() } })
    if (!ladder.hasFallen) ladder.fall(failure)
    return withoutText({ ...report, outcome: { kind: 'tested', steps: ladder.steps, failure: failure.toJSON() } })
  } finally {
    unfollow?.()
  }
}

function resolvedBy({ resolved }: Ladder): Pick<Report, 'resolved'> {
  return resolved ? { resolved } : {}
}

function withoutText(report: Report): SpoolEntry {
  return { report, spans: [], compressed: new Uint8Array(0) }
}

async function driverOf({ drivers, ownDriver }: ResultParts, task: Task): Promise<Driver> {
  if (task.driverFile !== undefined && ownDriver) return ownDriver(task)
  const driver = await drivers.find(task.driver)
  if (!driver) throw new Failure('DRIVER_UNKNOWN', { driver: task.driver })
  if (task.driverDigest !== undefined && task.driverDigest !== drivers.digests[driver.name]) {
    throw new Failure('DRIVER_MISMATCH', { driver: task.driver })
  }
  return driver
}

async function secretOf(
  parts: ResultParts,
  task: Task,
  sealKey: string | undefined,
): Promise<SealedSecret | undefined> {
  const sealed = task.box === undefined ? undefined : openBox(parts, task, task.box, sealKey)
  if (task.local === undefined) return sealed?.username ? sealed : undefined
  const local = await parts.localSecret(task.local, task.id)
  return sealed?.maskKey === undefined ? local : { ...local, maskKey: sealed.maskKey }
}

/** The first is open already: without it nothing begins. The others are opened when the device wants them. */
function loginsOf(
  parts: ResultParts,
  task: Task,
  sealKey: string | undefined,
  first: SealedSecret | undefined,
): Logins {
  if (!first) return new Logins([])
  const maskKey = first.maskKey === undefined ? {} : { maskKey: first.maskKey }
  const further = async ({ box, local }: FurtherLogin): Promise<SealedSecret> => {
    if (box !== undefined) return { ...openBox(parts, task, box, sealKey), ...maskKey }
    if (local === undefined) throw new Failure('SEALED_BOX_INVALID')
    return { ...(await parts.localSecret(local, task.id)), ...maskKey }
  }
  const others = (task.others ?? []).map((one) => ({ credential: one.credential, secret: () => further(one) }))
  return new Logins([{ credential: task.credential, secret: async () => first }, ...others], parts.guard)
}

/** @throws Failure NO_CREDENTIAL, SEALED_BOX_INVALID, LOCAL_CREDENTIAL_UNKNOWN */
async function hopSecretOf(
  parts: ResultParts,
  task: Task,
  sealKey: string | undefined,
  { name, box, local }: Hop,
): Promise<SealedSecret> {
  if (box !== undefined) return openBox(parts, task, box, sealKey)
  if (local === undefined) throw new Failure('NO_CREDENTIAL', { device: name })
  return parts.localSecret(local, task.id)
}

/** Of the claim that came last: the curve step costs a millisecond, and is the same for all its boxes. */
const openers = new WeakMap<ResultParts, { readonly sealKey: string; readonly opener: ReturnType<typeof openFrom> }>()

function openerOf(parts: ResultParts, sealKey: string): ReturnType<typeof openFrom> {
  const last = openers.get(parts)
  if (last?.sealKey === sealKey) return last.opener
  const opener = openFrom(sealKey, parts.boxSecretKey)
  openers.set(parts, { sealKey, opener })
  return opener
}

function openBox(parts: ResultParts, task: Task, box: string, sealKey: string | undefined): SealedSecret {
  const opened = SealedSecret.safeParse(openerOf(parts, sealKey ?? '').open(box))
  if (!opened.success || opened.data.task !== task.id) throw new Failure('SEALED_BOX_INVALID')
  return opened.data
}

function outcomeOf(
  { key, agent }: ResultParts,
  task: Task,
  capturedAtMs: number,
  read: Read,
): ReadOutcome | ArtifactsOutcome {
  const { contentHash, fingerprint, sizeBytes, verdict, reasons } = read
  const where = { agent: agent.name, site: agent.site, device: task.device.name }
  const artifacts = signedArtifacts(key, task, capturedAtMs, read.artifacts ?? [], where)
  const seen = {
    ...(read.hopKeys ? { hopKeys: [...read.hopKeys] } : {}),
    ...(task.hostKey === undefined && read.hostKey !== undefined ? { hostKey: read.hostKey } : {}),
  }
  if (sizeBytes === 0) return { kind: 'artifacts', artifacts, ...seen }
  const statement = statementBytes({
    device: task.device.id,
    task: task.id,
    attempt: task.attempt,
    contentHash,
    fingerprint,
    sizeBytes,
    verdict,
    capturedAtMs,
  })
  return {
    kind: 'read',
    contentHash,
    sizeBytes,
    verdict,
    ...(fingerprint === contentHash ? {} : { fingerprint }),
    ...(reasons.length > 0 ? { reasons: reasons.slice(0, 8).map((reason) => reason.slice(0, 300)) } : {}),
    ...seen,
    ...(artifacts.length > 0 ? { artifacts } : {}),
    signature: Buffer.from(key.sign(statement)).toString('base64url'),
  }
}

function failureOf({ agent, log }: ResultParts, task: Task, error: unknown): Failure {
  const where = {
    agent: agent.name,
    site: agent.site,
    device: task.device.name,
    address: task.device.address,
    port: task.device.port,
  }
  if (error instanceof Failure) {
    log.warn({ taskId: task.id, deviceId: task.device.id, device: task.device.name, code: error.code }, error.message)
    return new Failure(error.code, { ...where, ...error.details })
  }
  log.error({ taskId: task.id, deviceId: task.device.id, err: error }, 'reading a device failed unexpectedly')
  return new Failure('INTERNAL', where)
}

function took({ nowMs }: ResultParts, startedMs: number): number {
  return Math.max(0, Math.round(nowMs() - startedMs))
}
