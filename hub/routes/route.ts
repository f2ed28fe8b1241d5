/** What every route is made of: the same wiring, the same answers when it goes wrong. */
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Access } from '../access.ts'
import type { AccessTokens } from '../access-tokens.ts'
import type { Actor } from '../actor.ts'
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
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { Mail } from '../mail.ts'
import type { Passwords } from '../passwords.ts'
import type { PatternCheck } from '../pattern-check.ts'
import type { Circumstances, Principal } from '../principal.ts'
import type { Scope } from '../scopes.ts'
import type { SingleSignOn } from '../single-sign-on.ts'

export { createRoute, OpenAPIHono }

/** Variables of a request whose sender is known. */
export interface Signed {
  Variables: { principal: Principal; actor: Actor }
}

/** Stands in a route's declaration and says who may call it: it enforces, and it is what the documents show. */
export interface Gate {
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
  readonly refreshTokenMs: number
  readonly access: Access
  readonly limits: Limits
  /** undefined: no mail is sent. */
  readonly mail: Mail | undefined
  readonly passwords: Passwords
  /** As it was configured; undefined: where people reach the hub is not known. */
  readonly publicUrl: string | undefined
  readonly tokens: AccessTokens
  /** undefined: there is no provider. */
  readonly singleSignOn: SingleSignOn | undefined
  /** Who may call a route: whoever holds all of these scopes; none: whoever is known. */
  readonly needs: (...scopes: Scope[]) => Gate
  /** Where a request comes from and through what. */
  readonly circumstancesOf: (c: Context) => Circumstances
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

/** `/…/{id}` of a tag: the id of one that is described, or the name of any. */
export const byTag = z.object({
  id: z.string().min(1).max(600).meta({ description: 'Id, or `key=value`, or `key` whatever its value' }),
})
