import { z } from 'zod'
import { Credential, CredentialUse } from '../api/credential.ts'
import { PageQuery, pageOf } from '../api/page.ts'
import { usesOfCredential } from '../credential-uses.ts'
import { listExpiring } from '../credentials.ts'
import { byName, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Credentials']

const ExpiringQuery = z.object({
  days: z.coerce
    .number()
    .int()
    .min(0)
    .max(3650)
    .default(30)
    .meta({ description: 'That end within so many days, or have' }),
})

/** Before `/credentials/{id}`: `expiring` must not be taken for a credential of that name. */
export function credentialUseRoutes({ db, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:credentials'),
        method: 'get',
        path: '/credentials/expiring',
        summary: 'Credentials that end soon, or have ended, the first to end in front',
        tags,
        request: { query: ExpiringQuery },
        responses: { 200: json(pageOf(Credential), 'Credentials, in one page'), ...refusal },
      }),
      async (c) => {
        const items = await listExpiring(db, c.req.valid('query').days, c.var.principal)
        return c.json({ items, nextCursor: null }, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:credentials', 'read:devices'),
        method: 'get',
        path: '/credentials/{id}/usage',
        summary: 'Devices that have a credential, by name, each with how it did there',
        tags,
        request: { params: byName, query: PageQuery },
        responses: { 200: json(pageOf(CredentialUse), 'A page'), ...refusal },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        return c.json(await usesOfCredential(db, id, c.req.valid('query'), c.var.principal), 200)
      },
    )
}
