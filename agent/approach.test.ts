import type { Task } from '@netraven/protocol/claim.ts'
import { describe, expect, it } from 'vitest'
import { admittedOf, approach } from './approach.ts'
import { systemClock } from './clock.ts'
import { Ladder } from './ladder.ts'
import { defaultPolicy, parsePolicy } from './policy.ts'

const ID = '01936c1e-7b2a-7c3d-8e4f-000000000001'
const taskTo = (address: string): Task => ({
  ...{ id: ID, attempt: 1, driver: 'linux', transport: 'ssh', secrets: 'keep', options: {}, deadlineMs: 60_000 },
  device: { id: ID, name: 'sw1', address, port: 22 },
})

async function resolvedFor(address: string, found: string[], policy = defaultPolicy()) {
  const ladder = new Ladder(() => 0)
  const { signal } = new AbortController()
  const road = await approach(taskTo(address), { policy, signal, resolve: async () => found }, systemClock, ladder)
  return { to: road.address, resolved: ladder.resolved }
}

describe('the way to a device', () => {
  const tens = parsePolicy('{"networks":["10.0.0.0/8"]}', 'test')

  it('[DEV-4] remembers what its name meant: the address that is connected to', async () => {
    const address = '10.1.1.1'
    expect(await resolvedFor('sw1.example', ['192.0.2.1', address], tens)).toEqual({
      to: address,
      resolved: { name: 'sw1.example', address },
    })
    expect(await resolvedFor(address, [])).toEqual({ to: address, resolved: undefined })
  })

  it('is refused when no address is admitted, and unknown when there is none', () => {
    expect(() => admittedOf('sw1.example', ['192.0.2.1'], tens)).toThrow(
      expect.objectContaining({ code: 'POLICY_NETWORK' }),
    )
    expect(() => admittedOf('sw1.example', [], tens)).toThrow(expect.objectContaining({ code: 'DNS_FAILED' }))
  })
})
