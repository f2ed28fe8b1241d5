import { Failure, type FailureCode, isFailureCode } from '@netraven/protocol/failure.ts'
import { ErrorEnvelope } from '../api/error.ts'
import { Alive, Health } from '../api/health.ts'
import { envelopeOf } from '../error-envelope.ts'
import { createRoute, json, OpenAPIHono, open, type RouteParts, refusal } from './route.ts'

const tags = ['Health']

export function healthRoutes({ health, isServing }: RouteParts) {
  return new OpenAPIHono<{ Variables: { requestId: string } }>()
    .openapi(
      createRoute({
        ...open,
        method: 'get',
        path: '/health',
        summary: 'How the hub and what it needs are',
        tags,
        responses: {
          200: json(Health, 'Works'),
          503: json(Health.extend(ErrorEnvelope.shape), 'Does not work, and why'),
          ...refusal,
        },
      }),
      async (c) => {
        const found = await health.check()
        if (found.status !== 'down') return c.json(found, 200)
        const failure = new Failure(causeOf(found))
        const envelope = envelopeOf(failure, c.var.requestId)
        return c.json({ ...found, ...envelope }, 503, { 'retry-after': '5', 'x-request-id': envelope.error.requestId })
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
        if (components.schema.status === 'down') throw new Failure('SCHEMA_MISMATCH')
        return c.json({ status: 'ok' as const }, 200)
      },
    )
}

/** The code of the first component that is down. */
function causeOf({ components: { database, schema, storage } }: Health): FailureCode {
  const code = [database, schema, storage].find(({ status }) => status === 'down')?.code ?? ''
  return isFailureCode(code) ? code : 'INTERNAL'
}
