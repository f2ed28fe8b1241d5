/**
 * The OpenAPI document: what the routes declare, and what holds for all of them: names of operations, what each may refuse with, the
 * headers of every answer, and how to sign in.
 */
import { z } from 'zod'
import { Problem } from './api/error.ts'
import { refusalsOf, sharedHeaders, sharedResponses } from './api-refusals.ts'
import { nameSchemas } from './api-schemas.ts'
import { scopes } from './scopes.ts'
import { SOFTWARE } from './software.ts'

export interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  security?: Record<string, string[]>[]
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Record<string, { schema?: unknown; example?: unknown }> }
  responses: Record<string, ResponseObject>
}

export type Parameter =
  | { readonly $ref: string }
  | {
      readonly in: string
      readonly name: string
      readonly required?: boolean
      readonly description?: string
      readonly schema?: unknown
    }

export type ResponseObject =
  | { readonly $ref: string }
  | {
      description?: string
      headers?: Record<string, unknown>
      content?: Record<string, { schema?: unknown; example?: unknown }>
    }

/** What the document begins with. */
type DocumentHead = {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string; license: { name: string; url: string } }
  servers: { url: string; description: string }[]
}

export interface ApiDocument {
  readonly openapi: string
  readonly info: object
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: Record<string, Record<string, unknown>>
  readonly [more: string]: unknown
}

const about: Readonly<Record<string, string>> = {
  Access: 'Who may reach which device: owners, grants, and requests for access',
  Agents: 'The processes at the sites, and the tokens that let them join',
  Artifacts: 'Files of devices that are kept byte for byte, such as archives',
  Audit: 'Who changed or read what, in a chain that shows every alteration',
  Backups: 'Versions of configurations, each with the span of time in which it was seen',
  Credentials: 'What opens devices; secrets go in and never come out',
  Devices: 'The boxes that are read',
  Diagnostics: 'Looking up names and trying ports from where an agent stands',
  Drivers: 'How to read each operating system; own drivers',
  Failures: 'Everything that can go wrong, with causes and remedies',
  Grants: 'Who else may reach a device, a tag or a site',
  Groups: 'People who have something in common',
  Health: 'How the hub is, for people, probes and load balancers',
  Keys: 'What signs and encrypts',
  Limits: 'Who asks too often',
  Patterns: 'Lines of configurations that are dropped or kept beyond what the drivers say',
  Passwords: 'Changing a password, and getting back in without it',
  'Rate limits': 'Who asks too often: rules and counters',
  Roles: 'Named sets of scopes',
  Runs: 'One firing over many devices, and what became of each',
  Sessions: 'Signing in and out',
  'Single sign-on': 'Signing in with somebody else’s word',
  Sites: 'The networks that agents can reach',
  Storage: 'Where texts lie, and how much room is left',
  'Tag rules': 'Rules that give devices their tags',
  Tags: 'Words that devices have in common',
  Tokens: 'Sessions and service tokens',
  Users: 'The people and programs that sign in',
}

/** Makes the document anew. @param declared what is mounted. @param serverUrl where the hub is reached; relative to the document when absent */
export function apiDocument(declared: (head: DocumentHead) => object, serverUrl?: string) {
  nameSchemas()
  const document = declared({
    openapi: '3.1.0',
    info: {
      title: 'NetRaven',
      version: SOFTWARE,
      description: introduction,
      license: { name: 'Apache 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: serverUrl ?? '/', description: 'This hub' }],
  }) as unknown as ApiDocument
  const used = new Set<string>()
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      complete(method, path, operation)
      for (const tag of operation.tags ?? []) used.add(tag)
    }
  }
  return {
    ...document,
    tags: [...used].toSorted().map((name) => ({ name, description: about[name] ?? name })),
    components: {
      ...document.components,
      securitySchemes: { bearer },
      headers: sharedHeaders,
      parameters: sharedParameters,
      responses: sharedResponses,
      // No route names a problem: only the refusals do.
      schemas: { ...document.components.schemas, Problem: problemSchema() },
    },
  }
}

function problemSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(Problem)
  return schema
}

