import { Failure } from '@netraven/protocol/failure.ts'
import { Alive, Health } from '../api/health.ts'
import { createRoute, json, OpenAPIHono, open, type RouteParts, refusal } from './route.ts'

const tags = ['Health']

export function healthRoutes({ health, isServing }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...open,
        method: 'get',
        path: '/health',
        summary: 'How the hub and what it needs are',
        tags,
        responses: { 200: json(Health, 'Works'), 503: json(Health, 'Does not work'), default: refusal.default },
      }),
      async (c) => {
        const found = await health.check()
        return found.status === 'down' ? c.json(found, 503, { 'retry-after': '5' }) : c.json(found, 200)
      },
    )
    .openapi(
      createRoute({
        ...open,
        method: 'get',
        path: '/health/live',
        summary: 'The process answers; restart it when this fails',
        tags,
        responses: { 200: json(Alive, 'Alive'), ...refusal },
      }),
      (c) => c.json({ status: 'ok' as const }, 200),
    )
    .openapi(
      createRoute({
        ...open,
        method: 'get',
        path: '/health/ready',
        summary: 'Send requests here; a load balancer asks this',
        tags,
        responses: { 200: json(Alive, 'Ready'), ...refusal },
      }),
      async (c) => {
        if (!isServing()) throw new Failure('SHUTTING_DOWN')
        const { components } = await health.check()
        if (components.database.status === 'down') throw new Failure('DB_UNAVAILABLE')
        return c.json({ status: 'ok' as const }, 200)
      },
    )
}
