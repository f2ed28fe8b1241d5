/** Values on the command line, checked where they stand. Each throws Failure USAGE that says what would be right. */
import { readFileSync } from 'node:fs'
import { Failure } from '@netraven/protocol/failure.ts'

/** @returns a reader of whole numbers for `option` */
export function wholeNumber(option: string, from: number, to: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
    if (value >= from && value <= to) return value
    throw new Failure('USAGE', { option, value: text, expected: `a whole number from ${from} to ${to}` })
  }
}

/** Seconds, given back as ms. */
export function seconds(option: string, to: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
    if (value >= 0.1 && value <= to) return Math.round(value * 1000)
    throw new Failure('USAGE', { option, value: text, expected: `seconds, from 0.1 to ${to}` })
  }
}

/** `on` or `off`. */
export function onOff(option: string): (text: string) => boolean {
  return (text) => {
    const word = text.toLowerCase()
    if (['on', 'yes', 'true'].includes(word)) return true
    if (['off', 'no', 'false'].includes(word)) return false
    throw new Failure('USAGE', { option, value: text, expected: 'on or off' })
  }
}

/** A day, of which the last moment counts, or a moment; `none` takes it away. @returns ISO 8601 in UTC */
export function lastMoment(option: string): (text: string) => string | null {
  return (text) => {
    if (text.toLowerCase() === 'none') return null
    const at = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59.999` : text)
    if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(at.getTime())) return at.toISOString()
    throw new Failure('USAGE', { option, value: text, expected: 'a date such as 2027-12-31, or none' })
  }
}

/** The text of a file. */
export function fileText(option: string): (path: string) => string {
  return (path) => {
    try {
      return readFileSync(path, 'utf8')
    } catch (cause) {
      throw new Failure('USAGE', { option, value: path, expected: 'a file that can be read' }, { cause })
    }
  }
}

/** `none` takes away. */
export function orNone(text: string): string | null {
  return text.toLowerCase() === 'none' ? null : text
}

/** Names with commas between, or `none`. */
export function names(option: string): (text: string) => string[] | null {
  return (text) => {
    if (text.toLowerCase() === 'none') return null
    const found = text.split(',').map((name) => name.trim())
    if (found.every((name) => name !== '')) return found
    throw new Failure('USAGE', { option, value: text, expected: 'names with commas between, or none' })
  }
}

/** Gathers an option that may be given more than once. */
export function gathered(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** `name=value`, gathered; an empty value takes away. */
export function tag(text: string, before: Readonly<Record<string, string | null>> = {}): Record<string, string | null> {
  const [name = '', ...rest] = text.split('=')
  if (name.trim() === '' || rest.length === 0) {
    throw new Failure('USAGE', { option: '--tag', value: text, expected: 'NAME=VALUE' })
  }
  const value = rest.join('=')
  return { ...before, [name.trim()]: value === '' ? null : value }
}
