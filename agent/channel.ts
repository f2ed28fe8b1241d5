/** What the session engine needs of the other end. Transports implement it; the engine knows no transport. */

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

export interface Connection {
  /** @throws Failure CHANNEL_REFUSED, CONNECTION_LOST */
  shell(): Promise<Channel>
  /** @throws Failure CHANNEL_REFUSED, CONNECTION_LOST */
  exec(command: string): Promise<Channel>
  /** `SHA256:` and base64 without padding, as OpenSSH prints it. */
  readonly hostKey: string
  close(): void
}
