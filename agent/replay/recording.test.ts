import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatRecording, parseRecording, type Recording } from './recording.ts'

const HEAD = '@@ driver: cisco_ios\n@@ evidence: documented\n@@ source: written for this test\n'
const SESSION = `${HEAD}@@ secret: s3cret one
@@ login

SW1 lobby switch
SW1>
@@ run: enable
Password:${' '}
@@ hidden
SW1#
@@ run: show running-config
Building configuration...
@@@ not a directive
 --More--${' '}
@@ key
␈␈  ␈␈interface Vlan1␛[0m
end

SW1#
@@ run: exit-status
@@ exit: 3
@@ refuse
% Invalid input detected at '^' marker.

SW1#
`

describe('parseRecording', () => {
  it('keeps prompts, pagers and blank lines exactly as they stand', () => {
    const recording = parseRecording(SESSION)
    expect(recording.secrets).toEqual(['s3cret one'])
    expect(recording.login).toEqual([{ text: '\nSW1 lobby switch\nSW1>' }])
    expect(recording.runs.get('enable')?.segments).toEqual([{ text: 'Password: ', waits: 'hidden' }, { text: 'SW1#' }])
    expect(recording.runs.get('show running-config')?.segments).toEqual([
      { text: 'Building configuration...\n@@ not a directive\n --More-- ', waits: 'key' },
      { text: '\b\b  \b\binterface Vlan1\u001b[0m\nend\n\nSW1#' },
    ])
    expect(recording.runs.get('exit-status')).toEqual({ segments: [{ text: '' }], exit: 3 })
  })

  it('has no login when the device offers no shell, and a silent refusal when none was recorded', () => {
    const recording = parseRecording(HEAD)
    expect(recording.login).toEqual([])
    expect(recording.refuse).toEqual({ segments: [], exit: 1 })
  })

  it.each([
    ['text before any reply', `${HEAD}stray\n`, 'line 4: text before'],
    ['an unknown directive', `${HEAD}@@ pause: 3\n`, 'line 4: malformed or unknown directive'],
    ['a directive that is no word', `${HEAD}@@ login\n@@ -- what\n`, 'line 5: malformed or unknown directive'],
    ['a run without a command', `${HEAD}@@ run:\n`, 'line 4: malformed or unknown directive'],
    ['a login with a value', `${HEAD}@@ login: now\n`, 'line 4: malformed or unknown directive'],
    ['the same command twice', `${HEAD}@@ run: a\nb#\n@@ run: a\n`, 'line 6: a second @@ run'],
    ['two drivers', `${HEAD}@@ driver: linux\n`, 'line 4: a second @@ driver'],
    ['a claim that does not exist', '@@ evidence: certain\n', 'line 1: evidence is real, transcript, documented'],
    ['a key outside of a reply', `${HEAD}@@ key\n`, 'line 4: @@ key stands in'],
    ['an exit status that is no number', `${HEAD}@@ run: a\n@@ exit: bad\n`, 'line 5: @@ exit wants a number'],
    ['a carriage return', `${HEAD}@@ login\r\n`, 'line 4: control characters'],
    ['a missing source', '@@ driver: linux\n@@ evidence: real\n', 'no @@ source'],
  ])('names the line of %s', (_what, text, message) => {
    expect(() => parseRecording(text)).toThrow(RangeError)
    expect(() => parseRecording(text)).toThrow(message)
  })
})

describe('formatRecording', () => {
  it('gives back the file that was read', () => {
    expect(formatRecording(parseRecording(SESSION))).toBe(SESSION)
  })

  it('loses nothing of any session', () => {
    const word = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)
    const text = fc
      .array(
        fc.oneof(
          fc.constantFrom('@@ run: x', '@@@ key', '@', 'end', '', ' '),
          fc.stringMatching(/^[\u001b\x08\r -~é]{0,20}$/),
        ),
      )
      .map((lines) => lines.join('\n'))
    const segments = fc
      .tuple(
        fc.array(fc.record({ text, waits: fc.constantFrom('hidden' as const, 'key' as const) }), { maxLength: 2 }),
        text,
      )
      .map(([before, last]) => [...before, { text: last }])
    const reply = fc.record({ segments, exit: fc.nat(255) })
    const recording: fc.Arbitrary<Recording> = fc.record({
      driver: word,
      evidence: fc.constantFrom('real' as const, 'documented' as const),
      source: word,
      secrets: fc.array(word),
      login: segments,
      runs: fc.array(fc.tuple(word, reply)).map((entries) => new Map(entries)),
      refuse: reply,
    })
    fc.assert(
      fc.property(recording, (drawn) => {
        expect(parseRecording(formatRecording(drawn))).toEqual(drawn)
      }),
    )
  })

  it('refuses a command that would break into two lines', () => {
    const recording = parseRecording(HEAD)
    const runs = new Map([['show\nversion', { segments: [], exit: 0 }]])
    const withText = new Map([['show\nversion', { segments: [{ text: 'x' }], exit: 0 }]])
    expect(() => formatRecording({ ...recording, runs: withText })).toThrow(RangeError)
    expect(() => formatRecording({ ...recording, runs })).not.toThrow()
  })
})
