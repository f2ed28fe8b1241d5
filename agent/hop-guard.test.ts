import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { guardedWay } from './hop-guard.ts'
import { LoginGuard } from './login-guard.ts'
import type { HopTarget, Way } from './target.ts'

const { signal } = new AbortController()
const hop = (password: string): HopTarget => ({
  hop: 'jump1',
  address: '192.0.2.1',
  port: 22,
  username: 'u',
  password,
  options: {},
  timeoutMs: 1000,
})
const way: Way = { dial: () => Promise.reject(new Failure('NO_ROUTE')), hostKeys: [], close: () => undefined }

/** Fifty tasks over one jump host that answers each in one way. */
async function gone(hopCode: string | undefined, password = 'wrong', guard = new LoginGuard(() => 0)) {
  let tries = 0
  const through = guardedWay(guard, async () => {
    tries += 1
    if (hopCode !== undefined) throw new Failure('JUMP_HOST_FAILED', { hop: 'jump1', hopCode })
    return way
  })
  const ends = await Promise.allSettled(Array.from({ length: 50 }, () => through([hop(password)], { signal })))
  const failures = ends.flatMap((end) => (end.status === 'rejected' && end.reason instanceof Failure ? end.reason : []))
  return { tries, failures }
}

describe('the way over other devices', () => {
  it('[DAUTH-5] a wrong password of a jump host is tried three times, not once for each device behind it', async () => {
    const { tries, failures } = await gone('PASSWORD_REJECTED')
    expect([tries, failures.length]).toEqual([3, 50])
    expect(failures.at(-1)).toMatchObject({
      code: 'JUMP_HOST_FAILED',
      details: {
        hop: 'jump1',
        hopCode: 'CREDENTIAL_GUARDED',
        reason: expect.stringMatching(/refused 3 times in a row; tried again after 1970-01-01T00:15/),
      },
    })
    expect(JSON.stringify(failures)).not.toContain('wrong')
  })

  it('a new password is tried at once', async () => {
    const guard = new LoginGuard(() => 0)
    await gone('KEY_REJECTED', 'wrong', guard)
    expect((await gone(undefined, 'right', guard)).tries).toBe(50)
  })

  it('all go when it lets in, and also when it fails otherwise', async () => {
    expect(await gone(undefined)).toEqual({ tries: 50, failures: [] })
    expect((await gone('TCP_TIMEOUT')).tries).toBe(50)
  })

  it('a task that is called off is called off, not failed', async () => {
    const through = guardedWay(new LoginGuard(() => 0), async () => way)
    const aborted = AbortSignal.abort(new Failure('CANCELLED'))
    await expect(through([hop('x')], { signal: aborted })).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
