import { CredentialTest, TestOfCredential, TestOfDevice } from '../api/credential-test.ts'
import { lastCredentialTest, startCredentialTest } from '../credential-tests.ts'
import { body, byName, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Credentials']
const begun = { 202: json(CredentialTest, 'The test, just begun, or the same one that is under way'), ...refusal }

export function credentialTestRoutes({ db, wake, runTimeoutMs, needs }: RouteParts) {
  const parts = { db, wake, runTimeoutMs }
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('exec:credentials'),
        method: 'post',
        path: '/credentials/{id}/test',
        summary: 'Test whether a credential opens a device: it is offered once, and no other; nothing is kept',
        tags,
        request: { params: byName, body: body(TestOfCredential) },
        responses: begun,
      }),
      async (c) => {
        const { device } = c.req.valid('json')
        const requestedBy = c.var.actor
        return c.json(
          await startCredentialTest(parts, c.req.valid('param').id, device, c.var.principal, requestedBy),
          202,
        )
      },
    )
    .openapi(
      createRoute({
        ...needs('exec:credentials'),
        method: 'post',
        path: '/devices/{id}/credential-test',
        summary: 'Test whether a device takes a credential: it is offered once, and no other; nothing is kept',
        tags,
        request: { params: byName, body: body(TestOfDevice) },
        responses: begun,
      }),
      async (c) => {
        const { credential } = c.req.valid('json')
        const requestedBy = c.var.actor
        return c.json(
          await startCredentialTest(parts, credential, c.req.valid('param').id, c.var.principal, requestedBy),
          202,
        )
      },
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/devices/{id}/credential-test',
        summary: 'How the newest test of a credential on a device stands',
        tags,
        request: { params: byName, query: TestOfDevice },
        responses: { 200: json(CredentialTest, 'The newest test'), ...refusal },
      }),
      async (c) => {
        const { credential } = c.req.valid('query')
        return c.json(await lastCredentialTest(db, c.req.valid('param').id, credential, c.var.principal), 200)
      },
    )
}
