import type { Context } from 'hono'
import { pageOf } from '../api/page.ts'
import {
  Forgetting,
  NewUser,
  Reactivation,
  ResetLink,
  User,
  UserChange,
  UserDetail,
  UserQuery,
  UserScopes,
} from '../api/user.ts'
import { inTransaction } from '../db/connect.ts'
import { recordEvent } from '../events.ts'
import { requireOver } from '../held-scopes.ts'
import { makeReset } from '../password-resets.ts'
import { findUser, listUsers, showUser } from '../user-rows.ts'
import { addUser, type Changing, changeUser, reactivateUser, removeUser, setUserScopes, unlockUser } from '../users.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal, type Signed } from './route.ts'

const tags = ['Users']

export function userRoutes({ db, passwords, clock, access, needs, publicUrl }: RouteParts) {
  const changing = (c: Context<Signed>): Changing => ({
    ...{ db, passwords, clock },
    principal: c.var.principal,
    actor: c.var.actor,
  })
  /** What this hub remembers may no longer hold; the others are told by the database. */
  const afresh = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work
    access.forget('all')
    return result
  }
  return new OpenAPIHono<Signed>()
    .openapi(
      createRoute({
        ...needs('read:users'),
        method: 'get',
        path: '/users',
        summary: 'Users by name',
        tags,
        request: { query: UserQuery },
        responses: { 200: json(pageOf(User), 'A page of users'), ...refusal },
      }),
      async (c) => c.json(await listUsers(db, c.req.valid('query')), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'post',
        path: '/users',
        summary: 'Add a user, with no more than you may do yourself',
        tags,
        request: { body: body(NewUser) },
        responses: { 201: json(UserDetail, 'The new user'), ...refusal },
      }),
      async (c) => c.json(await addUser(changing(c), c.req.valid('json')), 201),
    )
    .openapi(
      createRoute({
        ...needs('read:users'),
        method: 'get',
        path: '/users/{id}',
        summary: 'One user, with what the user may do, and with failed logins',
        tags,
        request: { params: byName },
        responses: { 200: json(UserDetail, 'The user'), ...refusal },
      }),
      async (c) => c.json(await showUser(db, c.req.valid('param').id), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'patch',
        path: '/users/{id}',
        summary: 'Change a user',
        tags,
        request: { params: byName, body: body(UserChange) },
        responses: { 200: json(UserDetail, 'The user'), ...refusal },
      }),
      async (c) => c.json(await afresh(changeUser(changing(c), c.req.valid('param').id, c.req.valid('json'))), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'delete',
        path: '/users/{id}',
        summary: 'Disable a user, or forget the account for good',
        tags,
        request: { params: byName, query: Forgetting },
        responses: done,
      }),
      async (c) => {
        await afresh(removeUser(changing(c), c.req.valid('param').id, c.req.valid('query').forget))
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'put',
        path: '/users/{id}/scopes',
        summary: 'Grant scopes beyond those of the roles: these, and no others',
        tags,
        request: { params: byName, body: body(UserScopes) },
        responses: { 200: json(UserDetail, 'The user'), ...refusal },
      }),
      async (c) => {
        const { scopes } = c.req.valid('json')
        return c.json(await afresh(setUserScopes(changing(c), c.req.valid('param').id, scopes)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'post',
        path: '/users/{id}/unlock',
        summary: 'Reset the counter of failed logins',
        tags,
        request: { params: byName },
        responses: { 200: json(UserDetail, 'The user'), ...refusal },
      }),
      async (c) => c.json(await unlockUser(changing(c), c.req.valid('param').id), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'post',
        path: '/users/{id}/reactivate',
        summary: 'Let a disabled or expired account be used again',
        tags,
        request: { params: byName, body: body(Reactivation) },
        responses: { 200: json(UserDetail, 'The user'), ...refusal },
      }),
      async (c) => c.json(await afresh(reactivateUser(changing(c), c.req.valid('param').id, c.req.valid('json'))), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'post',
        path: '/users/{id}/reset-link',
        summary: 'Make a link with which the user chooses a new password',
        tags,
        request: { params: byName },
        responses: { 201: json(ResetLink, 'The link, shown this once'), ...refusal },
      }),
      async (c) => {
        const { actor, principal } = c.var
        const made = await inTransaction(db, async (trx) => {
          const { id, username } = await findUser(trx, c.req.valid('param').id)
          await requireOver(trx, principal, [id])
          await recordEvent(trx, { kind: 'reset link made', actor, details: { user: username, id } })
          return makeReset(trx, id, actor.name, publicUrl)
        })
        return c.json({ ...made, expiresAt: made.expiresAt.toISOString() }, 201)
      },
    )
}
