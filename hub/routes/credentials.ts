import { Credential, CredentialChange, GuardReset, NewCredential } from '../api/credential.ts'
import { PageQuery, pageOf, sortQuery } from '../api/page.ts'
import {
  addCredential,
  changeCredential,
  listCredentials,
  removeCredential,
  resetGuard,
  revokeCredential,
  showCredential,
} from '../credentials.ts'
import { inTransaction } from '../db/connect.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Credentials']

export function credentialRoutes({ db, keyring, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:credentials'),
        method: 'get',
        path: '/credentials',
        summary: 'All credentials, without their secrets',
        tags,
        request: { query: PageQuery.extend({ sort: sortQuery('name', 'createdAt') }) },
        responses: { 200: json(pageOf(Credential), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listCredentials(db, c.req.valid('query'), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:credentials'),
        method: 'post',
        path: '/credentials',
        summary: 'Save a password, a private key, or the name of a credential on the jump host',
        tags,
        request: { body: body(NewCredential) },
        responses: { 201: json(Credential, 'The credential, without its secrets'), ...refusal },
      }),
      async (c) => {
        const given = c.req.valid('json')
        const { principal, actor } = c.var
        const saved = await db
          .transaction()
          .execute((trx) => addCredential({ db: trx, keyring }, given, principal, actor))
        return c.json(saved, 201)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:credentials'),
        method: 'get',
        path: '/credentials/{id}',
        summary: 'One credential, without its secrets',
        tags,
        request: { params: byName },
        responses: { 200: json(Credential, 'The credential'), ...refusal },
      }),
      async (c) => c.json(await showCredential(db, c.req.valid('param').id, c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:credentials'),
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
        const { id } = c.req.valid('param')
        const { principal, actor } = c.var
        const saved = await inTransaction(db, (trx) =>
          changeCredential({ db: trx, keyring }, id, change, principal, actor),
        )
        return c.json(saved, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:credentials'),
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
        const actor = c.var.actor
        return c.json(await db.transaction().execute((trx) => resetGuard(trx, id, site, c.var.principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:credentials'),
        method: 'post',
        path: '/credentials/{id}/revoke',
        summary: 'Show a credential to no device any more; new secrets lift that',
        tags,
        request: { params: byName },
        responses: { 200: json(Credential, 'The credential'), ...refusal },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const actor = c.var.actor
        return c.json(await db.transaction().execute((trx) => revokeCredential(trx, id, c.var.principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('delete:credentials'),
        method: 'delete',
        path: '/credentials/{id}',
        summary: 'Remove a credential that no device uses',
        tags,
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const { principal, actor } = c.var
        await db.transaction().execute((trx) => removeCredential(trx, id, principal, actor))
        return c.body(null, 204)
      },
    )
}
