/** What a connection needs to know. */
import type { Clock } from '../clock.ts'

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
