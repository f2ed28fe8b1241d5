import { OpenAPIHono } from './route.ts'

interface Operation {
  readonly summary?: string
  readonly security?: readonly object[]
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly description?: string
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: unknown }>> }
  readonly responses: Readonly<
    Record<
      string,
      { readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }
    >
  >
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}' +
  'h2{font-size:1rem;margin:1.5rem 0 .2rem}code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow:auto;padding:.6rem;background:#8882}' +
  'summary{cursor:pointer}.open{opacity:.7}'

/** `/docs`: the OpenAPI document for people; one page, no script, nothing loaded from elsewhere. */
export function docsRoutes(document: () => { paths?: object }) {
  const page = () => {
    const paths = Object.entries((document().paths ?? {}) as Record<string, Record<string, Operation>>)
    const sections = paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
    )
    return `<!doctype html><html lang="en"><meta charset="utf-8"><title>NetRaven API</title><style>${STYLE}</style><h1>NetRaven API</h1>
<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1). Obtain a token with <code>POST /api/auth/token</code> and send it with
every request: <code>Authorization: Bearer &lt;token&gt;</code>. Every refusal has a code: <a href="failures">all codes</a>.</p>
${sections.join('\n')}</html>`
  }
  return new OpenAPIHono().get('/docs', (c) =>
    c.html(page(), 200, { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" }),
  )
}

function section(method: string, path: string, operation: Operation): string {
  const { summary = '', security = [], parameters = [], requestBody, responses } = operation
  const who = security.length === 0 ? ' <span class="open">(no token needed)</span>' : ''
  const asked = parameters.map(
    (one) =>
      `<li><code>${escaped(one.name)}</code> in ${escaped(one.in)}${one.required ? ', required' : ''}${one.description ? `: ${escaped(one.description)}` : ''}</li>`,
  )
  const answers = Object.entries(responses).map(([status, { description = '', content }]) =>
    schemaOf(`${status}: ${description}`, content),
  )
  return [
    `<h2><code>${method.toUpperCase()} ${escaped(path)}</code>${who}</h2><p>${escaped(summary)}</p>`,
    asked.length > 0 ? `<ul>${asked.join('')}</ul>` : '',
    requestBody ? schemaOf('Body', requestBody.content) : '',
    ...answers,
  ].join('')
}

function schemaOf(title: string, content: Readonly<Record<string, { readonly schema?: unknown }>> = {}): string {
  const kinds = Object.entries(content)
  if (kinds.length === 0) return `<p>${escaped(title)}</p>`
  const schemas = kinds.map(([type, { schema }]) => `${type}\n${JSON.stringify(schema, null, 2)}`)
  return `<details><summary>${escaped(title)}</summary><pre>${escaped(schemas.join('\n'))}</pre></details>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
