import { describe, expect, it } from 'vitest'
import type { Run } from '../api/run.ts'
import { cannedHub, commandLine, signedIn } from './command-line.ts'

const RUN_ID = '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b'

const running: Run = {
  id: RUN_ID,
  requestedBy: 'admin',
  state: 'running',
  createdAt: '2026-11-24T11:44:08.657Z',
  deadlineAt: '2026-11-24T12:44:08.657Z',
  finishedAt: null,
  seconds: 0.1,
  total: 3,
  queued: 3,
  leased: 0,
  succeeded: 0,
  changed: 0,
  unchanged: 0,
  suspect: 0,
  failed: 0,
  failures: [],
  sitesWithoutAgent: ['lab'],
}
const finished: Run = {
  ...running,
  state: 'finished',
  finishedAt: '2026-11-24T11:44:12.000Z',
  seconds: 3.343,
  queued: 0,
  succeeded: 3,
  changed: 1,
  unchanged: 2,
  sitesWithoutAgent: [],
}
const oneFailed: Run = {
  ...finished,
  succeeded: 2,
  unchanged: 1,
  failed: 1,
  failures: [
    {
      device: 'sw3',
      code: 'TCP_TIMEOUT',
      message: 'Device unreachable',
      details: { address: '192.0.2.3' },
      remedies: ['Look.'],
    },
  ],
}

function hub(looks: Run[], asked: unknown[] = []) {
  return cannedHub({
    'POST /api/runs': async (request) => {
      asked.push(await request.json())
      return Response.json({ ...running, skipped: 2 }, { status: 201 })
    },
    [`GET /api/runs/${RUN_ID}`]: () => Response.json(looks.length > 1 ? looks.shift() : looks[0]),
  })
}

