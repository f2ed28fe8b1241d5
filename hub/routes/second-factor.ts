import { Failure } from '@netraven/protocol/failure.ts'
import {
  RecoveryCodes,
  SecondFactor,
  SecondFactorBegun,
  SecondFactorConfirmation,
  SecondFactorRemoval,
} from '../api/second-factor.ts'
import { inTransaction } from '../db/connect.ts'
import { requireOver } from '../held-scopes.ts'
import { clearLogins, hashOfName } from '../login-locks.ts'
import type { Principal } from '../principal.ts'
import {
  beginSecondFactor,
  confirmSecondFactor,
  dropSecondFactor,
  requireSecondFactor,
  showSecondFactor,
} from '../second-factor.ts'
import { checkPassword } from '../sign-in.ts'
import { findUser } from '../user-rows.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal, type Signed } from './route.ts'

const tags = ['Sessions']

export function secondFactorRoutes({ db, keyring, clock, passwords, access, needs }: RouteParts) {
  const parts = { db, keyring, clock }
  return new OpenAPIHono<Signed>()
    .openapi(
      createRoute({
        ...needs(),
        method: 'get',
        path: '/auth/second-factor',
        summary: 'Whether the own account has a second factor',
        tags,
        responses: { 200: json(SecondFactor, 'How it is'), ...refusal },
      }),
      async (c) => c.json(await showSecondFactor(db, c.var.principal.user.id), 200),
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/auth/second-factor',
        summary: 'Begin to set up a second factor; it counts once it is confirmed',
        tags,
        responses: { 201: json(SecondFactorBegun, 'What an authenticator needs, shown this once'), ...refusal },
      }),
      async (c) => c.json(await beginSecondFactor(parts, ownerOf(c.var.principal), c.var.actor), 201),
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/auth/second-factor/confirm',
        summary: 'Show a code of the authenticator; from the next login on one is asked for',
        tags,
        request: { body: body(SecondFactorConfirmation) },
        responses: { 200: json(RecoveryCodes, 'Codes for when the authenticator is lost'), ...refusal },
      }),
      async (c) => {
        const owner = ownerOf(c.var.principal)
        const recoveryCodes = await confirmSecondFactor(parts, owner, c.req.valid('json').code, c.var.actor)
        access.forget(`user ${owner.id}`)
        return c.json({ recoveryCodes }, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs(),
        method: 'delete',
        path: '/auth/second-factor',
        summary: 'Remove the own second factor, with the password and a code',
        tags,
        request: { body: body(SecondFactorRemoval) },
        responses: done,
      }),
      async (c) => {
        const owner = ownerOf(c.var.principal)
        const { password, code } = c.req.valid('json')
        const { actor } = c.var
        const from = { address: actor.address, via: actor.via }
        await checkPassword({ db, passwords }, { username: owner.username, ...from }, password)
        if (!(await showSecondFactor(db, owner.id)).isSetUp) throw new Failure('SECOND_FACTOR_ABSENT')
        await requireSecondFactor(parts, owner, from, code)
        await inTransaction(db, (trx) => dropSecondFactor(trx, owner, 'second factor removed', actor))
        access.forget(`user ${owner.id}`)
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:users'),
        method: 'delete',
        path: '/users/{id}/second-factor',
        summary: 'Take the second factor of a user away, who then logs in with the password alone',
        tags: ['Users'],
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = await inTransaction(db, async (trx) => {
          const owner = await findUser(trx, c.req.valid('param').id)
          await requireOver(trx, principal, [owner.id])
          await clearLogins(trx, hashOfName(owner.username, 'second factor'))
          const existed = await dropSecondFactor(trx, owner, 'second factor reset', actor)
          if (!existed) throw new Failure('SECOND_FACTOR_ABSENT')
          return owner
        })
        access.forget(`user ${id}`)
        return c.body(null, 204)
      },
    )
}

function ownerOf({ kind, user }: Principal) {
  if (kind !== 'user') throw new Failure('MISSING_SCOPE', { reason: 'a service token has no second factor' })
  return user
}
