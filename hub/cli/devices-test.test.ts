import { rungs, type Step } from '@netraven/protocol/ladder.ts'
import { describe, expect, it } from 'vitest'
import type { Reachability } from '../api/reachability.ts'
import { cannedHub, commandLine, signedIn } from './command-line.ts'

const ID = '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b'
const PATH = '/api/devices/sw1/reachability'

const queued: Reachability = {
  ...{ id: ID, run: ID, device: 'sw1', site: 'lab', address: '192.0.2.1', port: 443 },
  ...{ driver: 'paloalto_panos', transport: 'https', state: 'queued', agent: null, agentOnline: true },
  ...{ requestedAt: '2026-11-24T11:44:08.657Z', startedAt: null, finishedAt: null, durationMs: null },
  ...{ steps: [], current: null, failure: null },
}
const running: Reachability = { ...queued, state: 'running', agent: 'jump-1' }

function ladder(upTo: Step['rung'], failed?: string): Step[] {
  const last = rungs.indexOf(upTo)
  return rungs.map((rung, index) => {
    if (index > last) return { rung, state: 'skipped', ms: 0 }
    if (index === last && failed) return { rung, state: 'failed', ms: 1500, code: failed }
    return { rung, state: 'passed', ms: 12 }
  })
}
const passed: Reachability = { ...running, state: 'passed', steps: ladder('completeness'), durationMs: 120 }
const rejected: Reachability = {
  ...running,
  state: 'failed',
  steps: ladder('login', 'PASSWORD_REJECTED'),
  failure: {
    code: 'PASSWORD_REJECTED',
    message: 'Authentication failed',
    details: {},
    remedies: ['On the jump host of agent jump-1 (site lab): look.'],
  },
}

function hub(...looks: Reachability[]) {
  return cannedHub({
    [`POST ${PATH}`]: () => Response.json(looks[0], { status: 202 }),
    [`GET ${PATH}`]: () => Response.json(looks.length > 1 ? looks.shift() : looks[0]),
  })
}

const run = (fetch: typeof globalThis.fetch, ...more: string[]) =>
  commandLine({ fetch, env: signedIn }).run(['devices', 'test', 'sw1', ...more])

/** Stands on a rung for so long. */
function climbing(rung: Step['rung'], ms = 0, more: Partial<Reachability> = {}): Reachability {
  const steps = ladder('completeness').slice(0, rungs.indexOf(rung))
  return { ...running, steps, current: { rung, since: '2026-11-24T11:44:09.000Z', ms }, ...more }
}

