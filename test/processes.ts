/**
 * Hub, agents and command line as an operator runs them: processes of their own, started from source, ended by their pid. The
 * demo, the bench and the tests use it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { StringDecoder } from 'node:string_decoder'

const ROOT = resolve(import.meta.dirname, '..')

export interface Finished {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A process that goes on, and what it printed so far. */
export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  #output = ''
  readonly #listeners = new Set<() => void>()

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout, child.stderr]) {
      const decoder = new StringDecoder('utf8')
      stream?.on('data', (bytes: Buffer) => {
        this.#output += decoder.write(bytes)
        for (const listener of this.#listeners) listener()
      })
    }
    this.ended = new Promise((done) => {
      child.on('close', (code, signal) => {
        done({ code, signal })
        for (const listener of this.#listeners) listener()
      })
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Standard output and error, as they came. */
  get output(): string {
    return this.#output
  }

  /** Waits until the output matches. @throws Error with the output when the process ends first, or time is up */
  async saw(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + withinMs
    for (;;) {
      const found = pattern.exec(this.#output)
      if (found) return found
      const left = deadline - Date.now()
      if (left <= 0 || this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(
          `${left <= 0 ? 'time is up' : 'the process ended'} before ${pattern} was seen:\n${this.#output.slice(-4000)}`,
        )
      }
      await this.#more(left)
    }
  }

  /** Ends it and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    await this.ended
  }

  #more(ms: number): Promise<void> {
    return new Promise((done) => {
      const stop = () => {
        clearTimeout(timer)
        this.#listeners.delete(stop)
        done()
      }
      const timer = setTimeout(stop, ms)
      this.#listeners.add(stop)
    })
  }
}

export type Environment = Readonly<Record<string, string>>

/** The environment of a process under test: ours, less what the tests' own process was told. */
function environment(extra: Environment): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:NETRAVEN_|HUB_|DATABASE_|STORAGE_|LOG_LEVEL|VITEST|NODE_OPTIONS)/.test(name),
  )
  return { ...Object.fromEntries(kept), ...extra }
}

function start(file: string, args: readonly string[], env: Environment): ChildProcess {
  return spawn(process.execPath, [join(ROOT, file), ...args], {
    cwd: ROOT,
    env: environment(env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

export interface RunningHub extends Running {
  readonly url: string
}

/** Starts a hub on a free port and waits until it is ready. */
export async function startHub(env: Environment): Promise<RunningHub> {
  const hub = new Running(start('hub/netraven.js', ['hub'], { HUB_PORT: '0', ...env }))
  const [, url = ''] = await hub.saw(/"url":"(https?:[^"]+)"/)
  return Object.assign(hub, { url })
}

/** Starts an agent that is enrolled in `dir`, and waits until it is connected unless told otherwise. */
export async function startAgent(dir: string, env: Environment = {}, { connected = true } = {}): Promise<Running> {
  const agent = new Running(start('agent/netraven-agent.js', ['run', '--dir', dir], env))
  if (connected) await agent.saw(/connected to the hub/)
  return agent
}

async function finish(child: ChildProcess, input: string): Promise<Finished> {
  const out: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
  child.stdout?.on('data', (bytes: Buffer) => out.stdout.push(bytes))
  child.stderr?.on('data', (bytes: Buffer) => out.stderr.push(bytes))
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(out.stdout).toString(), stderr: Buffer.concat(out.stderr).toString() }
}

/** Starts a `netraven` command that is watched while it runs. */
export function startNetraven(args: readonly string[], env: Environment = {}): Running {
  return new Running(start('hub/netraven.js', args, env))
}

/** Runs a `netraven` command to its end. */
export function netraven(args: readonly string[], env: Environment = {}, input = ''): Promise<Finished> {
  return finish(start('hub/netraven.js', args, env), input)
}

/** Runs a `netraven-agent` command to its end. */
export function netravenAgent(args: readonly string[], env: Environment = {}, input = ''): Promise<Finished> {
  return finish(start('agent/netraven-agent.js', args, env), input)
}

/** Runs a command that must succeed. @returns what it printed, trimmed @throws Error with all output otherwise */
export async function must(running: Promise<Finished>): Promise<string> {
  const { code, stdout, stderr } = await running
  if (code !== 0) throw new Error(`exit ${code}\n${stdout}\n${stderr}`)
  return stdout.trim()
}
