import { PageQuery, pageOf, sortQuery } from '../api/page.ts'
import { NewRun, Run, RunQuery, RunSummary, StartedRun, Task } from '../api/run.ts'
import { inTransaction } from '../db/connect.ts'
import { cancelRun, listRuns } from '../run-list.ts'
import { listTasks, settleRun, startRun } from '../runs.ts'
import { body, byId, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Runs']

export function runRoutes({ db, wake, runTimeoutMs, logins, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('exec:backups'),
        method: 'post',
        path: '/runs',
        summary: 'Back up devices now',
        tags,
        request: { body: body(NewRun) },
        responses: { 201: json(StartedRun, 'The run, just begun'), ...refusal },
      }),
      async (c) => {
        const requestedBy = c.var.actor
        return c.json(
          await startRun({ db, wake, runTimeoutMs, logins }, c.req.valid('json'), c.var.principal, requestedBy),
          201,
        )
      },
    )
    .openapi(
      createRoute({
        ...needs('read:jobs'),
        method: 'get',
        path: '/runs',
        summary: 'Runs, newest first',
        tags,
        request: { query: PageQuery.extend({ ...RunQuery.shape, sort: sortQuery('-createdAt', 'createdAt') }) },
        responses: { 200: json(pageOf(RunSummary), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listRuns(db, c.req.valid('query'), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('exec:jobs'),
        method: 'post',
        path: '/runs/{id}/cancel',
        summary: 'Give up what is not done yet',
        tags,
        request: { params: byId },
        responses: { 200: json(Run, 'The run'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        return c.json(await inTransaction(db, (trx) => cancelRun(trx, id, principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:jobs'),
        method: 'get',
        path: '/runs/{id}',
        summary: 'How a run stands',
        tags,
        request: { params: byId },
        responses: { 200: json(Run, 'The run'), ...refusal },
      }),
      async (c) => c.json(await settleRun(db, c.req.valid('param').id, c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('read:jobs'),
        method: 'get',
        path: '/runs/{id}/tasks',
        summary: 'What became of each device',
        tags,
        request: { params: byId, query: PageQuery },
        responses: { 200: json(pageOf(Task), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listTasks(db, c.req.valid('param').id, c.req.valid('query'), c.var.principal), 200),
    )
}
