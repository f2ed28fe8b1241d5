/** `npm run bench:api`: how the API answers under load, on PostgreSQL with a large fleet. Prints JSON; judges nothing. `--help` tells the rest. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ApiField, type ApiFieldOptions } from './api-field.ts'
import { type Load, loadFor, type Question } from './api-load.ts'
import { gateShare } from './gate-share.ts'

const HELP = `Asks a hub for lists, devices, backups and who one is, with many clients at once, each over one connection that stays open.

Usage: npm run bench:api -- [options]

  --devices N      how many (10000)
  --versions N     backups that are kept (200000)
  --clients N      clients at once (50)
  --seconds N      how long each operation is asked for (10)
  --calls N        calls that authentication and limits are weighed with, with them and without (2000)
  --json           nothing but JSON, also on a terminal

Everything runs on this machine: PostgreSQL (Debian's where it is installed, else the embedded one), one hub, this program, which
takes a good part of the processor for itself. Times are those that a client waits, in ms; cpuMs is user and system time of a process.
gateShare: what authentication and limits add to the CPU of a list of 100 in the hub's process, of all that it takes.
`

interface Options extends ApiFieldOptions {
  readonly clients: number
  readonly seconds: number
  readonly calls: number
  readonly json: boolean
}

function read(): Options | undefined {
  const { values } = parseArgs({
    options: {
      devices: { type: 'string', default: '10000' },
      versions: { type: 'string', default: '200000' },
      clients: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '10' },
      calls: { type: 'string', default: '2000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const whole = (name: 'devices' | 'versions' | 'clients' | 'seconds' | 'calls', least: number) => {
    const number = Number(values[name])
    if (!Number.isInteger(number) || number < least) throw new RangeError(`--${name} is a whole number from ${least}`)
    return number
  }
  return {
    ...{ devices: whole('devices', 100), versions: whole('versions', 100), clients: whole('clients', 1) },
    ...{ seconds: whole('seconds', 1), calls: whole('calls', 100), json: values.json },
  }
}

async function measure(options: Options, tell: (line: string) => void) {
  const { clients, seconds, calls } = options
  tell(`filling a database with ${options.devices} devices and ${options.versions} backups`)
  const field = await ApiField.open(options)
  const interrupted = () => void field.close().finally(() => process.exit(130))
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    const names = await field.names()
    const name = (turn: number) => encodeURIComponent(names[turn % names.length]?.name ?? '')
    const headers = { authorization: `Bearer ${field.token}` }
    /** Each client walks the whole list, page by page, and begins anew at its end. */
    const list: Question = {
      of: (_, cursor) => ({ path: `/api/devices?limit=100${cursor ? `&cursor=${cursor}` : ''}`, headers }),
      next: (text) => /"nextCursor":"([^"]+)"/.exec(text.slice(-4000))?.[1],
    }
    const plain = (path: (turn: number) => string): Question => ({ of: (turn) => ({ path: path(turn), headers }) })
    const questions: Record<string, Question> = {
      list,
      show: plain((turn) => `/api/devices/${names[turn % names.length]?.id}`),
      searchByName: plain((turn) => `/api/devices/${name(turn)}`),
      backupsOfDevice: plain((turn) => `/api/backups?device=${name(turn)}`),
      me: plain(() => '/api/auth/me'),
    }
    const load = async (what: string, question: Question) => {
      tell(`asking: ${what}`)
      const before = field.cpuMs()
      const found = await loadFor(field.hub.url, question, clients, seconds * 1000)
      return { ...found, ...field.cpuSince(before, found.requests) }
    }
    const operations: Record<string, Load> = {}
    await loadFor(field.hub.url, list, clients, 1000)
    for (const [what, question] of Object.entries(questions)) operations[what] = await load(what, question)
    tell('asking: lists, while people log in')
    const login: Question = {
      of: () => ({ path: '/api/auth/token', headers: { 'content-type': 'application/json' }, body: field.login }),
    }
    const alone = await loadFor(field.hub.url, list, clients, seconds * 1000)
    const [lists, logins] = await Promise.all([
      loadFor(field.hub.url, list, clients, seconds * 1000),
      loadFor(field.hub.url, login, 4, seconds * 1000),
    ])
    const withLogins = { alone, lists, logins, p99Ratio: Math.round((lists.p99Ms / alone.p99Ms) * 100) / 100 }
    tell('weighing authentication and limits')
    return { server: field.server, operations, withLogins, gateShare: await gateShare(field, calls) }
  } finally {
    await field.close()
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
  const { devices, versions, clients, seconds } = options
  const machine = { cores: availableParallelism(), node: process.versions.node }
  const results = await measure(options, tell)
  process.stdout.write(`${JSON.stringify({ devices, versions, clients, seconds, ...machine, ...results }, null, 2)}\n`)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof RangeError || (error instanceof Error && 'code' in error))) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
