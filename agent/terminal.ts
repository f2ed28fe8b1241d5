/**
 * A terminal of one line: it takes what a device sends and keeps what a person would see, line by line. Devices erase
 * pagers, redraw their command line and colour it; all of that happens within the last line, so earlier ones are never
 * touched again and the work is linear in the output.
 *
 * Bytes are cells: a character of several bytes is several cells. Whether they are UTF-8 is decided on the whole text.
 */
import { Escape, type Sequence } from './escape.ts'
import { isPlain, Lines } from './lines.ts'

/** Width that the terminal claims to have; the transport asks for the same. Wider than any prompt with its command. */
export const COLUMNS = 511

/** Longer unfinished lines are no prompt and no pager. */
const TAIL_MAX = 1024

const NUL = 0
const BS = 8
const LF = 10
const CR = 13
const ESC = 27
const SPACE = 32

/** What remains of a pager's text when the key was sent before its last bytes came. */
const PAGER_REST = /^[\s\-–()[\]<>%\d.:]*$/

/** A line in which a pager was answered and that the device then ended without erasing it. */
export interface Standing {
  /** Where the line begins in `lines`. */
  readonly at: number
  /** Where the pager stands in the line. */
  readonly pagerFrom: number
  readonly pagerTo: number
  /** What stands behind it: the rest of the pager (or nothing), or text. */
  readonly rest: 'pager' | 'text'
}

export class Terminal {
  /** Completed lines. */
  readonly lines = new Lines()
  /** In `lines`, in order. */
  readonly standing: Standing[] = []
  /** Pagers that were erased or written over after their answer, ever. */
  erasedPagers = 0
  readonly #report: (answer: string) => void
  #cells: Buffer = Buffer.allocUnsafe(256)
  #length = 0
  #column = 0
  /** Cells that were blanked by overwriting; when they reach the end of the line they are not there. */
  #erasedFrom = 0
  #erasedTo = 0
  /** So many cells from the beginning of the line were overwritten by spaces, one after the other. */
  #blankTo = 0
  /** Where an answered pager stands in the line; -1: nowhere. */
  #pagerFrom = -1
  #pagerTo = -1
  /** No line feed has ever come: then CR NUL is what ends a line. With line feeds it is the bare CR of RFC 854. */
  #nulEndsLine = true
  /** What has just come: a CR, or a CR NUL that ended a line; its own line feed may follow. */
  #just: 'cr' | 'cr-nul' | undefined
  readonly #escape = new Escape()

  /** @param report takes answers to questions of the device about the terminal (ESC [6n) */
  constructor(report: (answer: string) => void) {
    this.#report = report
  }

  /** The unfinished last line, in Latin-1; empty when it is too long to be of interest, or is just being drawn. */
  get tail(): string {
    const end = this.#visible
    return end > TAIL_MAX || this.#escape.active ? '' : this.#cells.toString('latin1', 0, end)
  }

  /** A pager in the last line was answered, and the device has not reacted yet. */
  get inPager(): boolean {
    return this.#pagerFrom >= 0
  }

  /** Forgets the completed lines. */
  clear(): void {
    this.lines.clear()
    this.standing.length = 0
  }

  /** Forgets the unfinished line. */
  forgetTail(): void {
    this.#newLine()
  }

  /** What ends without a line end is a line too. */
  endLine(): void {
    if (this.#visible > 0) this.#lineFeed()
  }

  /** The last line, from this column on, looks like a pager and is being answered. */
  pager(from: number): void {
    this.#pagerFrom = from
    this.#pagerTo = this.#length
  }

  feed(bytes: Uint8Array): void {
    const end = bytes.length
    let at = 0
    while (at < end) {
      if (this.#escape.active) {
        at = this.#escaped(bytes, at)
        continue
      }
      if (this.#length === 0 && this.#column === 0 && !this.#nulEndsLine) at = this.lines.addPlain(bytes, at)
      const from = at
      while (at < end && isPlain(bytes[at] ?? 0)) at += 1
      if (at > from) this.#put(bytes, from, at)
      if (at < end) this.#control(bytes[at])
      at += 1
    }
  }

  get #visible(): number {
    return this.#erasedTo === this.#length && this.#erasedFrom < this.#length ? this.#erasedFrom : this.#length
  }

  /** Line editors end a full row with a space and a CR: the CR goes to the beginning of the row that has just begun. */
  get #rowStart(): number {
    return this.#column > COLUMNS ? Math.floor((this.#column - 1) / COLUMNS) * COLUMNS : 0
  }

