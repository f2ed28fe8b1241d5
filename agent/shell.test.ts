import { describe, expect, it } from 'vitest'
import { VirtualClock } from './replay/reading.ts'
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

describe('pagers', () => {
  /** Prints pages; `erase` is what the device sends for a key. */
  function paged(pages: string[], pager: string, erase: string, chunkBytes = 1000) {
    let left: string[] = []
    const next = (self: Device) => {
      const page = left.shift() ?? ''
      self.send(page + (left.length > 0 ? pager : 'SW1#'))
    }
    return new Device(
      'SW1#',
      (line, self) => {
        if (left.length > 0) {
          self.send(erase)
          return next(self)
        }
        self.send('\r\n')
        left = line === 'show run' ? [...pages] : ['']
        return next(self)
      },
      { chunkBytes },
    )
  }
  const pages = ['a\r\n', 'b\r\n\r\n', '\r\n  c\r\n', 'end\r\n']

  for (const [how, erase] of [
    ['erases by backspaces', `${'\b'.repeat(10)}${' '.repeat(10)}${'\b'.repeat(10)}`],
    ['erases by CR', `\r${' '.repeat(12)}\r`],
    ['erases by ESC [K', '\r\x1b[K'],
    ['leaves standing', '\r\n'],
  ] as const) {
    it.each([1, 4, 1000])(`that a device ${how} leave no trace, %d bytes at a time`, async (chunkBytes) => {
      // Echoed keys would stand in the page.
      const device = paged(pages, ' --More-- ', erase, chunkBytes)
      expect(textOf(await read(device))).toBe('a\nb\n\n\n  c\nend\n')
      expect(device.written.match(/ (?!run)/g)).toHaveLength(3)
    })
  }

  it('at the very end wants `q`', async () => {
    const device = paged(['a\r\nend\r\n', ''], '(END)', '\r\x1b[K')
    expect(textOf(await read(device))).toBe('a\nend\n')
    expect(device.written).toContain('q')
  })

  it('that takes the Enter which was to confirm a prompt does not end the read', async () => {
    const clock = new VirtualClock()
    let state = 'idle'
    const device = new Device('SW1#', (line, self) => {
      if (line === 'show run') {
        state = 'first'
        self.send('\r\nbanner\r\nSW1#')
      } else if (state === 'first') {
        state = 'pager'
        self.send('...\r\nx\r\n --More-- ')
      } else if (state === 'pager') {
        state = 'idle'
        self.send('\r          \rend\r\nSW1#')
      } else self.send('\r\nSW1#')
    })
    expect(textOf(await read(device, {}, clock))).toBe('banner\nSW1#...\nx\nend\n')
  })
})
