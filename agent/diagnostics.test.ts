import type { DiagnosticOrder } from '@netraven/protocol/diagnostic.ts'
import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { type DiagnosticParts, Diagnostics, lookAt } from './diagnostics.ts'
import { defaultPolicy, parsePolicy } from './policy.ts'

const ID = '01936c1e-7b2a-7c3d-8e4f-000000000001'
const { signal } = new AbortController()
const order = (more: Partial<DiagnosticOrder>): DiagnosticOrder => ({
  ...{ id: ID, kind: 'dns', target: 'sw1.example', deadlineMs: 50_000 },
  ...more,
})

/** An agent whose name server knows two names, and that notes what it sends. */
function bench(networks?: string[]) {
  const sent: string[] = []
  const timers: { delayMs: number; run: () => void }[] = []
  const parts = {
    policy: networks ? parsePolicy(JSON.stringify({ networks }), 'test') : defaultPolicy(),
    resolve: async (name: string) => {
      if (name === 'sw1.example') return ['192.0.2.1', '10.1.1.1']
      if (name === 'mute.example') return new Promise<string[]>(() => undefined)
      throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
    },
    tcp: async (address: string, port: number) => {
      sent.push(`tcp ${address} ${port}`)
      return { kind: 'tcp', address, port, state: 'refused', ms: 1 } as const
    },
    ping: async (address: string) => {
      sent.push(`ping ${address}`)
      return { kind: 'ping', address, sent: 4, received: 4, timesMs: [1, 1, 1, 1] } as const
    },
    clock: {
      nowMs: () => 0,
      after: (delayMs: number, run: () => void) => {
        const timer = { delayMs, run }
        timers.push(timer)
        return () => void timers.splice(timers.indexOf(timer), 1)
      },
    },
  } satisfies Partial<DiagnosticParts>
  const look = (more: Partial<DiagnosticOrder>) => lookAt(parts, order(more), signal)
  return { parts, sent, timers, look }
}

describe('what an agent sees', () => {
  it('[DEV-4] of a name are its addresses, and which of them its policy admits', async () => {
    const { look } = bench(['10.0.0.0/8'])
    expect(await look({})).toEqual({
      ...{ kind: 'dns', ms: 0 },
      addresses: [
        { address: '192.0.2.1', admitted: false },
        { address: '10.1.1.1', admitted: true },
      ],
    })
    expect(await look({ target: '10.2.2.2' })).toMatchObject({ addresses: [{ address: '10.2.2.2', admitted: true }] })
  })

  it('of a name that nobody knows is that there is none; what needs an address fails with it', async () => {
    const { look, sent } = bench()
    expect(await look({ target: 'no.invalid' })).toEqual({ kind: 'dns', addresses: [], reason: 'ENOTFOUND', ms: 0 })
    const failure = { code: 'DNS_FAILED', details: { address: 'no.invalid', reason: 'ENOTFOUND' } }
    await expect(look({ kind: 'tcp', target: 'no.invalid' })).rejects.toMatchObject(failure)
    await expect(look({ kind: 'ping', target: 'no.invalid' })).rejects.toMatchObject(failure)
    expect(sent).toEqual([])
  })

  it('of a name whose server is silent is said after a while', async () => {
    const { look, timers } = bench()
    const seen = look({ target: 'mute.example' })
    await vi.waitFor(() => expect(timers).toHaveLength(1))
    timers[0]?.run()
    expect(await seen).toMatchObject({ addresses: [], reason: 'ETIMEOUT' })
    expect(timers).toEqual([])
  })

  it('[DEV-4] is looked at by the address that the policy admits', async () => {
    const { look, sent } = bench(['10.0.0.0/8'])
    await look({ kind: 'tcp', port: 830 })
    await look({ kind: 'tcp' })
    await look({ kind: 'ping' })
    expect(sent).toEqual(['tcp 10.1.1.1 830', 'tcp 10.1.1.1 22', 'ping 10.1.1.1'])
  })

  it.each(['dns', 'tcp', 'ping'] as const)(
    '[DEV-4] outside the policy’s networks is refused by the agent, and nothing is sent (%s)',
    async (kind) => {
      const { look, sent } = bench(['172.16.0.0/12'])
      const refused = { code: 'POLICY_NETWORK', details: { address: '192.0.2.1', networks: ['172.16.0.0/12'] } }
      await expect(look({ kind })).rejects.toMatchObject(refused)
      await expect(look({ kind, target: '192.0.2.1' })).rejects.toMatchObject(refused)
      expect(sent).toEqual([])
    },
  )

  it.each(['-c9', 'a b', '192.0.2.1; reboot', '$(id)', '10.1', '', 'https://sw1.example', 'sw1:22'])(
    'is nothing when the hub names %j: the agent does not look it up',
    async (target) => {
      const { look, sent } = bench()
      for (const kind of ['dns', 'tcp', 'ping'] as const)
        await expect(look({ kind, target })).rejects.toMatchObject({ code: 'TARGET_INVALID' })
      expect(sent).toEqual([])
    },
  )
})