  #newLine(): void {
    this.#length = 0
    this.#column = 0
    this.#erasedFrom = 0
    this.#erasedTo = 0
    this.#blankTo = 0
    this.#pagerFrom = -1
  }

  #lineFeed(): void {
    if (this.#pagerFrom >= 0) {
      const rest = PAGER_REST.test(this.#cells.toString('latin1', this.#pagerTo, this.#length)) ? 'pager' : 'text'
      this.standing.push({ at: this.lines.length, pagerFrom: this.#pagerFrom, pagerTo: this.#pagerTo, rest })
    }
    this.lines.add(this.#cells, 0, this.#visible)
    this.#newLine()
  }

  #put(bytes: Uint8Array, from: number, to: number): void {
    this.#just = undefined
    if (this.#pagerFrom >= 0 && this.#column < this.#length) this.#erasePager()
    const last = this.#column + to - from
    if (last > this.#cells.length) this.#cells = grown(this.#cells, this.#length, last)
    if (this.#column > this.#length) {
      this.#cells.fill(SPACE, this.#length, this.#column)
      this.#length = this.#column
    }
    let at = from
    while (at < to && this.#column < this.#length) this.#overwrite(bytes[at++] ?? SPACE)
    if (at === to) return
    this.#eraseBeyond(bytes, at, to)
    this.#cells.set(bytes.subarray(at, to), this.#column)
    this.#column = last
    this.#length = last
  }

  /** Blanks that go on where blanked cells end the line are as invisible: Huawei erases a pager with more than it has. */
  #eraseBeyond(bytes: Uint8Array, from: number, to: number): void {
    if (this.#erasedFrom === this.#erasedTo || this.#erasedTo !== this.#length) return
    let at = from
    while (at < to && bytes[at] === SPACE) at += 1
    this.#erase(this.#erasedFrom, this.#length + at - from)
  }

  #overwrite(cell: number): void {
    const at = this.#column++
    const before = this.#cells[at]
    this.#cells[at] = cell
    const from = this.#erasedFrom
    const to = this.#erasedTo
    if (cell !== SPACE) this.#blankTo = 0
    if (cell === SPACE) {
      if (at === 0 || at === this.#blankTo) this.#blankTo = at + 1
      // The whole line is being blanked: then its own leading spaces go as well.
      const begin = at < this.#blankTo ? 0 : at
      const apart = from === to || at > to || at < from - 1
      // A prompt that is drawn again keeps the space at its end.
      if (apart && before === SPACE) return
      if (apart) this.#erase(begin, at + 1)
      else this.#erase(Math.min(from, begin), Math.max(to, at + 1))
    } else if (from < to && to === this.#length && at >= from - 1) {
      this.#length = at + 1
      this.#erase(0, 0)
    } else if (at >= from && at < to) {
      this.#erase(at + 1, to)
    }
  }

  #erase(from: number, to: number): void {
    this.#erasedFrom = from
    this.#erasedTo = to
  }

  #erasePager(): void {
    const from = this.#pagerFrom
    this.#pagerFrom = -1
    this.erasedPagers += 1
    this.#cells.fill(SPACE, from, this.#length)
    this.#erase(from, this.#length)
  }

  #truncate(to: number): void {
    if (to >= this.#length) return
    if (this.#pagerFrom >= 0) this.erasedPagers += 1
    this.#pagerFrom = -1
    this.#length = to
    this.#erasedTo = Math.min(this.#erasedTo, to)
    if (this.#erasedFrom >= this.#erasedTo) this.#erase(0, 0)
  }

  #control(byte: number | undefined): void {
    const before = this.#just
    this.#just = undefined
    if (byte === LF) {
      this.#nulEndsLine = false
      if (before !== 'cr-nul') this.#lineFeed()
    } else if (byte === CR) {
      this.#column = this.#rowStart
      this.#just = 'cr'
    } else if (byte === NUL && before === 'cr' && this.#nulEndsLine) {
      this.#lineFeed()
      this.#just = 'cr-nul'
    } else if (byte === BS) {
      this.#column = Math.max(0, this.#column - 1)
    } else if (byte === ESC) {
      this.#escape.begin()
    }
  }

  #escaped(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0
      // No sequence has a line feed within: what looked like one was text. Nothing of the next line may be lost.
      if (byte === LF) {
        this.#escape.cancel()
        return at
      }
      at += 1
      const sequence = this.#escape.take(byte)
      if (sequence === undefined) continue
      this.#act(sequence)
      return at
    }
    return at
  }

  #act({ final, first, second }: Sequence): void {
    const count = Math.max(1, first)
    if (final === 'K' || final === 'J') {
      if (first === 0) this.#truncate(this.#column)
      else if (first >= 2) this.#truncate(0)
      else if (this.#column >= this.#length) this.#truncate(0)
      else this.#cells.fill(SPACE, 0, this.#column)
    } else if (final === 'C') {
      this.#column = Math.max(this.#column, Math.min(this.#column + count, COLUMNS - 1))
    } else if (final === 'D') {
      this.#column = Math.max(0, this.#column - count)
    } else if (final === 'G') {
      this.#column = Math.min(count, COLUMNS) - 1
    } else if (final === 'H' || final === 'f') {
      this.#column = Math.min(Math.max(1, second), COLUMNS) - 1
    } else if (final === 'P') {
      this.#delete(count)
    } else if (final === 'n' && first === 6) {
      this.#report(`\x1b[1;${Math.min(this.#column, COLUMNS - 1) + 1}R`)
    } else if (final === 'E') {
      this.#lineFeed()
    }
  }

  #delete(count: number): void {
    if (this.#column >= this.#length) return
    const from = Math.min(this.#length, this.#column + count)
    this.#cells.copyWithin(this.#column, from, this.#length)
    this.#truncate(this.#length - (from - this.#column))
  }
}

function grown(buffer: Buffer, used: number, needed: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(needed, buffer.length * 2))
  buffer.copy(larger, 0, 0, used)
  return larger
}
