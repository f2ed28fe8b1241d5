import { describe, expect, it } from 'vitest'
import { Device, driverOf, failureOf, plain, read, textOf } from './replay/scripted-device.ts'

describe('enable', () => {
  const driver = driverOf({ enable: { run: 'enable', from: />$/, password: /^Password: ?$/ } })

  function guarded(right: string, { refusal = '% Access denied\r\n', tries = 1 } = {}) {
    let asked = 0
    let prompt = 'SW1>'
    return new Device('\r\nSW1>', (line, self) => {
      if (line === 'enable') {
        asked = tries
        return self.send('\r\nPassword: ')
      }
      if (asked > 0) {
        asked -= 1
        if (line === right) [asked, prompt] = [0, 'SW1#']
        else if (asked > 0) return self.send('\r\nPassword: ')
        return self.send(`\r\n${prompt === 'SW1#' ? '' : refusal}${prompt}`)
      }
      return self.send(`\r\n${line === 'show run' ? 'end\r\n' : ''}${prompt}`)
    })
  }

  it('is given its own password', async () => {
    const device = guarded('enable-pw')
    expect(textOf(await read(device, { driver, secret: { password: 'login-pw', enable: 'enable-pw' } }))).toBe('end\n')
    expect(device.written).not.toContain('login-pw')
  })

  it('is given the login password when there is no other', async () => {
    expect(textOf(await read(guarded('login-pw'), { driver }))).toBe('end\n')
  })

  it.each([1, 3])(
    '[DAUTH-1] with a wrong password fails after one try, where the device asks %d times',
    async (tries) => {
      const device = guarded('right', { tries })
      const failure = await failureOf(read(device, { driver, secret: { password: 'wrong' } }))
      expect(failure.code).toBe('ENABLE_FAILED')
      expect(device.written.match(/wrong/g)).toHaveLength(1)
      expect(JSON.stringify(failure)).not.toContain('wrong')
    },
  )

  it('without any password fails and sends none', async () => {
    const device = guarded('x')
    expect((await failureOf(read(device, { driver, secret: {} }))).code).toBe('ENABLE_FAILED')
    expect(device.written).toMatch(/enable\r$/)
  })

  it('that changes nothing fails', async () => {
    const device = new Device('SW1>', (_, self) => self.send('\r\nSW1>'))
    expect((await failureOf(read(device, { driver }))).code).toBe('ENABLE_FAILED')
  })

  it('is not asked for where the prompt has the privilege already', async () => {
    const device = plain({ 'show run': 'end\r\n' })
    expect(textOf(await read(device, { driver }))).toBe('end\n')
    expect(device.written).not.toContain('enable')
  })
})
