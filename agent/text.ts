/**
 * From what a device said to what is kept: the text, its hash, the fingerprint that decides "changed", where secrets stand,
 * and whether it is whole. Pure: same outputs, same result, byte for byte.
 *
 * What is kept of a configuration: every line as the device sent it, trailing spaces included, since a device may mean them
 * (a banner, a password) and sends the same ones each time. Only blank lines before its first and after its last line go;
 * they belong to the session. Notes stand above as comment lines, without blank lines, in the order of the driver's commands.
 */
import { createHash } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { decodeSpans, encodeSpans, mask, replaceSpans, type Span } from '@netraven/protocol/mask.ts'
import type { Driver } from './driver.ts'
import { INTERRUPTED } from './interruption.ts'
import { linesThatFit, movedSpans, withoutCuts } from './line-cuts.ts'
import type { Output } from './session.ts'

/** A new text of less than this part of the last good one is suspect. */
const SHRUNK = 0.5
/** As many numbers as `ContentQuestion.spans` takes. */
const SPANS_MAX = 200_000

export interface TextOptions {
  readonly secrets: 'keep' | 'strip'
  /** Key of the digests; needed with `strip`. A string is taken as its UTF-8 bytes. */
  readonly maskKey?: string | Uint8Array | undefined
  /** Size of the last good text, bytes; absent: none. */
  readonly lastGoodBytes?: number | undefined
  /**
   * Own patterns, each tried on every line of what would be kept: `ignore` lines count in no fingerprint, `remove` lines are not kept. Whether
   * the text is whole, and where its secrets are, is judged before any line goes; one that broke off keeps all its lines, and one that
   * shrank is compared by all of them, so that neither can pass for the last good one.
   */
  readonly patterns?: { readonly ignore: readonly RegExp[]; readonly remove: readonly RegExp[] } | undefined
}

export interface Text {
  /** Ends with exactly one line feed. */
  readonly text: string
  /** sha256 of the text in UTF-8, hex. */
  readonly contentHash: string
  /** The same with re-salted values left out. */
  readonly fingerprint: string
  readonly sizeBytes: number
  readonly verdict: 'complete' | 'suspect'
  /** Why it is suspect, for a person. */
  readonly reasons: string[]
  /** Where secrets stand, as `ContentQuestion.spans`; with `strip` there are none left. */
  readonly spans: number[]
}

/** Of a system that has files alone. */
export const noText: Text = {
  ...{ text: '', contentHash: sha256(''), fingerprint: sha256(''), sizeBytes: 0 },
  ...{ verdict: 'complete', reasons: [], spans: [] },
}

/**
 * @throws Failure EMPTY_READ when nothing is left of a configuration, MASKING_FAILED when secrets can't be found safely
 */
export function makeText(driver: Driver, outputs: readonly Output[], options: TextOptions): Text {
  const decode = decoderFor(outputs)
  const notes: string[] = []
  const configs: string[] = []
  const reasons: string[] = []
  for (const output of outputs) {
    const lines = cleaned(driver, decode(output.bytes))
    if (output.interrupted && !reasons.includes(INTERRUPTED)) reasons.push(INTERRUPTED)
    if (output.command.as === 'note') {
      notes.push(...noteLines(driver, lines, output.command.keep))
      continue
    }
    const config = trimmed(lines)
    if (config === '') throw new Failure('EMPTY_READ', { command: output.run.slice(0, 120) })
    const { complete } = output.command
    if (complete && !compiled(driver).complete(complete).test(config))
      reasons.push('the end mark of the configuration is missing')
    if (output.doubt !== undefined) reasons.push(output.doubt)
    configs.push(config)
  }
  if (configs.length === 0) throw new Failure('EMPTY_READ', { driver: driver.name })
  const raw = notes.map((line) => `${line}\n`).join('') + configs.join('')
  const { patterns, ...plain } = options
  let hidden = hide(driver, raw, reasons.length === 0 ? options : plain)
  if (hidden.text === '') throw new Failure('EMPTY_READ', { reason: 'the remove patterns left nothing of it' })
  const sizeBytes = Buffer.byteLength(hidden.text)
  const { lastGoodBytes } = options
  if (lastGoodBytes !== undefined && sizeBytes < lastGoodBytes * SHRUNK) {
    reasons.push(`it has ${sizeBytes} bytes, the last good one has ${lastGoodBytes}`)
    if (patterns?.ignore.length) hidden = hide(driver, raw, { ...plain, patterns: { ...patterns, ignore: [] } })
  }
  return { ...hidden, sizeBytes, verdict: reasons.length === 0 ? 'complete' : 'suspect', reasons }
}

/**
 * Where secrets stand in a text of this driver.
 * @returns as `ContentQuestion.spans`
 * @throws Failure MASKING_FAILED
 */
export function secretSpans(driver: Driver, text: string): number[] {
  const spans = encodeSpans(found(compiled(driver).secrets, text))
  if (spans.length > SPANS_MAX) throw new Failure('MASKING_FAILED', { reason: 'more secrets than a version may have' })
  return spans
}

