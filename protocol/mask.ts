/**
 * Where secrets stand in a text, and the view that shows a digest in the place of each. Agent and hub use the same code, so
 * that both write the same `<secret:1a2b3c4d>` for one secret: a change is visible and comparable, the secret is not.
 */
import { createHmac } from 'node:crypto'

/** A stretch of text in UTF-16 code units: start, and the first unit after it. */
export type Span = readonly [start: number, end: number]

/**
 * Puts spans in order, joins those that overlap or touch, and writes them as `ContentQuestion.spans` has them: distance
 * from the end of the last one, length, and so on.
 */
export function encodeSpans(spans: readonly Span[]): number[] {
  const deltas: number[] = []
  let end = 0
  for (const [from, to] of joined(spans)) {
    deltas.push(from - end, to - from)
    end = to
  }
  return deltas
}

/**
 * @param deltas as `encodeSpans` writes them
 * @param length of the text, UTF-16 code units
 * @throws RangeError when they are not spans of such a text
 */
export function decodeSpans(deltas: readonly number[], length: number): Span[] {
  if (deltas.length % 2 !== 0) throw new RangeError('spans come as pairs of distance and length')
  const spans: Span[] = []
  let end = 0
  for (let at = 0; at < deltas.length; at += 2) {
    const start = end + whole(deltas[at])
    end = start + whole(deltas[at + 1])
    if (end > length) throw new RangeError(`a span ends at ${end} in a text of ${length}`)
    spans.push([start, end])
  }
  return spans
}

/**
 * The masked view: each span becomes `<secret:…>` with the first 8 hex digits of HMAC-SHA256(key, secret in UTF-8).
 * @param spans as `encodeSpans` writes them
 * @param key as it is; a string is taken as its UTF-8 bytes, also when it looks like base64
 * @throws RangeError when the spans do not fit the text
 */
export function mask(text: string, spans: readonly number[], key: string | Uint8Array): string {
  return replaceSpans(text, decodeSpans(spans, text.length), (secret) => maskOf(secret, key))
}

/** What stands for one secret. */
export function maskOf(secret: string, key: string | Uint8Array): string {
  return `<secret:${createHmac('sha256', key).update(secret, 'utf8').digest('hex').slice(0, 8)}>`
}

/** @param spans in order and not overlapping, as `decodeSpans` gives them */
export function replaceSpans(text: string, spans: readonly Span[], replacement: (part: string) => string): string {
  let out = ''
  let end = 0
  for (const [from, to] of spans) {
    out += text.slice(end, from) + replacement(text.slice(from, to))
    end = to
  }
  return out + text.slice(end)
}

function joined(spans: readonly Span[]): Span[] {
  const sorted = spans.filter(([from, to]) => to > from).sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const out: [number, number][] = []
  for (const [from, to] of sorted) {
    const last = out.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else out.push([from, to])
  }
  return out
}

function whole(value: number | undefined): number {
  if (value === undefined || !Number.isInteger(value) || value < 0)
    throw new RangeError('a span is made of whole numbers')
  return value
}
