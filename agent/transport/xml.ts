/**
 * XML as lines: two spaces a level, attributes in the order of their names, text beside its element. Order of elements stays as the
 * device sends it, since that of lists may mean something (RFC 7950 section 7.7.7). What changes without a change of configuration
 * stands in attributes of some systems; these go.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** Junos: changed-seconds, changed-localtime, commit-… (Junos XML Protocol Guide); yuma: last-modified, etag. */
const VOLATILE_ATTRIBUTE =
  /^(?:[\w.-]+:)?(?:changed-(?:seconds|localtime)|commit-(?:seconds|localtime|user)|last-modified|etag)$/

export class XmlError extends Error {}

/** An element, as far as we look at one. */
export interface Element {
  /** As written, with its prefix. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** Elements and pieces of text, in order. */
  readonly children: readonly (Element | string)[]
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Entities of its own could blow a text up; nothing that NETCONF sends has a document type (RFC 6241 section 3.2).
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
})

/**
 * @returns the root element
 * @throws XmlError when it is not well-formed, or has a document type
 */
export function parseXml(text: string): Element {
  if (/<!DOCTYPE/i.test(text)) throw new XmlError('a document type is not allowed')
  const valid = XMLValidator.validate(text)
  if (valid !== true) throw new XmlError(`line ${valid.err.line}: ${valid.err.msg}`)
  const root = childrenOf(parser.parse(text)).find((child) => typeof child !== 'string')
  if (!root) throw new XmlError('no element')
  return root
}

/** Name without its prefix. */
export function localName({ name }: Element): string {
  return name.slice(name.indexOf(':') + 1)
}

export function elementsOf(element: Element): Element[] {
  return element.children.filter((child) => typeof child !== 'string')
}

/** The first element with this local name among the children. */
export function childOf(element: Element, name: string): Element | undefined {
  return elementsOf(element).find((child) => localName(child) === name)
}

/** All text in it, entities resolved. */
export function textOf(element: Element): string {
  return element.children.map((child) => (typeof child === 'string' ? unescaped(child) : textOf(child))).join('')
}

/** The element as lines, each with its line feed. */
export function prettyXml(element: Element): string {
  const lines: string[] = []
  write(element, '', lines)
  return `${lines.join('\n')}\n`
}

function write(element: Element, indent: string, lines: string[]): void {
  const open = `${indent}<${element.name}${attributesOf(element)}`
  const elements = elementsOf(element)
  if (elements.length === 0) {
    const text = element.children.join('')
    lines.push(text.trim() === '' ? `${open}/>` : `${open}>${text.trim()}</${element.name}>`)
    return
  }
  lines.push(`${open}>`)
  for (const child of element.children) {
    if (typeof child !== 'string') write(child, `${indent}  `, lines)
    else if (child.trim() !== '') lines.push(`${indent}  ${child.trim()}`)
  }
  lines.push(`${indent}</${element.name}>`)
}

function attributesOf({ attributes }: Element): string {
  return Object.keys(attributes)
    .filter((name) => !VOLATILE_ATTRIBUTE.test(name))
    .sort()
    .map((name) => ` ${name}="${(attributes[name] ?? '').replaceAll('"', '&quot;')}"`)
    .join('')
}

/** The parser's form: a list of objects with one key, the name, beside `:@` for attributes; text has the name `#text`. */
function childrenOf(nodes: unknown): (Element | string)[] {
  if (!Array.isArray(nodes)) return []
  return nodes.flatMap((node: unknown): (Element | string)[] => {
    if (typeof node !== 'object' || node === null) return []
    const entry = Object.entries(node).find(([name]) => name !== ':@')
    if (!entry) return []
    const [name, inner] = entry
    if (name === '#text') return [String(inner)]
    const attributes: unknown = ':@' in node ? node[':@'] : {}
    return [{ name, attributes: stringsOf(attributes), children: childrenOf(inner) }]
  })
}

function stringsOf(record: unknown): Record<string, string> {
  if (typeof record !== 'object' || record === null) return {}
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, String(value)]))
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[String(name).toLowerCase()] ?? whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