const introduction = `Every request but those that are open to anyone carries \`Authorization: Bearer <token>\`; obtain one with \`POST /api/auth/token\`.
Browsers may have the token in a cookie instead (\`cookie: true\`), and then send the header \`X-NetRaven-CSRF: 1\` with whatever changes something.

Every answer other than 2xx and 304 is one envelope, \`ErrorEnvelope\`, or \`application/problem+json\` (RFC 9457) for whoever accepts that:
a code from the one table at \`/api/diagnostics/catalog\`, the exact message, causes, remedies and a request id.

Lists are paged: \`limit\`, \`cursor\` (the \`nextCursor\` of the answer before) and, where it stands, \`sort\`. Answers to GET have an \`ETag\`;
with \`If-None-Match\` an unchanged one is answered with 304. A POST may carry an \`Idempotency-Key\`: sent again within a day it is done once.`

const bearer = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT, or a service token that begins with nrs_',
  description: [
    'A token of a login or a service token. What it may do is told by its scopes; those that an operation needs stand in its `security`,',
    'and all of them must be held. `verb:*` holds every scope of that verb, `admin:*` every scope there is.\n\n| scope | allows |\n|---|---|\n',
    ...Object.entries(scopes).map(([scope, allows]) => `| \`${scope}\` | ${allows} |\n`),
  ].join(' '),
}

const sharedParameters = {
  IdempotencyKey: {
    in: 'header',
    name: 'Idempotency-Key',
    required: false,
    description:
      'Any text of one’s own. The same request with the same key within 24 hours is done once and answered the same; the answer says `Idempotency-Replayed: true`',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  IfNoneMatch: {
    in: 'header',
    name: 'If-None-Match',
    required: false,
    description: 'ETag of an answer at hand: 304 when it is still the same (RFC 9110, 13.1.2)',
    schema: { type: 'string' },
  },
}

function complete(method: string, path: string, operation: Operation): void {
  const isSigned = (operation.security ?? []).length > 0
  const isJson = Object.values(operation.responses).some(
    (one) => 'content' in one && one.content && 'application/json' in one.content,
  )
  const more: Parameter[] = []
  if (method === 'post' && isSigned) more.push({ $ref: '#/components/parameters/IdempotencyKey' })
  const isConditional = method === 'get' && isJson && !path.startsWith('/api/health')
  if (isConditional) more.push({ $ref: '#/components/parameters/IfNoneMatch' })
  operation.operationId = operationIdOf(method, path)
  const needed = operation.security?.flatMap((one) => Object.values(one).flat()) ?? []
  operation.description ??= isSigned
    ? `Needs ${needed.length > 0 ? needed.map((scope) => `\`${scope}\``).join(' and ') : 'a token, of whatever scopes'}.`
    : 'Open to anyone.'
  const { default: other, ...declared } = operation.responses
  for (const [status, response] of Object.entries(declared)) {
    if ('$ref' in response || !/^2/.test(status)) continue
    response.headers = {
      ...response.headers,
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      ...(isConditional && { ETag: { $ref: '#/components/headers/ETag' } }),
      ...(method === 'post' && isSigned && { 'Idempotency-Replayed': { $ref: '#/components/headers/Replayed' } }),
    }
  }
  if (operation.requestBody) operation.requestBody.required = true
  if (more.length > 0) operation.parameters = [...(operation.parameters ?? []), ...more]
  operation.responses = {
    ...declared,
    ...(isConditional && { 304: { $ref: '#/components/responses/NotModified' } }),
    ...refusalsOf({ method, path, isSigned, operation }),
    ...(other && { default: { $ref: '#/components/responses/Refused' } }),
  }
}

/** `GET /api/devices/{id}/reachability` is `getDevicesByIdReachability`: unique, because method and path are. */
export function operationIdOf(method: string, path: string): string {
  const words = path
    .replace(/^\/api\//, '')
    .split('/')
    .flatMap((part) => (part.startsWith('{') ? ['by', ...part.slice(1, -1).split(/[-_]/)] : part.split(/[-_.]/)))
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
