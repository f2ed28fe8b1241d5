/**
 * Everything that the OpenAPI document allows, and much that it does not, to every operation, as admin and as viewer: no answer of
 * 5xx, none without a code, none that does not come, and no memory that is not given back. `FUZZ_SEED` repeats a run, `FUZZ_RUNS` makes
 * it longer: `npm run fuzz`.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { failures } from '@netraven/protocol/failure.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiDocument } from '../hub/api-document.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { type Asked, awayElsewhere, type Making, operationsOf, type Question, questionsTo } from './api-questions.ts'
import { keepText } from './backups.ts'
import { servers } from './postgres.ts'
import { seedAgent } from './seed.ts'

const SEED = Number(process.env.FUZZ_SEED ?? 20_261_124)
/** Questions in all; the long form is spread over the same number of steps. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 480)
const STEPS = 6
/** An answer that takes longer does not come. */
const ANSWER_MS = 20_000
/** What caches may come to between the second step and the last, bytes. */
const GROWTH_BYTES = 24 * 1024 * 1024
const VIEWER_PASSWORD = 'canary-viewer-password'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe.each(servers.slice(0, 1))('made-up questions to every operation on %s', (kind) => {
  let api: TestApi
  let operations: Asked[]
  let making: Making
  const tokens: Record<string, string> = {}
  const passwords: Record<string, string> = { admin: ADMIN_PASSWORD, watcher: VIEWER_PASSWORD }

  const signIn = async (username: string) => {
    api.token = ''
    const { body, text } = await api.call('POST', '/api/auth/token', { username, password: passwords[username] })
    if (typeof body.access_token !== 'string') throw new Error(`${username} can't sign in: ${text}`)
    tokens[username] = body.access_token
  }

  beforeAll(async () => {
    api = await openTestApi(kind)
    const { db } = api.database
    const { body: site } = await api.call('POST', '/api/sites', { name: 'lab' })
    const agent = await seedAgent(db, String(site.id))
    const { body: credential } = await api.call('POST', '/api/credentials', {
      name: 'core',
      username: 'u',
      password: 'canary',
    })
    const device = { name: 'sw1', address: '192.0.2.1', driver: 'linux', site: 'lab', tags: { rack: '7' } }
    const { body: made } = await api.call('POST', '/api/devices', device)
    const first = await keepText(api, agent, String(made.id), 'hostname sw1\n')
    const second = await keepText(api, agent, String(made.id), 'hostname sw1\nntp server 192.0.2.9\n')
    const { body: run } = await api.call('POST', '/api/runs', { devices: ['sw1'] })
    const { body: group } = await api.call('POST', '/api/groups', { name: 'crew' })
    const user = { username: 'watcher', password: VIEWER_PASSWORD, roles: ['viewer'], mustChangePassword: false }
    const { status, text } = await api.call('POST', '/api/users', user)
    expect([status, text]).toEqual([201, expect.any(String)])
    const ids = [site.id, agent.id, credential.id, made.id, first, second, run.id, group.id].map(String)
    const words = [
      'lab',
      'sw1',
      'core',
      'crew',
      'linux',
      'cisco_ios',
      'rack',
      'rack=7',
      '192.0.2.7',
      'viewer',
      'read:devices',
      'dns',
      'TCP_TIMEOUT',
    ]
    making = { schemas: {}, known: [...ids, ...words, 'name', '-name', '10', '2026-01-01T00:00:00Z'] }
    const document = (await api.call('GET', '/api/openapi.json')).body as unknown as ApiDocument
    making = { ...making, schemas: document.components.schemas ?? {} }
    // Each costs a quarter of a second of argon2, and sessions.test.ts and passwords.test.ts have them.
    const dear = /^\/api\/auth\/(?:token|change-password|reset-password)$/
    operations = operationsOf(document).filter(({ path }) => !dear.test(path))
    await signIn('admin')
    await signIn('watcher')
  })
  afterAll(() => api.close())

  const ask = async (
    { method, path, headers, body }: Question,
    user: string,
  ): Promise<{ status: number; text: string }> => {
    const sent = { authorization: `Bearer ${tokens[user]}`, ...headers }
    const request = new Request(`http://hub.test${path}`, {
      method,
      headers: sent,
      ...(body !== undefined && { body }),
    })
    const answer = await api.fetch(request)
    if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
      await answer.body?.cancel()
      return { status: answer.status, text: '' }
    }
    return { status: answer.status, text: await answer.text() }
  }
  const inTime = <T>(work: Promise<T>, what: string) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer: ${what}`)), ANSWER_MS)
    })
    return Promise.race([work, late]).finally(() => clearTimeout(timer))
  }
  const examine = async (question: Question, user: string) => {
    const what = `${user}: ${question.method} ${question.path} ${JSON.stringify(question.headers)} ${question.body?.slice(0, 500) ?? ''}`
    const { status, text } = await inTime(ask(question, user), what)
    expect(text, what).not.toMatch(/\bat \S+ \(|node_modules|\.ts:\d|syntax error at|\bselect ".*" from\b/)
    if (status < 400) return
    const code: unknown = JSON.parse(text).error?.code
    if (status >= 500) expect(awayElsewhere, `${what}\n${text}`).toContain(code)
    const entry = Object.entries(failures).find(([name]) => name === code)?.[1]
    expect([what, entry?.status], text).toEqual([what, status])
    // It ended its own session, or changed its own account: that is what it asked for.
    if (status === 401) await signIn(user)
  }

  it(`is answered in good order, and memory is given back (seed ${SEED}, ${RUNS} questions)`, async () => {
    const heap: number[] = []
    const any = fc.oneof(...operations.map((asked) => questionsTo(asked, making)))
    for (let step = 0; step < STEPS; step++) {
      const property = fc.asyncProperty(any, fc.constantFrom('admin', 'watcher'), examine)
      await fc.assert(property, { seed: SEED + step, numRuns: Math.ceil(RUNS / STEPS), endOnFailure: true })
      expect(api.log.filter((line) => line.includes('"level":"error"'))).toEqual([])
      api.log.length = 0
      api.texts.length = 0
      collectGarbage()
      heap.push(process.memoryUsage().heapUsed)
    }
    expect((heap.at(-1) ?? 0) - (heap[1] ?? 0), heap.join(' ')).toBeLessThan(GROWTH_BYTES)
  }, 3_600_000)
})
