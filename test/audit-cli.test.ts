/** `netraven audit`: through the hub and, of an exported file, without it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyFingerprint } from '@netraven/protocol/keys.ts'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hubActor } from '../hub/actor.ts'
import { commandLine } from '../hub/cli/command-line.ts'
import { recordEvent } from '../hub/events.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

describe.each(servers)('netraven audit on %s', (kind) => {
  let api: TestApi
  let folder: string
  let file: string
  let lines: string[]
  const run = (...args: string[]) =>
    commandLine({
      fetch: (input, init) => api.fetch(new Request(input, init)),
      env: { NETRAVEN_HUB: 'http://127.0.0.1:8000', NETRAVEN_TOKEN: api.token },
    }).run(['audit', ...args])
  const touched = async (change: (lines: string[]) => string[]) => {
    const other = join(folder, 'touched.jsonl')
    await writeFile(other, `${change([...lines]).join('\n')}\n`)
    return run('verify', '--file', other)
  }

  beforeAll(async () => {
    api = await openTestApi(kind)
    folder = await mkdtemp(join(tmpdir(), 'netraven-audit-'))
    for (const name of ['sw1', 'sw2', 'sw3'])
      await recordEvent(api.database.db, { kind: 'device removed', actor: hubActor, details: { device: name } })
    file = join(folder, 'audit.jsonl')
    expect((await run('export', '--output', file)).code).toBe(0)
    lines = (await readFile(file, 'utf8')).trim().split('\n')
  })
  afterAll(async () => {
    await api.close()
    await rm(folder, { recursive: true, force: true })
  })
  const lineOf = (name: string) => lines.findIndex((line) => line.includes(`"name":"${name}"`))
  const seqOf = (name: string): number => JSON.parse(lines[lineOf(name)] ?? '').entry.seq

  it('lists and shows entries, and says when there are none', async () => {
    expect((await run('list', '--target', 'sw2')).out).toMatch(/device removed +device sw2/)
    expect((await run('list', '--actor', 'nobody')).out).toBe('No such entries.\n')
    expect((await run('show', String(seqOf('sw2')))).out).toContain('device sw2')
    expect((await run('show', '999999')).code).toBe(1)
  })

  it('a whole log is whole, through the hub and as a file', async () => {
    for (const args of [
      [],
      ['--file', file],
      ['--file', file, '--key', keyFingerprint(api.installation.signingKey.publicKey)],
    ]) {
      const { code, out } = await run('verify', ...args)
      expect([code, out]).toEqual([0, expect.stringContaining('The audit log is whole.')])
      expect(out).toContain('1 signature of the hub right')
    }
    expect(
      (await run('list', '--action', 'audit log exported', '--json')).json<{ items: unknown[] }>().items,
    ).toHaveLength(1)
  })

  it('a file that was edited, thinned, reordered, cut or signed by another says where', async () => {
    const at = lineOf('sw2')
    const seq = seqOf('sw2')
    const edited = await touched((all) =>
      all.map((line, index) => (index === at ? line.replaceAll('sw2', 'sw9') : line)),
    )
    expect([edited.code, edited.out]).toEqual([
      1,
      expect.stringContaining(`Entry ${seq} (device removed): its content`),
    ])
    expect((await touched((all) => all.toSpliced(at, 1))).out).toContain(`Entry ${seq} is missing.`)
    expect(
      (await touched((all) => [...all.slice(0, at), all[at + 1] ?? '', all[at] ?? '', ...all.slice(at + 2)])).out,
    ).toContain(`Entry ${seq} stands after entry ${seq + 1}`)
    expect((await touched((all) => all.slice(0, at))).out).toMatch(/missing at the end: the file was cut short/)
    const other = await run('verify', '--file', file, '--key', 'A'.repeat(43))
    expect([other.code, other.out]).toEqual([1, expect.stringContaining("none of this hub's")])
  })

  it('a file that is no export, or not there, is named', async () => {
    expect((await touched(() => ['nothing'])).code).toBe(2)
    expect((await run('verify', '--file', join(folder, 'none'))).code).toBe(2)
    expect((await run('verify', '--key', 'x')).code).toBe(2)
  })

  it('an entry that somebody edited in the database makes the command fail and is named', async () => {
    const seq = seqOf('sw2')
    await sql`alter table audit_entries disable trigger audit_entries_append_only`.execute(api.database.db)
    await sql`update audit_entries set actor_name = 'x' where seq = ${seq}`.execute(api.database.db)
    const { code, out } = await run('verify')
    expect([code, out]).toEqual([1, expect.stringContaining(`Entry ${seq} (device removed)`)])
  })
})
