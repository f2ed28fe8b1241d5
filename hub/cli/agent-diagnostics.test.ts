import type { Seen } from '@netraven/protocol/diagnostic.ts'
import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '../api/diagnostic.ts'
import { cannedHub, commandLine, signedIn } from './command-line.ts'

const run = async (seen: Seen, ok: boolean, ...args: string[]) => {
  const { kind } = seen
  const asked: unknown[] = []
  const found: Diagnostic = {
    ...{ id: '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b', agent: 'jump1', site: 'lab', kind, target: 'sw1.example' },
    ...{ port: null, at: '2026-11-24T11:44:08.657Z', ok, seen },
  }
  const canned = cannedHub({ [`POST /api/agents/jump1/diagnostics/${kind}`]: () => Response.json(found) })
  const fetch: typeof globalThis.fetch = (url, init) => {
    asked.push(JSON.parse(String(init?.body)))
    return canned(url, init)
  }
  const ran = await commandLine({ fetch, env: signedIn }).run(['agents', kind, 'jump1', 'sw1.example', ...args])
  return { ...ran, asked }
}

describe('netraven agents', () => {
  it('dns shows each address, and which the policy forbids', async () => {
    const addresses = [
      { address: '10.1.1.1', admitted: true },
      { address: '192.0.2.1', admitted: false },
    ]
    const { code, out } = await run({ kind: 'dns', addresses, ms: 3 }, true)
    expect([code, out]).toEqual([
      0,
      'agent jump1 of site lab finds 2 addresses for sw1.example in 3 ms:\n  10.1.1.1\n  192.0.2.1  outside the networks that its policy allows\n',
    ])
  })

  it.each([
    ['ENOTFOUND', 'there is no such name'],
    ['EAI_AGAIN', 'its name server does not answer'],
    ['EAI_NODATA', 'EAI_NODATA'],
  ])('dns says in words why there is no address (%s), and ends with 1', async (reason, words) => {
    const { code, out } = await run({ kind: 'dns', addresses: [], reason, ms: 3 }, false)
    expect([code, out]).toEqual([1, `agent jump1 of site lab finds no address for sw1.example: ${words} (3 ms)\n`])
  })

  it('tcp shows what the server says, and asks for port 22 unless told otherwise', async () => {
    const seen = { kind: 'tcp', address: '10.1.1.1', port: 22, state: 'connected', ms: 2 } as const
    const spoken = await run({ ...seen, line: 'SSH-2.0-Example', lineMs: 9 }, true)
    expect([spoken.code, spoken.out, spoken.asked]).toEqual([
      0,
      'agent jump1 of site lab connects to sw1.example (10.1.1.1) port 22 (2 ms)\n  It says after 9 ms: SSH-2.0-Example\n',
      [{ target: 'sw1.example', port: 22 }],
    ])
    const mute = await run(seen, true, '--port', '830')
    expect([mute.out, mute.asked]).toEqual([
      expect.stringContaining('says nothing by itself'),
      [{ target: 'sw1.example', port: 830 }],
    ])
  })

  it.each([
    ['refused', /is refused by .*nothing listens on this port/s],
    ['silent', /hears nothing from .*A firewall drops the connection/s],
    ['no route', /has no way to .*no way there/s],
  ] as const)('tcp says what %s means, and ends with 1', async (state, words) => {
    const { code, out } = await run({ kind: 'tcp', address: '10.1.1.1', port: 22, state, ms: 2 }, false)
    expect([code, out]).toEqual([1, expect.stringMatching(words)])
  })

  it('ping shows each time; without an echo it says what else to look at', async () => {
    const seen = { kind: 'ping', address: '10.1.1.1', sent: 4 } as const
    const heard = await run({ ...seen, received: 2, timesMs: [0.5, 12] }, true)
    expect([heard.code, heard.out]).toEqual([
      0,
      'agent jump1 of site lab sent sw1.example (10.1.1.1) 4 echo requests and got 2 back\n  after 0.5 ms, 12 ms\n',
    ])
    const lost = await run({ ...seen, received: 0, timesMs: [], said: 'Destination Host Unreachable' }, false)
    expect([lost.code, lost.out]).toEqual([
      1,
      expect.stringMatching(/told on the way: Destination Host Unreachable\n.*management port/),
    ])
  })
})
