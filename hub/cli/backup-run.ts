import { Failure } from '@netraven/protocol/failure.ts'
import { rungOf } from '@netraven/protocol/ladder.ts'
import type { Command } from 'commander'
import { ZodError } from 'zod'
import { type Retrying, Run, type RunFailure, StartedRun } from '../api/run.ts'
import type { Client } from './client.ts'
import { acting, type Cli, type JsonOption, verb } from './command.ts'
import { factsOf } from './failure-facts.ts'
import { EXIT, steps } from './failure-text.ts'
import { openProgress } from './progress.ts'
import { count } from './table.ts'
import { gathered } from './values.ts'

interface RunOptions extends JsonOption {
  readonly all?: boolean
  readonly site?: string
  readonly device?: string[]
  readonly wait?: boolean
}

/** How long a hub may be away while its run is waited for, ms. */
const PATIENCE_MS = 120_000
/** What a hub may take beyond a run's deadline to end it, ms. */
const GRACE_MS = 120_000
const FIRST_LOOK_MS = 200
const SLOWEST_LOOK_MS = 2_000

export function runCommandOf(backup: Command, cli: Cli): void {
  verb(backup, 'run', 'back up devices now', [
    'netraven backup run --all --wait',
    'netraven backup run --site lab --wait --json',
    'netraven backup run --device sw1 --device sw2 --wait',
  ])
    .option('--all', 'all devices')
    .option('--site <name>', 'the devices of a site')
    .option('--device <name>', 'a device; may be given more than once', gathered)
    .option('--wait', 'wait for the end; exit code 1 when a device failed')
    .action(
      acting(cli, async (options: RunOptions) => {
        const { all, site, device } = options
        if ([all, site, device].filter((choice) => choice !== undefined).length !== 1) {
          throw new Failure('USAGE', { reason: 'give exactly one of --all, --site and --device' })
        }
        const client = await cli.client()
        const started = await client.send('POST', '/api/runs', { all, site, devices: device }, StartedRun)
        warn(cli, started)
        const run = options.wait ? await waited(cli, client, started) : started
        cli.show(options, resultOf(run), () => (options.wait ? endText(run) : startText(started)))
        if (!options.json) for (const line of failureLines(run)) cli.terminal.err(line)
        return run.failed > 0 ? EXIT.failed : undefined
      }),
    )
}

/** Exactly what scripts rely on. */
function resultOf(run: Run) {
  const { id, total, succeeded, changed, unchanged, suspect, failed, seconds, failures } = run
  const named = failures.map(({ device, code, message }) => ({ device, code, message }))
  const { outages } = run
  return {
    ...{ runId: id, total, succeeded, changed, unchanged, suspect, failed, seconds, failures: named },
    ...(outages && { outages }),
  }
}

function warn(cli: Cli, run: StartedRun): void {
  if (run.skipped > 0) {
    cli.terminal.err(`${count(run.skipped, 'device')} left out: another run is reading them already.`)
  }
  for (const site of run.sitesWithoutAgent) {
    cli.terminal.err(`No agent of site ${site} is online; its devices wait. See: netraven agents list`)
  }
}

async function waited(cli: Cli, client: Client, started: Run): Promise<Run> {
  const { clock, sleep } = cli.parts
  const giveUpAt = clock() + (Date.parse(started.deadlineAt) - Date.parse(started.createdAt)) + GRACE_MS
  let toldRetries = 0
  const progress = cli.terminal.canDraw ? openProgress(cli.terminal.stderr, started.total) : undefined
  try {
    const show = (run: Run) => progress?.update(run.succeeded + run.failed, noteOf(run))
    let run: Run = (await followed(client, started, show)) ?? started
    for (let pauseMs = FIRST_LOOK_MS; run.state === 'running'; pauseMs = Math.min(pauseMs * 1.3, SLOWEST_LOOK_MS)) {
      if (clock() > giveUpAt) throw new Failure('RUN_DEADLINE', { run: run.id })
      await sleep(pauseMs)
      run = await client.get(`/api/runs/${started.id}`, Run, { patienceMs: PATIENCE_MS })
      show(run)
      const { tasks = 0 } = run.retrying ?? {}
      // Where no bar can show it, it is said once, and again when there are more.
      if (!progress && tasks > toldRetries && run.retrying)
        cli.terminal.err(`Too busy to be read: ${retryText(run.retrying)}.`)
      toldRetries = tasks
    }
    return run
  } finally {
    progress?.stop()
  }
}

/**
 * Listens to how a run goes on.
 * @returns as it was told last; undefined: nothing was. An older hub, or a proxy that lets no stream through, is asked again and again instead
 */
async function followed(client: Client, started: Run, show: (run: Run) => void): Promise<Run | undefined> {
  let last: Run | undefined
  try {
    for await (const { data } of client.events(`/api/runs/${started.id}/events`)) {
      last = Run.parse(JSON.parse(data))
      show(last)
      if (last.state === 'finished') break
    }
  } catch (error) {
    if (!(error instanceof Failure || error instanceof SyntaxError || error instanceof ZodError)) throw error
  }
  return last
}

function noteOf(run: Run): string {
  const offline = run.sitesWithoutAgent.length > 0 ? ` | no agent at ${run.sitesWithoutAgent.join(', ')}` : ''
  const retrying = run.retrying ? ` | ${retryText(run.retrying)}` : ''
  return `${run.changed} changed, ${run.failed} failed${retrying}${offline}`
}

function retryText({ tasks, inSeconds }: Retrying): string {
  return `${tasks} will be tried again${tasks === 1 ? '' : ', the first'} in ${Math.ceil(inSeconds)} s`
}

/** A device that was tried more than once before it was given up. */
function triesOf({ details: { attempts } }: RunFailure): string {
  return typeof attempts === 'number' && attempts > 1 ? `, tried ${attempts} times` : ''
}

function startText(run: StartedRun): string {
  return `Run ${run.id} began: ${count(run.total, 'device')}. With --wait you see how it ends.`
}

function endText(run: Run): string {
  const suspect = run.suspect > 0 ? `, ${run.suspect} suspect` : ''
  return `${count(run.total, 'device')} in ${run.seconds.toFixed(1)} s: ${run.changed} changed, ${run.unchanged} unchanged${suspect}, ${run.failed} failed.`
}

/** What is down once, each device that failed by itself, then each kind of failure once with what to do. */
function failureLines(run: Run): string[] {
  const { outages = [] } = run
  const lines = outages.map(
    ({ site, rung, failed, total }) =>
      `${site}: site/segment outage suspected: ${failed} of ${count(total, 'device')} failed at ${rung}`,
  )
  for (const failure of run.failures) {
    if (outages.some((outage) => outage.site === failure.site && outage.rung === rungOf(failure))) continue
    lines.push(`${failure.device}: ${failure.message} [${failure.code}]${triesOf(failure)}`)
    lines.push(...factsOf(failure).map((fact) => `  ${fact}`))
  }
  if (run.failed > run.failures.length) lines.push(`… and ${run.failed - run.failures.length} more`)
  const kinds = Map.groupBy(run.failures, ({ code }) => code)
  for (const [code, [first]] of kinds) {
    lines.push(`What to do about ${code}:`, ...steps(first?.remedies ?? []))
  }
  if (run.suspect > 0)
    lines.push(
      'Suspect ones are kept and flagged: netraven backup show --device NAME, and if it is right: netraven backup accept --device NAME',
    )
  return lines
}
