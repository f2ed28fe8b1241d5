import { describe, expect, it } from 'vitest'
import { isMessage, undisturbed } from './interruption.ts'
import { VirtualClock } from './replay/reading.ts'
import { config, Device, driverOf, plain, read, textOf } from './replay/scripted-device.ts'
import { MESSAGES } from './replay/weather.ts'
import type { Output } from './session.ts'
import { makeText } from './text.ts'

describe('a message of the system', () => {
  it.each(MESSAGES)('is seen on a line of its own and within one: %j', (message) => {
    for (const line of message.split('\n').slice(0, 1)) {
      expect(isMessage(line)).toBe(true)
      expect(isMessage(`interface GigabitEth${line}`)).toBe(true)
    }
  })

  it.each([
    '! Last configuration change at 09:14:02 UTC Mon Nov 2 2026 by admin',
    '# 2026-11-24 10:00:00 by RouterOS 7.16',
    '## Last commit: 2026-11-24 10:00:00 UTC by admin',
    '!Time: Mon Nov 24 10:00:00 2026',
    ' logging trap informational',
    ' password cipher %^%#K:1a-2/3/A%^%#',
    'set system syslog file messages any notice',
    '<config><priority>189</priority></config>',
    'description UPLINK-1-CORE to 10/1/2',
  ])('is not seen in %j', (line) => expect(isMessage(line)).toBe(false))

  it('is looked for in a time that grows with the text alone', () => {
    for (const piece of [
      '%A',
      '%A_',
      '<1',
      '1:',
      'Nov 11 11:11:11 ',
      'A/1/',
      'echo: a,',
      '%%01A/',
      '11:11:11 a a[',
      'a',
    ]) {
      expect(isMessage(piece.repeat(300_000))).toBe(isMessage(piece.repeat(40)))
    }
  })
})

const output = (text: string, interrupted = false): Output => ({
  command: config,
  run: 'show run',
  bytes: Buffer.from(text),
  ...(interrupted && { interrupted }),
})

describe('two reads with messages', () => {
  const make = (outputs: Output[]) => makeText(driverOf(), outputs, { secrets: 'keep' })
  const between = async (first: Output, second: Output) => (await undisturbed([first], [second], make))?.text
  const message = '*Nov 24 10:00:00.123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up'

  it('are the configuration without what one of them alone has', async () => {
    const other = message.replace('10:00:00', '10:00:09')
    expect(await between(output(`a\n${message}\nb\nend\n`, true), output(`a\nb\n${other}\nend\n`, true))).toBe(
      'a\nb\nend\n',
    )
    expect(await between(output(`a\n\n${message}\nb\nend\n`, true), output(`a\nb\n${other}\nend\n`, true))).toBe(
      'a\nb\nend\n',
    )
  })

  it('keep what both say in the same place: that is configuration', async () => {
    const applet = 'a\n event syslog pattern "%LINK-3-UPDOWN: Interface"\nend\n'
    expect(await between(output(applet, true), output(applet, true))).toBe(applet)
    const banner = `banner ^C\n${message}\n^C\nend\n`
    expect(await between(output(banner, true), output(banner, true))).toBe(banner)
  })

  it('are not the same where a message cut a line, or stands elsewhere', async () => {
    const [cutLine, whole] = [`a\nint${message}\nerface\nend\n`, 'a\ninterface\nend\n']
    expect(
      await between(output(cutLine, true), output(cutLine.replace('int', 'inter').replace('\nerf', '\nf'), true)),
    ).toBeUndefined()
    expect(
      await between(output(`${message}\n${whole}`, true), output(whole.replace('a\n', `a\n${message}\n`), true)),
    ).toBeUndefined()
    expect(await between(output('a\nend\n'), output('b\nend\n'))).toBeUndefined()
  })
})

describe('a session in which a message stands', () => {
  const message = '%LINK-3-UPDOWN: Interface Gi0/1, changed state to up'

  it('is doubtful in the output that it broke into', async () => {
    const driver = driverOf({ commands: [{ run: 'show ver', as: 'note' }, config] })
    const device = plain({ 'show ver': 'v1\r\n', 'show run': `a\r\nint\r\n${message}\r\nerface\r\nend\r\n` })
    expect((await read(device, { driver })).map(({ interrupted }) => interrupted)).toEqual([undefined, true])
  })

  it('is doubtful when the message broke the echo', async () => {
    let count = 0
    const device = new Device(
      'SW1#',
      (line, self) => {
        count += 1
        const echo = line === 'show run' ? `show${message}\r\n run` : line
        self.send(`${echo}\r\n${line === 'show run' ? 'a\r\nend\r\n' : ''}SW1#`)
      },
      { echoes: false },
    )
    expect((await read(device)).map(({ interrupted }) => interrupted)).toEqual([true])
    expect(count).toBeGreaterThan(2)
  })

  it('gets its prompt back when the message came behind it', async () => {
    let said = false
    const device = new Device(`\r\nSW1#\r\n${message}\r\n`, (line, self) => {
      self.send(`\r\n${line === 'show run' ? 'a\r\nend\r\n' : ''}SW1#`)
      if (line === 'show run' && !said) self.send(`\r\n${message}\r\n`)
      said ||= line === 'show run'
    })
    const outputs = await read(device)
    expect(outputs[0]?.interrupted).toBe(true)
    expect(textOf(outputs)).toContain('a\nend\n')
  })

  it('does not learn the message as what stands before each prompt', async () => {
    const clock = new VirtualClock()
    let enters = 0
    const device = new Device('\r\n{master:0}\r\nSW1#', (line, self) => {
      enters += line === '' ? 1 : 0
      const first = enters === 1 ? `\r\n{mast\r\n${message}\r\ner:0}\r\nSW1#` : '\r\n{master:0}\r\nSW1#'
      self.send(line === 'show run' ? '\r\na\r\nend\r\n\r\n{master:0}\r\nSW1#' : first)
    })
    const outputs = await read(device, {}, clock)
    expect(textOf(outputs)).toBe('a\nend\n\n')
    expect(outputs[0]?.interrupted).toBeUndefined()
  })
})
