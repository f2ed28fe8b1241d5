import { OLDEST_SERVED_VERSION, PROTOCOL_VERSION } from '@netraven/protocol/version.ts'
import { Version } from '../api/version.ts'
import { steps } from '../db/migrations/index.ts'
import { SOFTWARE } from '../software.ts'
import { createRoute, json, OpenAPIHono, open, refusal } from './route.ts'

export function versionRoutes() {
  return new OpenAPIHono().openapi(
    createRoute({
      ...open,
      method: 'get',
      path: '/version',
      summary: 'Which hub this is',
      tags: ['Health'],
      responses: { 200: json(Version, 'Versions of everything that has one'), ...refusal },
    }),
    (c) =>
      c.json(
        {
          version: SOFTWARE,
          schemaVersion: steps.at(-1)?.name ?? null,
          protocolVersion: PROTOCOL_VERSION,
          oldestProtocolVersion: OLDEST_SERVED_VERSION,
          node: process.version,
        },
        200,
      ),
  )
}
