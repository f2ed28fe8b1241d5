import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Terminal } from './terminal.ts'

const textOf = ({ lines }: Terminal) => lines.slice(0, lines.length).toString('latin1')

function show(text: string, cut: (bytes: Buffer) => Buffer[] = (bytes) => [bytes]) {
  const reports: string[] = []
  const terminal = new Terminal((report) => reports.push(report))
  for (const chunk of cut(Buffer.from(text, 'latin1'))) terminal.feed(chunk)
  return { lines: textOf(terminal), tail: terminal.tail, reports, terminal }
}

const bytewise = (bytes: Buffer) => [...bytes].map((byte) => Buffer.from([byte]))

const cases: [title: string, sent: string, lines: string, tail: string][] = [
  ['CR LF, LF and CR CR LF all end a line', 'a\r\nb\nc\r\r\nd', 'a\nb\nc\n', 'd'],
  ['CR NUL LF is one line end and NUL is nothing', 'a\r\0\nb\r\0\nc\0d', 'a\nb\n', 'cd'],
  ['CR NUL ends a line of a device that has no line feeds', 'a\r\0bc\r\0\r\0d', 'a\nbc\n\n', 'd'],
  ['CR NUL is a bare CR of a device that has line feeds', 'a\r\nbcd\r\0xy\r\0\r\n', 'a\nxyd\n', ''],
  ['LF CR is one line end', 'a\n\rb\n\r', 'a\nb\n', ''],
  ['trailing spaces and tabs stay as the device sent them', 'a  \r\n\tb\t\r\n', 'a  \n\tb\t\n', ''],
  ['empty lines stay', '\r\na\r\n\r\nb', '\na\n\n', 'b'],
  ['a bare CR overwrites', 'abcdef\rxy\r\n', 'xycdef\n', ''],
  ['backspace, space, backspace erases', 'abc\b \b\b \bX\r\n', 'aX\n', ''],
  ['what was erased leaves no trailing spaces', 'abc\b\b\b   \b\b\b!\r\n', '!\n', ''],
  ['a line that was erased whole is an empty line', 'abc\r   \r\r\n', '\n', ''],
  [
    'spaces written after an erased pager are kept',
    '--More--\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b! \r\n',
    '! \n',
    '',
  ],
  [
    'a line that is blanked from its beginning leaves none of its own spaces',
    '  - More -\r          \r#\r\n',
    '#\n',
    '',
  ],
  ['a prompt that is blanked behind its own space keeps that', 'sw# x\rsw#  \b', '', 'sw# '],
  ['what is written on a blanked line is no part of the next blanking', 'abcd\r    \rab cd\rab   \r\n', 'ab \n', ''],
  ['indented text in the place of a pager keeps its indent', '--More--\r        \r  ip x\r\n', '  ip x\n', ''],
  ['spaces around what was erased vanish too', 'x\r\n wait  \r       \r!\r\n', 'x\n!\n', ''],
  ['ESC [K erases to the end', 'abcdef\x1b[3D\x1b[KX\r\n', 'abcX\n', ''],
  ['ESC [2K erases the line', 'junk\r\x1b[2Kab\r\n', 'ab\n', ''],
  ['ESC [1K blanks the beginning', 'abcd\x1b[2D\x1b[1K\r\n', '  cd\n', ''],
  ['ESC [nG, [nC and [nD move', 'abc\x1b[1GX\x1b[1CZ\x1b[5DY\r\n', 'YbZ\n', ''],
  ['ESC [P closes the gap', 'abcdef\x1b[4D\x1b[2PX\r\n', 'abXf\n', ''],
  ['colours vanish', '\x1b[1;32mgreen\x1b[0m \x1b[mplain\r\n', 'green plain\n', ''],
  ['window titles vanish', '\x1b]0;root@r1\x07r1# \x1b]0;x\x1b\\ok', '', 'r1# ok'],
  ['private modes and character sets vanish', '\x1b[?1l\x1b>\x1b(Br1#\x1b[?25h ', '', 'r1# '],
  ['ESC E begins a new line', 'a\x1bEb\x1bDc', 'a\nb\n', 'c'],
  ['a sequence that never ends loses no line after it', 'a\x1b]0;oops\nb\n\x1b[12\nc\n', 'a\nb\n\nc\n', ''],
  ['bells and other controls vanish', 'a\x07b\x0cc\x0e\x7fd\r\n', 'abcd\n', ''],
  ['bytes above 127 stay', 'gr\xc3\xbc\xc3\x9fe\r\n', 'gr\xc3\xbc\xc3\x9fe\n', ''],
  ['a prompt redrawn after a CR is one prompt', '[a@b] > \r\r[a@b] > ', '', '[a@b] > '],
  ['a full-screen line editor draws one prompt', '\x1b[24;1H\x1b[2K\x1b[24;1Hsw# \x1b[24;1H\x1b[24;5H', '', 'sw# '],
]

