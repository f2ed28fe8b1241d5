import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ImportReport } from '../api/device.ts'
import { cannedHub, commandLine, signedIn } from './command-line.ts'

const report: ImportReport = {
  dryRun: false,
  added: 1,
  updated: 0,
  unchanged: 0,
  wrong: 1,
  credentials: ['import-backup'],
  tags: ['rack'],
  rows: [
    { line: 2, name: 'sw1', outcome: 'added', problems: [] },
    { line: 3, name: 'sw2', outcome: 'wrong', problems: ['port: "x" must be a number', 'driver: is missing'] },
  ],
}

async function fileOf(bytes: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'netraven-import-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'devices.csv')
  await writeFile(path, bytes)
  return path
}

function hub(seen: { url?: URL; type?: string | null; text?: string } = {}) {
  return cannedHub({
    'GET /api/sites': {
      items: [
        {
          id: '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b',
          name: 'only',
          devices: 0,
          agents: 0,
          agentsOnline: 0,
          createdAt: '2026-11-24T11:44:08.657Z',
        },
      ],
      nextCursor: null,
    },
    'POST /api/devices/import': async (request) => {
      Object.assign(seen, {
        url: new URL(request.url),
        type: request.headers.get('content-type'),
        text: await request.text(),
      })
      return Response.json(report)
    },
  })
}

describe('netraven devices import', () => {
  it('names every wrong line so that an editor can jump there, exit 1', async () => {
    const file = await fileOf('name,address,driver\n')
    const ran = await commandLine({ fetch: hub(), env: signedIn }).run(['devices', 'import', file])
    expect(ran.code).toBe(1)
    expect(ran.out).toMatch(
      /1 device added, 0 updated, 0 unchanged, 1 wrong\.\nCredentials made: import-backup\nKept as tags: rack/,
    )
    expect(ran.err.split('\n')).toEqual([
      `${file}:3: sw2: port: "x" must be a number`,
      `${file}:3: sw2: driver: is missing`,
      expect.stringContaining('[CSV_INVALID]: 1 line to correct; the good ones are loaded'),
      '',
    ])
  })

  it('takes the only site there is, and says so with --dry-run', async () => {
    const seen: { url?: URL; type?: string | null; text?: string } = {}
    const file = await fileOf('name,address,driver\r\n')
    await commandLine({ fetch: hub(seen), env: signedIn }).run(['devices', 'import', file, '--dry-run'])
    expect(seen).toMatchObject({ type: 'text/csv', text: 'name,address,driver\r\n' })
    expect(seen.url?.search).toBe('?dryRun=true&site=only')
  })

  it('a file in another encoding is refused before it becomes wrong names', async () => {
    const file = await fileOf(Uint8Array.from([0x6e, 0xe4, 0x0a]))
    const ran = await commandLine({ fetch: hub(), env: signedIn }).run(['devices', 'import', file])
    expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/CSV_INVALID[\s\S]*UTF-8/)])
  })
})
