/** What the session engine needs of the other end. Transports implement it; the engine knows no transport. */
import type { Duplex } from 'node:stream'

export interface End {
  /** The other side closed it in order; false: the connection broke off. */
  readonly clean: boolean
  /** Exit status of a command, when the other side sent one. */
  readonly exit?: number
  /** Signal that ended the command, such as `SIGKILL`. */
  readonly signal?: string
  /** What broke it. */
  readonly error?: Error
}

export interface Channel {
  write(data: string | Uint8Array): void
  /** One listener; what came before it was set is kept for it. */
  onData(listener: (bytes: Buffer) => void): void
  /** What a command says beside its output (`stderr`); absent: there is no such stream, or it comes with the data. */
  onErrorData?(listener: (bytes: Buffer) => void): void
  /** Called once, after the last data. */
  onEnd(listener: (end: End) => void): void
  close(): void
}

/** How long an exchange may take, and how much it may bring. */
export interface ExchangeLimits {
  /** Ms without a byte. */
  readonly idleMs: number
  /** Ms altogether. */
  readonly totalMs: number
  /** Bytes of an answer. */
  readonly maxBytes: number
}

/** The answer to one request of a transport that is no stream. */
export interface ExchangeReply {
  readonly bytes: Buffer
  /** The device does not know what was asked for (the driver's next way is tried), or the user may not have it. */
  readonly refused?: 'unknown' | 'denied'
  /** What it said about it, for a person. */
  readonly aside?: string
  /** What makes the answer doubtful although it came. */
  readonly doubt?: string
  /** Path of the file that it is; absent: it is none. */
  readonly file?: string
}

/** Takes the bytes of an answer as they come, as they are. What it throws ends the exchange. */
export type Sink = (bytes: Buffer) => void

/** What SFTP does for us. Each rejects with an Error whose `code` is a status of SFTP: 2 no such file, 3 permission denied. */
export interface Files {
  /** Names in a folder, with the time of their last change, seconds since 1970. */
  list(folder: string): Promise<{ name: string; changed: number; isFile: boolean }[]>
  /** @param heard takes each piece; false stops it */
  read(path: string, heard: (bytes: Buffer) => boolean): Promise<void>
  /** Size as it is now, bytes. */
  size(path: string): Promise<number>
  close(): void
}

export interface Connection {
  /** @throws Failure CHANNEL_REFUSED (also: this transport has none), CONNECTION_LOST */
  shell(): Promise<Channel>
  /** @throws Failure CHANNEL_REFUSED, CONNECTION_LOST */
  exec(command: string): Promise<Channel>
  /**
   * A channel of a subsystem such as `netconf` or `sftp` (RFC 4254 section 6.5). SSH alone has it.
   * @throws Failure CHANNEL_REFUSED, CONNECTION_LOST
   */
  subsystem?(name: string): Promise<Channel>
  /**
   * A byte stream from there to another address and port (`direct-tcpip`, RFC 4254 section 7.2). SSH alone has it.
   * @throws Failure CHANNEL_REFUSED, CONNECTION_LOST
   */
  forward?(to: { readonly address: string; readonly port: number }): Promise<Duplex>
  /**
   * Reading files by SFTP. SSH alone has it.
   * @throws Failure CHANNEL_REFUSED, CONNECTION_LOST
   */
  files?(): Promise<Files>
  /**
   * Asks for one thing in the words of the driver's commands. NETCONF, HTTP and file transfer have it; SSH has file transfer.
   * @param into takes the bytes instead of the answer, which then has none; a transport may know it or not
   * @throws Failure DEVICE_COMMAND_TIMEOUT, OUTPUT_TOO_LARGE, CONNECTION_LOST and what the transport says
   */
  exchange?(request: string, limits: ExchangeLimits, into?: Sink): Promise<ExchangeReply>
  /** `SHA256:` and base64 without padding, as OpenSSH prints it; absent: the transport has none. */
  readonly hostKey?: string
  close(): void
}
