import { PageQuery, pageOf } from '../api/page.ts'
import { LimitCounter, LimitKey, LimitReset, LimitRules, NewLimitRules, Usage } from '../api/rate-limit.ts'
import { listCounters, resetCounter } from '../limit-counters.ts'
import { readRules, writeRules } from '../limit-rules.ts'
import { body, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Limits']

export function rateLimitRoutes({ db, limits, needs, clock }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs(),
        method: 'get',
        path: '/auth/me/usage',
        summary: 'How many calls you have left',
        tags,
        responses: { 200: json(Usage, 'Each bucket that your calls are counted in'), ...refusal },
      }),
      async (c) => c.json(await limits.usage(c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:rate_limits'),
        method: 'get',
        path: '/admin/rate-limits',
        summary: 'Counters of this moment, by key',
        tags,
        request: { query: PageQuery },
        responses: { 200: json(pageOf(LimitCounter), 'Counters that are not at zero'), ...refusal },
      }),
      async (c) => c.json(await listCounters(db, c.req.valid('query'), clock()), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:rate_limits'),
        method: 'get',
        path: '/admin/rate-limits/rules',
        summary: 'Rules, and the limits where none fits',
        tags,
        responses: { 200: json(LimitRules, 'As they hold on every hub'), ...refusal },
      }),
      async (c) => c.json(await readRules(db, limits.defaults), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:rate_limits'),
        method: 'put',
        path: '/admin/rate-limits/rules',
        summary: 'Put these rules in the place of all; every hub follows at once',
        tags,
        request: { body: body(NewLimitRules) },
        responses: { 200: json(LimitRules, 'As they hold from now on'), ...refusal },
      }),
      async (c) => {
        const actor = c.var.actor
        const wanted = c.req.valid('json')
        await db.transaction().execute((trx) => writeRules(trx, wanted, actor))
        await limits.heard('rules')
        return c.json(await readRules(db, limits.defaults), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:rate_limits'),
        method: 'delete',
        path: '/admin/rate-limits/{key}',
        summary: 'Begin a counter anew',
        tags,
        request: { params: LimitKey },
        responses: { 200: json(LimitReset, 'Whether anything had been counted'), ...refusal },
      }),
      async (c) => {
        const actor = c.var.actor
        const { key } = c.req.valid('param')
        const wasCounted = await db.transaction().execute((trx) => resetCounter(trx, key, actor))
        await limits.heard(`reset ${key}`)
        return c.json({ key, wasCounted }, 200)
      },
    )
}
