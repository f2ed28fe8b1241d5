import { describe, expect, it } from 'vitest'
import { VirtualClock } from './replay/reading.ts'
import { config, Device, driverOf, failureOf, plain, read, textOf } from './replay/scripted-device.ts'

describe('the first prompt', () => {
  const banner = '\r\nPassword: \r\nr2#\r\nr2#\r\n *** r2# \r\n\r\n'

  it.each([1, 3, 7, 1000])(
    'is found behind a banner that looks like prompts, %d bytes at a time',
    async (chunkBytes) => {
      const device = plain({ 'show run': 'hostname r1\r\nend\r\n' }, { prompt: 'r1> ', greeting: banner, chunkBytes })
      expect(textOf(await read(device))).toBe('hostname r1\nend\n')
    },
  )

  it('is not taken from a banner that stops for a while at a line that looks like one', async () => {
    const clock = new VirtualClock()
    let entered = 0
    const device = new Device('\r\nnext door: \r\nr2#', (line, self) => {
      if (line !== '') return self.send(`\r\n${line === 'show run' ? 'end\r\n' : ''}r1#`)
      entered += 1
      // Typed into the middle of the banner: the device reads it when it is through.
      if (entered === 1) clock.after(400, () => self.send(' is elsewhere\r\nr1#\r\nr1#'))
      else self.send('\r\nr1#')
      return undefined
    })
    expect(textOf(await read(device, {}, clock))).toBe('end\n')
  })

  it('is learnt with what a device prints before each prompt, and that is no output', async () => {
    const device = plain({ 'show run': 'a;\r\n' }, { prompt: '\r\n{master:0}\r\nu@r> ', greeting: '' })
    const driver = driverOf({ prompt: /^\w+@\w+> $/ })
    expect(textOf(await read(device, { driver }))).toBe('a;\n')
  })

  it('wrapped in terminal control is the same prompt', async () => {
    const device = plain({ 'show run': 'end\r\n' }, { prompt: '\x1b[6n\x1b[?1l\x1b>\x1b[1mr1#\x1b[0m \x1b]0;r1\x07' })
    expect(textOf(await read(device))).toBe('end\n')
    expect(device.written).toContain('\x1b[1;1R')
  })

  it('comes after a question that the driver answers', async () => {
    let accepted = 0
    const device = new Device('\r\nDo you accept (y/n)? ', (line, self) => {
      if (line === 'y') accepted += 1
      self.send(`\r\n${line === 'show run' ? 'end\r\n' : ''}SW1#`)
    })
    const driver = driverOf({ answers: [{ when: /accept \(y\/n\)\? $/, send: 'y' }] })
    expect(textOf(await read(device, { driver }))).toBe('end\n')
    expect(accepted).toBe(1)
  })

  it('that never comes fails with the last line, and without the password in it', async () => {
    const device = new Device('\r\nYour login-pw is too old.\x07 Change it now (yes/no): ', () => undefined)
    const failure = await failureOf(read(device))
    expect(failure.code).toBe('PROMPT_NOT_FOUND')
    expect(failure.details).toMatchObject({ lastLine: 'Your <secret> is too old. Change it now (yes/no):' })
    expect(device.written).toBe('')
  })

  it('that changes each time is none', async () => {
    let count = 0
    const device = new Device('r1-0#', (_, self) => self.send(`\r\nr1-${++count}#`))
    expect((await failureOf(read(device))).code).toBe('PROMPT_NOT_FOUND')
  })

  it('is learnt from a device that needs seconds for each answer, and no late one is taken for that of a command', async () => {
    const clock = new VirtualClock()
    const driver = driverOf({ enable: { run: 'enable', from: />$/, password: /^Password: ?$/ } })
    let prompt = 'SW1>'
    const device = new Device(prompt, (line, self) => {
      clock.after(3500, () => {
        if (line === 'enable') prompt = 'SW1#'
        self.send(`\r\n${line === 'show run' ? 'end\r\n' : ''}${prompt}`)
      })
    })
    clock.after(100, () => device.send('\x1b[0m'))
    expect(textOf(await read(device, { driver }, clock))).toBe('end\n')
    expect(device.written).toMatch(/^\r{2,}enable\r/)
  })

  it('does not come when the device hangs up', async () => {
    const clock = new VirtualClock()
    const device = new Device('\r\nNo more lines\r\n', () => undefined)
    clock.after(10, () => device.end())
    expect((await failureOf(read(device, {}, clock))).code).toBe('CONNECTION_LOST')
  })
})

