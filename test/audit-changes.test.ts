/** What the audit log says when the API is used: every change has an entry of its own, and no secret is ever in one. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { AuditEntry } from '../hub/api/audit.ts'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { apart, type Kept, planted, steps } from './audit-steps.ts'
import { keepText } from './backups.ts'
import { servers } from './postgres.ts'
import { seedAgent, seedDevice } from './seed.ts'

describe.each(servers)('the audit log of the API on %s', (kind) => {
  let api: TestApi
  const kept: Kept = {}
  const entriesOf = async (query: string) => {
    const { body } = await api.call('GET', `/api/audit-logs?limit=500&order=oldest&${query}`)
    return body.items as AuditEntry[]
  }
  const newest = async (action: string) => (await entriesOf(`action=${encodeURIComponent(action)}`)).at(-1)

  beforeAll(async () => {
    api = await openTestApi(kind)
    const { db } = api.database
    const { body } = await api.call('POST', '/api/sites', { name: 'lab' })
    const agent = await seedAgent(db, String(body.id))
    const old = await seedDevice(db, String(body.id), null)
    kept.agent = agent.id
    kept.backup = await keepText(api, agent, old, 'hostname old\n')
    await sql`update versions set verdict = 'suspect', accepted_at = null`.execute(db)
    await sql`update agents set connection = gen_random_uuid(), last_seen_at = now() + interval '1 hour',
      abilities = '{test,own-drivers}'`.execute(db)
  })
  afterAll(() => api.close())

  it('audit: every change through the API leaves an entry that says what it was', async () => {
    const said: string[] = []
    const expected: string[] = []
    for (const { operation, path, body, entries, keep = {}, as } of steps) {
      const [method = '', template = ''] = operation.split(' ')
      const asked = typeof body === 'function' ? body(kept) : body
      const answer = await api.call(
        method,
        `/api${path?.(kept) ?? template}`,
        asked,
        as === undefined ? {} : { authorization: `Bearer ${kept[as]}` },
      )
      for (const [field, name] of Object.entries(keep)) kept[name] = String(answer.body[field])
      const found = await entriesOf(`requestId=${answer.headers.get('x-request-id')}`)
      const isFine = answer.status < 300 ? 'done' : `${answer.status} ${answer.text.slice(0, 200)}`
      said.push([operation, isFine, ...found.map((one) => one.action).toSorted()].join(', '))
      expected.push([operation, 'done', ...entries.toSorted()].join(', '))
    }
    expect(said).toEqual(expected)
  })

  it('audit: no operation that changes something is forgotten here', async () => {
    const { body } = await api.call('GET', '/api/openapi.json')
    const all = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== 'get')
        .map((method) => `${method.toUpperCase()} ${path.replace(/^\/api/, '')}`),
    )
    const known = new Set([...steps.map(({ operation }) => operation), ...Object.keys(apart)])
    expect(all.filter((one) => !known.has(one))).toEqual([])
    expect([...known].filter((one) => !all.includes(one))).toEqual([])
  })

  it('audit: an entry names who, what it was done to, and what it was before and is now', async () => {
    const [changed] = await entriesOf('action=device%20changed&target=sw1')
    expect(changed).toMatchObject({
      actor: { kind: 'user', name: 'admin' },
      target: { kind: 'device', name: 'sw1' },
      before: { group: null, hostKey: null },
      after: { group: 'core', hostKey: expect.stringContaining('SHA256:') },
    })
    expect((await entriesOf('action=device%20removed'))[0]).toMatchObject({
      before: { name: 'sw3', site: 'lab', credentials: ['import-u3'] },
      after: null,
    })
    const credential = (await entriesOf('action=credential%20changed'))[0]
    expect(credential?.details.fields).toEqual(['privateKey', 'passphrase'])
    expect([credential?.before?.kind, credential?.after?.kind]).toEqual(['password', 'key'])
    expect((await entriesOf('action=site%20changed'))[0]).toMatchObject({
      before: { name: 'spare' },
      after: { name: 'spare2' },
    })
  })

  it('audit: a refused login is written down, and never a name that nobody has: it may be a password', async () => {
    const login = (username: string, password: string) =>
      api.call('POST', '/api/auth/token', { username, password }, { authorization: '' })
    await login('admin', 'canary-wrong')
    expect(await newest('login refused')).toMatchObject({
      actor: { kind: 'anonymous', id: null },
      target: { kind: 'user', name: 'admin' },
    })
    await login('canary-typed-in-the-wrong-field', 'x')
    expect(await newest('login refused')).toMatchObject({ target: { kind: 'user', id: null, name: null } })
    await api.call('POST', '/api/users', { username: 'carl', password: 'canary-of-carl-1', mustChangePassword: false })
    const opened = await login('carl', 'canary-of-carl-1')
    await api.call('PATCH', '/api/users/carl', { isActive: false })
    await login('carl', 'canary-of-carl-1')
    expect(await newest('login refused')).toMatchObject({
      target: { name: 'carl' },
      details: { reason: 'the account is disabled' },
    })
    await api.call('PATCH', '/api/users/carl', { isActive: true })
    expect(opened.status).toBe(200)
  })

  it('audit: a refresh token that comes back is written down, with whose it was', async () => {
    const { body } = await api.call('POST', '/api/auth/token', { username: 'admin', password: ADMIN_PASSWORD })
    const refresh = () => api.call('POST', '/api/auth/refresh', { refresh_token: body.refresh_token })
    expect((await refresh()).status).toBe(200)
    await sql`update refresh_tokens set used_at = now() - interval '1 minute' where used_at is not null`.execute(
      api.database.db,
    )
    expect((await refresh()).status).toBe(401)
    expect(await newest('refresh token used twice')).toMatchObject({ target: { kind: 'user', name: 'admin' } })
    kept.copied = String(body.refresh_token)
  })

  it('audit: a forgotten password is written down', async () => {
    await api.call('POST', '/api/auth/forgot-password', { username: 'carl' })
    await vi.waitFor(async () =>
      expect(await newest('password reset asked for')).toMatchObject({ actor: { name: 'carl' } }),
    )
  })

  it('audit: a change that could not be written down twice over is still answered as done', async () => {
    const { db } = api.database
    await sql`alter table audit_intake rename to audit_intake_away`.execute(db)
    const { status } = await api.call('POST', '/api/tag-rules/test', { match: { name: 'sw*' }, tags: { a: 'b' } })
    await sql`alter table audit_intake_away rename to audit_intake`.execute(db)
    expect(status).toBe(200)
    expect(api.log.filter((line) => line.includes('a change is not in the audit log'))).toHaveLength(1)
  })

  it('audit: no secret that was sent is in an entry, an answer or a line of the log', async () => {
    const { rows } = await sql<{ row: string }>`select audit_entries::text as row from audit_entries`.execute(
      api.database.db,
    )
    const places = { entries: rows.map(({ row }) => row), answers: api.texts, lines: api.log }
    const found = (secrets: readonly string[], from: Readonly<Record<string, readonly string[]>>) =>
      Object.entries(from).flatMap(([place, texts]) =>
        texts.filter((text) => secrets.some((secret) => text.includes(secret))).map((text) => `${place}: ${text}`),
      )
    expect(found(planted, places)).toEqual([])
    // These are shown once, in the answer that makes them.
    const { entries, lines } = places
    const tokens = ['bert', 'refresh', 'reset', 'serviceToken', 'enrollmentToken', 'copied'].map(
      (name) => kept[name] ?? '',
    )
    expect(tokens.filter((token) => token.length < 20)).toEqual([])
    expect(found([...tokens, api.token], { entries, lines })).toEqual([])
  })

  it('audit: the chain of all that is whole', async () => {
    expect((await api.call('GET', '/api/audit-logs/verification')).body).toMatchObject({ verified: true, done: true })
  })
})
