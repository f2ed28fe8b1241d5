/** Echo requests by the `ping` program of the jump host: an agent has no right to send them itself. */
import { execFile } from 'node:child_process'
import type { PingSeen } from '@netraven/protocol/diagnostic.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { reasonOf } from './conversation.ts'

const COUNT = 4
/** The program ends by itself after so long, s. */
const LIMIT_S = 8
const OUTPUT_MAX = 65_536

/** Where it is looked for, whatever the agent was started with. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  /** Why it did not run: a code such as ENOENT. Absent: it ran. */
  readonly missing?: string
}

export type Run = (file: string, args: readonly string[], signal: AbortSignal) => Promise<Ran>

/**
 * @param address IP address, never a name: it is an argument of a program
 * @throws Failure PING_UNAVAILABLE; NO_ROUTE when the jump host has no way there; the reason of the signal
 */
export async function ping(address: string, signal: AbortSignal, run: Run = runProgram): Promise<PingSeen> {
  // iputils ping(8) and BusyBox know all of these: numbers only, so many requests, seconds in all.
  const { stdout, stderr, missing } = await run(
    'ping',
    ['-n', '-c', String(COUNT), '-w', String(LIMIT_S), address],
    signal,
  )
  if (signal.aborted) throw reasonOf(signal)
  if (missing !== undefined) throw new Failure('PING_UNAVAILABLE', { address, reason: missing })
  // "4 packets transmitted, 4 received, 0% packet loss"; BusyBox: "4 packets received".
  const [, sent, received] = /^(\d+) packets transmitted, (\d+)(?: packets)? received/m.exec(stdout) ?? []
  if (sent === undefined || received === undefined) {
    const reason = lineOf(stderr) || lineOf(stdout) || 'it said nothing'
    const code = /unreachable/i.test(reason) ? 'NO_ROUTE' : 'PING_UNAVAILABLE'
    throw new Failure(code, { address, reason })
  }
  const timesMs = [...stdout.matchAll(/ time[=<]([\d.]+) ?ms/g)].slice(0, COUNT).map(([, ms]) => Number(ms))
  // "From 192.0.2.1 icmp_seq=1 Destination Host Unreachable"
  const [, said] = /^From \S+ (?:icmp_seq=\d+ )?(.{1,200})$/m.exec(stdout) ?? []
  return {
    kind: 'ping',
    address,
    sent: Number(sent),
    received: Number(received),
    timesMs,
    ...(said === undefined ? {} : { said }),
  }
}

/** Runs a program without a shell. What it ends with does not matter: what it printed does. */
export function runProgram(file: string, args: readonly string[], signal: AbortSignal): Promise<Ran> {
  const options = { env: ENVIRONMENT, signal, timeout: (LIMIT_S + 1) * 1000, maxBuffer: OUTPUT_MAX }
  return new Promise((resolve) => {
    execFile(file, [...args], options, (error, stdout, stderr) => {
      const missing = error && typeof error.code === 'string' ? error.code : undefined
      resolve({ stdout, stderr, ...(missing === undefined ? {} : { missing }) })
    })
  })
}

function lineOf(text: string): string {
  return text.trim().split('\n', 1)[0]?.slice(0, 200) ?? ''
}