function hide(driver: Driver, raw: string, { secrets, maskKey, patterns }: TextOptions) {
  const cuts = linesThatFit(raw, patterns?.remove ?? [])
  const ignored = linesThatFit(raw, patterns?.ignore ?? [])
  // Found in the whole text: a line that goes may be what tells that the next one holds a secret.
  const spans = encodeSpans(movedSpans(decodeSpans(secretSpans(driver, raw), raw.length), cuts))
  const resalted = found(compiled(driver).resalted, raw)
  const kept = withoutCuts(raw, cuts)
  /** What is left out of the fingerprint. */
  const uncompared = decodeSpans(encodeSpans([...resalted, ...ignored, ...cuts]), raw.length)
  const compared = replaceSpans(raw, uncompared, () => '')
  const comparesAll = resalted.length === 0 && ignored.length === 0
  if (secrets === 'keep') {
    const contentHash = sha256(kept)
    const fingerprint = comparesAll ? contentHash : sha256(compared)
    return { text: kept, contentHash, fingerprint, spans }
  }
  if (maskKey === undefined || maskKey.length === 0)
    throw new Failure('MASKING_FAILED', { reason: 'the task has no key' })
  const text = mask(kept, spans, maskKey)
  proveMasked(driver, text)
  const contentHash = sha256(text)
  if (comparesAll) return { text, contentHash, fingerprint: contentHash, spans: [] }
  // Digests of re-salted secrets change at each read too, so these go before the rest is masked.
  const places = movedSpans(decodeSpans(secretSpans(driver, raw), raw.length), uncompared)
  const fingerprint = sha256(mask(compared, encodeSpans(places), maskKey))
  return { text, contentHash, fingerprint, spans: [] }
}

/** A second search must find nothing but what the first put there. */
function proveMasked(driver: Driver, text: string): void {
  for (const [from, to] of found(compiled(driver).secrets, text)) {
    if (!/^\W?<secret:[0-9a-f]{8}>/.test(text.slice(from, to))) {
      throw new Failure('MASKING_FAILED', { driver: driver.name, reason: 'a secret is left after masking' })
    }
  }
}

function found(patterns: readonly RegExp[], text: string): Span[] {
  const spans: Span[] = []
  for (const pattern of patterns) {
    pattern.lastIndex = 0
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const span = match.indices?.groups?.secret
      if (span) spans.push(span)
      if (match[0] === '') pattern.lastIndex += 1
    }
  }
  return spans
}

/** Compiled once for each driver. */
interface Compiled {
  readonly secrets: readonly RegExp[]
  readonly resalted: readonly RegExp[]
  complete(pattern: RegExp): RegExp
}

const cache = new WeakMap<Driver, Compiled>()

function compiled(driver: Driver): Compiled {
  const known = cache.get(driver)
  if (known) return known
  const marks = new Map<RegExp, RegExp>()
  const made: Compiled = {
    secrets: driver.secrets.map(searching),
    resalted: driver.resalted.map(searching),
    complete(pattern) {
      const mark = marks.get(pattern) ?? new RegExp(pattern.source, 'm')
      marks.set(pattern, mark)
      return mark
    },
  }
  cache.set(driver, made)
  return made
}

function searching({ source }: RegExp): RegExp {
  if (!source.includes('(?<secret>'))
    throw new Failure('MASKING_FAILED', { reason: 'a pattern does not name its secret' })
  return new RegExp(source, 'dgm')
}

function cleaned(driver: Driver, text: string): string[] {
  const lines = unwrapped(driver, text).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return driver.volatile.length === 0 ? lines : lines.filter((line) => !matchesOne(driver.volatile, line))
}

/** A loop, since a closure for each line would be half of what a read leaves to the collector. */
function matchesOne(patterns: readonly RegExp[], line: string): boolean {
  for (const pattern of patterns) if (pattern.test(line)) return true
  return false
}

const unwrapping = new WeakMap<RegExp, RegExp>()

function unwrapped({ unwrap }: Driver, text: string): string {
  if (!unwrap) return text
  const pattern = unwrapping.get(unwrap) ?? new RegExp(unwrap.source, 'g')
  unwrapping.set(unwrap, pattern)
  return text.replace(pattern, '')
}

function noteLines(driver: Driver, lines: readonly string[], keep: RegExp | undefined): string[] {
  return lines
    .map((line) => line.trimEnd())
    .flatMap((line) => {
      const match = (keep ?? /^/).exec(line)
      return line === '' || !match ? [] : [driver.comment + (match.groups?.keep ?? line) + (driver.commentEnd ?? '')]
    })
}

function trimmed(lines: readonly string[]): string {
  const isText = (line: string) => line.trim() !== ''
  const first = lines.findIndex(isText)
  return first < 0 ? '' : `${lines.slice(first, lines.findLastIndex(isText) + 1).join('\n')}\n`
}

/** Bytes that are not UTF-8 anywhere are Latin-1 everywhere. */
function decoderFor(outputs: readonly Output[]): (bytes: Buffer) => string {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    const texts = new Map(outputs.map(({ bytes }) => [bytes, utf8.decode(bytes)]))
    return (bytes) => texts.get(bytes) ?? ''
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return (bytes) => bytes.toString('latin1')
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
