import { Failure, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import type { z } from 'zod'
import { Reachability } from '../api/reachability.ts'
import type { Client } from './client.ts'
import { acting, type Cli, inPath, type JsonOption, verb } from './command.ts'
import { factsOf } from './failure-facts.ts'
import { EXIT, steps } from './failure-text.ts'
import { ShownLadder, waitingLine } from './shown-ladder.ts'

/** How long a hub may be away while a test is waited for, ms. */
const PATIENCE_MS = 60_000
/** An agent that is gone for so long does not just connect again, ms. */
const AGENT_PATIENCE_MS = 10_000
/** Beyond what any test may take: the hub ends them after ten minutes. */
const GIVE_UP_MS = 720_000
const FIRST_LOOK_MS = 200
const SLOWEST_QUEUED_MS = 2_000
/** Somebody watches. */
const SLOWEST_CLIMB_MS = 1_000

export function testCommand(devices: Command, cli: Cli): void {
  verb(devices, 'test <name>', 'see how far a device can be read, rung by rung; nothing is stored', [
    'netraven devices test sw1',
    'netraven devices test sw1 --json',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const client = await cli.client()
      const path = `/api/devices/${inPath(name)}/reachability`
      const started = await client.send('POST', path, {}, Reachability)
      const test = await followed({ cli, client, path, shape: Reachability, options }, started)
      if (options.json) cli.terminal.json(test)
      else if (test.state === 'passed') cli.terminal.out(`${test.device} can be read.`)
      if (test.state === 'passed') return undefined
      if (!options.json) for (const line of failureLines(test)) cli.terminal.err(line)
      return test.failure?.code === 'AGENT_OFFLINE' ? EXIT.later : EXIT.failed
    }),
  )
}

export interface Follow<Test extends Reachability> {
  readonly cli: Cli
  readonly client: Client
  /** Where the test is shown. */
  readonly path: string
  readonly shape: z.ZodType<Test>
  /** With `json` no rung is printed. */
  readonly options: JsonOption
}

/**
 * Waits for the end of a test and prints each rung as soon as it is known what became of it.
 * @throws Failure AGENT_OFFLINE when the agent is lost meanwhile, RUN_DEADLINE
 */
export async function followed<Test extends Reachability>(
  { cli, client, path, shape, options }: Follow<Test>,
  started: Test,
): Promise<Test> {
  const { clock, sleep } = cli.parts
  const draw = (text: string) => void (cli.terminal.canDraw && cli.terminal.stderr.write(`\r\u001B[K${text}`))
  const ladder = new ShownLadder((line) => {
    if (options.json) return
    draw('')
    cli.terminal.out(line)
  })
  const giveUpAt = clock() + GIVE_UP_MS
  let test = started
  let aloneSince: number | undefined
  let pauseMs = FIRST_LOOK_MS
  try {
    while (isOpen(test)) {
      if (ladder.show(test)) pauseMs = FIRST_LOOK_MS
      draw(waitingLine(test))
      const alone = test.state === 'queued' && !test.agentOnline
      aloneSince = alone ? (aloneSince ?? clock()) : undefined
      if (aloneSince !== undefined && clock() - aloneSince > AGENT_PATIENCE_MS) {
        throw new Failure('AGENT_OFFLINE', { device: test.device, site: test.site, lastSeen: 'when the test began' })
      }
      if (clock() > giveUpAt) throw new Failure('RUN_DEADLINE', { run: test.run })
      await sleep(pauseMs)
      pauseMs = Math.min(pauseMs * 1.3, test.state === 'queued' ? SLOWEST_QUEUED_MS : SLOWEST_CLIMB_MS)
      test = await client.get(path, shape, { patienceMs: PATIENCE_MS })
    }
    ladder.show(test)
    return test
  } finally {
    draw('')
  }
}

function isOpen({ state }: Reachability): boolean {
  return state === 'queued' || state === 'running'
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
