import type { Context } from 'hono'
import { pageOf } from '../api/page.ts'
import { NewRole, Role, RoleChange } from '../api/role.ts'
import { addRole, changeRole, listRoles, removeRole, showRole } from '../own-roles.ts'
import type { Changing } from '../users.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal, type Signed } from './route.ts'

const tags = ['Roles']

export function roleRoutes({ db, passwords, clock, access, needs }: RouteParts) {
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
        path: '/roles',
        summary: 'All roles, built-in ones first',
        tags,
        responses: { 200: json(pageOf(Role), 'Roles, in one page'), ...refusal },
      }),
      async (c) => c.json({ items: await listRoles(db), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'post',
        path: '/roles',
        summary: 'Add a role',
        tags,
        request: { body: body(NewRole) },
        responses: { 201: json(Role, 'The new role'), ...refusal },
      }),
      async (c) => c.json(await addRole(changing(c), c.req.valid('json')), 201),
    )
    .openapi(
      createRoute({
        ...needs('read:users'),
        method: 'get',
        path: '/roles/{id}',
        summary: 'One role, by name',
        tags,
        request: { params: byName },
        responses: { 200: json(Role, 'The role'), ...refusal },
      }),
      async (c) => c.json(await showRole(db, c.req.valid('param').id), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'patch',
        path: '/roles/{id}',
        summary: 'Change a role of your own; felt at once by whoever has it',
        tags,
        request: { params: byName, body: body(RoleChange) },
        responses: { 200: json(Role, 'The role'), ...refusal },
      }),
      async (c) => {
        const role = await changeRole(changing(c), c.req.valid('param').id, c.req.valid('json'))
        access.forget('all')
        return c.json(role, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'delete',
        path: '/roles/{id}',
        summary: 'Remove a role of your own that nobody has',
        tags,
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        await removeRole(changing(c), c.req.valid('param').id)
        return c.body(null, 204)
      },
    )
}
