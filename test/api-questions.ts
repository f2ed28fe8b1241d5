/** Questions made from the OpenAPI document: for every operation values that fit its schemas, and values that do not. */
import fc from 'fast-check'
import type { ApiDocument, Operation } from '../hub/api-document.ts'

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
}

export interface Place {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly required: boolean
  readonly schema: Schema
}

export interface Asked {
  readonly method: string
  /** As in the document, such as /api/devices/{id}. */
  readonly path: string
  readonly places: readonly Place[]
  readonly body?: { readonly type: string; readonly schema: Schema } | undefined
}

export interface Question {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** What a hub may refuse with 5xx although nothing is wrong with it: the agent of the test's site never connects. */
export const awayElsewhere = new Set(['AGENT_OFFLINE'])

/** Texts that programs stumble over. */
export const stumblingBlocks = [
  '',
  ' ',
  '\0',
  '\ud800',
  '\u202e\u2066',
  '🦅',
  'İ'.repeat(50),
  '%00',
  '%',
  '%ff',
  '..',
  '*',
  '-1',
  '1e309',
  'NaN',
  'null',
  'undefined',
  '9007199254740993',
  '99999999999999999999',
  '0000-00-00',
  '+275760-09-13T00:00:00.001Z',
  '2026-02-30T00:00:00Z',
  '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'x'.repeat(3000),
  '((((a+)+)+)+)$',
  '\\',
  '\r\nX-Injected: 1',
  '{"a":1}',
  '[]',
]

export function operationsOf(document: ApiDocument): Asked[] {
  const schemas = document.components.schemas ?? {}
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      places: placesOf(operation, document),
      body: bodyOf(operation, schemas),
    })),
  )
}

function placesOf({ parameters = [] }: Operation, document: ApiDocument): Place[] {
  return parameters.flatMap((given): Place[] => {
    const one = '$ref' in given ? document.components.parameters?.[given.$ref.split('/').at(-1) ?? ''] : given
    const { in: where, name, required = false, schema = {} } = one as Place
    return ['path', 'query', 'header'].includes(where) ? [{ in: where, name, required, schema }] : []
  })
}

function bodyOf({ requestBody }: Operation, schemas: Readonly<Record<string, unknown>>): Asked['body'] {
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  if (type === undefined) return undefined
  return { type, schema: resolved((content?.schema ?? {}) as Schema, schemas) }
}

export function resolved(schema: Schema, schemas: Readonly<Record<string, unknown>>): Schema {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : resolved((schemas[name] ?? {}) as Schema, schemas)
}

/** How questions are made: names of what is really there make them reach further than the first look-up. */
export interface Making {
  readonly schemas: Readonly<Record<string, unknown>>
  readonly known: readonly string[]
}

/** Values of a schema; one in eight is none. */
export function fieldOf(given: Schema, making: Making, depth = 0): fc.Arbitrary<unknown> {
  const schema = resolved(given, making.schemas)
  const junk = fc.oneof(fc.jsonValue({ maxDepth: 1 }), textOf(making))
  if (depth > 5) return junk
  return fc.oneof({ weight: 7, arbitrary: fitting(schema, making, depth) }, { weight: 1, arbitrary: junk })
}

function fitting(schema: Schema, making: Making, depth: number): fc.Arbitrary<unknown> {
  const { enum: words, anyOf, oneOf, allOf } = schema
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (words && words.length > 0) return fc.constantFrom(...words)
  const choices = anyOf ?? oneOf
  if (choices && choices.length > 0) return fc.oneof(...choices.map((one) => fieldOf(one, making, depth + 1)))
  if (allOf && allOf.length > 0) {
    const parts = allOf.map((one) => fieldOf(one, making, depth + 1))
    return fc.tuple(...parts).map((values) => Object.assign({}, ...values.filter((one) => typeof one === 'object')))
  }
  const type = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  const kinds = type.map((one) => ofType(one, schema, making, depth))
  return kinds.length > 0 ? fc.oneof(...kinds) : fc.jsonValue({ maxDepth: 2 })
}

