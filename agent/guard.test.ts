import { Failure } from '@netraven/protocol/failure.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { config, Device, driverOf, failureOf, plain, read } from './replay/scripted-device.ts'

describe('nothing but the driver’s own words is ever written', () => {
  it.each([
    ['a command that hides another', driverOf({ commands: [{ ...config, run: 'show run\rreload' }] })],
    ['a preparation that hides another', driverOf({ prepare: ['term len 0\nwrite erase'] })],
  ])('%s is refused', async (_, driver) => {
    const device = plain({})
    expect((await failureOf(read(device, { driver }))).code).toBe('POLICY_COMMAND')
    expect(device.written).toBe('\r')
  })

  it('a driver that changes its mind during the session is refused', async () => {
    let asked = 0
    const driver = driverOf({
      commands: [
        {
          ...config,
          get run() {
            asked += 1
            return asked === 1 ? 'show run' : 'write erase'
          },
        },
      ],
    })
    const device = plain({})
    const failure = await failureOf(read(device, { driver }))
    expect([failure.code, failure.details.command]).toEqual(['POLICY_COMMAND', 'write erase'])
    expect(device.written).toBe('\r')
  })

  it('a pager’s key that is a command is refused', async () => {
    const driver = driverOf({ pagers: [{ when: /^--More--$/, send: 'reload\r' }] })
    const device = plain({ 'show run': 'a\r\n--More--' }, { prompt: 'SW1#' })
    const stubborn = new Device('SW1#', (line, self) => self.send(line === '' ? '\r\nSW1#' : '\r\n--More--'))
    expect((await failureOf(read(stubborn, { driver }))).code).toBe('POLICY_COMMAND')
    expect(device.written + stubborn.written).not.toContain('reload')
  })

  it('whatever a device sends, what it gets is in the list', async () => {
    const driver = driverOf({
      prepare: ['term len 0'],
      answers: [{ when: /\? $/, send: 'y' }],
      enable: { run: 'enable', from: />$/, password: /^Password: $/ },
    })
    const words = fc.constantFrom(
      'SW1#',
      'SW1>',
      '\r\n',
      'Password: ',
      'ok? ',
      '--More--',
      '\x1b[6n',
      'end',
      '\r',
      ' ',
      '(END)',
    )
    const allowed = /^(?:\r|show run\r|term len 0\r|enable\r|exit\r|y\r|q| |login-pw\r|\x1b\[1;\d+R)*$/
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(words, { maxLength: 6 }), { minLength: 1, maxLength: 12 }), async (turns) => {
        const left = turns.map((turn) => turn.join(''))
        const device = new Device(left.shift() ?? '', (_, self) => self.send(left.shift() ?? ''))
        await read(device, { driver, options: { commandTimeoutMs: 60_000 } }).catch((error: unknown) => {
          if (!(error instanceof Failure)) throw error
        })
        expect(device.written).toMatch(allowed)
      }),
      { numRuns: 300 },
    )
  })
})
