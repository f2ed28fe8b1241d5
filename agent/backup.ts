/** One task, start to end: policy, address, connection, session, text. */
import type { SealedSecret, Task } from '@netraven/protocol/claim.ts'
import { MAX_TEXT_BYTES } from '@netraven/protocol/content.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { defaultPorts, type Transport } from '@netraven/protocol/transport.ts'
import { type Approach, type ApproachParts, approach, CONNECT_TIMEOUT_MS } from './approach.ts'
import type { ArtifactSpool } from './artifact-spool.ts'
import { hasText, type ReadArtifact, readArtifacts } from './artifacts.ts'
import type { Connection } from './channel.ts'
import { type Clock, systemClock } from './clock.ts'
import { reasonOf } from './conversation.ts'
import { type Driver, driverOver } from './driver.ts'
import { undisturbed } from './interruption.ts'
import { Ladder } from './ladder.ts'
import { Logins } from './logins.ts'
import { Passphrase } from './passphrase.ts'
import { type Output, Session } from './session.ts'
import type { ConnectParts, Target } from './target.ts'
import { makeText, noText, type Text, type TextOptions } from './text.ts'

/** The text is empty when the driver asks for files alone. */
export interface Read extends Text {
  /** Absent: the driver asks for none, or the hub takes none. */
  readonly artifacts?: readonly ReadArtifact[]
  /** `SHA256:…` as seen on this connection; absent: the transport has none. */
  readonly hostKey?: string
  /** Those of devices on the way, as far as none was pinned. */
  readonly hopKeys?: readonly { readonly device: string; readonly hostKey: string }[]
  /** When the last byte was read, ms since 1970. */
  readonly capturedAtMs: number
  readonly durationMs: number
}

export interface BackupParts extends ApproachParts {
  readonly driver: Driver
  /** Absent: the device has no credential, or `logins` has it. */
  readonly secret?: SealedSecret | undefined
  /** Several ways to log in; absent: `secret` alone. */
  readonly logins?: Logins | undefined
  readonly connect: (target: Target, parts: ConnectParts) => Promise<Connection>
  /** Ms since 1970 by the hub's clock. */
  readonly nowMs: () => number
  readonly log: { debug(facts: object, message: string): void }
  readonly clock?: Clock
  /** Where files of devices go; absent: the hub takes none, and none is fetched. */
  readonly artifacts?: ArtifactSpool | undefined
  /** Is told how far the read comes; absent: one of its own. */
  readonly ladder?: Ladder | undefined
  /** In a test, when the device's port does not answer: how others do, by port. Absent: not looked at. */
  readonly probe?: (address: string, except: number, parts: { signal: AbortSignal; clock: Clock }) => Promise<object>
  /** Makes the text where own patterns are at work; absent, or undefined for a task: `makeText`, here and now. */
  readonly text?: (
    task: Task,
    driver: Driver,
    outputs: readonly Output[],
    options: Omit<TextOptions, 'patterns'>,
  ) => Promise<Text> | undefined
}

/**
 * Reads one device once; a suspect text is read once more in the same session. For a test a text that stays suspect is a failure.
 * @throws Failure for everything known, with the rung where it happened and the times so far; anything else is a bug
 */
export async function backup(task: Task, parts: BackupParts): Promise<Read> {
  const { clock = systemClock } = parts
  const ladder = parts.ladder ?? new Ladder(() => clock.nowMs())
  try {
    return await climb(task, parts, clock, ladder)
  } catch (error) {
    // Nobody asks where a read was called off.
    if (!(error instanceof Failure) || error.code === 'CANCELLED') throw error
    throw await withPorts(ladder.fall(error), task, parts, clock)
  }
}

/** Who tests a device whose port is shut wants to know which one is not. */
async function withPorts(failure: Failure, task: Task, parts: BackupParts, clock: Clock): Promise<Failure> {
  const { code, details } = failure
  const isShut = code === 'PORT_REFUSED' || code === 'TCP_TIMEOUT'
  // Behind jump hosts this host would knock at somebody else's door.
  const knocks = task.purpose === 'test' && isShut && task.via === undefined && typeof details.address === 'string'
  if (!knocks || !parts.probe || parts.signal.aborted) return failure
  const ports = await parts.probe(String(details.address), task.device.port, { signal: parts.signal, clock })
  return new Failure(code, { ...details, ports }, { cause: failure.cause })
}

async function climb(task: Task, parts: BackupParts, clock: Clock, ladder: Ladder): Promise<Read> {
  const { policy, signal } = parts
  policy.admitSecrets(task.secrets)
  const logins = parts.logins ?? loginsWith(parts.secret)
  if (logins.none) throw new Failure('NO_CREDENTIAL')
  const readOver = (transport: Transport, port: number) => {
    const driver = driverOver(parts.driver, transport)
    policy.admitDriver(driver)
    policy.admitTransport(transport)
    if (signal.aborted) throw reasonOf(signal)
    return over({ ...task, transport, device: { ...task.device, port } }, { ...parts, driver, logins }, clock, ladder)
  }
  try {
    return await readOver(task.transport, task.device.port)
  } catch (error) {
    if (!mayFallBack(error, task, parts.driver)) throw error
    parts.log.debug({ taskId: task.id, code: error.code }, 'no usable shell, NETCONF is tried')
    return readOver('netconf', defaultPorts.netconf)
  }
}

/** SSH lets nobody in to a shell that the driver knows. */
const NO_SHELL: ReadonlySet<string> = new Set(['PORT_REFUSED', 'CHANNEL_REFUSED', 'PROMPT_NOT_FOUND'])

function mayFallBack(error: unknown, { transport, options }: Task, driver: Driver): error is Failure {
  const asked = transport === 'ssh' && options.netconfFallback === true && driver.transports.includes('netconf')
  return asked && error instanceof Failure && NO_SHELL.has(error.code)
}

