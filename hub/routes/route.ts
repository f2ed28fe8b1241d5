/** What every route is made of: the same wiring, the same answers when it goes wrong. */
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { ErrorEnvelope } from '../api/error.ts'
import type { Bearer } from '../tokens.ts'

export { createRoute, OpenAPIHono, z }

/** Variables of every request. */
export interface Signed {
  readonly Variables: { readonly bearer: Bearer }
}

/** Put into a route's declaration: who may call it. There is one role, so there is one way in. */
export interface Access {
  readonly security: { bearer: string[] }[]
  readonly middleware: readonly [MiddlewareHandler<Signed>]
}

/** A JSON answer. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** A JSON question, which must be there. */
export function body<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** Every answer that is not the one hoped for. */
export const refusal = {
  default: { description: 'A coded failure', content: { 'application/json': { schema: ErrorEnvelope } } },
}
