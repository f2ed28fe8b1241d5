/** Bodies as lines that a person can compare: JSON and XML are laid out, all else stays as it is. */
import { parseXml, prettyXml, XmlError } from './xml.ts'

interface Laid {
  readonly bytes: Buffer
  /** Why it may not be whole. */
  readonly doubt?: string
}

/** @param type value of Content-Type (RFC 9110 section 8.3) */
export function readable(body: Buffer, type = ''): Laid {
  const media = type.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (/[/+]json$/.test(media)) return laidOut(body, prettyJson, SyntaxError, 'the answer is no whole JSON')
  if (/[/+]xml$/.test(media))
    return laidOut(body, (text) => prettyXml(parseXml(text)), XmlError, 'the answer is no whole XML')
  return { bytes: body }
}

function laidOut(
  body: Buffer,
  lay: (text: string) => string,
  wrong: new (...args: never[]) => Error,
  doubt: string,
): Laid {
  try {
    return { bytes: Buffer.from(lay(body.toString('utf8').replace(/^\uFEFF/, ''))) }
  } catch (error) {
    if (error instanceof wrong) return { bytes: body, doubt }
    throw error
  }
}

/** Members in the order of their names, since theirs means nothing (RFC 8259 section 4); numbers as they were written. */
export function prettyJson(text: string): string {
  const value: unknown = JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number' && context?.source !== undefined) return rawNumber(context.source, value)
    if (typeof value !== 'object' || value === null || Array.isArray(value) || isRaw(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** ECMA-262, JSON.parse source text access: in Node since 21, not yet in the types. */
const raw = JSON as JSON & { rawJSON?: (text: string) => object; isRawJSON?: (value: unknown) => boolean }

function rawNumber(source: string, value: number): unknown {
  return raw.rawJSON ? raw.rawJSON(source) : value
}

function isRaw(value: unknown): boolean {
  return raw.isRawJSON?.(value) ?? false
}