describe('an agent that is asked to look', () => {
  function serving(orders: (DiagnosticOrder | undefined)[], more: Partial<DiagnosticParts> = {}) {
    const { parts, timers } = bench()
    const told: unknown[] = []
    const questions = vi.fn()
    const call = (async (name: string, question: unknown) => {
      if (name === 'diagnosed') told.push(question)
      else questions()
      return name === 'diagnosed' ? {} : { order: orders.shift() }
    }) as DiagnosticParts['call']
    const log = pino({ level: 'silent' })
    const diagnostics = new Diagnostics({ ...parts, call, hubNowMs: () => 45_000, log, ...more })
    return { diagnostics, told, questions, timers }
  }

  it('asks what for, looks, and tells', async () => {
    const { diagnostics, told } = serving([order({ kind: 'ping', target: '192.0.2.7' })])
    diagnostics.nudge()
    await vi.waitFor(() => expect(told).toHaveLength(1))
    expect(told).toMatchObject([{ diagnostic: ID, outcome: { seen: { kind: 'ping', address: '192.0.2.7' } } }])
  })

  it('looks at one thing at a time, and asks again for what was wanted meanwhile', async () => {
    let arrive: () => void = () => undefined
    const slow = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const ping = async (address: string) => {
      await slow
      return { kind: 'ping' as const, address, sent: 4, received: 0, timesMs: [] }
    }
    const { diagnostics, told, questions } = serving(
      [order({ kind: 'ping', target: '192.0.2.7' }), order({ target: '192.0.2.8' })],
      { ping },
    )
    diagnostics.nudge()
    diagnostics.nudge()
    diagnostics.nudge()
    expect(questions).toHaveBeenCalledTimes(1)
    arrive()
    await vi.waitFor(() => expect(told).toHaveLength(2))
    expect(questions).toHaveBeenCalledTimes(2)
  })

  it('does nothing when there is nothing to look at, or nobody waits for it any more', async () => {
    const { diagnostics, told, questions } = serving([undefined, order({ deadlineMs: 45_000 })])
    diagnostics.nudge()
    await vi.waitFor(() => expect(questions).toHaveBeenCalledTimes(1))
    diagnostics.nudge()
    await vi.waitFor(() => expect(questions).toHaveBeenCalledTimes(2))
    expect(told).toEqual([])
  })

  it('gives up when its time is over, or when it stops, and says so', async () => {
    const never = (_: string, until: AbortSignal) =>
      new Promise<never>((_, reject) => until.addEventListener('abort', () => reject(until.reason)))
    const again = order({ kind: 'ping', target: '192.0.2.7' })
    const { diagnostics, told, timers } = serving([again, again], { ping: never })
    diagnostics.nudge()
    await vi.waitFor(() => expect(timers.map(({ delayMs }) => delayMs)).toEqual([5_000]))
    timers[0]?.run()
    await vi.waitFor(() => expect(told).toMatchObject([{ outcome: { failure: { code: 'DIAGNOSTIC_UNANSWERED' } } }]))
    await vi.waitFor(() => expect(timers).toEqual([]))
    diagnostics.nudge()
    await vi.waitFor(() => expect(timers).toHaveLength(1))
    diagnostics.stop()
    await vi.waitFor(() => expect(told).toMatchObject([{}, { outcome: { failure: { code: 'CANCELLED' } } }]))
  })

  it('tells a bug as one, without its words', async () => {
    const ping = () => Promise.reject(new TypeError('canary'))
    const { diagnostics, told } = serving([order({ kind: 'ping', target: '192.0.2.7' })], { ping })
    diagnostics.nudge()
    await vi.waitFor(() =>
      expect(told).toEqual([{ diagnostic: ID, outcome: { failure: { code: 'INTERNAL', details: {} } } }]),
    )
  })
})
