/** One task, start to end: policy, address, connection, session, text. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { SealedSecret, Task } from '@netraven/protocol/claim.ts'
import { MAX_TEXT_BYTES } from '@netraven/protocol/content.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Connection } from './channel.ts'
import { type Clock, systemClock } from './clock.ts'
import { reasonOf } from './conversation.ts'
import { type Driver, driverOver } from './driver.ts'
import type { Policy } from './policy.ts'
import { Session } from './session.ts'
import type { ConnectParts, Target } from './target.ts'
import { makeText, type Text } from './text.ts'

/** TCP connect and SSH handshake, ms. */
const CONNECT_TIMEOUT_MS = 30_000

export interface Read extends Text {
  /** `SHA256:…` as seen on this connection; absent: the transport has none. */
  readonly hostKey?: string
  /** When the last byte was read, ms since 1970. */
  readonly capturedAtMs: number
  readonly durationMs: number
}

export interface BackupParts {
  readonly driver: Driver
  /** Absent: the device has no credential. */
  readonly secret?: SealedSecret | undefined
  readonly policy: Policy
  readonly connect: (target: Target, parts: ConnectParts) => Promise<Connection>
  /** Aborting it cuts the connection; a Failure as its reason is what is thrown. */
  readonly signal: AbortSignal
  /** Ms since 1970 by the hub's clock. */
  readonly nowMs: () => number
  readonly log: { debug(facts: object, message: string): void }
  readonly clock?: Clock
  /** Finds the addresses of a host name, best first. @throws an Error with the code of getaddrinfo */
  readonly resolve?: ((name: string) => Promise<string[]>) | undefined
}

/**
 * Reads one device once; a suspect text is read once more in the same session.
 * @throws Failure for everything known; anything else is a bug
 */
export async function backup(task: Task, parts: BackupParts): Promise<Read> {
  const { policy, signal, nowMs, log, clock = systemClock } = parts
  const driver = driverOver(parts.driver, task.transport)
  const startedMs = clock.nowMs()
  policy.admitDriver(driver)
  policy.admitTransport(task.transport)
  policy.admitSecrets(task.secrets)
  let secret = parts.secret
  if (!secret) throw new Failure('NO_CREDENTIAL')
  if (signal.aborted) throw reasonOf(signal)
  const address = await addressOf(task.device.address, policy, parts.resolve ?? resolveName)
  const connection = await parts.connect(
    {
      transport: task.transport,
      driver,
      name: task.device.address,
      address,
      port: task.device.port,
      username: secret.username,
      password: secret.password,
      privateKey: secret.privateKey,
      passphrase: secret.passphrase,
      hostKey: task.hostKey,
      options: task.options,
      timeoutMs: task.options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    },
    { signal, clock },
  )
  log.debug({ taskId: task.id, address, connectMs: Math.round(clock.nowMs() - startedMs) }, 'connected')
  try {
    const { password, enable, maskKey } = secret
    // Dropped as early as can be; a string can't be overwritten.
    secret = undefined
    const { hostKey } = connection
    const text = await readText(task, { ...parts, driver }, connection, clock, { password, enable, maskKey })
    return {
      ...text,
      ...(hostKey === undefined ? {} : { hostKey }),
      capturedAtMs: Math.round(nowMs()),
      durationMs: Math.round(clock.nowMs() - startedMs),
    }
  } finally {
    connection.close()
  }
}

async function readText(
  task: Task,
  { driver, signal, log }: BackupParts,
  connection: Connection,
  clock: Clock,
  { password, enable, maskKey }: Partial<Pick<SealedSecret, 'password' | 'enable' | 'maskKey'>>,
): Promise<Text> {
  const session = await Session.open({
    driver,
    connection,
    secret: { password, enable },
    options: task.options,
    clock,
    signal,
  })
  const read = async () => {
    const text = makeText(driver, await session.read(), {
      secrets: task.secrets,
      maskKey,
      lastGoodBytes: task.lastGoodBytes,
    })
    if (text.sizeBytes > MAX_TEXT_BYTES) {
      throw new Failure('OUTPUT_TOO_LARGE', { bytes: text.sizeBytes, limitBytes: MAX_TEXT_BYTES })
    }
    return text
  }
  let text = await read()
  if (text.verdict === 'suspect') {
    log.debug({ taskId: task.id, reasons: text.reasons }, 'suspect, read again')
    const again = await read()
    const same = again.fingerprint === text.fingerprint
    const note = same ? 'a second read brought the same' : 'a second read differed and is no better'
    text = again.verdict === 'complete' ? again : { ...again, reasons: [...again.reasons, note] }
  }
  session.leave()
  return text
}

/** The one address that is checked and then connected to: what the name means a moment later does not matter. */
async function addressOf(name: string, policy: Policy, resolve: (name: string) => Promise<string[]>): Promise<string> {
  const addresses = isIP(name) !== 0 ? [name] : await resolved(name, resolve)
  let refusal: unknown
  for (const address of addresses) {
    try {
      policy.admitAddress(address)
      return address
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal ?? new Failure('DNS_FAILED', { address: name })
}

async function resolved(name: string, resolve: (name: string) => Promise<string[]>): Promise<string[]> {
  try {
    return await resolve(name)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Failure('DNS_FAILED', { address: name, reason }, { cause: error })
  }
}

async function resolveName(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true, order: 'ipv4first' })
  return found.map(({ address }) => address)
}
