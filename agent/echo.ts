/**
 * Finds the echo of a command in what a device sends. It anchors where the output begins, so that nothing of an earlier
 * command is taken for it. Line editors wrap it, redraw it or scroll it, so blanks do not count.
 */
import type { LearntPrompt } from './learnt-prompt.ts'
import type { Lines } from './lines.ts'

/** A longer line is no echo. */
const LINE_MAX = 16_384
/** Blanks and redrawing that an echo may have more than its command. */
const SLACK = 200

export class Echo {
  readonly #prompt: LearntPrompt
  /** Of the prompt, without blanks. */
  readonly #promptLength: number
  readonly #command: string
  /** Whether the echo must stand behind the prompt: not yet known of a new device. */
  readonly #strict: boolean
  #at = 0
  #joined = ''
  #afterPrompt: number | undefined

  constructor(prompt: LearntPrompt, command: string, strict: boolean) {
    this.#prompt = prompt
    this.#promptLength = compact(prompt.text).length
    this.#command = compact(command)
    this.#strict = strict
  }

  /** Where the first line ends that begins with the prompt and has more: an echo that could not be read. */
  get afterPrompt(): number | undefined {
    return this.#afterPrompt
  }

  /**
   * @param lines completed lines; more at each call
   * @returns where the line after the echo begins
   */
  find(lines: Lines): number | undefined {
    for (let end = lines.endOf(this.#at); end >= 0; end = lines.endOf(this.#at)) {
      const start = this.#at
      this.#at = end
      if (end - start > LINE_MAX) this.#joined = ''
      else if (this.#is(lines.slice(start, end).toString('latin1'))) return end
    }
    return undefined
  }

  /** The same for a device of which no echo is expected: only a first line that is the command is one. */
  atFirst(lines: Lines): number | undefined {
    const end = this.#at === 0 ? lines.endOf(0) : -1
    if (end < 0) return undefined
    this.#at = end
    return end <= LINE_MAX && compact(lines.slice(0, end).toString('latin1')) === this.#command ? end : undefined
  }

  #is(line: string): boolean {
    const behind = this.#prompt.after(line)
    const begins = behind !== undefined
    // Of the many lines that may be left of an earlier command nearly all end here.
    if (!begins && this.#joined === '' && line.length > 2 * this.#command.length + SLACK) return false
    const text = compact(line)
    if (begins && behind.trim() !== '') this.#afterPrompt ??= this.#at
    if (begins) this.#joined = text
    else if (this.#joined !== '') this.#joined += text
    if (this.#joined.length > this.#promptLength + this.#command.length + SLACK) this.#joined = ''
    if (text === this.#command || (!this.#strict && text.endsWith(this.#command))) return true
    return this.#joined !== '' && (this.#joined.endsWith(this.#command) || this.#isScrolled(text))
  }

  /** IOS on a narrow terminal shows `$` and the end of the command. */
  #isScrolled(line: string): boolean {
    const mark = line.indexOf('$', this.#promptLength)
    return mark >= 0 && line.length - mark > 3 && this.#command.endsWith(line.slice(mark + 1))
  }
}

function compact(text: string): string {
  return text.replace(/\s+/g, '')
}