describe('the end of a configuration', () => {
  it.each([1, 2, 5, 1000])('is not a line that equals the prompt, or `end`, %d bytes at a time', async (chunkBytes) => {
    const tricky =
      'banner motd ^C\r\nSW1#\r\nSW1#\r\nend\r\n --More-- \r\nSW1#show run\r\nSW1# \r\n(END)\r\n^C\r\nend\r\n'
    const device = plain({ 'show run': tricky }, { chunkBytes })
    expect(textOf(await read(device))).toBe(tricky.replaceAll('\r\n', '\n'))
  })

  it('is not where the device pauses behind a line that looks like the prompt', async () => {
    const clock = new VirtualClock()
    let busy = false
    let early = 0
    const device = new Device('SW1#', (line, self) => {
      if (line === 'show run') {
        busy = true
        self.send('\r\nbanner ^C\r\nSW1#')
        clock.after(5000, () => self.send(' is the name\r\n^C\r\nSW1#'))
        clock.after(9000, () => {
          self.send(`no\r\nend\r\nSW1#${'\r\nSW1#'.repeat(early)}`)
          busy = false
        })
      } else if (busy) early += 1
      else self.send('\r\nSW1#')
    })
    expect(textOf(await read(device, {}, clock))).toBe('banner ^C\nSW1# is the name\n^C\nSW1#no\nend\n')
  })

  it('is found although the device threw away what was typed too early', async () => {
    const clock = new VirtualClock()
    let busy = false
    const device = new Device('SW1#', (line, self) => {
      if (line === 'show run') {
        busy = true
        self.send('\r\nSW1#')
        clock.after(3000, () => {
          busy = false
          self.send('x\r\nend\r\nSW1#')
        })
      } else if (!busy) self.send('\r\nSW1#')
    })
    expect(textOf(await read(device, {}, clock))).toBe('SW1#x\nend\n')
  })

  it('keeps a last line that equals the prompt', async () => {
    const device = plain({ 'show run': 'a\r\nend\r\nSW1#\r\n' })
    expect(textOf(await read(device))).toBe('a\nend\nSW1#\n')
  })

  it('never comes when the connection breaks off: whatever was read is no configuration', async () => {
    const device = new Device('SW1#', (line, self) => {
      self.send(line === '' ? '\r\nSW1#' : '\r\nhostname SW1\r\nend\r\n')
      if (line !== '') self.end({ clean: false })
    })
    const failure = await failureOf(read(device))
    expect([failure.code, failure.details.command]).toEqual(['CONNECTION_LOST', 'show run'])
  })
})