async function over(
  task: Task,
  parts: BackupParts & { readonly logins: Logins },
  clock: Clock,
  ladder: Ladder,
): Promise<Read> {
  const { driver, logins, signal, nowMs, log } = parts
  const startedMs = clock.nowMs()
  const admit = (secret: SealedSecret) => {
    Passphrase.of(driver, secret)
  }
  // Before anybody on the way is connected to.
  if (parts.secret) admit(parts.secret)
  const road = await approach(task, parts, clock, ladder)
  try {
    const work = async (secret: SealedSecret, opened: () => void) => {
      const connection = await parts.connect(targetOf(task, driver, road, secret), {
        signal,
        clock,
        ladder,
        ...(road.dial ? { dial: road.dial } : {}),
      })
      ladder.connected()
      log.debug(
        { taskId: task.id, address: road.address, connectMs: Math.round(clock.nowMs() - startedMs) },
        'connected',
      )
      try {
        const { hostKey } = connection
        const text = await readAll(task, { ...parts, ladder, opened }, connection, clock, secret)
        return {
          ...text,
          ...(hostKey === undefined ? {} : { hostKey }),
          ...(road.hopKeys.length > 0 ? { hopKeys: road.hopKeys } : {}),
          capturedAtMs: Math.round(nowMs()),
          durationMs: Math.round(clock.nowMs() - startedMs),
        }
      } finally {
        connection.close()
      }
    }
    return await logins.open(signal, work, admit)
  } finally {
    road.close()
  }
}

function targetOf(task: Task, driver: Driver, road: Approach, secret: SealedSecret): Target {
  const { username, password, privateKey, passphrase } = secret
  return {
    transport: task.transport,
    driver,
    name: task.device.address,
    address: road.address,
    port: task.device.port,
    username,
    password,
    privateKey,
    passphrase,
    hostKey: task.hostKey,
    options: task.options,
    timeoutMs: task.options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    server: road.server,
  }
}

function loginsWith(secret: SealedSecret | undefined): Logins {
  return new Logins(secret ? [{ secret: async () => secret }] : [])
}

interface OpenParts extends BackupParts {
  readonly ladder: Ladder
  /** The device has let it in. */
  readonly opened: () => void
}

async function readAll(
  task: Task,
  parts: OpenParts,
  connection: Connection,
  clock: Clock,
  { password, enable, maskKey }: Pick<SealedSecret, 'password' | 'enable' | 'maskKey'>,
): Promise<Text & Pick<Read, 'artifacts'>> {
  const { driver, signal, ladder, opened, artifacts: spool } = parts
  const session = await Session.open({
    driver,
    connection,
    secret: { password, enable },
    options: task.options,
    clock,
    signal,
    ladder,
  })
  opened()
  const text = hasText(driver) ? await readText(task, parts, session, maskKey) : noText
  const artifacts = spool ? await readArtifacts(task, driver, { session, spool, signal }) : []
  session.leave()
  if (text === noText) filesAlone(artifacts, ladder)
  const isSuspect = [text, ...artifacts].some((one) => 'verdict' in one && one.verdict === 'suspect')
  if (task.purpose === 'test') {
    const failed = artifacts.find((one) => 'failure' in one && one.failure.code !== 'ARTIFACT_UNMASKABLE')
    if (failed && 'failure' in failed) throw failed.failure
    const reasons = [text, ...artifacts].flatMap((one) => ('reasons' in one ? one.reasons : []))
    if (isSuspect) throw new Failure('SUSPECT_TRUNCATED', { reasons })
  }
  const bytes = [text, ...artifacts].reduce((sum, one) => sum + ('sizeBytes' in one ? one.sizeBytes : 0), 0)
  if (!isSuspect) ladder.pass('completeness', `${bytes} bytes`)
  return { ...text, ...(artifacts.length > 0 ? { artifacts } : {}) }
}

/** @throws Failure when there is none to keep: then nothing was read */
function filesAlone(artifacts: readonly ReadArtifact[], ladder: Ladder): void {
  ladder.enter('command')
  const [first] = artifacts
  if (!first) throw new Failure('EMPTY_READ', { reason: 'it has files alone, and there was none' })
  if (artifacts.every((one) => 'failure' in one) && 'failure' in first) throw first.failure
  ladder.pass('command', artifacts.map(({ source }) => source).join(', '))
  ladder.enter('completeness')
}

async function readText(
  task: Task,
  { driver, log, ladder, text: ownText }: OpenParts,
  session: Session,
  maskKey: string | undefined,
): Promise<Text> {
  const make = async (outputs: readonly Output[]) => {
    const options = { secrets: task.secrets, maskKey, lastGoodBytes: task.lastGoodBytes }
    const text = await (ownText?.(task, driver, outputs, options) ?? makeText(driver, outputs, options))
    if (text.sizeBytes > MAX_TEXT_BYTES) {
      throw new Failure('OUTPUT_TOO_LARGE', { bytes: text.sizeBytes, limitBytes: MAX_TEXT_BYTES })
    }
    return text
  }
  const first = await session.read()
  ladder.enter('completeness')
  let text = await make(first)
  if (text.verdict === 'suspect') {
    log.debug({ taskId: task.id, reasons: text.reasons }, 'suspect, read again')
    const second = await session.read()
    const again = await make(second)
    const same = again.fingerprint === text.fingerprint
    const note = same ? 'a second read brought the same' : 'a second read differed and is no better'
    const decided = again.verdict === 'complete' ? again : await undisturbed(first, second, make)
    text = decided ?? { ...again, reasons: [...again.reasons, note] }
  }
  return text
}
