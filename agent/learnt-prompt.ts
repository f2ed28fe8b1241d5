/**
 * The prompt of one device, learnt from its first one: literal, but for the named groups of the driver's pattern. What they
 * hold may change from one prompt to the next: Extreme EXOS counts its commands and puts a star before a changed configuration.
 */
import { BoundedPattern } from './bounded-pattern.ts'

/** No prompt is longer. */
const LENGTH_MAX = 512

interface Changing {
  readonly whole: RegExp
  readonly start: RegExp
  /** The same without the blanks at both ends. */
  readonly begin: RegExp
  /** What every such prompt holds; quicker to look for. */
  readonly literal: string
}

export class LearntPrompt {
  /** As it was learnt. */
  readonly text: string
  readonly #changing: Changing | undefined

  /** @param line a prompt, which this pattern matches */
  constructor(pattern: RegExp, line: string) {
    this.text = line
    // The group's own pattern comes from a driver that anybody may write; it is bounded as that of the driver is.
    this.#changing = pattern.source.includes('(?<') ? changingOf(pattern, line) : undefined
  }

  is(line: string): boolean {
    if (line === this.text) return true
    return this.#changing !== undefined && line.includes(this.#changing.literal) && this.#changing.whole.test(line)
  }

  /** @returns how many characters of this line are the prompt at its beginning; 0: none */
  lengthIn(line: string): number {
    if (!this.#changing) return line.startsWith(this.text) ? this.text.length : 0
    return this.#changing.start.exec(line.slice(0, LENGTH_MAX))?.[0].length ?? 0
  }

  /** @returns what stands behind the prompt in a line that begins with it; blanks before and behind the prompt do not count */
  after(line: string): string | undefined {
    const text = line.trimStart()
    if (!this.#changing) {
      const begin = this.text.trim()
      return text.startsWith(begin) ? text.slice(begin.length) : undefined
    }
    const start = text.slice(0, LENGTH_MAX)
    if (!start.includes(this.#changing.literal.trim())) return undefined
    const found = this.#changing.begin.exec(start)
    return found ? text.slice(found[0].length) : undefined
  }
}

function changingOf(pattern: RegExp, line: string): Changing | undefined {
  const groups = new BoundedPattern(pattern.source, 'd').exec(line)?.indices?.groups ?? {}
  const literals: string[] = []
  const parts: string[] = []
  let from = 0
  const found = Object.entries(groups).flatMap(([name, at]) => (at ? [{ name, start: at[0], end: at[1] }] : []))
  for (const { name, start, end } of found.sort((a, b) => a.start - b.start || a.end - b.end)) {
    const inside = insideOf(pattern.source, name)
    // A group within another one has changed with it.
    if (inside === undefined || start < from) continue
    literals.push(line.slice(from, start))
    parts.push(`(?:${inside})`)
    from = end
  }
  if (parts.length === 0) return undefined
  literals.push(line.slice(from))
  const sourceOf = (texts: readonly string[]) =>
    texts.map((text, index) => RegExp.escape(text) + (parts[index] ?? '')).join('')
  const last = literals.length - 1
  const trimmed = literals.map((text, index) =>
    index === 0 ? text.trimStart() : index === last ? text.trimEnd() : text,
  )
  return {
    whole: new BoundedPattern(`^${sourceOf(literals)}$`),
    start: new BoundedPattern(`^${sourceOf(literals)}`),
    begin: new BoundedPattern(`^${sourceOf(trimmed)}`),
    literal: literals.reduce((longest, text) => (text.length > longest.length ? text : longest), ''),
  }
}

/** What stands between the parentheses of a named group. */
function insideOf(source: string, name: string): string | undefined {
  const begin = `(?<${name}>`
  if (!source.includes(begin)) return undefined
  const from = source.indexOf(begin) + begin.length
  let depth = 1
  let inClass = false
  for (let at = from; at < source.length; at += 1) {
    const character = source[at]
    if (character === '\\') at += 1
    else if (inClass) inClass = character !== ']'
    else if (character === '[') inClass = true
    else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    if (depth === 0) return source.slice(from, at)
  }
  return undefined
}
