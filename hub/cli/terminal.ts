/** Where a command reads and writes: results on stdout, everything else on stderr. */
import type { Readable } from 'node:stream'
import { Failure } from '@netraven/protocol/failure.ts'

export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export type Input = Readable & { isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown }

export interface Streams {
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output
}

export class Terminal {
  readonly #streams: Streams
  readonly #color: boolean
  #lines: string[] | undefined

  constructor(streams: Streams, color: boolean) {
    this.#streams = streams
    this.#color = color
  }

  /** A result. */
  out(text: string): void {
    this.#streams.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  /** A result byte for byte, without a line feed of ours. */
  outRaw(text: string): void {
    this.#streams.stdout.write(text)
  }

  /** A hint, a warning, a failure. */
  err(text: string): void {
    this.#streams.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  json(value: unknown): void {
    this.out(JSON.stringify(value, null, this.#streams.stdout.isTTY ? 2 : undefined))
  }

  /** Whether progress can be drawn. */
  get canDraw(): boolean {
    return this.#streams.stderr.isTTY === true
  }

  get stderr(): Output {
    return this.#streams.stderr
  }

  /** Whether somebody is there who can be asked. */
  get canAsk(): boolean {
    return this.#streams.stdin.isTTY === true
  }

  /** Columns of the terminal; undefined when stdout is no terminal. */
  get width(): number | undefined {
    return this.#streams.stdout.isTTY ? this.#streams.stdout.columns : undefined
  }

  /** Colours of a diff, on a terminal that wants them. */
  paintDiff(text: string): string {
    if (!this.#color || !this.#streams.stdout.isTTY) return text
    const paint = (code: number, line: string) => `\u001B[${code}m${line}\u001B[0m`
    return text.replaceAll(/^[+\-@].*$/gm, (line) => paint(line[0] === '+' ? 32 : line[0] === '-' ? 31 : 36, line))
  }

  /**
   * The next line of stdin, for secrets that are piped in.
   * @throws Failure USAGE when there is none
   */
  async line(option: string): Promise<string> {
    this.#lines ??= await readLines(this.#streams.stdin)
    const line = this.#lines.shift()
    if (line === undefined || line === '') throw new Failure('USAGE', { option, reason: 'stdin has no such line' })
    return line
  }

  /**
   * Asks for a secret, which does not show.
   * @throws Failure USAGE when there is nobody to ask
   */
  async ask(question: string, instead: string): Promise<string> {
    const { stdin, stderr } = this.#streams
    if (!stdin.isTTY || !stdin.setRawMode)
      throw new Failure('USAGE', { reason: `no terminal to ask on; use ${instead}` })
    stderr.write(question)
    stdin.setRawMode(true)
    try {
      return await typed(stdin)
    } finally {
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
    }
  }
}

async function readLines(stdin: Readable): Promise<string[]> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
}

/** Keys up to Enter, in raw mode: backspace, Ctrl-U and Ctrl-C do what they always do. */
function typed(stdin: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const end = (settle: () => void) => {
      stdin.off('data', onData)
      stdin.off('end', onEnd)
      settle()
    }
    const onEnd = () => end(() => reject(new Failure('USAGE', { reason: 'nothing was typed' })))
    const onData = (chunk: Buffer | string) => {
      for (const key of chunk.toString()) {
        if (key === '\r' || key === '\n') return end(() => resolve(text))
        if (key === '\u0003' || key === '\u0004') return onEnd()
        if (key === '\u007F' || key === '\b') text = [...text].slice(0, -1).join('')
        else if (key === '\u0015') text = ''
        else if (key >= ' ') text += key
      }
    }
    stdin.on('data', onData)
    stdin.on('end', onEnd)
    stdin.resume()
  })
}
