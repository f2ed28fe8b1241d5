import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { Turnstile } from './turnstile.ts'

const patient = new AbortController().signal

describe('the turnstile', () => {
  it('lets no more than its width pass at once, and everybody in order', async () => {
    const turnstile = new Turnstile(2)
    const order: number[] = []
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        turnstile.pass(patient, async () => {
          order.push(n)
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setImmediate(resolve))
          inside--
        }),
      ),
    )
    expect(most).toBe(2)
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })

  it('gives its place back when the work fails, and lets those go who stop waiting', async () => {
    const turnstile = new Turnstile(1)
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
    const first = turnstile.pass(patient, () => finished)
    const impatient = new AbortController()
    const second = turnstile.pass(impatient.signal, async () => 'never')
    const third = turnstile.pass(patient, () => Promise.reject(new Error('broken')))
    impatient.abort(new Failure('CANCELLED'))
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' })
    finish()
    await first
    await expect(third).rejects.toThrow('broken')
    expect(await turnstile.pass(patient, async () => 'passed')).toBe('passed')
    await expect(turnstile.pass(AbortSignal.abort(new Failure('CANCELLED')), async () => 'room')).resolves.toBe('room')
  })
})
