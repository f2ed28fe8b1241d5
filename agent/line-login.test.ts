import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import type { Driver } from './driver.ts'
import { logInOnLine } from './line-login.ts'
import { loadAll } from './loaded-drivers.ts'
import { VirtualClock } from './replay/reading.ts'
import { Device, driverOf } from './replay/scripted-device.ts'

const drivers = await loadAll()

interface Setting {
  username?: string
  password?: string
  console?: boolean
  driver?: Driver
}

/** @returns what the next listener hears first */
async function logIn(device: Device, setting: Setting = {}, clock = new VirtualClock()): Promise<string> {
  const target = {
    transport: 'telnet' as const,
    address: '192.0.2.1',
    port: 23,
    username: setting.username ?? 'admin',
    password: 'password' in setting ? setting.password : 'secret-pw',
    options: { console: setting.console ?? false },
    driver: setting.driver ?? driverOf(),
    timeoutMs: 30_000,
  }
  const channel = await clock.drive(logInOnLine(device, target, { signal: new AbortController().signal, clock }))
  let heard = ''
  channel.onData((bytes) => {
    heard += bytes.toString('latin1')
  })
  return heard
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure instanceof Failure) return failure
  throw failure ?? new Error('it did not fail')
}

/** Asks for a name, then for a password, and lets the right one in; the password is not echoed. */
function device(greeting = '\r\nUser Access Verification\r\n\r\nUsername: ', tries = 3) {
  let name: string | undefined
  let left = tries
  return new Device(
    greeting,
    (line, self) => {
      if (name === undefined) {
        name = line
        return self.send(`${line}\r\nPassword: `)
      }
      if (line === 'secret-pw') return self.send('\r\n\r\nSW1#')
      name = undefined
      left -= 1
      self.send('\r\n% Login invalid\r\n\r\n')
      return left > 0 ? self.send('Username: ') : self.end()
    },
    { echoes: false },
  )
}

