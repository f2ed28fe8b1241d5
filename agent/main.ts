/** The agent's command line; `run` wires its parts together. */
import { hostname } from 'node:os'
import { Failure, remediesOf } from '@netraven/protocol/failure.ts'
import { Command, CommanderError } from 'commander'
import { readOwnConfig } from './config.ts'
import { diagnose } from './doctor.ts'
import { checkHubUrl, enroll } from './enrollment.ts'
import { readIdentity, writeIdentity } from './identity.ts'
import { useProxy } from './proxy.ts'
import { runAgent } from './run.ts'
import { SOFTWARE } from './software.ts'

const program = new Command('netraven-agent')
  .description('Reads the devices of one site and reports to the hub. It only dials out and listens on nothing.')
  .version(SOFTWARE)
  .exitOverride()
  .showHelpAfterError('(netraven-agent --help shows the commands)')
  .addHelpText(
    'after',
    `
Environment:
  NETRAVEN_AGENT_DIR     folder of identity, policy, spool        (/var/lib/netraven-agent)
  NETRAVEN_CONCURRENCY   devices read at once                     (50)
  NETRAVEN_SPOOL_MIB     most that may wait on disk, MiB          (1024)
  LOG_LEVEL              trace, debug, info, warn, error          (info)
  HTTPS_PROXY, NO_PROXY  proxy on the way to the hub

A new jump host:
  1. on the hub:   netraven enrollment-tokens create --site NAME
  2. here:         netraven-agent enroll --hub https://hub.example --token nre_…
  3. here:         netraven-agent run`,
  )

program
  .command('enroll')
  .description('join a hub with a one-time token; makes this host’s keys, which never leave it')
  .requiredOption('--hub <url>', 'the hub, https://… (http only to this very host)')
  .requiredOption('--token <token>', 'from: netraven enrollment-tokens create --site NAME')
  .option('--dir <dir>', 'the agent’s folder')
  .option('--name <name>', 'how the hub shows this agent', hostname())
  .option('--force', 'replace an identity that is there already')
  .option('--allow-plaintext', 'accept http to another host: texts could be read on the way')
  .option('--json', 'print the result as JSON')
  .action(
    async (options: {
      hub: string
      token: string
      dir?: string
      name: string
      force?: boolean
      allowPlaintext?: boolean
      json?: boolean
    }) => {
      const config = readOwnConfig()
      useProxy(config)
      const dir = options.dir ?? config.dir
      const hub = checkHubUrl(options.hub, options.allowPlaintext ?? false)
      const existing = options.force ? undefined : await readIdentity(dir)
      if (existing) throw new Failure('AGENT_ALREADY_ENROLLED', { dir, agent: existing.name, hub: existing.hubUrl })
      const identity = await enroll(hub, options.token, options.name, { fetch, software: SOFTWARE, timeoutMs: 30_000 })
      await writeIdentity(dir, identity)
      const { agent, name, site, hubUrl } = identity
      say(
        options.json,
        { agent, name, site, hub: hubUrl, dir },
        `Enrolled as ${name} at site ${site}. Start it: netraven-agent run --dir ${dir}`,
      )
    },
  )

program
  .command('run')
  .description('connect to the hub and work until stopped')
  .option('--dir <dir>', 'the agent’s folder')
  .action(async (options: { dir?: string }) => {
    const config = readOwnConfig()
    await runAgent({ ...config, dir: options.dir ?? config.dir })
  })

program
  .command('doctor')
  .description('check configuration, identity, policy, spool, and the way to the hub')
  .option('--dir <dir>', 'the agent’s folder')
  .option('--json', 'print the findings as JSON')
  .action(async (options: { dir?: string; json?: boolean }) => {
    const config = readOwnConfig()
    useProxy(config)
    const findings = await diagnose({ ...config, dir: options.dir ?? config.dir }, { fetch, nowMs: Date.now })
    const text = findings.map(
      (one) =>
        `${one.ok ? 'ok  ' : 'FAIL'}  ${one.check}: ${one.finding}${one.remedy ? `\n      → ${one.remedy}` : ''}`,
    )
    say(options.json, { findings }, text.join('\n'))
    if (findings.some((one) => !one.ok)) process.exitCode = 1
  })

function say(json: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text}\n`)
}

/** 0 done, 1 failed, 2 usage, 75 try later, 78 configuration. */
function exitCodeOf(failure: Failure): number {
  if (failure.code === 'USAGE') return 2
  if (['CONFIG_INVALID', 'AGENT_NOT_ENROLLED', 'IDENTITY_DAMAGED', 'POLICY_INVALID'].includes(failure.code)) return 78
  return failure.entry.retry === 'backoff' ? 75 : 1
}

function complain(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else if (error instanceof Failure) {
    const problems = Array.isArray(error.details.problems)
      ? error.details.problems.map((one) => `  - ${one}\n`).join('')
      : ''
    const remedies = remediesOf(error).map((step) => `  → ${step}\n`)
    process.stderr.write(`${error.line}\n${problems}${remedies.join('')}`)
    process.exitCode = exitCodeOf(error)
  } else {
    const reason =
      error instanceof Error
        ? process.execArgv.includes('--enable-source-maps')
          ? error.stack
          : error.message
        : String(error)
    process.stderr.write(`Internal error [INTERNAL]: ${reason}\n`)
    process.exitCode = 1
  }
}

await program.parseAsync().catch(complain)
