/** Whole lines taken out of a text, and what that does to the places that were known in it. */
import type { Span } from '@netraven/protocol/mask.ts'

/** @returns each line that one of the patterns fits, with its line feed; in order */
export function linesThatFit(text: string, patterns: readonly RegExp[]): Span[] {
  if (patterns.length === 0) return []
  const found: Span[] = []
  let at = 0
  for (const line of text.split('\n')) {
    const end = Math.min(at + line.length + 1, text.length)
    if (end > at && patterns.some((pattern) => pattern.test(line))) found.push([at, end])
    at = end
  }
  return found
}

/** @param cuts in order, not overlapping */
export function withoutCuts(text: string, cuts: readonly Span[]): string {
  let out = ''
  let at = 0
  for (const [from, to] of cuts) {
    out += text.slice(at, from)
    at = to
  }
  return out + text.slice(at)
}

/**
 * Where spans of a text are once the cuts are gone: what lay in a cut is gone with it, what lay across one is shorter.
 * @param spans in order, not overlapping
 * @param cuts in order, not overlapping
 */
export function movedSpans(spans: readonly Span[], cuts: readonly Span[]): Span[] {
  if (cuts.length === 0) return [...spans]
  const moved: Span[] = []
  let next = 0
  let gone = 0
  /** Cuts are met in the order of the places that are asked for. */
  const placeOf = (at: number) => {
    for (let cut = cuts[next]; cut && cut[1] <= at; cut = cuts[next]) {
      gone += cut[1] - cut[0]
      next += 1
    }
    const cut = cuts[next]
    return (cut && cut[0] < at ? cut[0] : at) - gone
  }
  for (const [from, to] of spans) {
    const start = placeOf(from)
    const end = placeOf(to)
    if (end > start) moved.push([start, end])
  }
  return moved
}