describe('a login by questions', () => {
  it('gives name and password once each, and leaves the prompt for the session to hear', async () => {
    const sw1 = device()
    expect(await logIn(sw1)).toBe('\r\n\r\nSW1#')
    expect(sw1.written).toBe('admin\rsecret-pw\r')
  })

  it('gives the password alone where no name is asked for', async () => {
    const line = new Device('\r\nPassword: ', (_, self) => self.send('\r\nSW1>'), { echoes: false })
    expect(await logIn(line)).toBe('\r\nSW1>')
    expect(line.written).toBe('secret-pw\r')
  })

  it('gives nothing where the prompt is there at once', async () => {
    const open = new Device('Welcome\r\nSW1#', () => undefined)
    expect(await logIn(open)).toBe('Welcome\r\nSW1#')
    expect(open.written).toBe('')
  })

  it('does not take a line of the banner for a question', async () => {
    const sly = device('\r\nPassword:\r\nr2#\r\nlogin:\r\n\r\nUsername: ')
    expect(await logIn(sly)).toBe('\r\n\r\nSW1#')
    expect(sly.written).toBe('admin\rsecret-pw\r')
  })

  it('takes a driver’s own questions', async () => {
    const odd = new Device('(Cisco Controller)\r\nUser:', (line, self) => {
      self.send(line === 'admin' ? '\r\nGeheimnis? ' : '\r\nSW1#')
    })
    const driver = driverOf({ login: { username: /^User:$/, password: /^Geheimnis\? $/ } })
    expect(await logIn(odd, { driver })).toMatch(/SW1#$/)
    expect(odd.written).toBe('admin\rsecret-pw\r')
  })
})

describe('a login that fails', () => {
  it('[DAUTH-1] is told by being asked again, and no secret is given twice', async () => {
    const sw1 = device()
    const failure = await failureOf(logIn(sw1, { password: 'wrong' }))
    expect(failure.code).toBe('PASSWORD_REJECTED')
    expect(sw1.written).toBe('admin\rwrong\r')
    expect(JSON.stringify(failure)).not.toContain('wrong')
  })

  it('[DAUTH-5] is a rejection too when the device hangs up on the password', async () => {
    const sw1 = device(undefined, 1)
    expect((await failureOf(logIn(sw1, { password: 'wrong' }))).code).toBe('PASSWORD_REJECTED')
  })

  it('[DAUTH-1] asks for what the credential has not', async () => {
    const failure = await failureOf(logIn(device(), { username: '' }))
    expect([failure.code, failure.details.asked]).toEqual(['METHOD_UNSUPPORTED', 'user name'])
  })

  it('[DEV-1] says nothing at all', async () => {
    const failure = await failureOf(logIn(new Device('', () => undefined)))
    expect([failure.code, failure.message]).toEqual(['BANNER_TIMEOUT', 'Device unreachable'])
  })

  it('[DEV-1] hangs up before a word', async () => {
    const mute = new Device('', () => undefined)
    const clock = new VirtualClock()
    clock.after(10, () => mute.end())
    expect((await failureOf(logIn(mute, {}, clock))).code).toBe('BANNER_TIMEOUT')
  })

  it('shows a menu that nobody can answer', async () => {
    const failure = await failureOf(logIn(new Device('1) Reboot\r\n2) Shell\r\nChoose 1-2 ', () => undefined)))
    expect([failure.code, failure.details.lastLine]).toEqual(['PROMPT_NOT_FOUND', 'Choose 1-2'])
  })

  it('[TMO-4] never answers the password', async () => {
    const stuck = new Device('\r\nPassword: ', () => undefined)
    expect((await failureOf(logIn(stuck))).code).toBe('CONNECTION_LOST')
  })

  it('ends when it is called off', async () => {
    const abort = new AbortController()
    const target = { transport: 'telnet' as const, address: 'a', port: 1, username: 'u', password: 'p', options: {} }
    const work = logInOnLine(
      new Device('', () => undefined),
      { ...target, driver: driverOf(), timeoutMs: 30_000 },
      { signal: abort.signal, clock: new VirtualClock() },
    )
    abort.abort()
    expect((await failureOf(work)).code).toBe('CANCELLED')
  })
})

describe('a line of a console server', () => {
  /** Says nothing until Enter is typed. */
  const asleep = (awake: string) => {
    let isAwake = false
    return new Device(
      '',
      (line, self) => {
        if (!isAwake) {
          isAwake = true
          return self.send(`\r\n${awake}`)
        }
        return self.send(line === 'admin' ? 'admin\r\nPassword: ' : '\r\nSW1#')
      },
      { echoes: false },
    )
  }

  it('is woken by Enter, then asks', async () => {
    const line = asleep('SW1 con0\r\n\r\nUsername: ')
    expect(await logIn(line, { console: true })).toMatch(/SW1#$/)
    expect(line.written).toBe('\radmin\rsecret-pw\r')
  })

  it('on which a session was left open is gone on with', async () => {
    const line = asleep('SW1#')
    expect(await logIn(line, { console: true })).toMatch(/SW1#$/)
    expect(line.written).toBe('\r')
  })

  it('that nothing is connected to is given up after three times', async () => {
    const dead = new Device('', () => undefined)
    expect((await failureOf(logIn(dead, { console: true }))).code).toBe('BANNER_TIMEOUT')
    expect(dead.written).toBe('\r\r\r')
  })
})

describe('a screen before the question', () => {
  const stars = '*'.repeat(63)
  const ersBanner = `\r\n\r\nEnter Ctrl-Y to begin.\r\n\r\n${stars}\r\n*** Ethernet Routing Switch 4550T-PWR ***\r\n${stars}\r\n`
  const ers = drivers.find('avaya_ers')
  const ctrlY = '\x19'

  /** Wants a key, then a name and a password. */
  const behindKey = (banner: string, key: string, screen = '\x1b[2J\x1b[1;1HUsername: ') => {
    const asked: string[] = []
    return new Device(
      banner,
      (line, self) => {
        asked.push(line)
        if (asked.length === 1) return self.send(line === key ? screen : '\r\nNo.\r\n')
        if (asked.length === 2) return self.send(`${line}\r\nPassword: `)
        return self.send('\r\nSW1#')
      },
      { echoes: false },
    )
  }

  it.each([
    ['with lines behind it', ersBanner],
    ['in the last line', '\r\nEnter Ctrl-Y to begin.'],
    ['of stars alone', `\r\n${stars}`],
  ])('that wants Ctrl-Y is left by the driver’s answer, and then it asks: %s', async (_, banner) => {
    const line = behindKey(banner, ctrlY)
    expect(await logIn(line, ers ? { driver: ers } : {})).toMatch(/SW1#$/)
    expect(line.written).toBe(`${ctrlY}admin\rsecret-pw\r`)
  })

  it('that asks nothing at all lets us in', async () => {
    const line = behindKey(ersBanner, ctrlY, '\r\nERS-1>')
    expect(await logIn(line, ers ? { driver: ers } : {})).toBe('\r\nERS-1>')
    expect(line.written).toBe(ctrlY)
  })

  it('is not answered twice while the device thinks', async () => {
    const clock = new VirtualClock()
    const line = new Device(
      ersBanner,
      (typed, self) => {
        if (typed === ctrlY) clock.after(9000, () => self.send('\r\nUsername: '))
        else self.send(typed === 'admin' ? '\r\nPassword: ' : '\r\nSW1#')
      },
      { echoes: false },
    )
    expect(await logIn(line, ers ? { driver: ers } : {}, clock)).toMatch(/SW1#$/)
    expect(line.written).toBe(`${ctrlY}admin\rsecret-pw\r`)
  })

  it.each([
    'Press any key to continue',
    'Press RETURN to get started.\r\n\r\n\r\n',
    'Press <Enter> to continue...',
    'Hit Enter to activate this console.\r\n',
  ])('that wants any key is left by Enter: %j', async (wish) => {
    for (const console of [false, true]) {
      const line = behindKey(`\r\n\r\nSW1 con0 is now available\r\n\r\n${wish}`, '')
      expect(await logIn(line, { console })).toMatch(/SW1#$/)
      expect(line.written).toBe('\radmin\rsecret-pw\r')
    }
  })

  it('that comes again and again is given up, and no secret was sent', async () => {
    const line = new Device('\r\nPress any key to continue', (_, self) => self.send('\r\nPress any key to continue'))
    const failure = await failureOf(logIn(line))
    expect([failure.code, failure.details.lastLine]).toEqual(['PROMPT_NOT_FOUND', 'Press any key to continue'])
    expect(line.written).toBe('\r\r\r\r')
  })

  it('with the driver’s own words comes before what looks like a question', async () => {
    const line = behindKey('\r\nAccept the terms of this login (y/n): ', 'y')
    const driver = driverOf({ answers: [{ when: /\(y\/n\): $/, send: 'y\\c' }] })
    expect(await logIn(line, { driver })).toMatch(/SW1#$/)
    expect(line.written).toBe('yadmin\rsecret-pw\r')
  })

  it('is none where it asks for the name in the same line', async () => {
    const line = new Device('\r\nType your user name and press Enter: ', (typed, self) => {
      self.send(typed === 'admin' ? '\r\nPassword: ' : '\r\nSW1#')
    })
    expect(await logIn(line)).toMatch(/SW1#$/)
    expect(line.written).toBe('admin\rsecret-pw\r')
  })

  it('has no answer any more behind the password: that is the session’s to judge', async () => {
    const line = new Device('\r\nPassword: ', (_, self) => self.send('\r\nAccept (y/n): '), { echoes: false })
    const driver = driverOf({ answers: [{ when: /\(y\/n\): $/, send: 'y' }] })
    expect(await logIn(line, { driver })).toBe('\r\nAccept (y/n): ')
    expect(line.written).toBe('secret-pw\r')
  })

  it('of messages on a console line is left by Enter', async () => {
    const line = behindKey('%LINK-3-UPDOWN: Interface Gi0/1, changed state to up\r\n', '')
    expect(await logIn(line, { console: true })).toMatch(/SW1#$/)
    expect(line.written).toBe('\radmin\rsecret-pw\r')
  })
})