describe('echo', () => {
  const replies = { 'term len 0': '', 'show ver': 'v1\r\n', 'show run': 'a\r\nend\r\n' }
  const driver = driverOf({ prepare: ['term len 0'], commands: [{ run: 'show ver', as: 'note' }, config] })

  it('is no part of the output', async () => {
    expect(textOf(await read(plain(replies), { driver }))).toBe('v1\n---\na\nend\n')
  })

  it('that never comes is not waited for twice', async () => {
    const clock = new VirtualClock()
    const device = plain(replies, { echoes: false })
    expect(textOf(await read(device, { driver }, clock))).toBe('\nv1\n---\n\na\nend\n')
    expect(clock.nowMs()).toBeLessThan(3000)
  })

  it('that never comes, nor a new line, leaves no prompt before the first line', async () => {
    const device = new Device('SW1#', (line, self) => self.send(line === '' ? '\r\nSW1#' : 'a\r\nend\r\nSW1#'), {
      echoes: false,
    })
    expect(textOf(await read(device))).toBe('a\nend\n')
  })

  it.each([
    ['wrapped', 'show\r\n run'],
    ['scrolled', '\rSW1#$w run'],
    ['redrawn', 'show rnu\b\b\x1b[Kun'],
    ['coloured word by word', '\x1b[1mshow\x1b[0m\rSW1#\x1b[1mshow\x1b[0m \x1b[32mrun\x1b[0m'],
  ])('%s by a line editor is recognised', async (_, drawn) => {
    const device = new Device(
      'SW1#',
      (line, self) => {
        if (line === 'show run') return self.send(`${drawn}\r\na\r\nend\r\nSW1#`)
        return self.send(`${line}\r\n${line === 'show ver' ? 'v1\r\n' : ''}SW1#`)
      },
      { echoes: false },
    )
    expect(textOf(await read(device, { driver }))).toBe('v1\n---\na\nend\n')
  })

  it('anchors the output: what is left of an earlier command never lands in it', async () => {
    const clock = new VirtualClock()
    const device = new Device(
      'SW1#',
      (line, self) => {
        if (line === 'show ver') {
          self.send('show ver\r\nv1\r\nSW1#')
          clock.after(50, () => self.send(' is a strange note\r\nv2\r\nSW1#show run\r\na\r\nend\r\nSW1#'))
        } else if (line === '' && !self.written.includes('show ver')) self.send('\r\nSW1#')
        else if (line === '') self.send('\r\nSW1#')
        else if (line !== 'show run') self.send(`${line}\r\nSW1#`)
      },
      { echoes: false },
    )
    expect(textOf(await read(device, { driver }, clock))).toBe('v1\n---\na\nend\n')
  })
})