cases.push([
  'a command that fills the row goes on in the next',
  `${'x'.repeat(511)} \ry\r\n`,
  `${'x'.repeat(511)}y\n`,
  '',
])

describe('Terminal', () => {
  for (const [title, sent, lines, tail] of cases) {
    it(`${title}, however the bytes arrive`, () => {
      for (const cut of [undefined, bytewise]) {
        const seen = show(sent, cut)
        expect({ lines: seen.lines, tail: seen.tail }).toEqual({ lines, tail })
      }
    })
  }

  it('shows the same for any cutting of any bytes', () => {
    const byte = fc.oneof(
      fc.constantFrom(8, 9, 10, 13, 27, 32, 91, 0x5d, 7, 59, 50, 54, 0x4b, 0x44, 0x47, 0x6e),
      fc.integer({ min: 0, max: 255 }),
    )
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 200 }), fc.array(fc.integer({ min: 1, max: 9 })), (bytes, sizes) => {
        const cut = (whole: Buffer) => {
          const chunks: Buffer[] = []
          for (let at = 0, n = 0; at < whole.length; n += 1) {
            const size = sizes.length > 0 ? (sizes[n % sizes.length] ?? 1) : 1
            chunks.push(whole.subarray(at, at + size))
            at += size
          }
          return chunks
        }
        const text = Buffer.from(bytes).toString('latin1')
        const [whole, parts] = [show(text), show(text, cut)]
        expect([parts.lines, parts.tail, parts.reports]).toEqual([whole.lines, whole.tail, whole.reports])
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps plain text exactly, whatever it is', () => {
    const line = fc.string({ unit: 'binary-ascii', maxLength: 40 }).map((text) => text.replace(/[^ -~\t]/g, ''))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        expect(show(lines.map((text) => `${text}\r\n`).join('')).lines).toBe(lines.map((text) => `${text}\n`).join(''))
      }),
    )
  })

  it('answers where the cursor is', () => {
    expect(show('abc\x1b[6n').reports).toEqual(['\x1b[1;4R'])
    expect(show('\x1b[999C\x1b[6n\x1b[1G\x1b[6n').reports).toEqual(['\x1b[1;511R', '\x1b[1;1R'])
  })

  it('keeps an answered pager that the device leaves standing, and says where it is', () => {
    const { terminal } = show('a\r\nx --More--')
    terminal.pager(2)
    terminal.feed(Buffer.from('\r\nb\r\n--More'))
    terminal.pager(0)
    terminal.feed(Buffer.from('-- (12%)\r\nc\r\n--More--'))
    terminal.pager(0)
    terminal.feed(Buffer.from('interface Vlan2\r\nend\r\n'))
    expect(textOf(terminal)).toBe('a\nx --More--\nb\n--More-- (12%)\nc\n--More--interface Vlan2\nend\n')
    expect(terminal.standing).toEqual([
      { at: 2, pagerFrom: 2, pagerTo: 10, rest: 'pager' },
      { at: 15, pagerFrom: 0, pagerTo: 6, rest: 'pager' },
      { at: 32, pagerFrom: 0, pagerTo: 8, rest: 'text' },
    ])
    expect(terminal.erasedPagers).toBe(0)
    terminal.clear()
    expect(terminal.standing).toEqual([])
  })

  it('keeps an empty line in the place of a pager that was erased', () => {
    const { terminal } = show('--More--')
    terminal.pager(0)
    terminal.feed(Buffer.from('\r        \r\r\nb\r\n'))
    expect(textOf(terminal)).toBe('\nb\n')
    expect([terminal.erasedPagers, terminal.standing]).toEqual([1, []])
  })

  it('lets text overwrite a pager without a rest of it', () => {
    const { terminal } = show('--More-- (12 %)')
    terminal.pager(0)
    terminal.feed(Buffer.from('\rvlan 1\r\n'))
    expect(textOf(terminal)).toBe('vlan 1\n')
  })

  it('takes an endless line without looking at it again and again', () => {
    const terminal = new Terminal(() => undefined)
    const chunk = Buffer.alloc(65_536, 'x')
    for (let n = 0; n < 200; n += 1) terminal.feed(chunk)
    expect(terminal.tail).toBe('')
    terminal.feed(Buffer.from('\n'))
    expect(terminal.lines.length).toBe(200 * 65_536 + 1)
  })
})
