import { Credential, CredentialChange, GuardReset, NewCredential } from '../api/credential.ts'
import { pageOf } from '../api/page.ts'
import {
  addCredential,
  changeCredential,
  findCredential,
  listCredentials,
  removeCredential,
  resetGuard,
  revokeCredential,
  showCredential,
} from '../credentials.ts'
import { inTransaction } from '../db/connect.ts'
import { recordEvent } from '../events.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Credentials']

export function credentialRoutes({ db, keyring, signed }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/credentials',
        summary: 'All credentials, without their secrets',
        tags,
        responses: { 200: json(pageOf(Credential), 'Credentials by name, in one page'), ...refusal },
      }),
      async (c) => c.json({ items: await listCredentials(db), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/credentials',
        summary: 'Save a password, a private key, or the name of a credential on the jump host',
        tags,
        request: { body: body(NewCredential) },
        responses: { 201: json(Credential, 'The credential, without its secrets'), ...refusal },
      }),
      async (c) => c.json(await addCredential({ db, keyring }, c.req.valid('json')), 201),
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/credentials/{id}',
        summary: 'One credential, without its secrets',
        tags,
        request: { params: byName },
        responses: { 200: json(Credential, 'The credential'), ...refusal },
      }),
      async (c) => c.json(await showCredential(db, c.req.valid('param').id), 200),
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'patch',
        path: '/credentials/{id}',
        summary: 'Rename, or replace the secrets',
        tags,
        request: { params: byName, body: body(CredentialChange) },
        responses: { 200: json(Credential, 'The credential, without its secrets'), ...refusal },
      }),
      async (c) => {
        const change = c.req.valid('json')
        // It touches every device that has it, as do reports at the same time.
        const saved = await inTransaction(db, async (trx) => {
          const changed = await changeCredential({ db: trx, keyring }, c.req.valid('param').id, change)
          const details = { credential: changed.id, name: changed.name, fields: Object.keys(change) }
          await recordEvent(trx, { kind: 'credential changed', actor: c.var.bearer.user.username, details })
          return changed
        })
        return c.json(saved, 200)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/credentials/{id}/guard/reset',
        summary: 'Use a credential again that is held back because devices refused it',
        tags,
        request: { params: byName, body: body(GuardReset) },
        responses: { 200: json(Credential, 'The credential'), ...refusal },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const { site } = c.req.valid('json')
        const actor = c.var.bearer.user.username
        return c.json(await db.transaction().execute((trx) => resetGuard(trx, id, site, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/credentials/{id}/revoke',
        summary: 'Show a credential to no device any more; new secrets lift that',
        tags,
        request: { params: byName },
        responses: { 200: json(Credential, 'The credential'), ...refusal },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const actor = c.var.bearer.user.username
        return c.json(await db.transaction().execute((trx) => revokeCredential(trx, id, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'delete',
        path: '/credentials/{id}',
        summary: 'Remove a credential that no device uses',
        tags,
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        await db.transaction().execute(async (trx) => {
          const { id, name } = await findCredential(trx, c.req.valid('param').id)
          await removeCredential(trx, id)
          const details = { credential: id, name, fields: ['removed'] }
          await recordEvent(trx, { kind: 'credential changed', actor: c.var.bearer.user.username, details })
        })
        return c.body(null, 204)
      },
    )
}
