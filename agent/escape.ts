/**
 * Control sequences of terminals (ECMA-48, and what xterm adds), recognised byte by byte however they are cut. Only 7-bit
 * forms: the 8-bit ones are second bytes of UTF-8.
 */

/** A finished sequence: `ESC [ first ; second final`, or `ESC E` and `ESC D` (both a new line here) as final `E`. */
export interface Sequence {
  readonly final: string
  readonly first: number
  readonly second: number
}

/** A string sequence longer than this was none. */
const STRING_MAX = 4096
const PARAMETERS_MAX = 32

const BEL = 7
const ESC = 27
const BACKSLASH = 92

const IGNORED: Sequence = { final: '', first: 0, second: 0 }
const NEW_LINE: Sequence = { final: 'E', first: 0, second: 0 }

/** `string`: OSC, DCS, APC, PM, SOS up to BEL or ESC \; `skip`: one more byte, as of a character set. */
type State = 'none' | 'escape' | 'parameters' | 'string' | 'string-escape' | 'skip'

export class Escape {
  #state: State = 'none'
  #parameters = ''
  #length = 0

  get active(): boolean {
    return this.#state !== 'none'
  }

  begin(): void {
    this.#state = 'escape'
    this.#parameters = ''
    this.#length = 0
  }

  cancel(): void {
    this.#state = 'none'
  }

  /** @returns the sequence that this byte finishes */
  take(byte: number): Sequence | undefined {
    switch (this.#state) {
      case 'escape':
        return this.#afterEscape(byte)
      case 'parameters':
        return this.#parameter(byte)
      case 'string':
        this.#length += 1
        if (byte === BEL || this.#length > STRING_MAX) return this.#finish(IGNORED)
        if (byte === ESC) this.#state = 'string-escape'
        return undefined
      case 'string-escape':
        if (byte === BACKSLASH) return this.#finish(IGNORED)
        this.begin()
        return this.#afterEscape(byte)
      default:
        return this.#finish(IGNORED)
    }
  }

  #afterEscape(byte: number): Sequence | undefined {
    const character = String.fromCharCode(byte)
    if (character === '[') this.#state = 'parameters'
    else if (']PX^_'.includes(character)) this.#state = 'string'
    else if (byte >= 0x20 && byte <= 0x2f) this.#state = 'skip'
    else if (byte === ESC) this.begin()
    else return this.#finish(character === 'E' || character === 'D' ? NEW_LINE : IGNORED)
    return undefined
  }

  #parameter(byte: number): Sequence | undefined {
    if (byte === ESC) {
      this.begin()
      return undefined
    }
    if (byte < 0x20) return undefined
    if (byte < 0x40) {
      if (this.#parameters.length < PARAMETERS_MAX) this.#parameters += String.fromCharCode(byte)
      return undefined
    }
    // Private forms (ESC [ ? …) change nothing that is kept.
    if (!/^[\d;]*$/.test(this.#parameters)) return this.#finish(IGNORED)
    const [first, second] = this.#parameters.split(';')
    const final = String.fromCharCode(byte)
    return this.#finish(final === 'E' ? NEW_LINE : { final, first: Number(first ?? 0), second: Number(second ?? 0) })
  }

  #finish(sequence: Sequence): Sequence {
    this.#state = 'none'
    return sequence
  }
}
