/**
 * `GET /runs/{id}/events`: how a run goes on, as server-sent events (HTML standard, 9.2). Each event is the whole state, so whoever comes
 * back, with `Last-Event-ID` or without, misses nothing that still counts.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { z } from 'zod'
import type { Run } from '../api/run.ts'
import { openRunWatch } from '../run-watch.ts'
import { settleRun } from '../runs.ts'
import { byId, createRoute, OpenAPIHono, type RouteParts, refusal } from './route.ts'

/** Streams that one user may have open at this hub. */
export const MAX_STREAMS = 10
/** Proxies end what is silent for longer, often after 60 s, ms. */
const HEARTBEAT_MS = 15_000
/** How often a token is looked at while nothing happens, ms. */
const CHECK_MS = 5_000

export function runEventRoutes({ db, needs, access, isServing, log, clock }: RouteParts) {
  const watch = openRunWatch(db, log)
  const open = new Map<string, number>()
  return new OpenAPIHono().openapi(
    createRoute({
      ...needs('read:jobs'),
      method: 'get',
      path: '/runs/{id}/events',
      summary: 'Follow a run: server-sent events, each with its whole state',
      description:
        'Needs `read:jobs`. Events `progress`, and at last `end`, have a run as JSON; a comment comes every 15 s. The stream ends with the run, with the token, and when the hub stops: connect again then.',
      tags: ['Runs'],
      request: {
        params: byId,
        headers: z.object({
          'last-event-id': z
            .string()
            .max(255)
            .optional()
            .meta({ description: 'Taken, and not needed: the state is sent anew' }),
        }),
      },
      responses: {
        200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } },
        ...refusal,
      },
    }),
    async (c) => {
      const { principal } = c.var
      const userId = principal.user.id
      const authorization = c.req.header('authorization')
      const { id } = c.req.valid('param')
      const first = await settleRun(db, id, principal)
      const others = open.get(userId) ?? 0
      if (others >= MAX_STREAMS)
        throw new Failure('TOO_MANY_STREAMS', { limit: MAX_STREAMS, run: id, retryAfterSeconds: 5 })
      open.set(userId, others + 1)
      const encoder = new TextEncoder()
      let leave = (): void => undefined
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          let isOver = false
          let isBusy = false
          let isStale = false
          let spokeAt = clock()
          let checkedAt = clock()
          let events = 0
          const say = (text: string) => {
            spokeAt = clock()
            controller.enqueue(encoder.encode(text))
          }
          const tell = (run: Run) => {
            events += 1
            const event = run.state === 'finished' ? 'end' : 'progress'
            say(`event: ${event}\nid: ${run.id}.${events}\ndata: ${JSON.stringify(run)}\n\n`)
            if (event === 'end') end()
          }
          const end = () => {
            leave()
            controller.close()
          }
          const look = async () => {
            isStale = true
            if (isBusy) return
            isBusy = true
            try {
              while (isStale && !isOver) {
                isStale = false
                // Nobody learns more than their token allows now.
                const now = await access.principalOf(authorization)
                if (now.scopes.missing(['read:jobs']).length > 0) throw new Failure('ACCESS_CHANGED')
                checkedAt = clock()
                const run = await settleRun(db, id, now)
                if (!isOver) tell(run)
              }
            } catch (error) {
              if (!(error instanceof Failure)) log.warn({ err: error }, 'a stream of events ended')
              if (!isOver) end()
            } finally {
              isBusy = false
            }
          }
          const unfollow = watch.follow(id, {
            changed: () => void look(),
            beat: () => {
              if (!isServing()) end()
              else if (clock() - checkedAt >= CHECK_MS) {
                checkedAt = clock()
                access.principalOf(authorization).catch((error: unknown) => {
                  const isOut = error instanceof Failure && error.entry.status === 401
                  if (isOut && !isOver) end()
                })
              }
              if (!isOver && clock() - spokeAt >= HEARTBEAT_MS) say(': still here\n\n')
            },
          })
          leave = () => {
            if (isOver) return
            isOver = true
            unfollow()
            const left = (open.get(userId) ?? 1) - 1
            if (left > 0) open.set(userId, left)
            else open.delete(userId)
          }
          say('retry: 2000\n\n')
          tell(first)
          // What changed between the first look and the first of the watch.
          if (!isOver) setTimeout(() => void look(), 1_000).unref()
        },
        cancel: () => leave(),
      })
      return c.body(stream, 200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        // So that a hub that stops need not wait for the connection to fall idle.
        connection: 'close',
      })
    },
  )
}
