/** Pages for people: the OpenAPI document, and every failure. No script, nothing loaded from elsewhere. */
import { type FailureEntry, failures } from '@netraven/protocol/failure.ts'
import type { ApiDocument, Operation, Parameter, ResponseObject } from '../api-document.ts'
import { exampleOf, type Schema, schemaHtml } from '../schema-html.ts'
import { scopes } from '../scopes.ts'
import { OpenAPIHono } from './route.ts'

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}' +
  'h2{margin:2.5rem 0 .2rem}h3{font-size:1rem;margin:1.5rem 0 .2rem}code,pre{font:14px/1.4 ui-monospace,monospace}' +
  'pre{overflow:auto;padding:.6rem;background:#8882}summary{cursor:pointer}details{margin:.3rem 0}.open{opacity:.7}' +
  'table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0}' +
  '.scope{background:#8883;border-radius:.3rem;padding:0 .3rem}'
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** @param document made when it is first asked for: routes don't change while the hub runs */
export function docsRoutes(document: () => ApiDocument) {
  let made: { json: string; html: string } | undefined
  const pages = () => {
    if (made) return made
    const api = document()
    made = { json: JSON.stringify(api), html: apiPage(api) }
    return made
  }
  const html = (text: string) =>
    new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY } })
  return new OpenAPIHono()
    .get('/openapi.json', () => new Response(pages().json, { headers: { 'content-type': 'application/json' } }))
    .get('/docs', () => html(pages().html))
    .get('/docs/failures', () => html(failuresPage()))
}

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style>
<h1>${title}</h1>${content}</html>`
}

function apiPage(api: ApiDocument): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? 'Other')
  const about = new Map((api.tags as { name: string; description: string }[]).map((tag) => [tag.name, tag.description]))
  const names = [...byTag.keys()].toSorted()
  const chapters = names.map((tag) => {
    const sections = (byTag.get(tag) ?? []).map((one) => section(one.method, one.path, one.operation, api))
    return `<h2 id="${anchor(tag)}">${escaped(tag)}</h2><p>${escaped(about.get(tag) ?? '')}</p>${sections.join('\n')}`
  })
  const shapes = Object.entries(api.components.schemas ?? {})
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) => `<h3 id="schema-${name}"><code>${name}</code></h3>${schemaHtml(schema as Schema)}`)
  const scopeRows = Object.entries(scopes).map(
    ([scope, allows]) => `<tr><td><code>${scope}</code></td><td>${escaped(allows)}</td></tr>`,
  )
  return page(
    'NetRaven API',
    `<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1). Obtain a token with <code>POST /api/auth/token</code> and send it with
every request: <code>Authorization: Bearer &lt;token&gt;</code>. Every refusal has a code: <a href="docs/failures">all codes</a>.</p>
<pre>curl -H 'Authorization: Bearer TOKEN' HUB/api/devices?limit=10</pre>
<p>${names.map((tag) => `<a href="#${anchor(tag)}">${escaped(tag)}</a>`).join(' · ')} · <a href="#scopes">Scopes</a> · <a href="#schemas">Schemas</a></p>
${chapters.join('\n')}
<h2 id="scopes">Scopes</h2><table>${scopeRows.join('')}</table>
<h2 id="schemas">Schemas</h2>${shapes.join('\n')}`,
  )
}

function section(method: string, path: string, operation: Operation, api: ApiDocument): string {
  const { operationId = '', summary = '', security = [], parameters = [], requestBody, responses } = operation
  const needed = security.flatMap((one) => Object.values(one).flat())
  const badges = needed.map((scope) => ` <code class="scope">${escaped(scope)}</code>`).join('')
  const who =
    security.length === 0
      ? ' <span class="open">(no token needed)</span>'
      : badges || ' <span class="open">(any token)</span>'
  const asked = parameters.map((one) => parameterHtml(resolved(one, api)))
  const answers = Object.entries(responses).map(([status, one]) => answerHtml(status, resolved(one, api), api))
  return [
    `<h3 id="${operationId}"><code>${method.toUpperCase()} ${escaped(path)}</code>${who}</h3><p>${escaped(summary)}</p>`,
    asked.length > 0 ? `<table>${asked.join('')}</table>` : '',
    requestBody ? contentHtml('Body', requestBody.content, api) : '',
    ...answers,
  ].join('')
}

function resolved<T extends object>(one: T | { readonly $ref: string }, api: ApiDocument): T {
  if (!('$ref' in one)) return one
  const [, , kind = '', name = ''] = one.$ref.split('/')
  return api.components[kind]?.[name] as T
}

type Inline<T> = Exclude<T, { readonly $ref: string }>

function parameterHtml(one: Inline<Parameter>): string {
  const need = one.required ? ', required' : ''
  return `<tr><td><code>${escaped(one.name)}</code></td><td>${escaped(one.in)}${need}</td><td>${escaped(one.description ?? '')}</td></tr>`
}

function answerHtml(status: string, { description = '', content }: Inline<ResponseObject>, api: ApiDocument): string {
  if (!/^2/.test(status)) return `<div class="open"><code>${status}</code> ${escaped(description)}</div>`
  return contentHtml(`${status}: ${description}`, content ?? {}, api)
}

function contentHtml(
  title: string,
  content: Readonly<Record<string, { readonly schema?: unknown }>>,
  api: ApiDocument,
): string {
  const kinds = Object.entries(content)
  if (kinds.length === 0) return `<p>${escaped(title)}</p>`
  const shown = kinds.map(([type, { schema }]) => {
    const example = exampleOf((schema ?? {}) as Schema, api.components.schemas ?? {})
    const sample = type.startsWith('application/json') ? `<pre>${escaped(JSON.stringify(example, null, 2))}</pre>` : ''
    return `<p><code>${escaped(type)}</code></p>${schemaHtml((schema ?? {}) as Schema)}${sample}`
  })
  return `<details><summary>${escaped(title)}</summary>${shown.join('')}</details>`
}

function failuresPage(): string {
  const entries = Object.entries<FailureEntry>(failures).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const list = (kind: string, lines: readonly string[]) =>
    `<${kind}>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</${kind}>`
  const sections = entries.map(
    ([code, { message, status, retry, causes, remedies }]) =>
      `<h3 id="${code}"><code>${code}</code></h3><p><b>${escaped(message)}</b> (status ${status}${retry === 'backoff' ? ', trying again later may help' : ''})</p>` +
      list('ul', causes) +
      list('ol', remedies),
  )
  return page(
    'What can go wrong',
    `<p>For programs: <a href="../diagnostics/catalog">the same as JSON</a>. Words in braces stand for the case at hand.</p>${sections.join('\n')}`,
  )
}

const anchor = (tag: string) => `tag-${tag.toLowerCase().replaceAll(/\W+/g, '-')}`

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