describe('netraven devices test', () => {
  it('waits for the end, shows each rung with its time, and ends with 0', async () => {
    const { code, out, err } = await run(hub(queued, queued, running, passed))
    expect([code, err]).toEqual([0, ''])
    expect(out.split('\n').slice(0, 5)).toEqual([
      'sw1: 192.0.2.1 port 443, paloalto_panos over https, by agent jump-1 of site lab',
      '✓ dns            12 ms',
      '✓ tcp            12 ms',
      '✓ banner         12 ms',
      '✓ certificate    12 ms',
    ])
    expect(out).toContain('sw1 can be read.')
  })

  it('shows the rung that broke, why that may be and what to do, and ends with 1', async () => {
    const { code, out, err } = await run(hub(queued, rejected))
    expect(code).toBe(1)
    expect(out).toMatch(/✗ login +1\.5 s {2}PASSWORD_REJECTED\n– enable\n– prompt\n/)
    expect(err).toMatch(/^Authentication failed \[PASSWORD_REJECTED\]\nPossible causes:\n {2}- Incorrect credentials/)
    expect(err).toContain('What to do:\n  - On the jump host of agent jump-1 (site lab): look.')
  })

  it('[DEV-2] shows each rung when it has come: those before the hub went away stand there', async () => {
    const looks = [queued, climbing('tcp'), climbing('host-key', 900)]
    const { code, out } = await run(
      cannedHub({
        [`POST ${PATH}`]: () => Response.json(queued, { status: 202 }),
        [`GET ${PATH}`]: () =>
          looks.length > 0 ? Response.json(looks.shift()) : Response.json({ error: {} }, { status: 404 }),
      }),
    )
    expect(code).not.toBe(0)
    expect(out.split('\n').map((line) => line.slice(0, 8).trimEnd())).toEqual([
      'sw1: 192',
      '✓ dns',
      '✓ tcp',
      '✓ banner',
      '',
    ])
  })

  it('[DEV-2] a terminal shows the rung that is waited for and for how long; a pipe has each rung once and no such line', async () => {
    const looks = () => hub(queued, climbing('login', 400), climbing('login', 3100), climbing('login', 4200), rejected)
    const drawn = await commandLine({ fetch: looks(), env: signedIn }).run(['devices', 'test', 'sw1'], {
      isTerminal: true,
    })
    const lines = drawn.err.split('\r\u001B[K').filter((line) => line.startsWith('…'))
    expect(lines).toEqual(['… login            0 s', '… login            3 s', '… login            4 s'])
    const piped = await run(looks())
    expect(piped.out).toBe(drawn.out)
    expect(piped.out.match(/^. (?:dns|tcp|banner|certificate|login)/gm)).toEqual([
      ...['✓ dns', '✓ tcp', '✓ banner', '✓ certificate', '✗ login'],
    ])
    expect(piped.err).not.toContain('…')
  })

  it('[DEV-2] a rung that it fell from after it had passed is shown again, and no other', async () => {
    const { out } = await run(hub(queued, climbing('command'), rejected))
    expect(out.match(/^. (?:login|certificate|prompt)/gm)).toEqual([
      '✓ certificate',
      '✓ login',
      '✓ prompt',
      '✗ login',
      '– prompt',
    ])
  })

  it('[DEV-2] when another agent takes the test after the first was lost, it says so and begins below', async () => {
    const second = { agent: 'jump-2', startedAt: '2026-11-24T11:45:09.000Z' }
    const { out } = await run(
      hub(queued, climbing('login'), queued, climbing('banner', 0, second), { ...passed, ...second }),
    )
    expect(out.match(/by agent \S+|^✓ (?:tcp|banner|login)/gm)).toEqual([
      ...['by agent jump-1', '✓ tcp', '✓ banner', 'by agent jump-2', '✓ tcp', '✓ banner', '✓ login'],
    ])
  })

  it('[MIG-2] an older hub shows no rung before the end, and then all', async () => {
    const older = { ...running, current: undefined }
    const looks: object[] = [older, { ...passed, current: undefined }]
    const { code, out } = await run(
      cannedHub({
        [`POST ${PATH}`]: () => Response.json(older, { status: 202 }),
        [`GET ${PATH}`]: () => Response.json(looks.shift()),
      }),
    )
    expect([code, out.split('\n').length]).toEqual([0, 12])
  })

  it('--json prints the whole result, and nothing beside it', async () => {
    const { code, out, err } = await run(hub(queued, climbing('login'), rejected), '--json')
    expect([code, err, JSON.parse(out)]).toEqual([1, '', rejected])
  })

  it('[DEV-1] an agent that is lost while the test waits is offline: try later', async () => {
    const { code, out, err } = await run(hub(queued, { ...queued, agentOnline: false }))
    expect([code, out]).toEqual([75, ''])
    expect(err).toContain('Agent offline [AGENT_OFFLINE]')
  })

  it('[DEV-1] and so is one that never came before the hub gave the test up', async () => {
    const failure = { code: 'AGENT_OFFLINE', message: 'Agent offline', details: {}, remedies: [] }
    const { code, out, err } = await run(hub(queued, { ...queued, state: 'failed', failure }))
    expect([code, err]).toEqual([75, expect.stringContaining('Agent offline')])
    expect(out).toContain('not tried at site lab')
  })

  it('an agent that only connects again is waited for', async () => {
    const { code } = await run(hub(queued, { ...queued, agentOnline: false }, running, passed))
    expect(code).toBe(0)
  })

  it('gives up when a test never ends', async () => {
    const { code, err } = await run(hub(running))
    expect([code, err]).toEqual([75, expect.stringContaining('RUN_DEADLINE')])
  })
})
