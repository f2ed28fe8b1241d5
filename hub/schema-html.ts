/** A schema of the document for people: what it says as lines, and an example made from it. */

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly description?: string
  readonly example?: unknown
  readonly default?: unknown
}

const DEEPEST = 6

/** Properties as a table; what has a name of its own is a link to it. */
export function schemaHtml(schema: Schema): string {
  const { properties, required = [], description } = schema
  const about = description ? `<p>${escaped(description)}</p>` : ''
  if (!properties) return `${about}<p><code>${typeHtml(schema)}</code></p>`
  const rows = Object.entries(properties).map(([name, one]) => {
    const need = required.includes(name) ? '' : ' <span class="open">optional</span>'
    return `<tr><td><code>${escaped(name)}</code>${need}</td><td><code>${typeHtml(one)}</code></td><td>${escaped(one.description ?? '')}</td></tr>`
  })
  return `${about}<table>${rows.join('')}</table>`
}

function typeHtml(schema: Schema): string {
  if (schema.$ref) {
    const name = nameOf(schema.$ref)
    return `<a href="#schema-${name}">${name}</a>`
  }
  const several = schema.anyOf ?? schema.oneOf
  if (several) return several.map(typeHtml).join(' | ')
  if (schema.allOf) return schema.allOf.map(typeHtml).join(' &amp; ')
  if (schema.const !== undefined) return escaped(JSON.stringify(schema.const))
  if (schema.enum) return schema.enum.map((one) => escaped(JSON.stringify(one))).join(' | ')
  if (schema.items) return `${typeHtml(schema.items)}[]`
  if (schema.properties) return `{ ${Object.keys(schema.properties).map(escaped).join(', ')} }`
  const type = typeof schema.type === 'string' ? schema.type : (schema.type ?? ['any']).join(' | ')
  return escaped(schema.format ? `${type} (${schema.format})` : type)
}

/** @param named schemas of the document that others refer to */
export function exampleOf(schema: Schema, named: Readonly<Record<string, unknown>>, depth = 0): unknown {
  if (schema.example !== undefined) return schema.example
  if (depth > DEEPEST) return null
  const deeper = (one: Schema) => exampleOf(one, named, depth + 1)
  if (schema.$ref) return deeper((named[nameOf(schema.$ref)] ?? {}) as Schema)
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.default !== undefined) return schema.default
  const several = schema.anyOf ?? schema.oneOf
  if (several) return several[0] ? deeper(several[0]) : null
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map(deeper))
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0]
  if (schema.properties || type === 'object') {
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, deeper(one)]))
  }
  if (type === 'array') return schema.items ? [deeper(schema.items)] : []
  if (type === 'integer' || type === 'number') return 1
  if (type === 'boolean') return true
  if (schema.format === 'uuid') return '019a0000-0000-7000-8000-000000000001'
  if (schema.format === 'date-time') return '2026-01-31T12:00:00.000Z'
  return type === 'null' ? null : '…'
}

const nameOf = (ref: string) => ref.slice(ref.lastIndexOf('/') + 1)

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