describe('netraven backup run', () => {
  it('[DEV-3] names a suspected outage once, and only those one by one that failed by themselves', async () => {
    const down = (device: string) => ({
      ...{ device, site: 'lab', code: 'TCP_TIMEOUT', message: 'Device unreachable' },
      ...{ details: { rung: 'tcp' }, remedies: ['Look.'] },
    })
    const other = { ...down('sw9'), code: 'PASSWORD_REJECTED', message: 'Authentication failed', details: {} }
    const outages = [{ site: 'lab', rung: 'tcp' as const, failed: 3, total: 5 }]
    const failures = [down('sw1'), down('sw2'), down('sw3'), other, { ...down('sw8'), site: 'branch' }]
    const run = { ...oneFailed, failed: 5, failures, outages }
    const text = await commandLine({ fetch: hub([run]), env: signedIn }).run(['backup', 'run', '--all', '--wait'])
    expect(text.err.split('\n').slice(2, 7)).toEqual([
      'lab: site/segment outage suspected: 3 of 5 devices failed at tcp',
      'sw9: Authentication failed [PASSWORD_REJECTED]',
      'sw8: Device unreachable [TCP_TIMEOUT]',
      'What to do about TCP_TIMEOUT:',
      '  - Look.',
    ])
    const json = await commandLine({ fetch: hub([run]), env: signedIn }).run([
      'backup',
      'run',
      '--all',
      '--wait',
      '--json',
    ])
    expect(json.json()).toMatchObject({ outages, failures: { length: 5 } })
  })

  it('[DEV-7] shows what device and agent offer when they have no algorithm in common', async () => {
    const details = { missing: ['kex'], offered: { kex: ['old-kex'] }, ours: { kex: ['new-kex', 'newer-kex'] } }
    const failure = {
      device: 'sw3',
      code: 'SSH_LEGACY_ALGOS',
      message: 'No common SSH algorithm',
      details,
      remedies: [],
    }
    const { err } = await commandLine({ fetch: hub([{ ...oneFailed, failures: [failure] }]), env: signedIn }).run([
      'backup',
      'run',
      '--all',
      '--wait',
    ])
    expect(err).toContain('\n  key exchange: device offers: old-kex; we offer: new-kex, newer-kex\n')
  })

  it('--wait --json prints exactly the object that scripts rely on', async () => {
    const ran = await commandLine({ fetch: hub([running, oneFailed]), env: signedIn }).run([
      'backup',
      'run',
      '--all',
      '--wait',
      '--json',
    ])
    expect(ran.code).toBe(1)
    expect(ran.out.trim().split('\n')).toHaveLength(1)
    expect(ran.json()).toEqual({
      runId: RUN_ID,
      total: 3,
      succeeded: 2,
      changed: 1,
      unchanged: 1,
      suspect: 0,
      failed: 1,
      seconds: 3.343,
      failures: [{ device: 'sw3', code: 'TCP_TIMEOUT', message: 'Device unreachable' }],
    })
  })

  it('says what became of the devices, and what to do about those that failed', async () => {
    const ran = await commandLine({ fetch: hub([oneFailed]), env: signedIn }).run(['backup', 'run', '--all', '--wait'])
    expect(ran.out).toBe('3 devices in 3.3 s: 1 changed, 1 unchanged, 1 failed.\n')
    expect(ran.err).toMatch(/sw3: Device unreachable \[TCP_TIMEOUT\]\nWhat to do about TCP_TIMEOUT:\n {2}- Look\./)
    expect(ran.err).toMatch(/2 devices left out[\s\S]*No agent of site lab is online/)
  })

  it('ends well when all went well', async () => {
    const ran = await commandLine({ fetch: hub([running, finished]), env: signedIn }).run([
      'backup',
      'run',
      '--site',
      'lab',
      '--wait',
    ])
    expect([ran.code, ran.out]).toEqual([0, '3 devices in 3.3 s: 1 changed, 2 unchanged, 0 failed.\n'])
  })

  it('draws a bar on a terminal, on stderr alone', async () => {
    const ran = await commandLine({ fetch: hub([running, finished]), env: signedIn }).run(
      ['backup', 'run', '--all', '--wait'],
      {
        isTerminal: true,
      },
    )
    expect(ran.err).toMatch(/0\/3 devices/)
    expect(ran.out).toBe('3 devices in 3.3 s: 1 changed, 2 unchanged, 0 failed.\n')
  })

  it('[TMO-2] says what waits to be tried again, once where no bar can, and how often a device was tried', async () => {
    const waits = (tasks: number, inSeconds: number): Run => ({
      ...{ ...running, queued: tasks, succeeded: 3 - tasks, changed: 3 - tasks, sitesWithoutAgent: [] },
      retrying: { tasks, inSeconds },
    })
    const busy = { device: 'sw3', code: 'DEVICE_COMMAND_TIMEOUT', message: 'Command Execution Timeout', remedies: [] }
    const failures = [{ ...busy, details: { attempts: 2, before: 'BANNER_TIMEOUT' } }]
    const looks = () => [waits(1, 24.2), waits(1, 23.8), waits(2, 23.1), waits(1, 0.4), { ...oneFailed, failures }]
    const ran = await commandLine({ fetch: hub(looks()), env: signedIn }).run(['backup', 'run', '--all', '--wait'])
    expect(ran.err.split('\n').slice(2, 6)).toEqual([
      'Too busy to be read: 1 will be tried again in 25 s.',
      'Too busy to be read: 2 will be tried again, the first in 24 s.',
      'sw3: Command Execution Timeout [DEVICE_COMMAND_TIMEOUT], tried 2 times',
      expect.stringMatching(/^ {2}/),
    ])
    const drawn = await commandLine({ fetch: hub([waits(1, 24.2), finished]), env: signedIn }).run(
      ['backup', 'run', '--all', '--wait'],
      { isTerminal: true },
    )
    expect(drawn.err).toMatch(/0\/3 devices/)
    expect(drawn.err).not.toContain('Too busy')
  })

  it('without --wait it tells the id and ends', async () => {
    const asked: unknown[] = []
    const ran = await commandLine({ fetch: hub([], asked), env: signedIn }).run([
      'backup',
      'run',
      '--device',
      'a',
      '--device',
      'b',
    ])
    expect([ran.code, ran.out]).toEqual([0, expect.stringContaining(RUN_ID)])
    expect(asked).toEqual([{ devices: ['a', 'b'] }])
  })

  it('waits no longer than the run may take, and then says try later', async () => {
    const ran = await commandLine({ fetch: hub([running]), env: signedIn }).run(['backup', 'run', '--all', '--wait'])
    expect([ran.code, ran.err]).toEqual([75, expect.stringContaining('RUN_DEADLINE')])
  })
})