function ofType(type: string, schema: Schema, making: Making, depth: number): fc.Arbitrary<unknown> {
  const { minimum = -10, maximum = 100_000 } = schema
  if (type === 'null') return fc.constant(null)
  if (type === 'boolean') return fc.boolean()
  if (type === 'integer') return fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31 - 1) })
  if (type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true })
  if (type === 'array') return fc.array(fieldOf(schema.items ?? {}, making, depth + 1), { maxLength: 4 })
  if (type === 'object') return objectOf(schema, making, depth)
  if (schema.format === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
      .map((date) => date.toISOString())
  if (schema.format === 'uuid') return fc.oneof(textOf(making), fc.uuid())
  return textOf(making)
}

function objectOf(schema: Schema, making: Making, depth: number): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema
  const fields = Object.entries(properties)
  if (fields.length > 0) {
    const model = Object.fromEntries(fields.map(([name, field]) => [name, fieldOf(field, making, depth + 1)]))
    const sure = required.filter((name) => name in properties)
    return fc.oneof(
      { weight: 5, arbitrary: fc.record(model, { requiredKeys: sure }) },
      { weight: 1, arbitrary: fc.record(model, { requiredKeys: [] }) },
    )
  }
  const values = typeof additionalProperties === 'object' ? additionalProperties : {}
  return fc.dictionary(textOf(making), fieldOf(values, making, depth + 1), { maxKeys: 3, noNullPrototype: true })
}

function textOf({ known }: Making): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...known) },
    { weight: 2, arbitrary: fc.string({ maxLength: 30 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
    { weight: 2, arbitrary: fc.constantFrom(...stumblingBlocks) },
  )
}

/** Questions to one operation. */
export function questionsTo(asked: Asked, making: Making): fc.Arbitrary<Question> {
  const given = Object.fromEntries(
    asked.places.map((place) => [`${place.in} ${place.name}`, fieldOf(place.schema, making)]),
  )
  const sure = asked.places
    .filter((place) => place.required || place.in === 'path')
    .map((place) => `${place.in} ${place.name}`)
  const body = asked.body ? fieldOf(asked.body.schema, making) : fc.constant(undefined)
  return fc
    .tuple(fc.record(given, { requiredKeys: sure }), body)
    .map(([places, sent]) => questionOf(asked, places, sent))
}

/** @param places values by `path id`, `query limit`, `header accept` */
export function questionOf(asked: Asked, places: Readonly<Record<string, unknown>>, sent: unknown): Question {
  const at = (kind: string) =>
    Object.entries(places).flatMap(([key, value]): [string, unknown][] => {
      const [where, ...name] = key.split(' ')
      return where === kind ? [[name.join(' '), value]] : []
    })
  const inPath = Object.fromEntries(at('path'))
  const path = asked.path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => encodeURIComponent(wellFormed(textIn(inPath[name]))) || '-',
  )
  const query = at('query').flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((one) => [name, one] as const) : [[name, value] as const],
  )
  const search = query.map(([name, value]) => `${name}=${encodeURIComponent(wellFormed(textIn(value)))}`).join('&')
  const headers = at('header').map(([name, value]) => [name, textIn(value).replaceAll(/[^\x20-\x7e]/g, '?')] as const)
  const { body } = asked
  const isSent = body !== undefined && sent !== undefined && asked.method !== 'GET'
  return {
    method: asked.method,
    path: search === '' ? path : `${path}?${search}`,
    headers: { ...Object.fromEntries(headers), ...(isSent && { 'content-type': body.type }) },
    body: isSent ? (body.type.includes('json') ? JSON.stringify(sent) : textIn(sent)) : undefined,
  }
}

const textIn = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
const wellFormed = (text: string) => text.toWellFormed()
