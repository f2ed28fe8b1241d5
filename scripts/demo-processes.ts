/** Processes of the demo: each is known from the moment it starts, so that none is left, however the demo ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/** A process that is asked to end gets so long, ms. */
const PATIENCE_MS = 40_000

/** Somebody asked the demo to stop. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

export interface Service {
  readonly pid: number
  /** Waits for a line. @throws Error with its last words when the process ends first or takes too long */
  says(pattern: RegExp, withinMs: number): Promise<RegExpExecArray>
  stop(): Promise<void>
}

export class Processes {
  readonly #env: Readonly<Record<string, string>>
  readonly #commands = new Set<ChildProcess>()
  #stopped = false

  /** @param env what every process gets on top of our own environment, less what NetRaven would read from it */
  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env
  }

  /** From now on nothing new starts, and commands under way are ended. */
  stop(): void {
    this.#stopped = true
    for (const child of this.#commands) child.kill()
  }

  /** @throws Stopped after `stop` */
  check(): void {
    if (this.#stopped) throw new Stopped()
  }

  /**
   * Runs a command of ours to its end.
   * @returns what it printed on stdout
   * @throws Error with all that it printed when it fails
   */
  async command(file: string, args: readonly string[], input = ''): Promise<string> {
    const child = this.#spawn(file, args)
    this.#commands.add(child)
    const closed = once(child, 'close')
    const parts = { stdout: '', stderr: '' }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      parts.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      parts.stderr += text
    })
    child.stdin?.on('error', () => child.kill())
    child.stdin?.end(input)
    const [status] = await closed
    this.#commands.delete(child)
    this.check()
    if (status !== 0) throw new Error(`it ended with ${status}\n${parts.stdout}${parts.stderr}`.trimEnd())
    return parts.stdout
  }

  /** Starts a program of ours that goes on. */
  service(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Service {
    const child = this.#spawn(file, args, env)
    child.stdin?.end()
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    const closed = once(child, 'close')
    const tail = () => output.trimEnd().split('\n').slice(-15).join('\n')
    return {
      pid: child.pid ?? 0,
      says: async (pattern, withinMs) => {
        for (const endMs = performance.now() + withinMs; ; ) {
          const found = pattern.exec(output)
          if (found) return found
          this.check()
          if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${file} ended\n${tail()}`)
          if (performance.now() > endMs) throw new Error(`${file} takes too long\n${tail()}`)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      },
      stop: async () => {
        child.kill('SIGTERM')
        const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
        await closed
        clearTimeout(late)
      },
    }
  }

  /** In a process group of its own, so that Ctrl-C reaches us alone and we end things in order. */
  #spawn(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    this.check()
    const foreign = /^(?:NETRAVEN_|HUB_|DATABASE_|DB_|STORAGE_|LOG_LEVEL$|HTTPS?_PROXY$|NODE_OPTIONS$)/i
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
    return spawn(process.execPath, [join(root, file), ...args], {
      cwd: root,
      env: { ...own, ...this.#env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
  }
}
