import { describe, expect, it } from 'vitest'
import { type Counters, Tallies } from './tallies.ts'

const limit = { limit: 300, windowSeconds: 60 }
const WINDOW_MS = 60_000

/** Counters that two hubs share, and a clock that stands still unless it is moved. */
function world(isExact = false) {
  const stored = new Map<string, number>()
  const clock = { nowMs: 1_000_000 * WINDOW_MS }
  const trips = { count: 0 }
  const counters: Counters = {
    async add(key, points) {
      trips.count += 1
      await Promise.resolve()
      const value = (stored.get(key) ?? 0) + points
      stored.set(key, value)
      return value
    },
    async read(key) {
      trips.count += 1
      return stored.get(key) ?? 0
    },
  }
  const hub = () => new Tallies({ counters, clock: () => clock.nowMs, isExact })
  return { stored, clock, trips, hub }
}

async function takeMany(hubs: readonly Tallies[], times: number, which = limit): Promise<number> {
  const all = Array.from({ length: times }, (_, index) => hubs[index % hubs.length]?.take('k', which))
  return (await Promise.all(all)).filter((one) => one?.isAllowed).length
}

describe('counting for all hubs', () => {
  it('[RL-8] two hubs at once let through exactly the limit', async () => {
    const { hub, stored } = world()
    expect(await takeMany([hub(), hub()], 1000)).toBe(300)
    expect([...stored.values()]).toEqual([300])
  })

  it('[RL-8] few questions go to the database', async () => {
    const { hub, trips } = world()
    const one = hub()
    for (let call = 0; call < 250; call += 1) expect((await one.take('k', limit)).isAllowed).toBe(true)
    expect(trips.count).toBeLessThan(35)
    for (let call = 0; call < 1000; call += 1) await one.take('k', limit)
    expect(trips.count).toBeLessThan(70)
  })

  it('[RL-8] what a hub took and does not use is given back, and another hub has it', async () => {
    const { hub, clock } = world()
    const [first, second] = [hub(), hub()]
    for (let call = 0; call < 32; call += 1) await first.take('k', limit)
    clock.nowMs += 2_000
    await first.sweep()
    expect(await takeMany([second], 400)).toBe(268)
  })

  it('[RL-8] a hub that stops gives back everything', async () => {
    const { hub, stored } = world()
    const one = hub()
    for (let call = 0; call < 35; call += 1) await one.take('k', limit)
    await one.close()
    expect([...stored.values()]).toEqual([35])
  })

  it('[RL-8] the window before carries over: at no moment does twice the limit get through', async () => {
    const { hub, clock } = world()
    const one = hub()
    clock.nowMs += WINDOW_MS - 1_000
    expect(await takeMany([one], 1000)).toBe(300)
    clock.nowMs += 1_000
    expect(await takeMany([one], 100)).toBe(0)
    clock.nowMs += 6_000
    expect(await takeMany([one], 1000)).toBe(30)
    clock.nowMs += 54_000 + WINDOW_MS
    expect(await takeMany([one], 1000)).toBe(300)
  })

  it('[RL-1] whoever waits as long as they are told is let through, and not much sooner', async () => {
    const { hub, clock } = world()
    const one = hub()
    await takeMany([one], 300)
    for (let round = 0; round < 20; round += 1) {
      const refused = await one.take('k', limit)
      expect(refused).toMatchObject({ isAllowed: false, remaining: 0 })
      clock.nowMs += (refused.retryAfterSeconds - 1) * 1000
      expect((await one.take('k', limit)).isAllowed).toBe(false)
      clock.nowMs += 1000
      expect((await one.take('k', limit)).isAllowed).toBe(true)
      await takeMany([one], 300)
    }
  })

  it('[RL-4] an answer that gives three quarters back costs a quarter', async () => {
    const { hub } = world()
    const one = hub()
    let allowed = 0
    while ((await one.take('k', { limit: 20, windowSeconds: 60 })).isAllowed) {
      one.giveBack('k', 0.75)
      allowed += 1
    }
    expect(allowed).toBeGreaterThanOrEqual(76)
    expect(allowed).toBeLessThanOrEqual(80)
  })

  it('[RL-5] where nothing is taken ahead, a hub never holds points', async () => {
    const { hub, stored } = world(true)
    const one = hub()
    for (let call = 0; call < 10; call += 1) await one.take('k', limit)
    expect([...stored.values()]).toEqual([10])
  })

  it('[AUTH-6] a counter that was reset begins anew', async () => {
    const { hub, stored } = world()
    const one = hub()
    await takeMany([one], 400)
    stored.clear()
    one.forget('k')
    expect(await takeMany([one], 400)).toBe(300)
  })

  it('remembers no more keys than it has room for, and none that are past', async () => {
    const { hub, clock, stored } = world()
    const one = hub()
    for (let key = 0; key < 50_100; key += 1) await one.take(`k${key}`, limit)
    expect(stored.size).toBe(50_100)
    clock.nowMs += WINDOW_MS
    await one.sweep()
    expect((await one.take('k50099', limit)).isAllowed).toBe(true)
  })

  it('looking takes nothing', async () => {
    const { hub } = world()
    const [one, other] = [hub(), hub()]
    await takeMany([one], 40)
    await one.close()
    expect(await other.look('k', limit)).toMatchObject({ remaining: 260, limit: 300, resetSeconds: 60 })
  })
})
