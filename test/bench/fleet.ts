/** `npm run bench`: how fast a fleet is backed up and what it costs. Prints JSON; judges nothing. `--help` tells the rest. */
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { CATALYST_LOCATION } from '../replay-device/catalyst.ts'
import { BenchField, type BenchOptions } from './bench-field.ts'
import { ownCpuMs, residentMegabytes, treeCpuMs } from './usage.ts'

const HELP = `Backs up a fleet of replayed Cisco switches (login with enable, seven lines typed, 12 KB of output each) and prints
what it took as JSON: one run that reads everything for the first time, one with nothing changed, one with all changed.

Usage: npm run bench -- [options]

  --devices N      how many (200)
  --latency MS     what each device waits before each reply (0)
  --sessions N     devices read at once (50)
  --no-link        leave out the two runs through a relay that count the bytes between agent and hub
  --json           nothing but JSON, also on a terminal

Everything runs on this machine: hub with its embedded PostgreSQL, one agent, the fleet in one process, this program.
cpuMsPerDevice is user and system time from /proc; hubAndDatabase includes hub. Memory is resident, in MB of 10^6 bytes.
`

const round = (value: number, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits

function read(): (BenchOptions & { json: boolean; link: boolean }) | undefined {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      devices: { type: 'string', default: '200' },
      latency: { type: 'string', default: '0' },
      sessions: { type: 'string', default: '50' },
      link: { type: 'boolean', default: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const whole = (name: 'devices' | 'latency' | 'sessions', least: number) => {
    const number = Number(values[name])
    if (!Number.isInteger(number) || number < least) throw new RangeError(`--${name} is a whole number from ${least}`)
    return number
  }
  return {
    devices: whole('devices', 1),
    latencyMs: whole('latency', 0),
    sessions: whole('sessions', 1),
    json: values.json,
    link: values.link,
  }
}

async function measure(options: BenchOptions & { link: boolean }, tell: (line: string) => void) {
  tell(`starting a hub and ${options.devices} devices`)
  const field = await BenchField.open(options)
  const interrupted = () => void field.close().finally(() => process.exit(130))
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    const { hub, fleet } = field
    const agent = await field.agent('direct')
    const cpu = () => ({
      agent: ownCpuMs(agent.pid),
      hub: ownCpuMs(hub.pid),
      hubAndDatabase: treeCpuMs(hub.pid),
      replay: ownCpuMs(fleet.pid),
    })
    const run = async (what: string) => {
      tell(`reading all devices: ${what}`)
      const before = cpu()
      const { seconds, total, succeeded, changed, unchanged, failed, failures } = await field.run()
      const after = cpu()
      const spent = (name: keyof typeof before) => round((after[name] - before[name]) / options.devices)
      const cpuMsPerDevice = {
        agent: spent('agent'),
        hub: spent('hub'),
        hubAndDatabase: spent('hubAndDatabase'),
        replay: spent('replay'),
      }
      const firstFailure = failures[0] ? { firstFailure: failures[0] } : {}
      const outcome = { succeeded, changed, unchanged, failed, ...firstFailure }
      return { seconds: round(seconds), devicesPerSecond: round(total / seconds, 1), ...outcome, cpuMsPerDevice }
    }
    const agentIdle = residentMegabytes(agent.pid).now
    const first = await run('for the first time')
    const unchanged = await run('nothing changed')
    await fleet.replace('*', [[CATALYST_LOCATION, 'rack 1']])
    const changed = await run('all changed')
    const memoryMegabytes = {
      agentIdle,
      agentPeak: residentMegabytes(agent.pid).peak,
      hubPeak: residentMegabytes(hub.pid).peak,
      replayPeak: residentMegabytes(fleet.pid).peak,
    }
    await agent.kill()
    const link = options.link ? await countLink(field, options.devices, tell) : undefined
    return { runs: { first, unchanged, changed }, memoryMegabytes, ...(link ? { linkBytesPerDevice: link } : {}) }
  } finally {
    await field.close()
  }
}

async function countLink(field: BenchField, devices: number, tell: (line: string) => void) {
  const counter = await field.counter()
  const agent = await field.agent('counted', counter)
  const count = async (what: string) => {
    tell(`counting the bytes of the link: ${what}`)
    const before = counter.bytes()
    await field.run()
    return Math.round((counter.bytes() - before) / devices)
  }
  const unchanged = await count('nothing changed')
  await field.fleet.replace('*', [['rack 1', 'rack 2']])
  const changed = await count('all changed')
  await agent.kill()
  return { unchanged, changed }
}

function nativeCrypto(): boolean {
  try {
    createRequire(import.meta.url)('ssh2/lib/protocol/crypto/build/Release/sshcrypto.node')
    return true
  } catch {
    return false
  }
}

async function main(): Promise<void> {
  const options = read()
  if (!options) {
    process.stdout.write(HELP)
    return
  }
  const tell = (line: string) => {
    if (!options.json) process.stderr.write(`${line}\n`)
  }
  const { devices, latencyMs, sessions } = options
  const machine = { cores: availableParallelism(), node: process.versions.node, nativeCrypto: nativeCrypto() }
  const results = await measure(options, tell)
  process.stdout.write(`${JSON.stringify({ devices, latencyMs, sessions, ...machine, ...results }, null, 2)}\n`)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof RangeError || (error instanceof Error && 'code' in error))) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
