import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { z } from 'zod'
import { AddedDriver, DriverDetails, DriverRow, DriverTrial, DriverVersion, RolledBack } from '../api/driver.ts'
import { pageOf } from '../api/page.ts'
import { SourceProblem } from '../driver-source.ts'
import type { Client } from './client.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { EXIT, failureText } from './failure-text.ts'
import { bytes, count, facts, table, time } from './table.ts'
import { fileText, wholeNumber } from './values.ts'

interface AddOptions extends JsonOption {
  readonly device?: string
  readonly recording?: string
  readonly untried?: boolean
}

const POLL_MS = 500

const FILE_HELP = `
The file, YAML or JSON (deploy/examples/acme_os.yaml is a whole one, with comments):
  name: acme_os                      vendor_os; the name of a built-in driver overrides that one
  title: Acme OS
  channel: shell                     one interactive session; exec: a channel for each command
  comment: '! '                      what starts a comment line in the configuration
  prompt: '^[\\w.-]+[>#] ?$'          the whole last line
  prepare: [terminal length 0]       turns the pager off
  rejected: ['^% Invalid']           what says that a command is not known
  commands:                          they only read; what looks like a change is refused
    - {run: show version, as: note, keep: '^(?:Version|Serial)'}
    - {run: show running-config, as: config, complete: '^end$'}
  volatile: ['^! Last change']       lines that change by themselves: dropped
  secrets: ['^ *password (?<secret>\\S+)$']
Also: aliases, transports, answers, enable, pagers, denied, unwrap, resalted, logout, idleMs, totalMs.
With "extends: cisco_ios" everything that is left out is that driver's; "+secrets", "+volatile", "+commands" and the like add to
its lists. Write patterns in single quotes.

It is tried before it is used: on a device, which is read but not kept, or on a recording of a session. The trial must read a
complete configuration. A driver in use is sent to the agents by itself, signed; they refuse what their policy.json forbids.`

