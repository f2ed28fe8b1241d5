/** The `netraven` command inside a test: arguments in, exit code and both streams out; no process, no real environment. */
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { readCliConfig } from './config.ts'
import { runCommand } from './main.ts'
import { type Output, Terminal } from './terminal.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  /** stdout as JSON. */
  json<T = Record<string, unknown>>(): T
}

export interface Typed {
  /** What is piped in. */
  readonly stdin?: string
  /** What a person types at a terminal. */
  readonly keys?: string
  /** Whether stdout and stderr are a terminal. */
  readonly isTerminal?: boolean
}

export interface CommandLine {
  /** Where a login would be stored; there only when there was one. */
  readonly folder: string
  /** Pauses that were asked for, ms; none is really made. */
  readonly pauses: number[]
  run(args: readonly string[], typed?: Typed): Promise<Ran>
}

export interface CommandLineParts {
  readonly fetch: typeof fetch
  readonly env?: Readonly<Record<string, string>>
  /** Clock in ms; it stands unless pauses move it. */
  readonly now?: { ms: number }
}

export function commandLine(parts: CommandLineParts): CommandLine {
  const folder = join(tmpdir(), `netraven-cli-${randomBytes(6).toString('hex')}`)
  const now = parts.now ?? { ms: Date.now() }
  const pauses: number[] = []
  const environment = { XDG_CONFIG_HOME: folder, ...parts.env }
  return {
    folder,
    pauses,
    async run(args, { stdin, keys, isTerminal = false } = {}) {
      const written = { out: '', err: '' }
      const output = (name: 'out' | 'err'): Output => ({
        isTTY: isTerminal,
        columns: 100,
        write: (text) => {
          written[name] += text
        },
      })
      const input = Object.assign(
        new PassThrough(),
        keys === undefined ? {} : { isTTY: true, setRawMode: () => undefined },
      )
      input.end(keys ?? stdin ?? '')
      const config = readCliConfig(environment)
      const code = await runCommand(args, {
        config,
        environment,
        terminal: new Terminal({ stdin: input, stdout: output('out'), stderr: output('err') }, config.color),
        fetch: parts.fetch,
        clock: () => now.ms,
        sleep: async (ms) => {
          pauses.push(ms)
          now.ms += ms
          // Lets whatever the hub does in between really happen.
          await new Promise((resolve) => setImmediate(resolve))
        },
        random: () => 0.5,
      })
      return { code, ...written, json: () => JSON.parse(written.out) }
    },
  }
}

/** A hub that answers from a table: `GET /api/sites` to a body, or to a function of the request. */
export function cannedHub(
  answers: Readonly<Record<string, object | ((request: Request) => Response | Promise<Response>)>>,
): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const answer = answers[`${request.method} ${new URL(request.url).pathname}`]
    if (answer === undefined)
      return Response.json({ error: { code: 'NOT_FOUND', message: 'Not found' } }, { status: 404 })
    return typeof answer === 'function' ? answer(request) : Response.json(answer)
  }
}

/** Logged in by environment. */
export const signedIn = { NETRAVEN_HUB: 'http://127.0.0.1:8000', NETRAVEN_TOKEN: 'nra_canary' }
