/**
 * One task becomes one result: the box is opened, the driver is checked against the signed digest, the device is read, the
 * statement is signed, the text compressed. Whatever fails in a known way is a result too.
 */
import { SealedSecret, type Task } from '@netraven/protocol/claim.ts'
import { compress } from '@netraven/protocol/compression.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { SigningKey } from '@netraven/protocol/keys.ts'
import type { ReadOutcome, Report } from '@netraven/protocol/report.ts'
import { openFrom } from '@netraven/protocol/sealed-box.ts'
import { statementBytes } from '@netraven/protocol/statement.ts'
import type { Read } from './backup.ts'
import type { Driver, DriverCatalogue } from './driver.ts'
import type { Log } from './log.ts'
import type { SpoolEntry } from './spool.ts'

export interface ResultParts {
  readonly drivers: DriverCatalogue
  readonly boxSecretKey: string
  readonly key: SigningKey
  /** A credential that only this host has. @throws Failure LOCAL_CREDENTIAL_UNKNOWN */
  readonly localSecret: (name: string, task: string) => Promise<SealedSecret>
  readonly read: (task: Task, driver: Driver, secret: SealedSecret | undefined, signal: AbortSignal) => Promise<Read>
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
  try {
    const driver = driverOf(parts, task)
    const secret = await secretOf(parts, task, sealKey)
    const read = await parts.read(task, driver, secret, signal)
    const report = { ...head, capturedAtMs: read.capturedAtMs, durationMs: took(parts, startedMs) }
    const compressed = await compress(Buffer.from(read.text))
    return {
      report: { ...report, outcome: outcomeOf(parts, task, report.capturedAtMs, read) },
      spans: read.spans,
      compressed,
    }
  } catch (error) {
    const failure = failureOf(parts, task, error)
    if (failure.code === 'CANCELLED') return undefined
    const report: Report = {
      ...head,
      capturedAtMs: parts.hubNowMs(),
      durationMs: took(parts, startedMs),
      outcome: { kind: 'failed', failure: failure.toJSON() },
    }
    return { report, spans: [], compressed: new Uint8Array(0) }
  }
}

function driverOf({ drivers }: ResultParts, task: Task): Driver {
  const driver = drivers.find(task.driver)
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

function openBox({ boxSecretKey }: ResultParts, task: Task, box: string, sealKey: string | undefined): SealedSecret {
  const opened = SealedSecret.safeParse(openFrom(sealKey ?? '', boxSecretKey).open(box))
  if (!opened.success || opened.data.task !== task.id) throw new Failure('SEALED_BOX_INVALID')
  return opened.data
}

function outcomeOf({ key }: ResultParts, task: Task, capturedAtMs: number, read: Read): ReadOutcome {
  const { contentHash, fingerprint, sizeBytes, verdict, reasons } = read
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
    ...(task.hostKey === undefined && read.hostKey !== undefined ? { hostKey: read.hostKey } : {}),
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
