/**
 * Fetching one file as `scp -f` gives it, the protocol of rcp: we send a NUL for "go on"; the device sends `C0644 SIZE NAME` and
 * a line feed, after our NUL SIZE bytes, then a NUL. Byte 1 or 2 begins a line of complaint. (rcp(1) of 4.2BSD; OpenSSH's scp.)
 */

const HEAD_MAX = 4096
const GO_ON = Buffer.from([0])

export class ScpError extends Error {
  /** The device said it: there is no such file, or the user may not have it. Otherwise it speaks against the protocol. */
  readonly isTold: boolean

  constructor(message: string, isTold: boolean) {
    super(message)
    this.isTold = isTold
  }
}

export class ScpSource {
  readonly #send: (bytes: Buffer) => void
  #rest: Buffer = Buffer.alloc(0)
  #state: 'head' | 'body' | 'end' | 'over' = 'head'
  #left = 0
  #begun = false
  readonly #pieces: Buffer[] = []
  readonly #into: (bytes: Buffer) => void

  /** @param into takes the file's bytes; absent: they are collected */
  constructor(send: (bytes: Buffer) => void, into?: (bytes: Buffer) => void) {
    this.#send = send
    this.#into = into ?? ((bytes) => this.#pieces.push(bytes))
  }

  /** A file was announced. */
  get hasBegun(): boolean {
    return this.#begun
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  begin(): void {
    this.#send(GO_ON)
  }

  /** @returns what was collected of the whole file, once @throws ScpError */
  take(bytes: Buffer): Buffer | undefined {
    if (this.#state === 'over') return undefined
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    if (this.#state === 'head') this.#head()
    if (this.#state === 'body') this.#body()
    if (this.#state !== 'end' || this.#rest.length === 0) return undefined
    this.#state = 'over'
    if (this.#rest[0] !== 0) throw new ScpError(complaint(this.#rest), true)
    this.#send(GO_ON)
    return Buffer.concat(this.#pieces)
  }

  #head(): void {
    const at = this.#rest.indexOf(10)
    if (at < 0) {
      if (this.#rest.length > HEAD_MAX) this.#fail('no header', false)
      return
    }
    const line = this.#rest.toString('utf8', 0, at)
    this.#rest = this.#rest.subarray(at + 1)
    if (/^[\x01\x02]/.test(line)) this.#fail(complaint(Buffer.from(line)), true)
    const size = /^C[0-7]{4} (\d{1,12}) [^/]+$/.exec(line)?.[1]
    if (size === undefined) this.#fail(`no header: ${JSON.stringify(line.slice(0, 80))}`, false)
    this.#left = Number(size)
    this.#begun = true
    this.#state = 'body'
    this.#send(GO_ON)
  }

  #body(): void {
    const part = this.#rest.subarray(0, this.#left)
    if (part.length > 0) this.#into(part)
    this.#left -= part.length
    this.#rest = this.#rest.subarray(part.length)
    if (this.#left === 0) this.#state = 'end'
  }

  #fail(message: string, isTold: boolean): never {
    this.#state = 'over'
    throw new ScpError(message, isTold)
  }
}

function complaint(bytes: Buffer): string {
  return bytes
    .toString('utf8', 1, 300)
    .replace(/[^ -~]+/g, ' ')
    .trim()
}