export function driverCommands(program: Command, cli: Cli): void {
  const drivers = noun(program, 'drivers', 'how operating systems are read; your own ones too')

  verb(drivers, 'list', 'list all drivers', ['netraven drivers list', 'netraven drivers list --own'])
    .option('--own', 'only your own')
    .action(
      acting(cli, async (options: JsonOption & { own?: boolean }) => {
        const { items } = await (await cli.client()).get('/api/drivers', pageOf(DriverRow))
        const shown = options.own ? items.filter(({ origin }) => origin === 'own') : items
        cli.show(options, shown, () =>
          shown.length === 0
            ? 'No drivers of your own yet. Bring one with: netraven drivers add FILE --device NAME (--help tells how to write it)'
            : table(
                ['NAME', 'TITLE', 'ORIGIN', 'VERSION', 'WAYS IN'],
                shown.map((one) => [one.name, one.title, one.origin, one.version, one.transports.join(', ')]),
                cli.terminal.width,
              ),
        )
        return undefined
      }),
    )

  verb(drivers, 'show <name>', 'show one driver, and its file when it is your own', [
    'netraven drivers show acme_os',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const one = await (await cli.client()).get(`/api/drivers/${inPath(name)}`, DriverDetails)
      cli.show(options, one, () => {
        const { title, aliases, transports, origin, version, devices, source } = one
        const words = {
          name: one.name,
          title,
          aliases: aliases.join(', '),
          'ways in': transports.join(', '),
          origin,
          version,
          devices,
        }
        return source === null ? facts(words) : `${facts(words)}\n\n${source}`
      })
      return undefined
    }),
  )

  verb(drivers, 'add <file>', 'bring a driver of your own; it is tried, then used', [
    'netraven drivers add acme_os.yaml --device core1',
    'netraven drivers add acme_os.yaml --recording core1.session',
    'netraven drivers add acme_os.yaml --untried',
  ])
    .option('--device <name>', 'try it on this device: it is read, nothing is kept')
    .option('--recording <file>', 'try it on a recorded session, also broken off at many places')
    .option('--untried', 'use it without any trial; its history says so')
    .addHelpText('after', FILE_HELP)
    .action(acting(cli, (file: string, options: AddOptions) => add(cli, file, options)))

  verb(drivers, 'history <name>', 'list every version of a driver', ['netraven drivers history acme_os']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const { items } = await (await cli.client()).get(`/api/drivers/${inPath(name)}/history`, pageOf(DriverVersion))
      cli.show(options, items, () =>
        items.length === 0
          ? `${name} is built in; there is no version of your own.`
          : table(
              ['VERSION', 'STATE', 'TRIED', 'ADDED', 'BY', 'DIGEST'],
              items.map((one) => [
                one.number,
                one.current ? 'in use' : one.state,
                one.tried ? (one.tried.device ?? one.tried.how) : null,
                time(one.createdAt),
                one.createdBy,
                one.digest.slice(0, 16),
              ]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  verb(drivers, 'rollback <name>', 'go back to the version before; from the first one to the built-in driver', [
    'netraven drivers rollback acme_os',
    'netraven drivers rollback acme_os --to 2',
  ])
    .option('--to <version>', 'to this version, also a later one', wholeNumber('--to', 1, 1_000_000))
    .action(
      acting(cli, async (name: string, options: JsonOption & { to?: number }) => {
        const client = await cli.client()
        const now = await client.send(
          'POST',
          `/api/drivers/${inPath(name)}/rollback`,
          { version: options.to },
          RolledBack,
        )
        cli.show(options, now, () =>
          now.version === null
            ? `The built-in driver ${now.driver} is used again.`
            : `Version ${now.version} of ${now.driver} is used now.`,
        )
        return undefined
      }),
    )

  verb(drivers, 'remove <name>', 'use a driver of your own no more; its history stays', [
    'netraven drivers remove acme_os',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/drivers/${inPath(name)}`)
      cli.show(options, { removed: name }, () => `Your driver ${name} is not used any more.`)
      return undefined
    }),
  )
}

async function add(cli: Cli, file: string, options: AddOptions): Promise<number | undefined> {
  const { device, untried } = options
  const ways = [device, options.recording, untried].filter((way) => way !== undefined)
  if (ways.length !== 1) {
    throw new Failure('USAGE', { reason: 'say how it is to be tried: --device NAME, --recording FILE, or --untried' })
  }
  const source = fileText('FILE')(file)
  const recording = options.recording === undefined ? undefined : fileText('--recording')(options.recording)
  const client = await cli.client()
  const added = await client
    .send('POST', '/api/drivers', { source, device, recording, untried }, AddedDriver, { limitMs: 180_000 })
    .catch((error: unknown) => {
      throw withLines(file, error)
    })
  if (!options.json) for (const notice of added.notices) cli.terminal.err(notice)
  const trial = added.trial && (await ended(cli, client, added.trial))
  const isUsed = trial === null || trial.state === 'passed'
  cli.show(options, { ...added, trial }, () =>
    [...(trial ? [trialText(trial)] : []), usedText(added, isUsed)].join('\n'),
  )
  if (isUsed) return undefined
  if (!options.json && trial.failure) cli.terminal.err(failureText(failureOf(trial.failure)))
  return EXIT.failed
}

/** Waits for the end; it has one, since the hub gives a trial up. */
async function ended(cli: Cli, client: Client, begun: DriverTrial): Promise<DriverTrial> {
  let trial = begun
  while (trial.state === 'waiting' || trial.state === 'running') {
    await cli.parts.sleep(POLL_MS)
    trial = await client.get(`/api/driver-trials/${trial.id}`, DriverTrial, { patienceMs: 60_000 })
  }
  return trial
}

function trialText({ read, device, agent }: DriverTrial): string {
  const where = `${device ?? 'the recording'}${agent === null ? '' : `, by agent ${agent}`}`
  if (!read) return `Tried on ${where}: it could not be read.`
  const { verdict, sizeBytes, lines, secrets, preview, reasons } = read
  return [
    `Tried on ${where}: ${verdict}, ${bytes(sizeBytes)} in ${count(lines, 'line')}, ${count(secrets, 'secret')} found.`,
    ...reasons.map((reason) => `  - ${reason}`),
    'It begins, secrets masked:',
    ...preview
      .split('\n')
      .slice(0, 20)
      .map((line) => `  | ${line}`),
  ].join('\n')
}

function usedText({ version }: AddedDriver, isUsed: boolean): string {
  const { driver, number } = version
  if (!isUsed) return `Version ${number} of ${driver} stays a draft; nothing else changed.`
  return `Version ${number} of ${driver} is used from now on. Give it to a device: netraven devices set NAME --driver ${driver}`
}

function failureOf({ code, details }: NonNullable<DriverTrial['failure']>): Failure {
  return Failure.fromWire({ code, details })
}

/** Problems as compilers print them: an editor can jump there. */
function withLines(file: string, error: unknown): unknown {
  if (!(error instanceof Failure) || error.code !== 'DRIVER_INVALID') return error
  const problems = z.array(SourceProblem).safeParse(error.details.problems)
  if (!problems.success) return error
  const words = problems.data.map(
    ({ line, column, path, message }) => `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`,
  )
  return new Failure('DRIVER_INVALID', { problems: words })
}
