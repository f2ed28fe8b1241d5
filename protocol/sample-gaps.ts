/** What of the messages no sample shows: a field that may be left out and always is, a kind that never comes. */
import { z } from 'zod'

/** Messages of one schema, as they were sent: after parsing, a default could not be told from a field that was there. */
export interface Sampled {
  /** Where they stand, for the words that come back. */
  readonly path: string
  readonly schema: unknown
  readonly values: readonly unknown[]
}

const LEAVES = [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodEnum, z.ZodLiteral, z.ZodUnknown]

/**
 * A schema that stands in several messages is shown by all of them together.
 * @returns the way to each gap, such as `report.outcome.kind(read).hostKey`; what is inside a gap is not listed by itself
 * @throws RangeError when a schema is of a kind that can't be looked into, so that nothing in it is missed in silence
 */
export function gapsIn(sampled: readonly Sampled[]): string[] {
  const found = new Map<z.ZodObject | z.ZodUnion, Sampled>()
  for (const one of sampled) gather(one, found)
  return [...found].flatMap(([schema, { path, values }]) =>
    partsOf(schema, values, path)
      .filter((part) => part.values.length === 0)
      .map((part) => part.path),
  )
}

function gather({ schema, values, path }: Sampled, found: Map<z.ZodObject | z.ZodUnion, Sampled>): void {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodCatch)
    gather({ schema: schema.def.innerType, values, path }, found)
  else if (schema instanceof z.ZodArray)
    gather({ schema: schema.element, values: values.filter(Array.isArray).flat(), path }, found)
  else if (schema instanceof z.ZodRecord)
    gather({ schema: schema.valueType, values: values.filter(isObject).flatMap(Object.values), path }, found)
  else if (schema instanceof z.ZodObject || schema instanceof z.ZodUnion) {
    const before = found.get(schema)
    found.set(schema, { schema, path: before?.path ?? path, values: [...(before?.values ?? []), ...values] })
    for (const part of partsOf(schema, values, path)) if (part.values.length > 0) gather(part, found)
  } else if (!LEAVES.some((leaf) => schema instanceof leaf))
    throw new RangeError(`${path}: a schema of this kind can’t be looked into`)
}

/** Fields of an object, kinds of a union, each with the values that have it. */
function partsOf(schema: z.ZodObject | z.ZodUnion, values: readonly unknown[], path: string): Sampled[] {
  if (schema instanceof z.ZodObject) {
    const objects = values.filter(isObject)
    return Object.entries(schema.shape).map(([name, field]) => ({
      ...{ schema: field, path: `${path}.${name}` },
      values: objects.map((value) => value[name]).filter((value) => value !== undefined),
    }))
  }
  return schema.options.map((option) => {
    if (!(option instanceof z.ZodType)) throw new RangeError(`${path}: a kind that is no schema`)
    const seen = values.filter((value) => option.safeParse(value).success)
    return { schema: option, path: `${path}${labelOf(option)}`, values: seen }
  })
}

/** Kinds are told apart by a literal, or by what they have. */
function labelOf(option: z.ZodType): string {
  if (!(option instanceof z.ZodObject)) return ''
  for (const [name, field] of Object.entries(option.shape))
    if (field instanceof z.ZodLiteral) return `.${name}(${String(field.value)})`
  return `.{${Object.keys(option.shape).join(', ')}}`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