describe('a prompt of which a part changes', () => {
  const driver = driverOf({
    prompt: /^(?<unsaved>(?:\* )?)(?:Slot-\d )?[\w.-]+\.(?<count>\d{1,5}) [>#] ?$/,
    prepare: ['term len 0'],
    commands: [{ run: 'show ver', as: 'note' }, config],
  })
  const run = 'a\r\nend\r\n'

  /** @param entersCount whether a bare Enter counts as a command too */
  function counting(
    { name = 'sw7', first = 7, entersCount = true, mark = '' as string | ((count: number) => string) } = {},
    { reply = run, pauseMs = 0, clock = undefined as VirtualClock | undefined, chunkBytes = 1000 } = {},
  ) {
    let count = first
    const prompt = () => `${typeof mark === 'string' ? mark : mark(count)}${name}.${count} # `
    const replies: Record<string, string> = { 'show ver': 'v1\r\n', 'show run': reply, 'term len 0': '' }
    return new Device(
      `\r\nWelcome\r\n${prompt()}`,
      (line, self) => {
        if (line !== '' || entersCount) count += 1
        const text = `\r\n${replies[line] ?? ''}${prompt()}`
        if (clock) clock.after(pauseMs, () => self.send(text))
        else self.send(text)
      },
      { chunkBytes },
    )
  }

  it.each([
    ['with each Enter', { entersCount: true }],
    ['with each command only', { entersCount: false }],
    ['to one digit more', { first: 8 }],
    ['behind a stack’s slot', { name: 'Slot-1 sw7' }],
    ['behind a star that comes with a change', { mark: (count: number) => (count > 9 ? '* ' : '') }],
    ['behind a star that goes when it is saved', { mark: (count: number) => (count > 9 ? '' : '* ') }],
  ])('is the same prompt: it counts %s', async (_, device) => {
    for (const chunkBytes of [1, 3, 1000])
      expect(textOf(await read(counting(device, { chunkBytes }), { driver }))).toBe('v1\n---\na\nend\n')
  })

  it.each([
    'sw8.7 # ',
    'sw7.7 # ',
    '* sw7.12 # ',
    'sw7.12 # show run',
    'sw7.x # ',
    'sw8.12 # show run',
    'xsw7.7 # ',
    'sw7x7 # ',
  ])('leaves %j in the configuration as text, where the device rests behind it too', async (line) => {
    const clock = new VirtualClock()
    let count = 7
    let early = 0
    let busy = false
    const device = new Device('sw7.7 # ', (typed, self) => {
      if (busy) {
        early += 1
        return
      }
      count += 1
      if (typed !== 'show run') return self.send(`\r\n${typed === 'show ver' ? 'v1\r\n' : ''}sw7.${count} # `)
      busy = true
      self.send(`\r\na\r\n${line}`)
      clock.after(4000, () => {
        busy = false
        self.send('\r\nb\r\nend\r\n')
        self.send(`sw7.${count} # `)
        for (; early > 0; early -= 1) self.send(`\r\nsw7.${++count} # `)
      })
    })
    expect(textOf(await read(device, { driver }, clock))).toBe(`v1\n---\na\n${line}\nb\nend\n`)
  })

  it('of another device is none', async () => {
    let count = 1
    const device = new Device('sw7.1 # ', (line, self) => {
      count += 1
      self.send(`\r\n${line === 'show run' ? run : ''}${line === 'show run' ? 'sw8' : 'sw7'}.${count} # `)
    })
    const failure = await failureOf(read(device, { driver }))
    expect([failure.code, failure.details.command]).toEqual(['DEVICE_COMMAND_TIMEOUT', 'show run'])
  })

  it('is read from a device that needs seconds for each answer', async () => {
    const clock = new VirtualClock()
    expect(textOf(await read(counting({}, { clock, pauseMs: 3500 }), { driver }, clock))).toBe('v1\n---\na\nend\n')
  })

  it.each([
    ['redrawn', (prompt: string) => `show rnu\b\b\x1b[Kun\r${prompt}show run`],
    ['wrapped', () => 'show\r\n run'],
    ['coloured', (prompt: string) => `\x1b[1mshow\x1b[0m\r\x1b[K${prompt}\x1b[32mshow run\x1b[0m`],
  ])('does not hide an echo %s', async (_, drawn) => {
    let count = 8
    const device = new Device(
      'sw7.8 # ',
      (line, self) => {
        const before = `sw7.${count} # `
        count += 1
        const echo = line === 'show run' ? drawn(before) : line
        self.send(`${echo}\r\n${line === 'show ver' ? 'v1\r\n' : line === 'show run' ? run : ''}sw7.${count} # `)
      },
      { echoes: false },
    )
    expect(textOf(await read(device, { driver }))).toBe('v1\n---\na\nend\n')
  })

  it('stands nowhere in the output of a device without echo', async () => {
    let count = 9
    const device = new Device(
      'sw7.9 # ',
      (line, self) => {
        count += 1
        self.send(`${line === 'show ver' ? 'v1\r\n' : line === 'show run' ? run : '\r\n'}sw7.${count} # `)
      },
      { echoes: false },
    )
    expect(textOf(await read(device, { driver }))).toBe('v1\n---\na\nend\n')
  })

  it('gains the privilege as any other', async () => {
    const enable = { run: 'enable', from: /> ?$/, password: /^Password: ?$/ }
    let count = 9
    let sign = '>'
    let asked = false
    const device = new Device('sw7.9 > ', (line, self) => {
      count += 1
      if (line === 'enable') {
        asked = true
        return self.send('\r\nPassword: ')
      }
      if (asked) [asked, sign] = [false, '#']
      return self.send(`\r\n${line === 'show run' ? run : ''}sw7.${count} ${sign} `)
    })
    expect(textOf(await read(device, { driver: { ...driver, enable, commands: [config] } }))).toBe('a\nend\n')
  })
})
