import { PageQuery, pageOf, sortQuery } from '../api/page.ts'
import { NewSite, Site, SiteChange } from '../api/site.ts'
import { addSite, listSites, removeSite, renameSite, showSite } from '../sites.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Sites']

export function siteRoutes({ db, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:agents'),
        method: 'get',
        path: '/sites',
        summary: 'All sites',
        tags,
        request: { query: PageQuery.extend({ sort: sortQuery('name', 'createdAt') }) },
        responses: { 200: json(pageOf(Site), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listSites(db, c.req.valid('query'), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:agents'),
        method: 'post',
        path: '/sites',
        summary: 'Add a site',
        tags,
        request: { body: body(NewSite) },
        responses: { 201: json(Site, 'The new site'), ...refusal },
      }),
      async (c) => {
        const { name } = c.req.valid('json')
        return c.json(await db.transaction().execute((trx) => addSite(trx, name, c.var.actor)), 201)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:agents'),
        method: 'get',
        path: '/sites/{id}',
        summary: 'One site',
        tags,
        request: { params: byName },
        responses: { 200: json(Site, 'The site'), ...refusal },
      }),
      async (c) => c.json(await showSite(db, c.req.valid('param').id, c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:agents'),
        method: 'patch',
        path: '/sites/{id}',
        summary: 'Rename a site',
        tags,
        request: { params: byName, body: body(SiteChange) },
        responses: { 200: json(Site, 'The site'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { name } = c.req.valid('json')
        const { id } = c.req.valid('param')
        return c.json(await db.transaction().execute((trx) => renameSite(trx, id, name, principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('write:agents'),
        method: 'delete',
        path: '/sites/{id}',
        summary: 'Remove a site that nothing was ever at',
        tags,
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        await db.transaction().execute((trx) => removeSite(trx, id, principal, actor))
        return c.body(null, 204)
      },
    )
}
