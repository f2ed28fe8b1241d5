import type { Context } from 'hono'
import { Group, GroupChange, GroupDetail, Members, NewGroup } from '../api/group.ts'
import { PageQuery, pageOf } from '../api/page.ts'
import { addGroup, changeGroup, listGroups, removeGroup, setMembers, showGroup } from '../groups.ts'
import type { Changing } from '../users.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal, type Signed } from './route.ts'

const tags = ['Groups']

export function groupRoutes({ db, passwords, clock, access, needs }: RouteParts) {
  const changing = (c: Context<Signed>): Changing => ({
    ...{ db, passwords, clock },
    principal: c.var.principal,
    actor: c.var.actor,
  })
  return new OpenAPIHono<Signed>()
    .openapi(
      createRoute({
        ...needs('read:users'),
        method: 'get',
        path: '/groups',
        summary: 'Groups by name',
        tags,
        request: { query: PageQuery },
        responses: { 200: json(pageOf(Group), 'A page of groups'), ...refusal },
      }),
      async (c) => c.json(await listGroups(db, c.req.valid('query')), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'post',
        path: '/groups',
        summary: 'Add a group',
        tags,
        request: { body: body(NewGroup) },
        responses: { 201: json(GroupDetail, 'The new group'), ...refusal },
      }),
      async (c) => c.json(await addGroup(changing(c), c.req.valid('json')), 201),
    )
    .openapi(
      createRoute({
        ...needs('read:users'),
        method: 'get',
        path: '/groups/{id}',
        summary: 'One group and its members',
        tags,
        request: { params: byName },
        responses: { 200: json(GroupDetail, 'The group'), ...refusal },
      }),
      async (c) => c.json(await showGroup(db, c.req.valid('param').id), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'patch',
        path: '/groups/{id}',
        summary: 'Change a group',
        tags,
        request: { params: byName, body: body(GroupChange) },
        responses: { 200: json(GroupDetail, 'The group'), ...refusal },
      }),
      async (c) => {
        const group = await changeGroup(changing(c), c.req.valid('param').id, c.req.valid('json'))
        access.forget('all')
        return c.json(group, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'delete',
        path: '/groups/{id}',
        summary: 'Remove a group; its members stay',
        tags,
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        await removeGroup(changing(c), c.req.valid('param').id)
        access.forget('all')
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'put',
        path: '/groups/{id}/members',
        summary: 'Make these the members, and nobody else',
        tags,
        request: { params: byName, body: body(Members) },
        responses: { 200: json(GroupDetail, 'The group'), ...refusal },
      }),
      async (c) => {
        const parts = { ...changing(c), principal: c.var.principal }
        const group = await setMembers(parts, c.req.valid('param').id, c.req.valid('json').members)
        access.forget('all')
        return c.json(group, 200)
      },
    )
}
