import { describe, expect, it } from 'vitest'
import { VirtualClock } from './replay/reading.ts'
import { Device, driverOf, read, textOf } from './replay/scripted-device.ts'

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

describe('a pager', () => {
  const pages = ['a\r\nb\r\n', 'c\r\n\r\n', '\r\n  d\r\n', 'end\r\n']

  for (const [how, erase] of [
    ['erases by backspaces', `${'\b'.repeat(10)}${' '.repeat(10)}${'\b'.repeat(10)}`],
    ['erases by CR', `\r${' '.repeat(12)}\r`],
    ['erases by ESC [K', '\r\x1b[K'],
    ['leaves standing', '\r\n'],
  ] as const) {
    it.each([1, 4, 1000])(`that a device ${how} leaves no trace, %d bytes at a time`, async (chunkBytes) => {
      const device = paged(pages, ' --More-- ', erase, chunkBytes)
      const outputs = await read(device)
      expect(textOf(outputs)).toBe('a\nb\nc\n\n\n  d\nend\n')
      expect(outputs[0]?.doubt).toBeUndefined()
      expect(device.written.match(/ (?!run)/g)).toHaveLength(3)
    })
  }

  it('at the very end wants `q`', async () => {
    const device = paged(['a\r\nend\r\n', ''], '(END)', '\r\x1b[K')
    expect(textOf(await read(device))).toBe('a\nend\n')
    expect(device.written).toContain('q')
  })

  it('of which there is one, and which is left standing, is kept with a doubt', async () => {
    const outputs = await read(paged(['a\r\nb\r\n', 'end\r\n'], '--More--', '\r\n'))
    expect(textOf(outputs)).toBe('a\nb\n--More--\nend\n')
    expect(outputs[0]?.doubt).toContain('looks like a pager')
  })

  it('that takes the Enter which was to confirm a prompt does not end the read', async () => {
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
    expect(textOf(await read(device))).toBe('banner\nSW1#...\nx\nend\n')
  })
})

describe('a line of the configuration that looks like a pager', () => {
  /** Does not page. It rests for so long behind each of these parts; a key that it does not expect is echoed when it is through. */
  function resting(parts: string[], restMs: number, clock: VirtualClock) {
    const ahead: string[] = []
    let busy = false
    return new Device('SW1#', function react(line, self) {
      if (busy) {
        ahead.push(line)
      } else if (line !== 'show run') {
        self.send(line.length === 1 ? line : '\r\nSW1#')
      } else {
        busy = true
        self.send('\r\n')
        for (const [index, part] of parts.entries()) clock.after(restMs * index, () => self.send(part))
        clock.after(restMs * parts.length, () => {
          busy = false
          self.send('SW1#')
          for (const early of ahead.splice(0)) react(early, self)
        })
      }
    })
  }
  const text = 'banner motd ^C\n--More--\n^C\nend\n'
  const parts = ['banner motd ^C\r\n--More--', '\r\n^C\r\nend\r\n']
  const twice = driverOf({
    commands: [1, 2].map(() => ({ run: 'show run', as: 'config', complete: /^end$/ }) as const),
  })

  it.each([60, 900, 5000])('is kept although the device rests for %d ms just behind it', async (restMs) => {
    const clock = new VirtualClock()
    const outputs = await read(resting(parts, restMs, clock), {}, clock)
    expect(textOf(outputs)).toBe(text)
    expect(outputs[0]?.doubt).toContain('looks like a pager')
  })

  it('is certain at the second time, when the device is given more time', async () => {
    const clock = new VirtualClock()
    const device = resting(parts, 900, clock)
    const outputs = await read(device, { driver: twice }, clock)
    expect(textOf(outputs)).toBe(`${text}---\n${text}`)
    expect(outputs.map(({ doubt }) => doubt === undefined)).toEqual([false, true])
    expect(device.written.match(/ (?!run)/g)).toHaveLength(1)
  })

  it('is kept with the rest of it', async () => {
    const clock = new VirtualClock()
    const cut = ['remark --more\r\n--More', '-- or less\r\nend\r\n']
    const outputs = await read(resting(cut, 300, clock), {}, clock)
    expect(textOf(outputs)).toBe('remark --more\n--More-- or less\nend\n')
    expect(outputs[0]?.doubt).toContain('looks like a pager')
  })

  it('is kept where the device erases its pagers', async () => {
    const clock = new VirtualClock()
    let keys = 0
    const device = new Device('SW1#', (line, self) => {
      if (line === 'show run') return self.send('\r\na\r\n--More--')
      if (line !== ' ') return self.send('\r\nSW1#')
      keys += 1
      if (keys > 1) return undefined
      self.send('\r        \rb\r\n--More--')
      clock.after(700, () => self.send('\r\nend\r\nSW1#'))
      return undefined
    })
    const outputs = await read(device, {}, clock)
    expect(textOf(outputs)).toBe('a\nb\n--More--\nend\n')
    expect(outputs[0]?.doubt).toContain('looks like a pager')
  })
})
