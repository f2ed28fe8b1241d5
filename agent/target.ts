/** What a transport needs to know of a device, and what it gets from the agent. */
import type { Duplex } from 'node:stream'
import type { DeviceOptions } from '@netraven/protocol/claim.ts'
import type { Transport } from '@netraven/protocol/transport.ts'
import type { Clock } from './clock.ts'
import type { Driver } from './driver.ts'
import type { Climb } from './ladder.ts'

export interface Target {
  readonly transport: Transport
  /** IP address that the policy admitted; nothing is resolved again. */
  readonly address: string
  readonly port: number
  /** Address as it is stored, perhaps a name: for HTTP's Host and TLS's server name. */
  readonly name: string
  readonly username: string
  readonly password?: string | undefined
  /** PEM or OpenSSH format. */
  readonly privateKey?: string | undefined
  readonly passphrase?: string | undefined
  /** Pinned host key, `SHA256:…`; absent: any is taken. */
  readonly hostKey?: string | undefined
  readonly options: DeviceOptions
  /** For the TCP connection, and again for the rest up to the open session, ms. */
  readonly timeoutMs: number
  /** As it reads over this transport. */
  readonly driver: Driver
  /** Login of the console server whose line the port is; absent: the device's own opens both. */
  readonly server?: ServerLogin | undefined
}

export interface ServerLogin extends Pick<Target, 'username' | 'password' | 'privateKey' | 'passphrase'> {
  /** Name of the console server, for failures. */
  readonly hop: string
}

export interface ConnectParts {
  /** Aborting it destroys the connection at once, also later. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** Is told how far the connection came: `tcp`, `banner`, `host-key`, `login`. */
  readonly ladder?: Climb | undefined
  /** Opens the byte stream; absent: a TCP connection of our own. Through jump hosts it is one of theirs. */
  readonly dial?: Dial
}

/** A device that is passed on the way, by SSH. */
export interface HopTarget extends Omit<Target, 'transport' | 'name' | 'driver' | 'server'> {
  /** Name of the device, for failures. */
  readonly hop: string
}

/** A way over other devices that stands. */
export interface Way {
  readonly dial: Dial
  /** Host keys that were seen, in the order of the hops. */
  readonly hostKeys: readonly string[]
  close(): void
}

/**
 * Opens a byte stream to an address and port.
 * @throws Failure NO_ROUTE, TCP_TIMEOUT, PORT_REFUSED, or the reason of the signal
 */
export type Dial = (to: { readonly address: string; readonly port: number }) => Promise<Duplex>
