/**
 * Telnet (RFC 854) as a client that wants nothing: it agrees to what makes an ordinary terminal (echo by the device, RFC 857;
 * no go-ahead, RFC 858; its kind, RFC 1091; its size, RFC 1073) and refuses the rest. An answer is sent only when something
 * changes, so two sides can't keep each other busy (RFC 1143).
 */

const IAC = 255
const DONT = 254
const DO = 253
const WONT = 252
const WILL = 251
const SB = 250
const SE = 240
const CR = 13
const NUL = 0

const ECHO = 1
const SUPPRESS_GO_AHEAD = 3
const TERMINAL_TYPE = 24
const NAWS = 31

/** TERMINAL-TYPE (RFC 1091): SEND is the question, IS the answer. */
const IS = 0
const SEND = 1

/** A subnegotiation is cut off here, bytes; the two that we answer have at most a few. */
const SUBNEGOTIATION_MAX = 256

const theirs: ReadonlySet<number> = new Set([ECHO, SUPPRESS_GO_AHEAD])
const ours: ReadonlySet<number> = new Set([SUPPRESS_GO_AHEAD, TERMINAL_TYPE, NAWS])

/** A side that changes its mind about an option more often than this is not answered any more. */
const CHANGES_MAX = 8

type State = 'data' | 'iac' | 'option' | 'sub' | 'sub iac'

export interface Window {
  readonly term: string
  readonly columns: number
  readonly rows: number
}

export class TelnetProtocol {
  readonly #window: Window
  readonly #send: (bytes: Buffer) => void
  #state: State = 'data'
  #command = 0
  #negotiated = false
  readonly #sub: number[] = []
  /** Options that are on, on their side and on ours. */
  readonly #on = { theirs: new Set<number>(), ours: new Set<number>() }
  /** How often each option was answered, by side. */
  readonly #answers = { theirs: new Map<number, number>(), ours: new Map<number, number>() }
  /** Options that were refused once; saying it again changes nothing. */
  readonly #refused = { theirs: new Set<number>(), ours: new Set<number>() }

  /** @param send takes what answers a negotiation */
  constructor(window: Window, send: (bytes: Buffer) => void) {
    this.#window = window
    this.#send = send
  }

  /** The other side speaks Telnet; otherwise it is a plain line, such as the raw port of a console server. */
  get negotiated(): boolean {
    return this.#negotiated
  }

  /** @returns the data in these bytes; a CR keeps the NUL behind it (RFC 854, page 11), which ends a line on some systems: the terminal knows */
  take(bytes: Uint8Array): Buffer {
    const data = Buffer.allocUnsafe(bytes.length)
    let length = 0
    for (const byte of bytes) {
      switch (this.#state) {
        case 'data':
          if (byte === IAC) this.#state = 'iac'
          else data[length++] = byte
          break
        case 'iac':
          if (byte === IAC) data[length++] = IAC
          this.#state = this.#begin(byte)
          break
        case 'option':
          this.#negotiate(byte)
          this.#state = 'data'
          break
        case 'sub':
          if (byte === IAC) this.#state = 'sub iac'
          else this.#keep(byte)
          break
        case 'sub iac':
          if (byte === IAC) this.#keep(IAC)
          if (byte === SE) this.#answer()
          // Anything else here is against the protocol; the subnegotiation is over all the same.
          this.#state = byte === IAC ? 'sub' : 'data'
          break
      }
    }
    return data.subarray(0, length)
  }

  /** @returns what is written for this: IAC doubled; where Telnet is spoken, a CR with its NUL */
  encode(text: string | Uint8Array): Buffer {
    const plain = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)
    const bytes: number[] = []
    for (const byte of plain) {
      bytes.push(byte)
      if (byte === IAC) bytes.push(IAC)
      if (byte === CR && this.#negotiated) bytes.push(NUL)
    }
    return Buffer.from(bytes)
  }

  #begin(command: number): State {
    if (command === SB) {
      this.#sub.length = 0
      return 'sub'
    }
    if (command < WILL || command > DONT) return 'data'
    this.#command = command
    return 'option'
  }

  #negotiate(option: number): void {
    this.#negotiated = true
    const isTheirs = this.#command === WILL || this.#command === WONT
    const side = isTheirs ? 'theirs' : 'ours'
    const wanted = this.#command === WILL || this.#command === DO
    const agreed = wanted && (isTheirs ? theirs : ours).has(option)
    const [yes, no] = isTheirs ? [DO, DONT] : [WILL, WONT]
    const answers = this.#answers[side].get(option) ?? 0
    if (answers >= CHANGES_MAX) return
    if (agreed) {
      if (this.#on[side].has(option)) return
      this.#on[side].add(option)
      this.#answers[side].set(option, answers + 1)
      this.#send(Buffer.from([IAC, yes, option]))
      if (option === NAWS) this.#sendSize()
      return
    }
    const wasOn = this.#on[side].delete(option)
    if (!wasOn && (!wanted || this.#refused[side].has(option))) return
    this.#refused[side].add(option)
    this.#answers[side].set(option, answers + 1)
    this.#send(Buffer.from([IAC, no, option]))
  }

  #keep(byte: number): void {
    if (this.#sub.length < SUBNEGOTIATION_MAX) this.#sub.push(byte)
  }

  #answer(): void {
    const [option, kind] = this.#sub
    if (option !== TERMINAL_TYPE || kind !== SEND || !this.#on.ours.has(TERMINAL_TYPE)) return
    const name = Buffer.from(this.#window.term.toUpperCase(), 'latin1')
    this.#send(Buffer.concat([Buffer.from([IAC, SB, TERMINAL_TYPE, IS]), name, Buffer.from([IAC, SE])]))
  }

  /** RFC 1073: two bytes each, most significant first, IAC doubled. */
  #sendSize(): void {
    const { columns, rows } = this.#window
    const size = [columns >> 8, columns & 255, rows >> 8, rows & 255].flatMap((byte) =>
      byte === IAC ? [IAC, IAC] : [byte],
    )
    this.#send(Buffer.from([IAC, SB, NAWS, ...size, IAC, SE]))
  }
}
