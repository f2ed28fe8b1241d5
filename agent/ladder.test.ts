import { Failure } from '@netraven/protocol/failure.ts'
import { rungs } from '@netraven/protocol/ladder.ts'
import { describe, expect, it } from 'vitest'
import { Ladder } from './ladder.ts'

function climbing() {
  let nowMs = 1000
  const ladder = new Ladder(() => nowMs)
  const wait = (ms: number) => {
    nowMs += ms
  }
  const seen = (rung: string) => ladder.steps.find((step) => step.rung === rung)
  return { ladder, wait, seen }
}

describe('the ladder', () => {
  it('shows all rungs in their order, those that were not needed as skipped', () => {
    const { ladder } = climbing()
    ladder.enter('tcp')
    ladder.pass('tcp', '192.0.2.1 port 22')
    expect(ladder.steps.map(({ rung }) => rung)).toEqual(rungs)
    expect(ladder.steps.filter(({ state }) => state !== 'skipped')).toEqual([
      { rung: 'tcp', state: 'passed', ms: 0, detail: '192.0.2.1 port 22' },
    ])
  })

  it('counts the time on a rung for that rung alone, also when it is left and come back to', () => {
    const { ladder, wait, seen } = climbing()
    ladder.enter('prompt')
    wait(20)
    ladder.enter('enable')
    wait(300)
    ladder.pass('enable', 'enable')
    wait(5000)
    ladder.enter('prompt')
    wait(4)
    ladder.pass('prompt', 'sw1#')
    expect([seen('prompt')?.ms, seen('enable')?.ms]).toEqual([24, 300])
  })

  it('a failure belongs to the rung that it happens on, whatever its kind', () => {
    const { ladder, wait, seen } = climbing()
    ladder.enter('enable')
    wait(7)
    const told = ladder.fall(new Failure('DEVICE_COMMAND_TIMEOUT', { command: 'enable', bytes: 3 }))
    expect([told.code, told.details]).toEqual([
      'DEVICE_COMMAND_TIMEOUT',
      { command: 'enable', bytes: 3, rung: 'enable', times: { enable: 7 } },
    ])
    expect(seen('enable')).toEqual({
      rung: 'enable',
      state: 'failed',
      ms: 7,
      code: 'DEVICE_COMMAND_TIMEOUT',
      detail: 'enable',
    })
  })

  it('on no rung, its kind decides; a kind without a rung breaks none', () => {
    const { ladder, seen } = climbing()
    expect(ladder.fall(new Failure('NO_CREDENTIAL')).details).toEqual({ rung: 'login', times: {} })
    expect(seen('login')).toMatchObject({ state: 'failed', code: 'NO_CREDENTIAL' })
    const other = climbing().ladder
    expect(other.fall(new Failure('POLICY_DRIVER')).details).toEqual({ times: {} })
    expect(other.steps.every(({ state }) => state === 'skipped')).toBe(true)
  })

  it('between two rungs it is the next that failed', () => {
    const { ladder, seen } = climbing()
    ladder.pass('tcp')
    ladder.pass('login')
    ladder.fall(new Failure('CONNECTION_LOST'))
    expect(seen('prompt')).toMatchObject({ state: 'failed', code: 'CONNECTION_LOST' })
  })

  it('a rung that is climbed anew is no longer passed: of two tries the last one counts', () => {
    const { ladder, seen } = climbing()
    ladder.enter('login')
    ladder.pass('login', 'publickey')
    ladder.enter('login')
    ladder.fall(new Failure('PASSWORD_REJECTED'))
    expect(seen('login')).toMatchObject({ state: 'failed', code: 'PASSWORD_REJECTED' })
  })

  it('knows the connection to stand when a transport said nothing of it', () => {
    const { ladder, seen } = climbing()
    ladder.connected()
    expect([seen('tcp')?.state, seen('banner')?.state, seen('login')?.state]).toEqual(['passed', 'skipped', 'passed'])
  })

  it('[DEV-2] tells the rungs that are behind it without a gap, and how long it stands on the next', () => {
    const { ladder, wait } = climbing()
    const seen: unknown[] = []
    ladder.watch(() =>
      seen.push([ladder.climbed.map(({ rung, state }) => `${rung} ${state}`).at(-1), ladder.current?.rung]),
    )
    ladder.enter('tcp')
    ladder.pass('tcp')
    ladder.enter('prompt')
    ladder.enter('enable')
    ladder.pass('enable')
    ladder.enter('command')
    wait(30)
    ladder.enter('command')
    wait(10)
    expect(seen).toEqual([
      ['dns skipped', 'tcp'],
      ['tcp passed', undefined],
      // The prompt will tell whether privilege is needed.
      ['login skipped', 'prompt'],
      ['login skipped', 'enable'],
      ['enable passed', undefined],
      ['prompt skipped', 'command'],
    ])
    expect(ladder.current).toEqual({ rung: 'command', ms: 40 })
    ladder.fall(new Failure('COMMAND_REJECTED'))
    expect(ladder.current).toBeUndefined()
    expect(ladder.climbed.at(-1)).toMatchObject({ rung: 'command', state: 'failed', ms: 40, code: 'COMMAND_REJECTED' })
  })

  it('[DEV-2] without privilege the rung of it is skipped as soon as commands begin, no earlier', () => {
    const { ladder } = climbing()
    ladder.connected()
    ladder.enter('prompt')
    expect(ladder.climbed.at(-1)?.rung).toBe('login')
    ladder.pass('prompt', 'sw1#')
    expect(ladder.climbed.slice(-2)).toMatchObject([
      { rung: 'enable', state: 'skipped' },
      { rung: 'prompt', state: 'passed' },
    ])
  })

  it('shows what was seen as one plain line, not too long', () => {
    const { ladder, seen } = climbing()
    ladder.pass('banner', `SSH-2.0-x\r\n\u001B[2J${'y'.repeat(400)}`)
    expect(seen('banner')?.detail).toMatch(/^SSH-2\.0-x {1}\S/)
    expect(seen('banner')?.detail).toHaveLength(300)
  })
})
