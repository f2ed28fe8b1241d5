import { LinePattern, NewLinePattern } from '../api/line-pattern.ts'
import { pageOf } from '../api/page.ts'
import { addLinePattern, listLinePatterns, removeLinePattern, requireSound } from '../line-patterns.ts'
import { body, byId, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Patterns']

export function linePatternRoutes({ db, drivers, checkPatterns, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/patterns',
        summary: 'Own patterns of lines that are ignored or removed',
        tags,
        responses: { 200: json(pageOf(LinePattern), 'Patterns, oldest first, in one page'), ...refusal },
      }),
      async (c) => c.json({ items: await listLinePatterns(db, c.var.principal), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:drivers'),
        method: 'post',
        path: '/patterns',
        summary: 'Ignore or remove lines, by driver, group or device',
        tags,
        request: { body: body(NewLinePattern) },
        responses: { 201: json(LinePattern, 'The new pattern'), ...refusal },
      }),
      async (c) => {
        const wanted = c.req.valid('json')
        await requireSound(wanted.pattern, checkPatterns)
        const names = await drivers()
        const actor = c.var.actor
        return c.json(
          await db.transaction().execute((trx) => addLinePattern(trx, wanted, names, c.var.principal, actor)),
          201,
        )
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:drivers'),
        method: 'delete',
        path: '/patterns/{id}',
        summary: 'Take a pattern away; what was stored under it stays as it is',
        tags,
        request: { params: byId },
        responses: done,
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const actor = c.var.actor
        await db.transaction().execute((trx) => removeLinePattern(trx, id, c.var.principal, actor))
        return c.body(null, 204)
      },
    )
}
