/**
 * A device that replays a recording: what it would do with the bytes that arrive. It knows no SSH and no clock; whoever
 * runs it gives it a peer to write to. One recording is laid out in bytes once, however many devices replay it.
 */
import { PASSPHRASE_PLACE } from '@netraven/protocol/driver-file.ts'
import type { Recording, Segment } from './recording.ts'

export interface ReplayPeer {
  write(bytes: Buffer): void
  /** The device hangs up. */
  end(): void
}

export interface ReplayOptions {
  /** What separates lines. Default CR LF in a shell, LF on an exec channel. */
  readonly lineEnd?: string
  /** How a reply is cut into writes. Default: one. */
  readonly chunk?: (bytes: Buffer) => Iterable<Buffer>
  /** Puts off each write, such as `(send) => setTimeout(send, 100)`. Default: at once. Writes keep their order anyway. */
  readonly later?: (send: () => void) => unknown
  /** No more than so many bytes are ever written. */
  readonly cutAfterBytes?: number
  /** What comes after that. Default `end`. */
  readonly afterCut?: 'end' | 'hang'
}

export interface ReplayShell {
  /** Bytes that the peer typed. A line ends with CR, LF or CR LF. */
  input(bytes: Uint8Array): void
}

/** Words that end a session although nobody recorded them. */
const FAREWELLS: ReadonlySet<string> = new Set(['exit', 'logout', 'quit'])

interface Step {
  readonly bytes: Buffer
  readonly waits?: 'hidden' | 'key'
  /** Prompt of the mode after this step; absent when it waits for something else than a command. */
  readonly prompt?: string
}

interface Layout {
  readonly login: readonly Step[]
  /** Of each command: its echo and what follows. */
  readonly runs: ReadonlyMap<string, readonly Step[]>
  readonly refuse: string
}

const layouts = new WeakMap<Recording, Map<string, Layout>>()

/** Begins a session: the login's output is written before this returns, unless `later` puts it off. */
export function replayShell(recording: Recording, peer: ReplayPeer, options: ReplayOptions = {}): ReplayShell {
  return new Shell(recording, peer, options)
}

/** @returns all that the device prints on an exec channel, and its exit status */
export function replayExec(
  recording: Recording,
  command: string,
  options: Pick<ReplayOptions, 'lineEnd'> = {},
): { output: Buffer; exit: number } {
  const { segments, exit } = recording.runs.get(recordedAs(recording.runs, command)) ?? recording.refuse
  const text = segments.map((segment) => segment.text).join('')
  const output = text === '' ? '' : `${text}\n`.replaceAll('\n', options.lineEnd ?? '\n')
  return { output: Buffer.from(output), exit }
}

class Shell implements ReplayShell {
  readonly #peer: ReplayPeer
  readonly #options: ReplayOptions
  readonly #layout: Layout
  readonly #lineEnd: string
  /** What comes after the line or key that the device waits for now. */
  #rest: readonly Step[] = []
  #waits: 'command' | 'hidden' | 'key' = 'command'
  #prompt = ''
  #typed = ''
  #sawCr = false
  #over = false
  readonly #queue: (Buffer | 'end')[] = []
  #left: number

  constructor(recording: Recording, peer: ReplayPeer, options: ReplayOptions) {
    this.#peer = peer
    this.#options = options
    this.#lineEnd = options.lineEnd ?? '\r\n'
    this.#layout = layoutOf(recording, this.#lineEnd)
    this.#left = options.cutAfterBytes ?? Number.POSITIVE_INFINITY
    this.#go(this.#layout.login)
  }

