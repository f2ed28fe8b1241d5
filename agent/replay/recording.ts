/**
 * A recorded session with a device, as a text file: what it printed at login and after each command. Driver tests, the
 * replayed device, the bench and `npm run driver:record` share it.
 *
 * Lines that start with `@@ ` are directives, all others are body. In a body `␛ ␈ ␍ ␇ ␀` stand for ESC, BS, a bare CR,
 * BEL and NUL, and a line that must begin with `@@ ` is written `@@@ `. What the device echoes is not recorded: neither a
 * typed command nor the line end after a line that was read without echo. A prompt that counts stands with the number that it
 * had then, one higher in each run; a bare Enter brings the one back that stood there last.
 *
 * ```
 * @@ driver: cisco_ios
 * @@ evidence: documented
 * @@ source: where this comes from
 * @@ secret: a literal secret that stands below     (one a line)
 * @@ login                                          printed after login, up to the first prompt
 * @@ run: show running-config                       printed after the echo of this command, in the driver's words
 * @@ exit: 1                                        exit status of an exec channel, default 0
 * @@ hidden                                         the device reads a line without echo, then goes on
 * @@ key                                            the device waits for one key without echo, then goes on
 * @@ refuse                                         the reply to any other command
 * ```
 */

/** `real`: recorded from a device. `transcript`: from a published session. `documented`: built from vendor documents. */
export type Evidence = 'real' | 'transcript' | 'documented'
const EVIDENCE: readonly string[] = ['real', 'transcript', 'documented']

/** What is printed, and what the device then waits for; lines are separated by `\n`, the last one is unfinished. */
export interface Segment {
  readonly text: string
  /** Absent: it waits for a command. */
  readonly waits?: 'hidden' | 'key'
}

export interface Reply {
  readonly segments: readonly Segment[]
  /** Exit status; of an exec channel alone. */
  readonly exit: number
}

export interface Recording {
  readonly driver: string
  readonly evidence: Evidence
  readonly source: string
  readonly secrets: readonly string[]
  /** Empty when the device offers no shell. */
  readonly login: readonly Segment[]
  readonly runs: ReadonlyMap<string, Reply>
  /** To a command that was not recorded; its prompt is that of the mode that the device is in, whatever stands here. */
  readonly refuse: Reply
}

const SAYS_NOTHING: Reply = { segments: [], exit: 1 }

const SYMBOLS: readonly (readonly [symbol: string, control: string])[] = [
  ['␛', '\u001b'],
  ['␈', '\b'],
  ['␍', '\r'],
  ['␇', '\u0007'],
  ['␀', '\0'],
]
const controlOf = new Map(SYMBOLS)
const symbolOf = new Map(SYMBOLS.map(([symbol, control]) => [control, symbol]))

const decode = (line: string): string =>
  line.replace(/^@@(@+ )/, '@$1').replace(/[␛␈␍␇␀]/g, (symbol) => controlOf.get(symbol) ?? symbol)
const encode = (line: string): string =>
  line.replace(/[\u001b\b\r\u0007\0]/g, (control) => symbolOf.get(control) ?? control).replace(/^@(@+ )/, '@@$1')

interface OpenReply {
  segments: { lines: string[]; waits?: 'hidden' | 'key' }[]
  exit: number
}

