import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { LoginGuard, type LoginPass } from './login-guard.ts'

const never = new AbortController().signal
const limits = { width: 3, refusals: 3, provenMs: 1000, closedMs: 5000 }

/** Tasks at the guard of one credential: which are in, which were told that it is closed. */
function gate(count: number, guard: LoginGuard, signal = never) {
  const inside: LoginPass[] = []
  const refused: unknown[] = []
  const all = Array.from({ length: count }, () =>
    guard.enter('core', signal).then(
      (pass) => void inside.push(pass),
      (error: unknown) => void refused.push(error),
    ),
  )
  return { inside, refused, all }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('the guard of credentials in an agent', () => {
  it('[DAUTH-5] fifty tasks with a wrong password make three logins; the others are told so without one', async () => {
    const guard = new LoginGuard(() => 1000, limits)
    const { inside, refused, all } = gate(50, guard)
    await settled()
    expect([inside.length, refused.length]).toEqual([3, 0])
    for (const pass of inside.slice()) {
      pass.refused()
      pass.left()
      await settled()
    }
    await Promise.all(all)
    expect([inside.length, refused.length]).toEqual([3, 47])
    expect(refused[0]).toMatchObject({
      code: 'CREDENTIAL_GUARDED',
      details: { until: new Date(6000).toISOString(), refusals: 3 },
    })
  })

  it('lets all go as soon as one has logged in, also while the first still reads', async () => {
    const { inside, all } = gate(50, new LoginGuard(() => 0, limits))
    await settled()
    inside[0]?.opened()
    await Promise.all(all)
    expect(inside).toHaveLength(50)
  })

  it('asks for a new proof when the last login is some time ago: passwords change overnight', async () => {
    let nowMs = 0
    const guard = new LoginGuard(() => nowMs, limits)
    const first = await guard.enter('core', never)
    first.opened()
    first.left()
    nowMs = 999
    expect((await proved(guard)).inside).toHaveLength(10)
    nowMs = 1000
    expect((await proved(guard)).inside).toHaveLength(3)

    async function proved(of: LoginGuard) {
      const stop = new AbortController()
      const tasks = gate(10, of, stop.signal)
      await settled()
      stop.abort(new Failure('CANCELLED'))
      await Promise.all(tasks.all)
      for (const pass of tasks.inside) pass.left()
      return tasks
    }
  })

  it('a refusal between logins closes nothing, but the next tasks go few at a time again', async () => {
    const guard = new LoginGuard(() => 0, limits)
    const [one, two] = [await guard.enter('core', never), await guard.enter('core', never)]
    one.opened()
    two.refused()
    one.left()
    two.left()
    const stop = new AbortController()
    const { inside, refused, all } = gate(10, guard, stop.signal)
    await settled()
    expect([inside.length, refused.length]).toEqual([2, 0])
    stop.abort(new Failure('CANCELLED'))
    await Promise.all(all)
  })

  it('dead devices, which judge nothing, let more in one by one up to a limit', async () => {
    const guard = new LoginGuard(() => 0, limits)
    const { inside } = gate(100, guard)
    const seen: number[] = []
    for (let round = 0, gone = 0; round < 4; round++) {
      await settled()
      seen.push(inside.length - gone)
      const now = inside.slice(gone)
      gone = inside.length
      for (const pass of now) pass.left()
    }
    expect(seen).toEqual([3, 6, 12, 12])
  })

  it('opens again when its time is over, or under the credential’s new name', async () => {
    let nowMs = 0
    const guard = new LoginGuard(() => nowMs, limits)
    const { inside, all } = gate(4, guard)
    await settled()
    for (const pass of inside) pass.refused()
    for (const pass of inside) pass.left()
    await Promise.all(all)
    await expect(guard.enter('core', never)).rejects.toMatchObject({ code: 'CREDENTIAL_GUARDED' })
    await expect(guard.enter('core, new password', never)).resolves.toBeDefined()
    nowMs = 5000
    await expect(guard.enter('core', never)).resolves.toBeDefined()
  })

  it('a task that is called off while it waits leaves no hole', async () => {
    const guard = new LoginGuard(() => 0, limits)
    const first = gate(3, guard)
    await settled()
    const stop = new AbortController()
    const waiting = guard.enter('core', stop.signal)
    const next = gate(1, guard)
    stop.abort(new Failure('CANCELLED'))
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
    first.inside[0]?.left()
    first.inside[0]?.left()
    await Promise.all(next.all)
    expect(next.inside).toHaveLength(1)
    await expect(guard.enter('core', stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('takes the hub’s measure', async () => {
    const guard = new LoginGuard(() => 0, limits)
    guard.take({ atOnce: 5, refusals: 5, heldBackMs: 77 })
    const { inside, refused, all } = gate(10, guard)
    await settled()
    for (const pass of inside.slice()) {
      pass.refused()
      pass.left()
    }
    await Promise.all(all)
    expect([inside.length, refused.length]).toEqual([5, 5])
    expect(refused[0]).toMatchObject({ details: { until: new Date(77).toISOString(), refusals: 5 } })
  })

  it('forgets credentials that nobody uses, when there are very many', async () => {
    const guard = new LoginGuard(() => 0, limits)
    for (let number = 0; number < 10_050; number++) {
      const pass = await guard.enter(`credential ${number}`, never)
      pass.opened()
      pass.left()
    }
    // The first was forgotten, so it must prove itself again; the last is still known.
    const width = async (name: string) => {
      const stop = new AbortController()
      const tasks = Array.from({ length: 5 }, () =>
        guard.enter(name, stop.signal).then(
          () => 1,
          () => 0,
        ),
      )
      await settled()
      stop.abort(new Failure('CANCELLED'))
      return (await Promise.all(tasks)).filter((entered) => entered === 1).length
    }
    expect([await width('credential 10049'), await width('credential 0')]).toEqual([5, 3])
  })
})
