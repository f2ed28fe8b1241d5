import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Backup } from '../api/backup.ts'
import { fileNames } from './backup-export.ts'
import { cannedHub, commandLine, signedIn } from './command-line.ts'

const backup = (number: number, device: string): Backup => ({
  id: `01a20d5e-d5d0-743b-a2fc-00000000000${number}`,
  device,
  deviceId: '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b',
  site: 'lab',
  driver: 'linux',
  latest: true,
  verdict: 'complete',
  reasons: [],
  accepted: null,
  secrets: 'keep',
  sizeBytes: 5,
  contentHash: 'a'.repeat(64),
  fingerprint: 'a'.repeat(64),
  firstSeenAt: '2026-11-24T11:44:08.657Z',
  lastSeenAt: '2026-11-24T11:44:08.657Z',
  seenCount: 1,
  agent: 'jump1',
  task: '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b',
  attempt: 1,
  signature: 'A'.repeat(86),
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'netraven-export-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const hub = (backups: Backup[], missing: string[] = []) =>
  cannedHub({
    'GET /api/backups': { items: backups, nextCursor: null },
    ...Object.fromEntries(
      backups.map((one) => [
        `GET /api/backups/${one.id}/content`,
        (request: Request) =>
          missing.includes(one.device)
            ? Response.json(
                { error: { code: 'PATH_MISSING', message: 'Backup content not found', details: {} } },
                { status: 404 },
              )
            : new Response(`text of ${one.device}, ${new URL(request.url).search}`),
      ]),
    ),
  })

describe('netraven backup export', () => {
  it('writes one file a device; raw ones for the owner alone', async () => {
    const dir = join(await newFolder(), 'new', 'folder')
    const line = commandLine({ fetch: hub([backup(1, 'sw1'), backup(2, 'sw2')]), env: signedIn })
    const ran = await line.run(['backup', 'export', '--dir', dir])
    expect([ran.code, ran.out]).toEqual([0, expect.stringMatching(/2 files written to .*secrets are masked/)])
    expect((await readdir(dir)).toSorted()).toEqual(['sw1.cfg', 'sw2.cfg'])
    expect(await readFile(join(dir, 'sw1.cfg'), 'utf8')).toBe('text of sw1, ?raw=false')
    await line.run(['backup', 'export', '--dir', dir, '--raw'])
    expect(await readFile(join(dir, 'sw2.cfg'), 'utf8')).toBe('text of sw2, ?raw=true')
    expect((await stat(join(dir, 'sw2.cfg'))).mode & 0o777).toBe(0o600)
  })

  it('one text that is lost is named, the others are written', async () => {
    const dir = await newFolder()
    const line = commandLine({ fetch: hub([backup(1, 'sw1'), backup(2, 'sw2')], ['sw1']), env: signedIn })
    const ran = await line.run(['backup', 'export', '--dir', dir, '--json'])
    expect([ran.code, await readdir(dir)]).toEqual([1, ['sw2.cfg']])
    expect(ran.json()).toMatchObject({ written: 1, failed: 1, failures: [{ device: 'sw1', code: 'PATH_MISSING' }] })
  })

  it('a folder that is a file ends it with the path', async () => {
    const dir = join(await newFolder(), 'file')
    await writeFile(dir, '')
    const ran = await commandLine({ fetch: hub([backup(1, 'sw1')]), env: signedIn }).run([
      'backup',
      'export',
      '--dir',
      dir,
    ])
    expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/EXPORT_FAILED[\s\S]*EEXIST/)])
  })

  it('with nothing to export it says what to do', async () => {
    const ran = await commandLine({ fetch: hub([]), env: signedIn }).run(['backup', 'export', '--dir', tmpdir()])
    expect([ran.code, ran.out]).toEqual([0, expect.stringContaining('netraven backup run --all --wait')])
  })

  it('[STO-2] no device name leads out of the folder, and no two share a file', () => {
    const names = fileNames([
      '../../etc/passwd',
      'a/b',
      'a\\b',
      'SW1',
      'sw1',
      '.hidden',
      'CON:',
      'grün',
      'x'.repeat(120),
      '...',
    ])
    expect(names).toEqual([
      '__.._etc_passwd.cfg',
      'a_b.cfg',
      'a_b-2.cfg',
      'SW1.cfg',
      'sw1-2.cfg',
      '_hidden.cfg',
      'CON_.cfg',
      'grün.cfg',
      `${'x'.repeat(100)}.cfg`,
      '_.cfg',
    ])
  })
})