/** @throws RangeError with the line's number when the text is malformed */
export function parseRecording(text: string): Recording {
  const head = { driver: '', evidence: '', source: '' }
  const secrets: string[] = []
  const runs = new Map<string, OpenReply>()
  let login: OpenReply | undefined
  let refuse: OpenReply | undefined
  let current: OpenReply | undefined

  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const [index, line] of lines.entries()) {
    const wrong = (why: string) => new RangeError(`line ${index + 1}: ${why}`)
    if (/[\u001b\b\r\u0007\0]/.test(line)) throw wrong('control characters are written as ␛ ␈ ␍ ␇ ␀')
    const segment = current?.segments.at(-1)
    if (!line.startsWith('@@ ')) {
      if (!segment) throw wrong('text before the first @@ login, run or refuse')
      segment.lines.push(decode(line))
      continue
    }
    const [, name = '', value] = /^@@ (\w+)(?:: ?(.*?) *| *)$/.exec(line) ?? []
    const begin = (): OpenReply => ({ segments: [{ lines: [] }], exit: 0 })
    const mustBeNew = (known: unknown) => {
      if (known) throw wrong(`a second @@ ${name}`)
    }
    if (
      ['driver', 'evidence', 'source', 'secret', 'run', 'exit'].includes(name) !== (value !== undefined && value !== '')
    )
      throw wrong(`malformed or unknown directive ${line}`)
    switch (name) {
      case 'driver':
      case 'evidence':
      case 'source':
        mustBeNew(head[name])
        if (name === 'evidence' && !EVIDENCE.includes(value ?? '')) throw wrong(`evidence is ${EVIDENCE.join(', ')}`)
        head[name] = value ?? ''
        break
      case 'secret':
        secrets.push(value ?? '')
        break
      case 'login':
        mustBeNew(login)
        login = begin()
        current = login
        break
      case 'run':
        mustBeNew(runs.get(value ?? ''))
        current = begin()
        runs.set(value ?? '', current)
        break
      case 'refuse':
        mustBeNew(refuse)
        refuse = begin()
        current = refuse
        break
      case 'exit':
        if (!current || !/^\d{1,3}$/.test(value ?? '')) throw wrong('@@ exit wants a number and stands in a run')
        current.exit = Number(value)
        break
      case 'hidden':
      case 'key':
        if (!segment) throw wrong(`@@ ${name} stands in a login or a run`)
        segment.waits = name
        current?.segments.push({ lines: [] })
        break
      default:
        throw wrong(`malformed or unknown directive ${line}`)
    }
  }
  for (const name of ['driver', 'evidence', 'source'] as const)
    if (head[name] === '') throw new RangeError(`line 1: no @@ ${name}`)
  return {
    ...head,
    evidence: head.evidence as Evidence,
    secrets,
    login: login ? close(login).segments : [],
    runs: new Map([...runs].map(([command, reply]) => [command, close(reply)])),
    refuse: refuse ? close(refuse) : SAYS_NOTHING,
  }
}

function close({ segments, exit }: OpenReply): Reply {
  return {
    segments: segments.map(({ lines, waits }) => ({ text: lines.join('\n'), ...(waits ? { waits } : {}) })),
    exit,
  }
}

/** The inverse of `parseRecording`. @throws RangeError when a command or a head line holds a line break */
export function formatRecording(recording: Recording): string {
  const lines = [
    `@@ driver: ${recording.driver}`,
    `@@ evidence: ${recording.evidence}`,
    `@@ source: ${recording.source}`,
    ...recording.secrets.map((secret) => `@@ secret: ${secret}`),
    ...formatReply('@@ login', { segments: recording.login, exit: 0 }),
    ...[...recording.runs].flatMap(([command, reply]) => formatReply(`@@ run: ${command}`, reply)),
    ...formatReply('@@ refuse', recording.refuse),
  ]
  const broken = lines.find((line) => line.includes('\n'))
  if (broken !== undefined) throw new RangeError(`a line break in ${JSON.stringify(broken)}`)
  return `${lines.join('\n')}\n`
}

function formatReply(title: string, reply: Reply): string[] {
  if (reply.segments.length === 0) return []
  return [
    title,
    ...(reply.exit === 0 ? [] : [`@@ exit: ${reply.exit}`]),
    ...reply.segments.flatMap(({ text, waits }) => [
      ...(text === '' ? [] : text.split('\n').map(encode)),
      ...(waits ? [`@@ ${waits}`] : []),
    ]),
  ]
}
