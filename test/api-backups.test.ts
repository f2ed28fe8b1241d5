/** Versions over the API on real databases: seen, masked, compared, checked, exported by the command line. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Backup } from '../hub/api/backup.ts'
import { commandLine } from '../hub/cli/command-line.ts'
import { newServiceToken } from '../hub/service-token.ts'
import { openTestApi, type TestApi } from './api.ts'
import { keepText } from './backups.ts'
import { servers } from './postgres.ts'
import { type SeededAgent, seedAgent } from './seed.ts'

const config = (password: string, more = '') => `hostname sw1\nenable secret ${password}\n${more}end\n`

describe.each(servers)('backups on %s', (kind) => {
  let api: TestApi
  let agent: SeededAgent
  let device: string
  const ids: string[] = []

  beforeAll(async () => {
    api = await openTestApi(kind)
    const site = String((await api.call('POST', '/api/sites', { name: 'lab' })).body.id)
    agent = await seedAgent(api.database.db, site)
    const add = async (name: string) =>
      String(
        (await api.call('POST', '/api/devices', { name, address: '192.0.2.1', driver: 'ios', site: 'lab' })).body.id,
      )
    device = await add('sw1')
    const other = await add('sw2')
    const at = Date.parse('2026-11-24T10:00:00.123Z')
    ids.push(await keepText(api, agent, device, config('canary-one'), { secrets: ['canary-one'], capturedAtMs: at }))
    ids.push(
      await keepText(api, agent, device, config('canary-one'), { secrets: ['canary-one'], capturedAtMs: at + 60_000 }),
    )
    ids.push(
      await keepText(api, agent, device, config('canary-two', 'vlan 7\n'), {
        secrets: ['canary-two'],
        capturedAtMs: at + 120_000,
      }),
    )
    ids.push(await keepText(api, agent, device, 'hostname sw1\n', { verdict: 'suspect', capturedAtMs: at + 180_000 }))
    await keepText(api, agent, other, config('canary-one'), { secrets: ['canary-one'] })
  })
  afterAll(() => api.close())

  const list = async (query: string) =>
    (await api.call('GET', `/api/backups${query}`)).body as unknown as { items: Backup[]; nextCursor: string | null }

  it('a version has the span of time in which it was seen; a second look at the same text makes no second one', async () => {
    expect(ids[1]).toBe(ids[0])
    const { items } = await list('?device=SW1')
    expect(items.map(({ verdict, latest, seenCount }) => [verdict, latest, seenCount])).toEqual([
      ['suspect', false, 1],
      ['complete', true, 1],
      ['complete', false, 2],
    ])
    expect(items.at(-1)).toMatchObject({
      firstSeenAt: '2026-11-24T10:00:00.123Z',
      lastSeenAt: '2026-11-24T10:01:00.123Z',
      device: 'sw1',
      site: 'lab',
    })
    const latest = await list('?latest=true&site=lab')
    expect(latest.items.map((one) => one.device).toSorted()).toEqual(['sw1', 'sw2'])
    const first = await list('?limit=3')
    const second = await list(`?limit=3&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items]).toHaveLength(4)
    expect(second.nextCursor).toBeNull()
  })

  it('secrets show as digests, the same for the same secret; raw needs asking, and is written down', async () => {
    const masked = await api.call('GET', `/api/backups/${ids[0]}/content`)
    expect(masked.headers.get('content-type')).toMatch(/^text\/plain; charset=utf-8/i)
    expect(masked.text).toMatch(/^hostname sw1\nenable secret <secret:[0-9a-f]{8}>\nend\n$/)
    const twin = (await list('?device=sw2')).items[0]
    expect((await api.call('GET', `/api/backups/${twin?.id}/content`)).text).toBe(masked.text)
    const raw = await api.call('GET', `/api/backups/${ids[0]}/content?raw=true`)
    expect(raw.text).toBe(config('canary-one'))
    const events = await api.database.db
      .selectFrom('events')
      .select(['actor', 'details'])
      .where('kind', '=', 'raw backup read')
      .execute()
    expect(events).toEqual([{ actor: 'admin', details: { backup: ids[0], device: 'sw1' } }])
  })

  it('a changed password is visible in a diff, and the password is not', async () => {
    const diff = await api.call('GET', `/api/backups/${ids[0]}/diff/${ids[2]}`)
    expect(diff.body).toMatchObject({ equal: false, added: 2, removed: 1 })
    expect(diff.body.unified).toMatch(
      /^--- sw1 2026.*\n\+\+\+ sw1 2026.*\n@@ [\s\S]*\n-enable secret <secret:(\w+)>\n\+enable secret <secret:(?!\1)\w+>\n\+vlan 7\n/,
    )
    expect((await api.call('GET', `/api/backups/${ids[0]}/diff/${ids[0]}`)).body).toMatchObject({
      equal: true,
      unified: '',
    })
    expect((await api.call('GET', `/api/backups/${ids[0]}/diff/none`)).error?.code).toBe('BACKUP_NOT_FOUND')
  })

  it('[HASH-6] each is verified by its hash and by the signature of the agent that read it', async () => {
    for (const id of new Set(ids)) {
      expect((await api.call('POST', `/api/backups/${id}/verify`)).body).toMatchObject({
        verified: true,
        signatureValid: true,
        signPublicKey: agent.key.publicKey,
        problems: [],
      })
    }
  })

  it('[HASH-6] whoever alters a row is found out: the agent signed something else', async () => {
    const { db } = api.database
    const before = await db
      .selectFrom('versions')
      .select('first_seen_at')
      .where('id', '=', ids[3] ?? '')
      .executeTakeFirstOrThrow()
    await db
      .updateTable('versions')
      .set({ first_seen_at: new Date(0) })
      .where('id', '=', ids[3] ?? '')
      .execute()
    const found = await api.call('POST', `/api/backups/${ids[3]}/verify`)
    expect(found.body).toMatchObject({
      verified: false,
      signatureValid: false,
      problems: [{ code: 'STATEMENT_INVALID' }],
    })
    await db
      .updateTable('versions')
      .set(before)
      .where('id', '=', ids[3] ?? '')
      .execute()
  })

  it('[STO-7] a text that was deleted outside is named with its hash, and with what to do', async () => {
    const { contentHash } = (await api.call('GET', `/api/backups/${ids[3]}`)).body as unknown as Backup
    const text = await api.blobs.get(contentHash)
    await api.blobs.remove(contentHash)
    const refused = await api.call('GET', `/api/backups/${ids[3]}/content`)
    expect([refused.status, refused.error?.code, refused.error?.message]).toEqual([
      404,
      'PATH_MISSING',
      'Backup content not found',
    ])
    expect(refused.error?.remedies.join(' ')).toMatch(new RegExp(`${contentHash}.*--device sw1 --wait`))
    expect((await api.call('POST', `/api/backups/${ids[3]}/verify`)).body).toMatchObject({
      verified: false,
      actualHash: null,
      signatureValid: true,
      problems: [{ code: 'PATH_MISSING' }],
    })
    await api.blobs.put(contentHash, text)
    expect((await api.call('POST', `/api/backups/${ids[3]}/verify`)).body).toMatchObject({ verified: true })
  })

  it('secrets that cannot be found safely are not shown at all', async () => {
    const { db } = api.database
    await db
      .updateTable('versions')
      .set({ spans: [5, 100_000] })
      .where('id', '=', ids[3] ?? '')
      .execute()
    const refused = await api.call('GET', `/api/backups/${ids[3]}/content`)
    expect([refused.status, refused.error?.code]).toEqual([500, 'MASKING_FAILED'])
    await db
      .updateTable('versions')
      .set({ spans: [] })
      .where('id', '=', ids[3] ?? '')
      .execute()
  })

  it('[DIAG-5] the store says how full it is', async () => {
    const { body } = await api.call('GET', '/api/storage/status')
    expect(body).toMatchObject({ healthy: true, texts: 3, versions: 4, totalBytes: expect.any(Number) })
  })

  it('none but the raw answer holds a secret', () => {
    expect(api.texts.filter((text) => text.includes('canary'))).toEqual([config('canary-one')])
    expect(api.log.join('\n')).not.toContain('canary')
  })

  it('[TMO-5] a suspect that somebody accepts is the newest good version, unless a good one was seen later', async () => {
    const third = String(
      (await api.call('POST', '/api/devices', { name: 'sw3', address: '192.0.2.3', driver: 'ios', site: 'lab' })).body
        .id,
    )
    const at = Date.parse('2026-11-24T12:00:00Z')
    const keep = (text: string, verdict: 'complete' | 'suspect', minutes: number) =>
      keepText(api, agent, third, text, { verdict, capturedAtMs: at + minutes * 60_000 })
    const early = await keep('early\n', 'suspect', 0)
    const good = await keep('good\n', 'complete', 1)
    const late = await keep('late\n', 'suspect', 2)
    const accept = async (id: string) =>
      (await api.call('POST', `/api/backups/${id}/accept`, {})).body as unknown as Backup
    expect(await accept(early)).toMatchObject({ latest: false, verdict: 'suspect', accepted: { by: 'admin' } })
    expect(await accept(late)).toMatchObject({ latest: true, accepted: { by: 'admin' } })
    const { accepted } = await accept(late)
    expect((await accept(late)).accepted).toEqual(accepted)
    expect(await accept(good)).toMatchObject({ latest: false, accepted: null })
    expect((await api.call('POST', `/api/backups/${late}/verify`, {})).body).toMatchObject({ verified: true })
    expect(await keep('late\n', 'complete', 3)).toBe(late)
    expect((await api.call('POST', '/api/backups/00000000-0000-7000-8000-000000000000/accept', {})).status).toBe(404)
    expect((await api.call('DELETE', `/api/devices/${third}`)).status).toBeLessThan(300)
  })

  describe('on the command line', () => {
    const line = () =>
      commandLine({
        fetch: (input, init) => api.fetch(new Request(input, init)),
        env: { NETRAVEN_HUB: 'http://127.0.0.1:8000', NETRAVEN_TOKEN: api.token },
      })
    const run = (...args: string[]) => line().run(args)

    it('list, show and diff what there is', async () => {
      expect((await run('backup', 'list', '--device', 'sw1')).out).toMatch(/ID +DEVICE[\s\S]*suspect[\s\S]*newest/)
      const shown = await run('backup', 'show', '--device', 'sw1')
      expect(shown.out).toBe('hostname sw1\n')
      expect(shown.err).toMatch(/^This version is suspect: no reason given\n.*netraven backup accept [0-9a-f-]{36}\n$/)
      expect((await run('backup', 'show', ids[2] ?? '')).out).toMatch(/<secret:[0-9a-f]{8}>\nvlan 7\nend\n$/)
      expect((await run('backup', 'diff', '--device', 'sw1')).out).toMatch(/\n\+vlan 7\n/)
      expect((await run('backup', 'diff', '--device', 'sw2')).err).toMatch(/BACKUP_NOT_FOUND[\s\S]*one version only/)
    })

    it('[DIAG-6] verify says for each what it found; exit code 1 when one is wrong', async () => {
      const well = await run('backup', 'verify', '--all', '--json')
      expect([well.code, well.json()]).toEqual([0, expect.objectContaining({ verified: 2, failed: 0 })])
      await api.database.db
        .updateTable('versions')
        .set({ size_bytes: 1 })
        .where('id', '=', ids[0] ?? '')
        .execute()
      const bad = await run('backup', 'verify', ids[0] ?? '', ids[2] ?? '')
      expect([bad.code, bad.out, bad.err]).toEqual([
        1,
        expect.stringMatching(/BAD[\s\S]*signature WRONG[\s\S]*ok[\s\S]*1 of 2 versions verified/),
        expect.stringContaining('STATEMENT_INVALID'),
      ])
    })

    it('export writes the newest good version of each device, masked unless asked', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'netraven-export-'))
      onTestFinished(() => rm(dir, { recursive: true, force: true }))
      expect((await run('backup', 'export', '--dir', dir)).code).toBe(0)
      expect((await readdir(dir)).toSorted()).toEqual(['sw1.cfg', 'sw2.cfg'])
      expect(await readFile(join(dir, 'sw1.cfg'), 'utf8')).toMatch(/<secret:[0-9a-f]{8}>\nvlan 7/)
      await run('backup', 'export', '--dir', dir, '--raw')
      expect(await readFile(join(dir, 'sw1.cfg'), 'utf8')).toBe(config('canary-two', 'vlan 7\n'))
    })

    it('doctor finds the agent that is away and says where to look, exit code 1', async () => {
      const ran = await run('doctor')
      expect([ran.code, ran.out]).toEqual([
        1,
        expect.stringMatching(
          /ok +hub[\s\S]*BAD +agents +Agent offline \[AGENT_OFFLINE\][\s\S]*journalctl[\s\S]*ok +devices +2 devices/,
        ),
      ])
      const at = new Date()
      await api.database.db
        .updateTable('agents')
        .set({ connection: 'c', last_seen_at: at })
        .where('id', '=', agent.id)
        .execute()
      expect((await run('doctor')).code).toBe(0)
      expect((await run('agents', 'list')).out).toMatch(/online/)
    })

    it('a token that the hub does not know says how to log in, exit code 78', async () => {
      const stranger = commandLine({
        fetch: (input, init) => api.fetch(new Request(input, init)),
        env: { NETRAVEN_HUB: 'http://127.0.0.1:8000', NETRAVEN_TOKEN: newServiceToken() },
      })
      const ran = await stranger.run(['devices', 'list'])
      expect([ran.code, ran.err]).toEqual([
        78,
        expect.stringMatching(/^Invalid token \[TOKEN_UNKNOWN\][\s\S]*netraven login/),
      ])
      expect((await stranger.run(['doctor'])).code).toBe(1)
    })
  })
})