  input(bytes: Uint8Array): void {
    let echo = ''
    for (const character of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')) {
      if (this.#over) return
      const secondHalf = character === '\n' && this.#sawCr
      this.#sawCr = character === '\r'
      if (secondHalf) continue
      if (this.#waits === 'key') {
        this.#go(this.#rest)
      } else if (character !== '\r' && character !== '\n') {
        this.#typed += character
        if (this.#waits === 'command') echo += character
      } else if (this.#waits === 'hidden') {
        this.#typed = ''
        this.#write(Buffer.from(this.#lineEnd))
        this.#go(this.#rest)
      } else {
        this.#enter(echo)
        echo = ''
      }
    }
    if (echo !== '') this.#write(Buffer.from(echo, 'latin1'))
  }

  /** @param echo of what was typed and not yet echoed */
  #enter(echo: string): void {
    const typed = this.#typed
    this.#typed = ''
    const command = Buffer.from(typed, 'latin1').toString()
    const recorded = recordedAs(this.#layout.runs, command)
    const run = this.#layout.runs.get(recorded)
    if (run && recorded === command && echo === typed) {
      this.#go(run)
      return
    }
    this.#write(Buffer.from(echo, 'latin1'))
    if (run) {
      this.#go(withoutEcho(run, Buffer.byteLength(recorded)))
    } else if (FAREWELLS.has(command)) {
      this.#write(Buffer.from(this.#lineEnd))
      this.#end()
    } else {
      const { refuse } = this.#layout
      const answer = command.trim() === '' || refuse === '' ? '' : refuse + this.#lineEnd
      this.#write(Buffer.from(`${this.#lineEnd}${answer}${this.#prompt}`))
    }
  }

  #go(steps: readonly Step[]): void {
    const [step, ...rest] = steps
    if (!step) {
      this.#waits = 'command'
      return
    }
    this.#waits = step.waits ?? 'command'
    this.#rest = rest
    if (step.prompt !== undefined) this.#prompt = step.prompt
    this.#write(step.bytes)
  }

  #write(bytes: Buffer): void {
    if (this.#over || bytes.length === 0) return
    const cut = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= cut.length
    for (const chunk of cut.length > 0 && this.#options.chunk ? this.#options.chunk(cut) : [cut]) this.#send(chunk)
    if (cut === bytes) return
    if (this.#options.afterCut === 'hang') this.#over = true
    else this.#end()
  }

  #end(): void {
    this.#over = true
    this.#send('end')
  }

  #send(what: Buffer | 'end'): void {
    const { later } = this.#options
    if (!later) {
      this.#deliver(what)
      return
    }
    this.#queue.push(what)
    later(() => {
      const next = this.#queue.shift()
      if (next !== undefined) this.#deliver(next)
    })
  }

  #deliver(what: Buffer | 'end'): void {
    if (what === 'end') this.#peer.end()
    else if (what.length > 0) this.#peer.write(what)
  }
}

/** A recorded device takes any pass phrase that is one word. */
function recordedAs(runs: ReadonlyMap<string, unknown>, command: string): string {
  if (runs.has(command)) return command
  for (const run of runs.keys()) {
    const [head = '', tail] = run.split(PASSPHRASE_PLACE)
    if (tail === undefined || !command.startsWith(head) || !command.endsWith(tail)) continue
    if (/^\S+$/.test(command.slice(head.length, command.length - tail.length))) return run
  }
  return command
}

function withoutEcho([first, ...rest]: readonly Step[], length: number): readonly Step[] {
  return first ? [{ ...first, bytes: first.bytes.subarray(length) }, ...rest] : []
}

function layoutOf(recording: Recording, lineEnd: string): Layout {
  const byLineEnd = layouts.get(recording) ?? new Map<string, Layout>()
  const known = byLineEnd.get(lineEnd)
  if (known) return known
  const layout = layOut(recording, lineEnd)
  layouts.set(recording, byLineEnd.set(lineEnd, layout))
  return layout
}

function layOut(recording: Recording, lineEnd: string): Layout {
  const steps = (segments: readonly Segment[], echo: string): Step[] =>
    segments.map(({ text, waits }, index) => {
      const printed = `${index === 0 ? echo : ''}${text.replaceAll('\n', lineEnd)}`
      return { bytes: Buffer.from(printed), ...(waits ? { waits } : { prompt: lastLine(text) }) }
    })
  const runs = new Map<string, readonly Step[]>()
  for (const [command, { segments }] of recording.runs) runs.set(command, steps(segments, command + lineEnd))
  const login = steps(recording.login, '')
  const prompts = new Set([...login, ...[...runs.values()].flat()].map((step) => step.prompt || undefined))
  const refuse = recording.refuse.segments.map((segment) => segment.text).join('')
  return { login, runs, refuse: withoutPrompt(refuse, prompts).replaceAll('\n', lineEnd) }
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1)
}

function withoutPrompt(text: string, prompts: ReadonlySet<string | undefined>): string {
  return prompts.has(lastLine(text)) ? text.slice(0, Math.max(0, text.lastIndexOf('\n'))) : text
}
