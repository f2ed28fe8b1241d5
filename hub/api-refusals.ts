/** With which statuses each operation may refuse, as the document says it. */
import type { Operation } from './api-document.ts'

const refused = (description: string, headers: Record<string, unknown> = {}) => ({
  description,
  headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' }, ...headers },
  content: {
    'application/json': { schema: { $ref: '#/components/schemas/ErrorEnvelope' } },
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  },
})
const later = { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }

export const sharedHeaders = {
  RequestId: {
    description: 'Also in the log of the hub; send one of your own with the request to have it here',
    schema: { type: 'string' },
  },
  ETag: { description: 'Of this very answer (RFC 9110, 8.8.3)', schema: { type: 'string' } },
  RetryAfter: { description: 'Seconds to wait before trying again', schema: { type: 'integer' } },
  Challenge: { description: 'What is wrong with the token (RFC 6750, 3)', schema: { type: 'string' } },
  Replayed: {
    description: '`true`: this is the answer to an earlier request with the same key',
    schema: { type: 'string' },
  },
}

export const sharedResponses = {
  NotModified: { description: 'It is still what the ETag stands for' },
  BadRequest: refused('The request is malformed; the details say where'),
  Unauthorized: refused('No token, or one that does not count', {
    'WWW-Authenticate': { $ref: '#/components/headers/Challenge' },
  }),
  Forbidden: refused('The token lacks a scope, or the user may not do this to it'),
  NotFound: refused('There is no such thing, or not for this user'),
  Conflict: refused('It does not go with what is there, or is being done already', later),
  TooLarge: refused('The request is too large'),
  Unprocessable: refused('Well-formed, but it can’t be done like that'),
  TooMany: refused('Too many requests', later),
  Unavailable: refused('The hub can’t at the moment', later),
  ServerError: refused('The hub, or what it needs, failed'),
  Refused: refused('Any other coded failure'),
}

type Name = keyof typeof sharedResponses

/** The statuses with which an operation may refuse, beyond those that it declares itself. */
export function refusalsOf(one: { method: string; path: string; isSigned: boolean; operation: Operation }) {
  const { method, path, isSigned, operation } = one
  const hasQuestion = (operation.parameters?.length ?? 0) > 0 || operation.requestBody !== undefined
  const isChange = method !== 'get'
  const names: [string, Name, boolean][] = [
    ['400', 'BadRequest', hasQuestion || isChange],
    ['401', 'Unauthorized', isSigned || path.startsWith('/api/auth/') || path === '/api/agents/enroll'],
    ['403', 'Forbidden', isSigned || path.startsWith('/api/auth/') || path === '/api/agents/enroll'],
    ['404', 'NotFound', hasQuestion || isChange],
    ['409', 'Conflict', isChange],
    ['413', 'TooLarge', operation.requestBody !== undefined],
    ['422', 'Unprocessable', hasQuestion || isChange],
    ['429', 'TooMany', !path.startsWith('/api/health')],
    ['503', 'Unavailable', true],
    ['4XX', 'Refused', true],
    ['5XX', 'ServerError', true],
  ]
  return Object.fromEntries(
    names
      .filter(([status, , applies]) => applies && !(status in operation.responses))
      .map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]),
  )
}
