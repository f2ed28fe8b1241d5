/** Devices that a test writes out in code, where a recording is too well-behaved; and one read of such a device. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Channel, End } from '../channel.ts'
import { type Driver, defineDriver } from '../driver.ts'
import { type Output, Session } from '../session.ts'
import { VirtualClock } from './reading.ts'

/** A device written out in code: it answers typed lines, echoes them unless told otherwise, and may do so late. */
export class Device implements Channel {
  /** All that was written to it. */
  written = ''
  closed = false
  #line = ''
  #onData: ((bytes: Buffer) => void) | undefined
  #onEnd: ((end: End) => void) | undefined
  readonly #greeting: string
  readonly #react: (line: string, device: Device) => void
  readonly #chunkBytes: number
  readonly #echoes: boolean

  constructor(
    greeting: string,
    react: (line: string, device: Device) => void,
    { chunkBytes = Number.POSITIVE_INFINITY, echoes = true } = {},
  ) {
    this.#greeting = greeting
    this.#react = react
    this.#chunkBytes = chunkBytes
    this.#echoes = echoes
  }

  send(text: string): void {
    const bytes = Buffer.from(text, 'latin1')
    const size = Math.min(bytes.length, this.#chunkBytes)
    for (let at = 0; at < bytes.length && !this.closed; at += size) this.#onData?.(bytes.subarray(at, at + size))
  }

  end(end: End = { clean: true }): void {
    this.#onEnd?.(end)
  }

  write(data: string | Uint8Array): void {
    this.written += data
    // A report of the cursor is taken out by the line editor.
    for (const character of String(data).replace(/\x1b\[\d+;\d+R/, '')) {
      if (character !== '\r') {
        this.#line += character
        continue
      }
      const line = this.#line
      this.#line = ''
      if (this.#echoes) this.send(line)
      this.#react(line, this)
    }
    // Keys arrive without Enter.
    if (this.#line !== '' && !this.#isCommand()) {
      const key = this.#line
      this.#line = ''
      this.#react(key, this)
    }
  }

  onData(listener: (bytes: Buffer) => void): void {
    this.#onData = listener
    this.send(this.#greeting)
  }

  onEnd(listener: (end: End) => void): void {
    this.#onEnd = listener
  }

  close(): void {
    this.closed = true
  }

  #isCommand(): boolean {
    return this.#line.length > 1
  }
}

export const config = { run: 'show run', as: 'config', complete: /^end$/ } as const

export function driverOf(more: Partial<Driver> = {}): Driver {
  return defineDriver({
    title: 'Test system',
    aliases: [],
    comment: '! ',
    channel: 'shell',
    prompt: /^[\w.-]+[>#] ?$/,
    rejected: [/^% Invalid/],
    denied: [/^% Denied/],
    commands: [config],
    name: 'test_system',
    ...more,
  })
}

export interface Setting {
  driver?: Driver
  secret?: { password?: string; enable?: string }
  signal?: AbortSignal
  exec?: (command: string) => Channel
  options?: object
}

export async function read(device: Device, setting: Setting = {}, clock = new VirtualClock()): Promise<Output[]> {
  const work = async () => {
    const session = await Session.open({
      driver: setting.driver ?? driverOf(),
      connection: {
        shell: async () => device,
        exec: async (command) => {
          if (!setting.exec) throw new Failure('CHANNEL_REFUSED')
          return setting.exec(command)
        },
      },
      secret: setting.secret ?? { password: 'login-pw' },
      options: setting.options ?? {},
      clock,
      signal: setting.signal ?? new AbortController().signal,
    })
    const outputs = await session.read()
    session.leave()
    return outputs
  }
  return clock.drive(work())
}

export const textOf = (outputs: Output[]) => outputs.map(({ bytes }) => bytes.toString('latin1')).join('---\n')

export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure instanceof Failure) return failure
  throw failure ?? new Error('it did not fail')
}

/** A well-behaved device: replies by command, each followed by the prompt. */
export function plain(
  replies: Record<string, string>,
  {
    prompt = 'SW1#',
    greeting = '\r\nWelcome\r\n',
    ...rest
  }: { prompt?: string; greeting?: string; chunkBytes?: number; echoes?: boolean } = {},
): Device {
  return new Device(
    `${greeting}${prompt}`,
    (line, device) => {
      const reply = line === '' ? '' : (replies[line] ?? '% Invalid input\r\n')
      device.send(`\r\n${reply}${prompt}`)
    },
    rest,
  )
}
