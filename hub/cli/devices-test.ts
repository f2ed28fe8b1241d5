import { Failure, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import type { Step } from '@netraven/protocol/ladder.ts'
import type { Command } from 'commander'
import type { z } from 'zod'
import { Reachability } from '../api/reachability.ts'
import type { Client } from './client.ts'
import { acting, type Cli, inPath, type JsonOption, verb } from './command.ts'
import { factsOf } from './failure-facts.ts'
import { EXIT, steps } from './failure-text.ts'

/** How long a hub may be away while a test is waited for, ms. */
const PATIENCE_MS = 60_000
/** An agent that is gone for so long does not just connect again, ms. */
const AGENT_PATIENCE_MS = 10_000
/** Beyond what any test may take: the hub ends them after ten minutes. */
const GIVE_UP_MS = 720_000
const FIRST_LOOK_MS = 200
const SLOWEST_LOOK_MS = 2_000

const MARKS = { passed: '✓', failed: '✗', skipped: '–' } as const

export function testCommand(devices: Command, cli: Cli): void {
  verb(devices, 'test <name>', 'see how far a device can be read, rung by rung; nothing is stored', [
    'netraven devices test sw1',
    'netraven devices test sw1 --json',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const client = await cli.client()
      const path = `/api/devices/${inPath(name)}/reachability`
      const test = await ended(cli, client, path, Reachability, await client.send('POST', path, {}, Reachability))
      const end = test.state === 'passed' ? [`${test.device} can be read.`] : []
      cli.show(options, test, () => [...ladderLines(test), ...end].join('\n'))
      if (test.state === 'passed') return undefined
      if (!options.json) for (const line of failureLines(test)) cli.terminal.err(line)
      return test.failure?.code === 'AGENT_OFFLINE' ? EXIT.later : EXIT.failed
    }),
  )
}

/** @throws Failure AGENT_OFFLINE when the agent is lost meanwhile, RUN_DEADLINE */
export async function ended<Test extends Reachability>(
  cli: Cli,
  client: Client,
  path: string,
  shape: z.ZodType<Test>,
  started: Test,
): Promise<Test> {
  const { clock, sleep } = cli.parts
  const draw = (text: string) => void (cli.terminal.canDraw && cli.terminal.stderr.write(`\r\u001B[K${text}`))
  const giveUpAt = clock() + GIVE_UP_MS
  let test = started
  let aloneSince: number | undefined
  try {
    for (let pauseMs = FIRST_LOOK_MS; isOpen(test); pauseMs = Math.min(pauseMs * 1.3, SLOWEST_LOOK_MS)) {
      draw(`Testing ${test.device} … ${test.state === 'queued' ? 'waiting for an agent' : `by ${test.agent}`}`)
      const alone = test.state === 'queued' && !test.agentOnline
      aloneSince = alone ? (aloneSince ?? clock()) : undefined
      if (aloneSince !== undefined && clock() - aloneSince > AGENT_PATIENCE_MS) {
        throw new Failure('AGENT_OFFLINE', { device: test.device, site: test.site, lastSeen: 'when the test began' })
      }
      if (clock() > giveUpAt) throw new Failure('RUN_DEADLINE', { run: test.run })
      await sleep(pauseMs)
      test = await client.get(path, shape, { patienceMs: PATIENCE_MS })
    }
    return test
  } finally {
    draw('')
  }
}

function isOpen({ state }: Reachability): boolean {
  return state === 'queued' || state === 'running'
}

/** Where and how it was tested, and each rung on a line. */
export function ladderLines(test: Reachability): string[] {
  const { device, address, port, driver, transport, agent, site } = test
  const by = agent === null ? `not tried at site ${site}` : `by agent ${agent} of site ${site}`
  const head = `${device}: ${address} port ${port}, ${driver} over ${transport}, ${by}`
  return [head, ...test.steps.map((step) => lineOf(test, step))]
}

function lineOf({ transport }: Reachability, step: Step): string {
  const { rung, state, ms, code, detail } = step
  // Over TLS the device proves itself by a certificate.
  const name = rung === 'host-key' ? (transport === 'https' ? 'certificate' : 'host key') : rung
  const said = [code, detail].filter((part) => part !== undefined && part !== '').join(': ')
  const took = state === 'skipped' ? '' : timeOf(ms)
  return `${MARKS[state]} ${name.padEnd(12)} ${took.padStart(7)}  ${said}`.trimEnd()
}

function timeOf(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}

export function failureLines({ failure, state }: Reachability): string[] {
  if (!failure) return [state === 'cancelled' ? 'The test was cancelled.' : 'The test failed.']
  const causes = isFailureCode(failure.code) ? failures[failure.code].causes : []
  return [
    `${failure.message} [${failure.code}]`,
    ...factsOf(failure).map((fact) => `  ${fact}`),
    ...(causes.length > 0 ? ['Possible causes:', ...steps(filled(causes, failure.details))] : []),
    ...(failure.remedies.length > 0 ? ['What to do:', ...steps(failure.remedies)] : []),
  ]
}

/** Causes name agent and driver too. */
function filled(lines: readonly string[], details: Readonly<Record<string, unknown>>): string[] {
  return lines.map((line) =>
    line.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
      ['string', 'number'].includes(typeof details[name]) ? String(details[name]) : whole,
    ),
  )
}
