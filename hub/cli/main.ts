/** The `netraven` command: nouns and their verbs, put together. Returns the exit code; ends nothing by itself. */
import { Failure } from '@netraven/protocol/failure.ts'
import { Command, CommanderError } from 'commander'
import { SOFTWARE } from '../software.ts'
import { agentCommands } from './agents.ts'
import { auditCommands } from './audit.ts'
import { backupCommands } from './backup.ts'
import { Cli, type CliParts } from './command.ts'
import { processEnvironment, readCliConfig } from './config.ts'
import { credentialCommands } from './credentials.ts'
import { deviceCommands } from './devices.ts'
import { doctorCommand } from './doctor.ts'
import { driverCommands } from './drivers.ts'
import { enrollmentTokenCommands } from './enrollment-tokens.ts'
import { explainCommand } from './explain.ts'
import { EXIT, errorOf, exitCodeOf, failureOf, failureText } from './failure-text.ts'
import { accessCommands, grantCommands } from './grants.ts'
import { groupCommands } from './groups.ts'
import { hubCommand } from './hub.ts'
import { keyCommands } from './keys.ts'
import { limitCommands } from './limits.ts'
import { linePatternCommands } from './line-patterns.ts'
import { loginCommands } from './login.ts'
import { migrateCommands } from './migrate.ts'
import { passwdCommand } from './passwd.ts'
import { roleCommands } from './roles.ts'
import { secondFactorCommands } from './second-factor.ts'
import { siteCommands } from './sites.ts'
import { storageCommands } from './storage.ts'
import { tagRuleCommands } from './tag-rules.ts'
import { tagCommands } from './tags.ts'
import { type Streams, Terminal } from './terminal.ts'
import { tokenCommands } from './tokens.ts'
import { userCommands } from './users.ts'

const GUIDE = `
First steps:
  netraven hub                                         start a hub on this machine
  netraven login --hub URL --user admin
  netraven sites add lab
  netraven enrollment-tokens create --site lab         then, on the jump host: netraven-agent enroll
  netraven devices import devices.csv --site lab
  netraven backup run --all --wait

Exit codes: 0 done, 1 failed, 2 usage, 75 try later, 78 configuration or not logged in.
Environment: NETRAVEN_HUB and NETRAVEN_TOKEN win over the stored login.`

/**
 * Runs one command line.
 * @param args without the names of program and script
 * @returns the exit code
 */
export async function runCommand(args: readonly string[], parts: CliParts): Promise<number> {
  const cli = new Cli(parts)
  const complaints: string[] = []
  const program = new Command('netraven')
    .description('Backs up the configuration of network devices that no central server can reach.')
    .version(SOFTWARE, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show what is possible')
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => parts.terminal.outRaw(text),
      writeErr: (text) => parts.terminal.err(text),
      outputError: (text) => complaints.push(text),
    })
    .exitOverride()
    .addHelpText('after', GUIDE)
  for (const add of [
    hubCommand,
    migrateCommands,
    loginCommands,
    passwdCommand,
    secondFactorCommands,
    userCommands,
    groupCommands,
    roleCommands,
    tokenCommands,
    explainCommand,
    siteCommands,
    enrollmentTokenCommands,
    agentCommands,
    credentialCommands,
    deviceCommands,
    grantCommands,
    accessCommands,
    tagCommands,
    tagRuleCommands,
    driverCommands,
    linePatternCommands,
    limitCommands,
    backupCommands,
    auditCommands,
    storageCommands,
    keyCommands,
    doctorCommand,
  ]) {
    add(program, cli)
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
    return cli.exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
    if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage
    const failure = error instanceof CommanderError ? usage(complaints) : failureOf(error)
    if (args.includes('--json')) parts.terminal.json({ error: errorOf(failure) })
    parts.terminal.err(failureText(failure))
    return exitCodeOf(failure)
  }
}

function usage(complaints: readonly string[]): Failure {
  const words = complaints.join(' ').replaceAll(/\s+/g, ' ').trim()
  return new Failure('USAGE', { reason: words.replace(/^error: /, '') })
}

/** The surroundings of a real process. */
export function realParts(streams: Streams): CliParts {
  const environment = processEnvironment()
  const config = readCliConfig(environment)
  return {
    config,
    environment,
    terminal: new Terminal(streams, config.color),
    fetch,
    clock: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
  }
}
