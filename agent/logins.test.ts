import type { SealedSecret } from '@netraven/protocol/claim.ts'
import { Failure, type FailureCode } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { LoginGuard } from './login-guard.ts'
import { Logins } from './logins.ts'

const never = new AbortController().signal
const secretOf = (more: Partial<SealedSecret>): SealedSecret => ({ task: 't', username: 'backup', ...more })
const way = (more: Partial<SealedSecret>, credential?: string) => ({ credential, secret: async () => secretOf(more) })

/** A device that takes one password and answers all others in one way. */
function device(right: string | undefined, otherwise: FailureCode = 'PASSWORD_REJECTED') {
  const offered: (string | undefined)[] = []
  const work = async ({ password, privateKey }: SealedSecret, opened: () => void) => {
    offered.push(password ?? privateKey)
    if (password !== right) throw new Failure(otherwise, { tried: ['password'] })
    opened()
    return 'read'
  }
  return { offered, work }
}

const failureOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.catch((reason: unknown) => reason)
  if (!(error instanceof Failure)) throw new Error('it did not fail in a known way')
  return error
}

describe('the logins of a task', () => {
  it('[DAUTH-6] tries the second credential when the device refused the first, and reports both', async () => {
    const { offered, work } = device('two')
    const logins = new Logins([way({ password: 'one' }), way({ password: 'two' })])
    expect(await logins.open(never, work)).toBe('read')
    expect(offered).toEqual(['one', 'two'])
    expect(logins.told(true)).toEqual({ login: 1, refused: [0] })
  })

  it('says nothing of a first login that opened a device which was read; it does when the read failed later', async () => {
    const logins = new Logins([way({ password: 'one' }), way({ password: 'two' })])
    await logins.open(never, device('one').work)
    expect(logins.told(true)).toEqual({})
    expect(logins.told(false)).toEqual({ login: 0 })
  })

  it('[DAUTH-5] never tries a second one after anything but a refusal', async () => {
    for (const code of ['CONNECTION_LOST', 'TCP_TIMEOUT', 'HOST_KEY_CHANGED', 'ENABLE_FAILED'] as const) {
      const { offered, work } = device('two', code)
      const logins = new Logins([way({ password: 'one' }), way({ password: 'two' })])
      expect((await failureOf(logins.open(never, work))).code).toBe(code)
      expect(offered).toEqual(['one'])
      expect(logins.told(false)).toEqual(code === 'ENABLE_FAILED' ? { refused: [0] } : {})
    }
  })

  it('a device that does not take the kind of the first has refused nothing, yet the second is tried', async () => {
    const logins = new Logins([way({ privateKey: 'key' }), way({ password: 'two' })])
    await logins.open(never, device('two', 'METHOD_UNSUPPORTED').work)
    expect(logins.told(true)).toEqual({ login: 1 })
  })

  it('[DAUTH-5] offers each secret once, also when two credentials share it', async () => {
    const { offered, work } = device('right')
    const logins = new Logins([way({ password: 'same' }), way({ password: 'same' })])
    expect((await failureOf(logins.open(never, work))).code).toBe('PASSWORD_REJECTED')
    expect(offered).toEqual(['same'])
    const mixed = device('right')
    const both = new Logins([way({ password: 'same' }), way({ password: 'same', privateKey: 'key' })])
    await failureOf(both.open(never, mixed.work))
    expect(mixed.offered).toEqual(['same', 'key'])
  })

  it('names every attempt when none was good', async () => {
    const logins = new Logins([way({ password: 'one' }), way({ password: 'two' })])
    const failure = await failureOf(logins.open(never, device('three').work))
    expect(failure).toMatchObject({
      code: 'PASSWORD_REJECTED',
      details: {
        attempts: [
          { login: 1, code: 'PASSWORD_REJECTED', tried: 'password' },
          { login: 2, code: 'PASSWORD_REJECTED', tried: 'password' },
        ],
      },
    })
    expect(logins.told(false)).toEqual({ refused: [0, 1] })
    expect(JSON.stringify(failure)).not.toMatch(/one|two/)
  })

  it('keeps the refusal in sight when the second login ends otherwise, or can’t be made', async () => {
    const lost = new Logins([way({ password: 'one' }), way({ password: 'two' })])
    const work = async ({ password }: SealedSecret): Promise<never> => {
      throw new Failure(password === 'one' ? 'PASSWORD_REJECTED' : 'TCP_TIMEOUT')
    }
    const failure = await failureOf(lost.open(never, work))
    expect(failure).toMatchObject({ code: 'TCP_TIMEOUT', details: { attempts: [{ code: 'PASSWORD_REJECTED' }] } })
    expect(lost.told(false)).toEqual({ refused: [0] })
    const missing = new Logins([
      way({ password: 'one' }),
      { secret: () => Promise.reject(new Failure('LOCAL_CREDENTIAL_UNKNOWN')) },
    ])
    expect(await failureOf(missing.open(never, work))).toMatchObject({
      code: 'LOCAL_CREDENTIAL_UNKNOWN',
      details: { attempts: [{ code: 'PASSWORD_REJECTED' }] },
    })
  })

  it('goes on to the second when the first is held back, without a login', async () => {
    const guard = new LoginGuard(() => 0, { width: 1, refusals: 1, provenMs: 1000, closedMs: 1000 })
    const ways = () => [way({ password: 'one' }, 'first'), way({ password: 'two' }, 'second')]
    await new Logins(ways(), guard).open(never, device('two').work)
    const { offered, work } = device('two')
    const logins = new Logins(ways(), guard)
    await logins.open(never, work)
    expect(offered).toEqual(['two'])
    expect(logins.told(true)).toEqual({ login: 1 })
    const alone = new Logins([way({ password: 'one' }, 'first')], guard)
    expect((await failureOf(alone.open(never, work))).code).toBe('CREDENTIAL_GUARDED')
    expect(alone.told(false)).toEqual({})
  })

  it('a refusal on the line behind an open connection counts, and ends it', async () => {
    const { offered } = device('x')
    const logins = new Logins([way({ password: 'one' }), way({ password: 'two' })])
    const work = async ({ password }: SealedSecret, opened: () => void): Promise<never> => {
      offered.push(password)
      opened()
      throw new Failure('PASSWORD_REJECTED')
    }
    expect((await failureOf(logins.open(never, work))).code).toBe('PASSWORD_REJECTED')
    expect(offered).toEqual(['one'])
    expect(logins.told(false)).toEqual({ refused: [0] })
  })

  it('[DAUTH-5] over another way in, what was refused is not offered again', async () => {
    const { offered, work } = device('two')
    const logins = new Logins([way({ password: 'one' }), way({ password: 'two' })])
    const noShell = async (secret: SealedSecret, opened: () => void): Promise<string> => {
      await work(secret, opened)
      throw new Failure('CHANNEL_REFUSED')
    }
    expect((await failureOf(logins.open(never, noShell))).code).toBe('CHANNEL_REFUSED')
    expect(await logins.open(never, work)).toBe('read')
    expect(offered).toEqual(['one', 'two', 'two'])
    expect(logins.told(true)).toEqual({ login: 1, refused: [0] })
    const none = new Logins([way({ password: 'one' })])
    await failureOf(none.open(never, work))
    expect((await failureOf(none.open(never, work))).code).toBe('PASSWORD_REJECTED')
    expect(offered).toEqual(['one', 'two', 'two', 'one'])
  })

  it('says so when there is none, and lets a bug through as it is', async () => {
    const none = new Logins([])
    expect(none.none).toBe(true)
    expect((await failureOf(none.open(never, device('x').work))).code).toBe('NO_CREDENTIAL')
    const bug = new Logins([way({ password: 'one' })]).open(never, () => Promise.reject(new TypeError('a bug')))
    await expect(bug).rejects.toThrow('a bug')
  })
})
