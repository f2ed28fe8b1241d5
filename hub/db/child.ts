/** Short-lived programs around the embedded PostgreSQL. */
import { spawn } from 'node:child_process'

/** Whom to run a program as; empty: ourselves. */
export interface Identity {
  readonly uid?: number
  readonly gid?: number
}

export interface RunOptions {
  readonly runAs?: Identity
  readonly input?: string
  readonly cwd?: string
}

export interface RunResult {
  /** Exit status; -1 when it did not start or was killed. */
  readonly code: number
  readonly output: string
  readonly errors: string
}

/**
 * The environment of everything that PostgreSQL is: nothing of ours, which holds secrets and would stand in /proc for its
 * user; messages in English, since one of them is waited for.
 */
export const childEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' }

/** Runs a program to its end. Never throws: a program that does not start has code -1 and says why in `errors`. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { promise, resolve } = Promise.withResolvers<RunResult>()
  const child = spawn(program, args, { ...options.runAs, cwd: options.cwd ?? '/', env: childEnvironment })
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  // A program that ends without reading its input breaks the pipe; its exit status says what matters.
  child.stdin.on('error', (error) => errors.push(Buffer.from(error.message)))
  child.stdin.end(options.input ?? '')
  child.on('error', (error) => resolve({ code: -1, output: '', errors: error.message }))
  child.on('close', (code) =>
    resolve({ code: code ?? -1, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() }),
  )
  return promise
}

/** Whether a program ends well. */
export async function succeeds(program: string, args: readonly string[], runAs: Identity = {}): Promise<boolean> {
  return (await run(program, args, { runAs })).code === 0
}
