/**
 * Answers pagers, and takes them out of what is kept.
 *
 * A line of a configuration may look like a pager, and the device may rest just behind it. What comes after the key tells: a pager
 * is erased or written over. What is left standing is text, unless it comes after each page of the same length, as on systems
 * that never erase. A key at a text may come back anywhere as its echo, so such a read is doubtful; the next one waits longer there.
 */
import type { Conversation } from './conversation.ts'
import type { Pager } from './driver.ts'
import type { LearntPrompt } from './learnt-prompt.ts'

/** A pager that was never seen is answered when it has stood for so long, ms: then it has come whole. */
const NEW_QUIET_MS = 50
/** One that looks like an earlier one, ms: text of a configuration that looks like it goes on at once. */
const KNOWN_QUIET_MS = 10
/** One that looks like an earlier one which was text, ms. */
const DOUBTED_QUIET_MS = 2000
/** The first page has a banner or an echo more or less than the others, lines. */
const FIRST_PAGE_SLACK = 2
const LF = 10

const DOUBT = 'a line in it looks like a pager, and a key was sent to it'

/** What is kept of the output of a command. */
export interface Kept {
  readonly bytes: Buffer
  readonly doubt?: string
}

export class Pagers {
  readonly #talk: Conversation
  readonly #pagers: readonly Pager[]
  /** How long a pager of each shape must stand, ms. */
  readonly #quietMs = new Map<string, number>()
  /** Of a system that leaves its pagers standing: lines from one to the next. */
  #pageLines: number | undefined
  #lastShape = ''
  /** Keys sent during this command. */
  #keys = 0

  constructor(talk: Conversation, pagers: readonly Pager[]) {
    this.#talk = talk
    this.#pagers = pagers
  }

  /** A command is sent. */
  begin(): void {
    this.#keys = 0
  }

  /** @returns whether the unfinished line is a pager: answered, or looked at again when it has stood for longer */
  answers(tail: string, quietMs: number): boolean {
    const { terminal } = this.#talk
    if (tail === '' || terminal.inPager) return false
    for (const { when, send } of this.#pagers) {
      const at = when.exec(tail)?.index
      if (at === undefined) continue
      const shape = tail.slice(at).replace(/\d+/g, '#')
      const standMs = this.#quietMs.get(shape) ?? NEW_QUIET_MS
      if (quietMs < standMs) {
        this.#talk.wakeAfter(standMs)
        return true
      }
      if (!this.#quietMs.has(shape)) this.#quietMs.set(shape, KNOWN_QUIET_MS)
      this.#lastShape = shape
      this.#keys += 1
      terminal.pager(at)
      this.#talk.say({ kind: 'key', text: send })
      return true
    }
    return false
  }

  /** Whether a line is the prompt, also with blanks behind it: keys that no pager took. */
  isPrompt(line: string, prompt: LearntPrompt): boolean {
    if (prompt.is(line)) return true
    const blanks = line.length - line.trimEnd().length
    for (let typed = 1; typed <= Math.min(blanks, this.#keys); typed += 1) {
      if (prompt.is(line.slice(0, -typed))) return true
    }
    return false
  }

  /** The output between these bytes of the lines, without the pagers that were left standing in it. */
  settle(from: number, to: number): Kept {
    const { lines, standing } = this.#talk.terminal
    const bytes = Buffer.from(lines.slice(from, to))
    if (standing.length === 0) return { bytes }
    const found = standing.filter(({ at }) => at >= from && at < to)
    if (
      !this.#arePagers(
        bytes,
        found.map(({ at }) => at - from),
      )
    ) {
      this.#quietMs.set(this.#lastShape, DOUBTED_QUIET_MS)
      return { bytes, doubt: DOUBT }
    }
    const parts: Buffer[] = []
    let next = 0
    for (const { at, pagerFrom, pagerTo, rest } of found) {
      const start = at - from
      parts.push(bytes.subarray(next, start + pagerFrom))
      next = start + pagerTo
      // What stands before or behind it stays with its line feed.
      if (rest === 'pager') next = bytes.indexOf(LF, next) + (pagerFrom > 0 ? 0 : 1)
    }
    return { bytes: Buffer.concat([...parts, bytes.subarray(next)]) }
  }

  #arePagers(bytes: Buffer, starts: readonly number[]): boolean {
    const { terminal } = this.#talk
    if (terminal.erasedPagers > 0 || starts.length === 0 || starts.length < terminal.standing.length) return false
    const pages: number[] = []
    let from = 0
    for (const start of starts) {
      pages.push(lineFeedsIn(bytes, from, start))
      from = start
    }
    const [first = 0, ...others] = pages
    const pageLines = others[0] ?? this.#pageLines
    if (pageLines === undefined || others.some((page) => page !== pageLines)) return false
    if (Math.abs(first - pageLines) > FIRST_PAGE_SLACK) return false
    this.#pageLines = pageLines
    return true
  }
}

function lineFeedsIn(bytes: Buffer, from: number, to: number): number {
  let count = 0
  for (let at = bytes.indexOf(LF, from); at >= 0 && at < to; at = bytes.indexOf(LF, at + 1)) count += 1
  return count
}
