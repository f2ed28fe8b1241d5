/** The replay device as a program. `--help` tells what it does and how it is steered. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { parseRecording } from '../../agent/replay/recording.ts'
import { CATALYST_NAME, catalystRecording } from './catalyst.ts'
import { Faults } from './faults.ts'
import { type FleetOptions, type ReplayDevice, type ReplayFleet, startReplayFleet } from './replay-device.ts'

const HELP = `Serves devices that replay a recording over SSH, each on a port of its own on the loopback.

Usage: node test/replay-device/main.ts [options]

  --recording FILE    a .session file; default: a made-up Cisco IOS switch with 12 KB of output
  --name WORD         this word of the recording becomes the device's name (dev0001 …)
  --count N           how many devices (1)
  --port N            port of the first, the next ones follow (0: any free ports)
  --address A         where to listen (127.0.0.1)
  --seed WORD         host keys are made from it (replay)
  --username U        (netraven)
  --password P        also the answer to keyboard-interactive (replay-password)
  --public-key FILE   authorized_keys lines that may log in
  --faults JSON       faults of all devices from the start
  --no-admin          do not read standard input; run until a signal

It prints one JSON line {"devices":[{"name","address","port","hostKey"}]} when all listen. Then each line on
standard input is a JSON order, answered by a JSON line; its end ends the program.

  {"device":"dev0001","fail":{"hang":"auth"}}      faults from the next connection on, {} mends; device "*" (default): all
  {"device":"*","replace":[["rack 0","rack 1"]]}   changes what is printed
  {"device":"dev0001","stats":true}                connections, login attempts, logins
  {"usage":true}                                   CPU ms of this process, logins, CPU ms per login, resident MB

Faults: latencyMs, bytesPerSecond, hang (banner kex auth session shell prompt enable command), junk (banner kex greeting reply),
dripBanner, drop (connection channel), hostKey (own other),
rejectLogin, methods [password publickey keyboard-interactive], refuse (session shell exec), flood {bytes lines},
algorithms (modern legacy).
`

const Order = z.strictObject({
  device: z.string().default('*'),
  fail: Faults.partial().optional(),
  replace: z.array(z.tuple([z.string().min(1), z.string()])).optional(),
  stats: z.literal(true).optional(),
  usage: z.literal(true).optional(),
})

function read(): { fleet: FleetOptions; faults: Faults; admin: boolean } | undefined {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      recording: { type: 'string' },
      name: { type: 'string' },
      count: { type: 'string', default: '1' },
      port: { type: 'string', default: '0' },
      address: { type: 'string', default: '127.0.0.1' },
      seed: { type: 'string', default: 'replay' },
      username: { type: 'string', default: 'netraven' },
      password: { type: 'string', default: 'replay-password' },
      'public-key': { type: 'string' },
      faults: { type: 'string', default: '{}' },
      admin: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const nameInRecording = values.name ?? (values.recording === undefined ? CATALYST_NAME : undefined)
  const keys = values['public-key'] === undefined ? '' : readFileSync(values['public-key'], 'utf8')
  return {
    admin: values.admin,
    faults: Faults.parse(JSON.parse(values.faults)),
    fleet: {
      recording:
        values.recording === undefined ? catalystRecording() : parseRecording(readFileSync(values.recording, 'utf8')),
      count: z.coerce.number().int().min(1).max(10_000).parse(values.count),
      port: z.coerce.number().int().min(0).max(65_535).parse(values.port),
      address: values.address,
      seed: values.seed,
      login: {
        username: values.username,
        password: values.password,
        authorizedKeys: keys.split('\n').filter((line) => line.trim() !== ''),
      },
      ...(nameInRecording === undefined ? {} : { nameInRecording }),
    },
  }
}

function obey(fleet: ReplayFleet, line: string): unknown {
  const order = Order.parse(JSON.parse(line))
  const chosen: readonly ReplayDevice[] = order.device === '*' ? fleet.devices : [fleet.device(order.device)]
  for (const device of chosen) {
    if (order.fail) device.fail(order.fail)
    if (order.replace) device.replace(order.replace)
  }
  return {
    ok: true,
    ...(order.stats ? { stats: Object.fromEntries(chosen.map(({ name, stats }) => [name, stats])) } : {}),
    ...(order.usage ? { usage: usageOf(fleet) } : {}),
  }
}

function usageOf(fleet: ReplayFleet) {
  const { user, system } = process.cpuUsage()
  const logins = fleet.devices.reduce((sum, device) => sum + device.stats.logins, 0)
  const cpuMs = Math.round((user + system) / 1000)
  return {
    cpuMs,
    logins,
    cpuMsPerLogin: logins === 0 ? null : Math.round((cpuMs / logins) * 100) / 100,
    residentMb: Math.round(process.memoryUsage.rss() / 1_000_000),
  }
}

const say = (answer: unknown) => process.stdout.write(`${JSON.stringify(answer)}\n`)

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error)
  return error instanceof Error ? error.message : String(error)
}

async function main(): Promise<void> {
  const asked = read()
  if (!asked) {
    process.stdout.write(HELP)
    return
  }
  const fleet = await startReplayFleet(asked.fleet)
  for (const device of fleet.devices) device.fail(asked.faults)
  say({ devices: fleet.devices.map(({ name, address, port, hostKey }) => ({ name, address, port, hostKey })) })
  const stop = () => void fleet.close().then(() => process.stdout.write('', () => process.exit(0)))
  process.once('SIGTERM', stop).once('SIGINT', stop)
  if (!asked.admin) return
  const lines = createInterface({ input: process.stdin })
  lines.on('close', stop)
  lines.on('line', (line) => {
    try {
      say(obey(fleet, line))
    } catch (error) {
      say({ ok: false, error: reasonOf(error) })
    }
  })
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`)
  process.exitCode = 2
}
