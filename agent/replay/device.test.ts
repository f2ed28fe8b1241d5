import { describe, expect, it } from 'vitest'
import { type ReplayOptions, replayExec, replayShell } from './device.ts'
import { parseRecording } from './recording.ts'

const recording = parseRecording(`@@ driver: cisco_ios
@@ evidence: documented
@@ source: written for this test
@@ login

lobby
SW1>
@@ run: enable
Password:${' '}
@@ hidden
SW1#
@@ run: show run
line 1
 --More--${' '}
@@ key
␈␈line 2
SW1#
@@ refuse
% Invalid

SW1#
`)

function sit(options: ReplayOptions = {}) {
  const seen = { text: '', ended: false, writes: 0 }
  const shell = replayShell(
    recording,
    {
      write: (bytes) => {
        seen.text += bytes.toString()
        seen.writes += 1
      },
      end: () => {
        seen.ended = true
      },
    },
    options,
  )
  return { seen, type: (text: string) => shell.input(Buffer.from(text)) }
}

/** What is printed from now on. */
function after(seen: { text: string }, act: () => void): string {
  const before = seen.text.length
  act()
  return seen.text.slice(before)
}

describe('replayShell', () => {
  it('greets, echoes commands and answers them', () => {
    const { seen, type } = sit()
    expect(seen.text).toBe('\r\nlobby\r\nSW1>')
    expect(after(seen, () => type('enable\n'))).toBe('enable\r\nPassword: ')
    expect(after(seen, () => type('hunter2\n'))).toBe('\r\nSW1#')
    expect(after(seen, () => type('show run\r'))).toBe('show run\r\nline 1\r\n --More-- ')
    expect(after(seen, () => type(' '))).toBe('\b\bline 2\r\nSW1#')
  })

  it.each(['\r', '\n', '\r\n'])('takes %j as one end of a line', (enter) => {
    const { seen, type } = sit()
    expect(after(seen, () => type(enter))).toBe('\r\nSW1>')
    expect(after(seen, () => type(`enable${enter}x${enter}${enter}`))).toBe('enable\r\nPassword: \r\nSW1#\r\nSW1#')
  })

  it('answers the same however the typing is cut into packets', () => {
    const typing = 'enable\r\nhunter2\r\nshow run\r\n nonsense\r\nexit\r\n'
    const whole = sit()
    whole.type(typing)
    const pieces = sit()
    for (const character of typing) pieces.type(character)
    expect(pieces.seen.text).toBe(whole.seen.text)
    expect(whole.seen.text).toContain('nonsense\r\n% Invalid')
    expect(whole.seen.ended).toBe(true)
  })

  it('refuses an unknown command and stays in its mode', () => {
    const { seen, type } = sit()
    expect(after(seen, () => type('configure terminal\n'))).toBe('configure terminal\r\n% Invalid\r\n\r\nSW1>')
    type('enable\nx\n')
    expect(after(seen, () => type('nope\n'))).toBe('nope\r\n% Invalid\r\n\r\nSW1#')
  })

  it('hangs up at exit and then says nothing more', () => {
    const { seen, type } = sit()
    expect(after(seen, () => type('exit\n'))).toBe('exit\r\n')
    expect(seen.ended).toBe(true)
    expect(after(seen, () => type('show run\n'))).toBe('')
  })

  it('cuts its writes and uses the line ends that it is told', () => {
    const { seen } = sit({ lineEnd: '\n', chunk: (bytes) => [bytes.subarray(0, 3), bytes.subarray(3)] })
    expect(seen).toEqual({ text: '\nlobby\nSW1>', ended: false, writes: 2 })
  })

  it('answers later, in order, when it is slow', () => {
    const waiting: (() => void)[] = []
    const { seen, type } = sit({ later: (send) => waiting.unshift(send) })
    type('exit\n')
    expect(seen.text).toBe('')
    for (const send of waiting) send()
    expect(seen).toMatchObject({ text: '\r\nlobby\r\nSW1>exit\r\n', ended: true })
  })

  it('drops the line after a number of bytes', () => {
    const { seen, type } = sit({ cutAfterBytes: 8 })
    expect(seen).toMatchObject({ text: '\r\nlobby\r', ended: true })
    expect(after(seen, () => type('enable\n'))).toBe('')
  })

  it('falls silent after a number of bytes', () => {
    const { seen, type } = sit({ cutAfterBytes: 8, afterCut: 'hang' })
    expect(seen).toMatchObject({ text: '\r\nlobby\r', ended: false })
    expect(after(seen, () => type('exit\n'))).toBe('')
    expect(seen.ended).toBe(false)
  })

  it('is whole when the cut lies behind its last byte', () => {
    expect(sit({ cutAfterBytes: 13 }).seen).toMatchObject({ text: '\r\nlobby\r\nSW1>', ended: false })
  })
})

describe('replayExec', () => {
  const exec = parseRecording(`@@ driver: linux
@@ evidence: documented
@@ source: written for this test
@@ run: hostname
sw1
@@ run: true
@@ refuse
@@ exit: 127
not found
`)

  it('prints whole lines and the exit status', () => {
    expect(replayExec(exec, 'hostname')).toEqual({ output: Buffer.from('sw1\n'), exit: 0 })
    expect(replayExec(exec, 'hostname', { lineEnd: '\r\n' }).output.toString()).toBe('sw1\r\n')
  })

  it('prints nothing at all for a command without output', () => {
    expect(replayExec(exec, 'true')).toEqual({ output: Buffer.alloc(0), exit: 0 })
  })

  it('refuses what was not recorded', () => {
    expect(replayExec(exec, 'reboot')).toEqual({ output: Buffer.from('not found\n'), exit: 127 })
  })
})
