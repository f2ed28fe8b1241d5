/** SSH to one device: connects, checks the host key, logs in, opens channels; every way to fail gets its code. */
import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import { Failure, type FailureCode, type FailureDetails } from '@netraven/protocol/failure.ts'
import { type AnyAuthMethod, Client, type ClientChannel, type ParsedKey, utils } from 'ssh2'
import type { Channel, Connection, End } from '../channel.ts'
import { type Clock, systemClock } from '../clock.ts'
import { COLUMNS } from '../terminal.ts'
import { type Algorithms, algorithmsFor, missingIn } from './algorithms.ts'
import { Login } from './login.ts'
import { ServerHello } from './server-hello.ts'

/** `vt100`: every system knows it; `dumb` makes some pagers ask for a confirmation first. Rows: more than most pagers page at. */
const TERMINAL = { term: 'vt100', cols: COLUMNS, rows: 1000, width: 0, height: 0 }

/** DISCONNECT reasons of RFC 4253 section 11.1. */
const TOO_MANY_CONNECTIONS = 12

export interface SshTarget {
  /** IP address; a name is resolved by the system. */
  readonly address: string
  readonly port: number
  readonly username: string
  readonly password?: string | undefined
  /** PEM or OpenSSH format. */
  readonly privateKey?: string | undefined
  readonly passphrase?: string | undefined
  /** Pinned host key, `SHA256:…`; absent: any is taken. */
  readonly hostKey?: string | undefined
  readonly legacyAlgorithms: boolean
  /** For the TCP connection, and again for the rest up to the open session. */
  readonly timeoutMs: number
}

export interface SshParts {
  /** Aborting it destroys the socket at once, also later. */
  readonly signal: AbortSignal
  readonly clock?: Clock
}

/**
 * Connects and logs in.
 * @throws Failure DNS_FAILED, NO_ROUTE, TCP_TIMEOUT, PORT_REFUSED, BANNER_TIMEOUT, SSH_LEGACY_ALGOS, SSH_PROTOCOL,
 *   HOST_KEY_CHANGED, PASSWORD_REJECTED, KEY_REJECTED, KEY_UNREADABLE, METHOD_UNSUPPORTED, NO_CREDENTIAL, CONNECTION_LOST,
 *   CHANNEL_REFUSED (no further session), or the reason of the signal
 */
export function connectSsh(target: SshTarget, { signal, clock = systemClock }: SshParts): Promise<Connection> {
  const key = target.privateKey === undefined ? undefined : readKey(target.privateKey, target.passphrase)
  if (!key && target.password === undefined) throw new Failure('NO_CREDENTIAL')
  return new Promise((resolve, reject) => new Attempt(target, key, signal, clock, resolve, reject).begin())
}
