/**
 * Listens in on the talk of the session engine with a device and writes it down as a recording: what the device said, cut
 * where it waited for a command, a line without echo or a key. What the engine adds for its own certainty, a bare Enter at
 * a prompt and the answer to a cursor question, is left out, and so is the echo of commands.
 */
import type { Channel, Connection, ExchangeLimits } from '../agent/channel.ts'
import { commandsOf, type Driver } from '../agent/driver.ts'
import { ENTER } from '../agent/guard.ts'
import type { Passphrase } from '../agent/passphrase.ts'
import type { Recording, Reply, Segment } from '../agent/replay/recording.ts'

type Ends = Pick<Connection, 'shell' | 'exec' | 'exchange'>

/** What the engine typed, and what the device said until it typed again. */
interface Turn {
  readonly typed: string
  readonly said: Buffer[]
}

interface Exec {
  readonly command: string
  readonly said: Buffer[]
  exit: number
}

/** Lines that may stand between two prompts, such as `{master}`. */
const GAP_MAX = 5
const CURSOR_QUESTION = /\u001b\[6n/g
const CURSOR_REPORT = /^\u001b\[\d+;\d+R$/

export class Recorder {
  readonly #driver: Driver
  readonly #turns: Turn[] = []
  readonly #execs: Exec[] = []
  readonly #passphrase: Passphrase | undefined

  /** @param passphrase goes into the driver's commands, and is not written down */
  constructor(driver: Driver, passphrase?: Passphrase) {
    this.#driver = driver
    this.#passphrase = passphrase
  }

  /** The same connection, listened to. */
  listen(device: Ends): Ends {
    const exchange = device.exchange?.bind(device)
    return {
      shell: async () => {
        const channel = await device.shell()
        this.#turns.push({ typed: '', said: [] })
        return listened(channel, {
          typed: (text) => this.#turns.push({ typed: text, said: [] }),
          said: (bytes) => this.#turns.at(-1)?.said.push(bytes),
        })
      },
      exec: async (command) => {
        const channel = await device.exec(command)
        const exec: Exec = { command: this.#plain(command), said: [], exit: 0 }
        this.#execs.push(exec)
        return listened(channel, {
          typed: () => undefined,
          said: (bytes) => exec.said.push(bytes),
          ended: (exit) => {
            exec.exit = exit
          },
        })
      },
      ...(exchange && {
        exchange: async (command: string, limits: ExchangeLimits) => {
          const reply = await exchange(command, limits)
          this.#execs.push({ command, said: [reply.bytes], exit: reply.refused === undefined ? 0 : 1 })
          return reply
        },
      }),
    }
  }

  /** What was said so far; the good-bye is no part of it. */
  recording(about: Pick<Recording, 'evidence' | 'source'>): Recording {
    const { login, runs } = this.#shell()
    for (const { command, said, exit } of this.#execs) {
      const text = this.#plain(decode(said)).replaceAll('\r\n', '\n').replace(/\n$/, '')
      runs.set(command, { segments: [{ text }], exit })
    }
    return { driver: this.#driver.name, ...about, secrets: [], login, runs, refuse: { segments: [], exit: 0 } }
  }

  #shell(): { login: Segment[]; runs: Map<string, Reply> } {
    const talk = new Talk()
    const commands = new Set(commandsOf(this.#driver).map((command) => command + ENTER))
    const farewells = new Set(this.#driver.logout)
    const answers = new Set(this.#driver.answers.map(({ send }) => send.replace(/\\c$/, '')))
    const keys = new Set(this.#driver.pagers.map(({ send }) => send))
    for (const turn of this.#turns) {
      const typed = this.#plain(turn.typed)
      const text = this.#plain(decode(turn.said)).replace(CURSOR_QUESTION, '')
      const line = typed.endsWith(ENTER) ? typed.slice(0, -ENTER.length) : undefined
      if (typed === '' || CURSOR_REPORT.test(typed)) talk.goOn(text)
      else if (typed === ENTER) talk.enter(text)
      else if (line === undefined) talk.read('key', text)
      else if (talk.inLogin && answers.has(line)) talk.read('hidden', withoutLineEnd(text, line))
      else if (farewells.has(line)) break
      else if (commands.has(typed)) talk.command(line, text)
      else talk.read(keys.has(line) ? 'key' : 'hidden', withoutLineEnd(text, ''))
    }
    return talk.end()
  }

  #plain(text: string): string {
    return this.#passphrase?.hide(text) ?? text
  }
}

/** Puts a talk together, turn by turn. */
class Talk {
  readonly #login: Segment[] = []
  readonly #runs = new Map<string, Reply>()
  #command: string | undefined
  #segments: Segment[] = this.#login
  #text = ''
  #enters = 0

  get inLogin(): boolean {
    return this.#command === undefined
  }

  goOn(text: string): void {
    this.#text += text
  }

  /** A bare Enter at a prompt, and its answer. */
  enter(text: string): void {
    this.#enters += 1
    this.#text += text
  }

  read(waits: 'hidden' | 'key', text: string): void {
    this.#segments.push({ text: this.#said(), waits })
    this.#text = text
  }

  command(command: string, text: string): void {
    this.#close()
    this.#command = command
    this.#segments = []
    this.#text = withoutEcho(text, command)
  }

  end(): { login: Segment[]; runs: Map<string, Reply> } {
    this.#close()
    return { login: this.#login, runs: this.#runs }
  }

  #close(): void {
    const text = this.#said()
    if (text !== '') this.#segments.push({ text })
    this.#text = ''
    if (this.#command !== undefined) this.#runs.set(this.#command, { segments: this.#segments, exit: 0 })
  }

  #said(): string {
    const text = withoutEnters(this.#text.replaceAll('\r\n', '\n'), this.#enters)
    this.#enters = 0
    return text
  }
}

/** Takes off the prompts that bare Enters brought, with whatever the device prints before each. */
function withoutEnters(text: string, enters: number): string {
  const lines = text.split('\n')
  const prompt = lines.at(-1) ?? ''
  for (let left = enters; left > 0; left -= 1) {
    const before = lines.lastIndexOf(prompt, -2)
    if (before < 0 || lines.length - before > GAP_MAX + 2) break
    lines.length = before + 1
  }
  return lines.join('\n')
}

/** A device may redraw the line with each word, so that its first line is longer than the command. */
function withoutEcho(text: string, command: string): string {
  const end = text.indexOf('\n')
  const line = (end < 0 ? text : text.slice(0, end)).replace(/\u001b\[[\d;?]*[A-Za-z]|\r$/g, '')
  if (line.endsWith(command)) return end < 0 ? '' : text.slice(end + 1)
  return text
}

/** The replayed device prints the end of a line that it read without echo. */
function withoutLineEnd(text: string, echo: string): string {
  const rest = echo !== '' && text.startsWith(echo) ? text.slice(echo.length) : text
  return rest.replace(/^\r?\n/, '')
}

interface Listener {
  typed(text: string): void
  said(bytes: Buffer): void
  ended?(exit: number): void
}

function listened(channel: Channel, listener: Listener): Channel {
  return {
    write: (data) => {
      listener.typed(Buffer.from(data).toString())
      channel.write(data)
    },
    onData: (tell) =>
      channel.onData((bytes) => {
        listener.said(Buffer.from(bytes))
        tell(bytes)
      }),
    onErrorData: (tell) =>
      channel.onErrorData?.((bytes) => {
        listener.said(Buffer.from(bytes))
        tell(bytes)
      }),
    onEnd: (tell) =>
      channel.onEnd((end) => {
        listener.ended?.(end.exit ?? 0)
        tell(end)
      }),
    close: () => channel.close(),
  }
}

/** Bytes that are not UTF-8 are Latin-1. */
function decode(bytes: readonly Buffer[]): string {
  const whole = Buffer.concat(bytes)
  const text = whole.toString()
  return text.includes('\ufffd') ? whole.toString('latin1') : text
}
