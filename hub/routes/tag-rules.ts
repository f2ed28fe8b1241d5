import { pageOf } from '../api/page.ts'
import { NewTagRule, TagRule, TagRuleChange, TagRuleEffect, TagRuleTrial } from '../api/tag-rule.ts'
import {
  addTagRule,
  applyTagRule,
  changeTagRule,
  listTagRules,
  removeTagRule,
  showTagRule,
  tryTagRule,
} from '../tag-rules.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Tag rules']

/** A rule tags every device, so that whoever writes one must reach them all: tags may carry access. */
export function tagRuleRoutes({ db, drivers, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:tag_rules'),
        method: 'get',
        path: '/tag-rules',
        summary: 'Rules that tag devices when they are added, imported or changed',
        tags,
        responses: { 200: json(pageOf(TagRule), 'Rules by priority, the one that wins last, in one page'), ...refusal },
      }),
      async (c) => c.json({ items: await listTagRules(db), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...needs('write:tag_rules', 'all:devices'),
        method: 'post',
        path: '/tag-rules',
        summary: 'Add a rule; devices that are there already change when it is applied',
        tags,
        request: { body: body(NewTagRule) },
        responses: { 201: json(TagRule, 'The rule'), ...refusal },
      }),
      async (c) => {
        const { actor } = c.var
        const wanted = c.req.valid('json')
        const names = await drivers()
        return c.json(await db.transaction().execute((trx) => addTagRule(trx, wanted, names, actor)), 201)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:tag_rules', 'read:devices'),
        method: 'post',
        path: '/tag-rules/test',
        summary: 'Which devices a rule would change, of those that the caller may see; changes nothing',
        tags,
        request: { body: body(TagRuleTrial) },
        responses: { 200: json(TagRuleEffect, 'What would change'), ...refusal },
      }),
      async (c) => c.json(await tryTagRule(db, c.req.valid('json'), await drivers(), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('read:tag_rules'),
        method: 'get',
        path: '/tag-rules/{id}',
        summary: 'One rule',
        tags,
        request: { params: byName },
        responses: { 200: json(TagRule, 'The rule'), ...refusal },
      }),
      async (c) => c.json(await showTagRule(db, c.req.valid('param').id), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:tag_rules', 'all:devices'),
        method: 'patch',
        path: '/tag-rules/{id}',
        summary: 'Change a rule',
        tags,
        request: { params: byName, body: body(TagRuleChange) },
        responses: { 200: json(TagRule, 'The rule'), ...refusal },
      }),
      async (c) => {
        const { actor } = c.var
        const { id } = c.req.valid('param')
        const change = c.req.valid('json')
        const names = await drivers()
        return c.json(await db.transaction().execute((trx) => changeTagRule(trx, id, change, names, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('write:tag_rules', 'all:devices'),
        method: 'delete',
        path: '/tag-rules/{id}',
        summary: 'Remove a rule; the tags that it set stay',
        tags,
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        const { actor } = c.var
        const { id } = c.req.valid('param')
        await db.transaction().execute((trx) => removeTagRule(trx, id, actor))
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs('exec:tag_rules'),
        method: 'post',
        path: '/tag-rules/{id}/apply',
        summary: 'Apply a rule now, to every device that the caller may change',
        tags,
        request: { params: byName },
        responses: { 200: json(TagRuleEffect, 'What changed'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        return c.json(await db.transaction().execute((trx) => applyTagRule(trx, id, principal, actor)), 200)
      },
    )
}
