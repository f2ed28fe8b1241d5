/** Following, listing and cancelling runs on real databases, over two hubs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess } from '../hub/access.ts'
import { accessTokens } from '../hub/access-tokens.ts'
import type { Run } from '../hub/api/run.ts'
import { createApp } from '../hub/app.ts'
import { migrate } from '../hub/db/migrate.ts'
import { silentLog } from '../hub/log.ts'
import { MAX_STREAMS } from '../hub/routes/run-events.ts'
import { failTasks } from '../hub/task-ends.ts'
import { closeRuns } from '../hub/tasks.ts'
import { tokenKeys } from '../hub/token-keys.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

describe.each(servers)('runs on %s', (kind) => {
  let api: TestApi
  let isServing = true
  beforeAll(async () => {
    api = await openTestApi(kind, { isServing: () => isServing })
    await api.call('POST', '/api/sites', { name: 'lab' })
  })
  afterAll(() => api.close())

  let made = 0
  const run = async (devices: number): Promise<Run> => {
    const names = Array.from({ length: devices }, (_, index) => `sw${made + index}`)
    made += devices
    for (const name of names)
      await api.call('POST', '/api/devices', { name, address: '192.0.2.1', driver: 'linux', site: 'lab' })
    return (await api.call('POST', '/api/runs', { devices: names })).body as unknown as Run
  }
  const fail = async (id: string, count: number) => {
    const { db } = api.database
    const tasks = await db
      .selectFrom('tasks')
      .select('id')
      .where('run_id', '=', id)
      .where('state', '=', 'queued')
      .limit(count)
      .execute()
    const failure = { code: 'TCP_TIMEOUT', details: {} }
    await db.transaction().execute((trx) =>
      failTasks(
        trx,
        tasks.map((task) => ({ task: task.id, failure, durationMs: 1 })),
      ),
    )
    await closeRuns(db, [id])
  }
  const follow = async (
    id: string,
    more: {
      fetch?: (request: Request) => Response | Promise<Response>
      token?: string
      headers?: Record<string, string>
    } = {},
  ) => {
    const { fetch = api.fetch, token = api.token, headers = {} } = more
    const response = await fetch(
      new Request(`http://hub.test/api/runs/${id}/events`, {
        headers: { authorization: `Bearer ${token}`, ...headers },
      }),
    )
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    /** The next event; undefined: the stream is over. */
    const next = async (): Promise<{ event: string; run: Run } | undefined> => {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end >= 0) {
          const block = text.slice(0, end)
          text = text.slice(end + 2)
          const [, event] = /^event: (.*)$/m.exec(block) ?? []
          const [, data] = /^data: (.*)$/m.exec(block) ?? []
          if (event !== undefined && data !== undefined) return { event, run: JSON.parse(data) }
          continue
        }
        const part = await reader?.read()
        if (!part || part.done) return undefined
        text += part.value
      }
    }
    return { response, next, close: () => reader?.cancel() }
  }
  const secondHub = () => {
    const { database, keyring, installation, blobs } = api
    const tokens = accessTokens(installation.id, tokenKeys(database.db, keyring, Date.now), Date.now)
    const log = silentLog()
    return createApp({
      config: { accessTokenMinutes: 30, runTimeoutMs: 3_600_000 },
      ...{ database, keyring, installation, blobs, tokens, log },
      migrations: migrate(database.db, { log }),
      access: openAccess({ db: database.db, tokens, clock: Date.now }),
      node: 'second',
      wake: async () => undefined,
    })
  }

  it('are followed to their end, on whichever hub, and whoever comes back has the state anew', async () => {
    const { id } = await run(2)
    const other = secondHub()
    const [one, two] = [await follow(id), await follow(id, { fetch: async (request) => other.fetch(request) })]
    expect(one.response.headers.get('content-type')).toBe('text/event-stream')
    expect((await one.next())?.run.queued).toBe(2)
    expect((await two.next())?.run.queued).toBe(2)
    await fail(id, 1)
    for (const stream of [one, two]) {
      let seen = await stream.next()
      while (seen?.run.failed === 0) seen = await stream.next()
      expect([seen?.event, seen?.run.failed]).toEqual(['progress', 1])
    }
    await one.close()
    const back = await follow(id, { headers: { 'last-event-id': `${id}.1` } })
    expect((await back.next())?.run.failed).toBe(1)
    await fail(id, 1)
    for (const stream of [two, back]) {
      let seen = await stream.next()
      while (seen?.event === 'progress') seen = await stream.next()
      expect([seen?.event, seen?.run.state, seen?.run.failed]).toEqual(['end', 'finished', 2])
      expect(await stream.next()).toBeUndefined()
    }
  })

  it('that are over end the stream at once, and unknown ones have none', async () => {
    const { id } = await run(1)
    await fail(id, 1)
    const stream = await follow(id)
    expect((await stream.next())?.event).toBe('end')
    expect(await stream.next()).toBeUndefined()
    const { status, error } = await api.call('GET', '/api/runs/019a0000-0000-7000-8000-000000000001/events')
    expect([status, error?.code]).toEqual([404, 'RUN_UNKNOWN'])
  })

  it('are followed by a bounded number of streams a user, and a closed one makes room', async () => {
    const { id } = await run(1)
    const streams = await Promise.all(Array.from({ length: MAX_STREAMS }, () => follow(id)))
    const { status, error, headers } = await api.call('GET', `/api/runs/${id}/events`)
    expect([status, error?.code, headers.get('retry-after')]).toEqual([429, 'TOO_MANY_STREAMS', '5'])
    await streams[0]?.close()
    const more = await follow(id)
    expect(more.response.status).toBe(200)
    for (const stream of [...streams.slice(1), more]) await stream.close()
  })

  it('[TOK-2] stop telling whoever logged out, and everybody when the hub stops', async () => {
    const { id } = await run(2)
    const { body } = await api.call('POST', '/api/auth/token', { username: 'admin', password: ADMIN_PASSWORD })
    const token = String(body.access_token)
    const [gone, stays] = [await follow(id, { token }), await follow(id)]
    await gone.next()
    await stays.next()
    await api.call('POST', '/api/auth/logout', undefined, { authorization: `Bearer ${token}` })
    await fail(id, 1)
    let last = await gone.next()
    while (last) {
      expect(last.run.failed).toBe(0)
      last = await gone.next()
    }
    isServing = false
    while (await stays.next());
    isServing = true
  })

  it('are cancelled: what waits is given up, and what is over stays', async () => {
    const { id } = await run(2)
    await fail(id, 1)
    const cancelled = await api.call('POST', `/api/runs/${id}/cancel`)
    expect(cancelled.body).toMatchObject({ state: 'finished', failed: 2, queued: 0 })
    expect((cancelled.body.failures as { code: string }[]).map(({ code }) => code).toSorted()).toEqual([
      'CANCELLED',
      'TCP_TIMEOUT',
    ])
    expect((await api.call('POST', `/api/runs/${id}/cancel`)).body).toMatchObject({ state: 'finished', failed: 2 })
    expect((await api.call('POST', '/api/runs/nonsense/cancel')).error?.code).toBe('RUN_UNKNOWN')
  })

  it('[DIAG-8] are listed newest first, by state, asker and time', async () => {
    const open = await run(1)
    const list = async (query: string) =>
      (await api.call('GET', `/api/runs?${query}`)).body.items as { id: string; state: string }[]
    expect((await list('limit=1'))[0]).toMatchObject({ id: open.id, state: 'running', requestedBy: 'admin', queued: 1 })
    expect((await list('state=finished')).every(({ state }) => state === 'finished')).toBe(true)
    expect(await list('requestedBy=nobody')).toEqual([])
    expect(await list(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([])
    expect((await list(`until=${new Date(Date.now() + 60_000).toISOString()}`)).length).toBeGreaterThan(3)
  })
})
