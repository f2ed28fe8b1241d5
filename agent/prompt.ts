/**
 * Tells a prompt from text that looks like one: a bare Enter must bring the same prompt again, with nothing else between.
 *
 * Every Enter that is sent comes back as one more prompt, but only when the device is through with its command. So the
 * prompts at the end of the output are counted: one, and one for each Enter, also for those that were sent too early.
 */
import type { Conversation } from './conversation.ts'
import type { Lines } from './lines.ts'

/** So long nothing more may come before a prompt is believed, ms. */
const CONFIRM_QUIET_MS = 20
/** An Enter that has not come back after so long was swallowed, as by a pager, ms. */
const SETTLE_MS = 1000
/** So many Enters are sent at one prompt at most. */
const ENTERS_MAX = 4
/** So many prompts in a row are looked at. */
const RUN_MAX = 32
/** So many lines may stand between two prompts. */
const GAP_MAX = 4
const LINE_MAX = 1024
const LF = 10

export class Confirmation {
  readonly #talk: Conversation
  readonly #between: ((line: string) => boolean) | undefined
  /** Enters sent at the prompt that stands there now, and before it. */
  #fresh = 0
  #stale = 0
  #start = -1
  /** How quiet it was when the last Enter was sent. */
  #enteredMs = 0
  #outstanding = 0

  /** @param interlude lines that the device prints before each prompt; absent: not learnt yet, any few lines may stand there */
  constructor(talk: Conversation, interlude?: readonly string[]) {
    this.#talk = talk
    this.#between = interlude && ((line) => line.trim() === '' || interlude.includes(line))
  }

  /** Once it is sure: Enters that have not come back. They were swallowed, or come later. */
  get outstanding(): number {
    return this.#outstanding
  }

  /**
   * To be called when the unfinished line is the prompt.
   * @param isPrompt whether a line is the prompt
   * @param from where the output begins
   * @returns where the first of the prompts at the end begins, once it is sure
   */
  check(isPrompt: (line: string) => boolean, from: number, quietMs: number): number | undefined {
    const run = promptsAtEnd(this.#talk.terminal.lines, isPrompt, from, this.#between ?? (() => true))
    const start = run[0] ?? 0
    if (start !== this.#start) {
      this.#start = start
      this.#stale += this.#fresh
      this.#fresh = 0
    }
    const due = 1 + this.#fresh + this.#stale
    const sinceMs = quietMs < this.#enteredMs ? quietMs : quietMs - this.#enteredMs
    if (due > 1 && run.length >= due) {
      if (quietMs >= CONFIRM_QUIET_MS) return run[run.length - due]
      this.#talk.wakeAfter(CONFIRM_QUIET_MS)
    } else if (due === 1) {
      this.#enter(quietMs)
    } else if (sinceMs < SETTLE_MS) {
      this.#talk.wakeAfter(quietMs - sinceMs + SETTLE_MS)
    } else if (this.#fresh > 0 && run.length > 1) {
      // A device that took several Enters to answer the first may answer the others as slowly.
      const patienceMs = SETTLE_MS * due
      if (quietMs >= patienceMs) {
        this.#outstanding = due - run.length
        return run[0]
      }
      this.#talk.wakeAfter(patienceMs)
    } else if (this.#fresh < ENTERS_MAX) {
      this.#enter(quietMs)
      this.#talk.wakeAfter(quietMs + SETTLE_MS)
    }
    return undefined
  }

  #enter(quietMs: number): void {
    this.#fresh += 1
    this.#enteredMs = quietMs
    this.#talk.say({ kind: 'enter' })
  }
}

/** Where each of the prompts at the end begins, first one first; the last is the unfinished line. */
function promptsAtEnd(
  lines: Lines,
  isPrompt: (line: string) => boolean,
  from: number,
  between: (line: string) => boolean,
): number[] {
  const starts = [lines.length]
  let end = lines.length
  let gap = 0
  while (end > from && starts.length < RUN_MAX) {
    const start = Math.max(from, lines.startOf(end, LINE_MAX))
    if (end - start > LINE_MAX) break
    const line = lines.slice(start, end - 1).toString('latin1')
    if (isPrompt(line)) {
      starts.unshift(start)
      gap = 0
    } else if (gap === GAP_MAX || !between(line)) {
      break
    } else {
      gap += 1
    }
    end = start
  }
  return starts
}

/** The lines between the last prompt that was ended by Enter and the one that came then. */
export function interludeOf(lines: Lines, isPrompt: (line: string) => boolean): string[] {
  const all = lines.slice(Math.max(0, lines.length - GAP_MAX * LINE_MAX), lines.length)
  const ends = all.toString('latin1').split('\n').slice(0, -1)
  const last = ends.findLastIndex(isPrompt)
  return last < 0 ? [] : ends.slice(last + 1).slice(-GAP_MAX)
}

/** Where the output ends when the lines before each prompt are taken off. */
export function withoutInterlude(lines: Lines, from: number, to: number, interlude: readonly string[]): number {
  if (interlude.length === 0) return to
  const ending = Buffer.from(interlude.map((line) => `${line}\n`).join(''), 'latin1')
  const at = to - ending.length
  if (at < from || !ending.equals(lines.slice(at, to))) return to
  return at === from || lines.slice(at - 1, at)[0] === LF ? at : to
}
