import { setTimeout } from 'node:timers/promises'
import { Diagnostic, LookPort, LookTarget } from '../api/diagnostic.ts'
import { diagnose } from '../diagnostics.ts'
import { body, byName, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Agents']
const responses = { 200: json(Diagnostic, 'What the agent sees, after at most 15 seconds'), ...refusal }

export function diagnosticRoutes({ db, needs }: Pick<RouteParts, 'db' | 'needs'>) {
  const parts = { db, sleep: (ms: number) => setTimeout(ms) }
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('exec:diagnostics'),
        method: 'post',
        path: '/agents/{id}/diagnostics/dns',
        summary: 'What a name means where an agent stands',
        tags,
        request: { params: byName, body: body(LookTarget) },
        responses,
      }),
      async (c) => {
        const wanted = { kind: 'dns', ...c.req.valid('json') } as const
        return c.json(await diagnose(parts, c.req.valid('param').id, wanted, c.var.actor), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('exec:diagnostics'),
        method: 'post',
        path: '/agents/{id}/diagnostics/tcp',
        summary: 'Whether an agent can connect to a port, and what the server says first; nothing is sent to it',
        tags,
        request: { params: byName, body: body(LookPort) },
        responses,
      }),
      async (c) => {
        const wanted = { kind: 'tcp', ...c.req.valid('json') } as const
        return c.json(await diagnose(parts, c.req.valid('param').id, wanted, c.var.actor), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('exec:diagnostics'),
        method: 'post',
        path: '/agents/{id}/diagnostics/ping',
        summary: 'Whether echo requests of an agent are answered',
        tags,
        request: { params: byName, body: body(LookTarget) },
        responses,
      }),
      async (c) => {
        const wanted = { kind: 'ping', ...c.req.valid('json') } as const
        return c.json(await diagnose(parts, c.req.valid('param').id, wanted, c.var.actor), 200)
      },
    )
}
