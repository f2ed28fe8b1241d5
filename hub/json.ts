/**
 * JSON of strangers, looked over before it is made into anything: how deep, how many keys, and no key that means something to
 * JavaScript. A key that stands twice is refused (RFC 8259, 4): what looked at the request before may have read the other one.
 */
import { Failure } from '@netraven/protocol/failure.ts'

/** Objects and lists within each other. */
export const MAX_DEPTH = 32
/** In one object. */
export const MAX_KEYS = 1_000

/** U+0000, which PostgreSQL stores in no text; not what looks like it behind a backslash that is itself escaped. */
const NULL_CHARACTER = /(?<!\\)(?:\\\\)*\\u0000/

/** @throws Failure REQUEST_INVALID, which never repeats what was sent */
export function parseJson(bytes: ArrayBuffer): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid('is not UTF-8')
  }
  const fault = faultOf(text)
  if (fault !== undefined) throw invalid(fault)
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('not valid JSON')
  }
}

function invalid(message: string): Failure {
  return new Failure('REQUEST_INVALID', { issues: [{ where: 'body', path: '', message }] })
}

/**
 * What is wrong with a text beyond its grammar, which is the parser's matter; undefined: nothing. One pass, no recursion.
 */
export function faultOf(text: string): string | undefined {
  if (NULL_CHARACTER.test(text)) return 'has a character that no text may have'
  /** Keys of the objects around; undefined: a list. */
  const around: (Set<string> | undefined)[] = []
  let isKeyNext = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') {
      const end = endOfString(text, at)
      if (isKeyNext) {
        const fault = keyFault(text.slice(at, end + 1), around.at(-1))
        if (fault !== undefined) return fault
        isKeyNext = false
      }
      at = end
    } else if (character === '{' || character === '[') {
      isKeyNext = character === '{'
      around.push(isKeyNext ? new Set() : undefined)
      if (around.length > MAX_DEPTH) return `is deeper than ${MAX_DEPTH} levels`
    } else if (character === '}' || character === ']') {
      around.pop()
      isKeyNext = false
    } else if (character === ',') isKeyNext = around.at(-1) !== undefined
  }
  return undefined
}

function keyFault(quoted: string, keys: Set<string> | undefined): string | undefined {
  const key = quoted.includes('\\') ? decoded(quoted) : quoted.slice(1, -1)
  if (key === '__proto__') return 'has the key __proto__'
  if (keys?.has(key)) return 'has the same key twice in one object'
  keys?.add(key)
  return (keys?.size ?? 0) > MAX_KEYS ? `has more than ${MAX_KEYS} keys in one object` : undefined
}

/** What can't be read is the parser's to refuse. */
function decoded(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}

/** @returns where the quotation mark that ends it stands; the end of the text when none does */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes += 1
    if (slashes % 2 === 0) return at
  }
  return text.length
}
