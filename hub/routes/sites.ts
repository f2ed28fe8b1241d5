import { pageOf } from '../api/page.ts'
import { NewSite, Site } from '../api/site.ts'
import { addSite, listSites } from '../sites.ts'
import { body, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Sites']

export function siteRoutes({ db, signed }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/sites',
        summary: 'All sites',
        tags,
        responses: { 200: json(pageOf(Site), 'Sites by name, in one page'), ...refusal },
      }),
      async (c) => c.json({ items: await listSites(db), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/sites',
        summary: 'Add a site',
        tags,
        request: { body: body(NewSite) },
        responses: { 201: json(Site, 'The new site'), ...refusal },
      }),
      async (c) => c.json(await addSite(db, c.req.valid('json').name), 201),
    )
}
