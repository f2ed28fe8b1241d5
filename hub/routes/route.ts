/** What every route is made of: the same wiring, the same answers when it goes wrong. */
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { ErrorEnvelope } from '../api/error.ts'
import { IdOrName } from '../api/fields.ts'
import type { BlobStore } from '../blobs/blobs.ts'
import type { LoginLimits } from '../credential-guard.ts'
import type { Tables } from '../db/tables.ts'
import type { Differ } from '../diff-thread.ts'
import type { DriverNames } from '../drivers.ts'
import type { HealthCheck } from '../health.ts'
import type { Installation } from '../installation.ts'
import type { Keyring } from '../keyring.ts'
import type { Log } from '../log.ts'
import type { PatternCheck } from '../pattern-check.ts'
import type { Bearer } from '../tokens.ts'

export { createRoute, OpenAPIHono }

/** Variables of a request whose sender is known. */
export interface Signed {
  Variables: { bearer: Bearer }
}

/** Stands in a route's declaration and says who may call it. There is one role, so there is one way in. */
export interface Access {
  security: { bearer: string[] }[]
  middleware: MiddlewareHandler<Signed>
}

/** In the declaration of a route that anyone may call. */
export const open = { security: [] }

/** What routes work with. */
export interface RouteParts {
  readonly db: Kysely<Tables>
  readonly keyring: Keyring
  readonly installation: Installation
  readonly blobs: BlobStore
  /** As they are now, own ones among them. */
  readonly drivers: () => Promise<DriverNames>
  readonly checkPatterns: PatternCheck
  readonly differ: Differ
  readonly health: HealthCheck
  readonly log: Log
  /** Clock in ms. */
  readonly clock: () => number
  /** Tells the agents of a site that there is work. */
  readonly wake: (siteId: string) => Promise<void>
  /** False from the moment the hub was told to stop. */
  readonly isServing: () => boolean
  readonly accessTokenMs: number
  readonly runTimeoutMs: number
  readonly logins: LoginLimits
  readonly signed: Access
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
export const refusal = { default: json(ErrorEnvelope, 'A coded failure') }

/** Done, nothing to say. */
export const done = { 204: { description: 'Done' }, ...refusal }

/** `/…/{id}`: an id, or a name in any case. */
export const byName = z.object({ id: IdOrName })

/** `/…/{id}`: an id; what does not look like one is simply not there. */
export const byId = z.object({ id: z.string().min(1).max(255) })
