import { PageQuery, pageOf } from '../api/page.ts'
import { NewRun, Run, StartedRun, Task } from '../api/run.ts'
import { listTasks, settleRun, startRun } from '../runs.ts'
import { body, byId, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Runs']

export function runRoutes({ db, wake, runTimeoutMs, logins, signed }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/runs',
        summary: 'Back up devices now',
        tags,
        request: { body: body(NewRun) },
        responses: { 201: json(StartedRun, 'The run, just begun'), ...refusal },
      }),
      async (c) => {
        const requestedBy = c.var.bearer.user.username
        return c.json(await startRun({ db, wake, runTimeoutMs, logins }, c.req.valid('json'), requestedBy), 201)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/runs/{id}',
        summary: 'How a run stands',
        tags,
        request: { params: byId },
        responses: { 200: json(Run, 'The run'), ...refusal },
      }),
      async (c) => c.json(await settleRun(db, c.req.valid('param').id), 200),
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/runs/{id}/tasks',
        summary: 'What became of each device',
        tags,
        request: { params: byId, query: PageQuery },
        responses: { 200: json(pageOf(Task), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listTasks(db, c.req.valid('param').id, c.req.valid('query')), 200),
    )
}
