/** The field of the bench: a hub on its embedded database, a fleet of replayed switches, an agent; each its own process. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { Run, StartedRun } from '../../hub/api/run.ts'
import { generousLimits } from '../field.ts'
import { must, netraven, netravenAgent, type Running, startAgent, startHub } from '../processes.ts'
import { type ReplayProcess, startReplayProcess } from '../replay-device/replay-process.ts'
import { type ByteCounter, startByteCounter } from './byte-counter.ts'

export interface BenchOptions {
  readonly devices: number
  /** Of each device before each reply, ms. */
  readonly latencyMs: number
  /** Devices read at once. */
  readonly sessions: number
}

const ADMIN_PASSWORD = 'bench-administrator'
const DEVICE_LOGIN = { username: 'netraven', password: 'replay-password', enable: 'fleet-enable' }
const POLL_MS = 500

export class BenchField {
  readonly hub: Running & { readonly url: string }
  readonly fleet: ReplayProcess
  readonly #undo: (() => Promise<unknown>)[]
  readonly #folder: string
  readonly #options: BenchOptions
  #token = ''

  static async open(options: BenchOptions): Promise<BenchField> {
    const folder = await mkdtemp(join(tmpdir(), 'netraven-bench-'))
    // Else PostgreSQL's user could not enter, and the hub, when root, would keep its database elsewhere.
    await chmod(folder, 0o711)
    const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
    try {
      const faults = JSON.stringify({ latencyMs: options.latencyMs })
      const fleet = await startReplayProcess(['--count', String(options.devices), '--faults', faults])
      undo.push(() => fleet.stop())
      // One administrator asks on behalf of a whole fleet: what is measured is the work, not the limits.
      const hub = await startHub({
        ...generousLimits,
        NETRAVEN_DATA_DIR: join(folder, 'hub'),
        NETRAVEN_ADMIN_PASSWORD: ADMIN_PASSWORD,
      })
      undo.push(() => hub.kill())
      const field = new BenchField(hub, fleet, undo, folder, options)
      await field.#furnish()
      return field
    } catch (error) {
      await undoAll(undo)
      throw error
    }
  }

  private constructor(
    hub: Running & { readonly url: string },
    fleet: ReplayProcess,
    undo: (() => Promise<unknown>)[],
    folder: string,
    options: BenchOptions,
  ) {
    this.hub = hub
    this.fleet = fleet
    this.#undo = undo
    this.#folder = folder
    this.#options = options
  }

  /** An agent on its own, straight at the hub or through a counter of bytes. Stop one before the next is started. */
  async agent(name: string, counter?: ByteCounter): Promise<Running> {
    const dir = join(this.#folder, name)
    await mkdir(dir)
    const token = await must(this.#cli(['enrollment-tokens', 'create', '--site', 'bench']))
    const url = counter ? `http://127.0.0.1:${counter.port}` : this.hub.url
    await must(netravenAgent(['enroll', '--hub', url, '--token', token, '--dir', dir, '--name', name]))
    const agent = await startAgent(dir, { NETRAVEN_CONCURRENCY: String(this.#options.sessions) })
    this.#undo.push(() => agent.kill())
    return agent
  }

  async counter(): Promise<ByteCounter> {
    const { hostname, port } = new URL(this.hub.url)
    const counter = await startByteCounter({ host: hostname, port: Number(port) })
    this.#undo.push(() => counter.close())
    return counter
  }

  /** Backs up every device and waits for the end. */
  async run(): Promise<Run> {
    let run: Run = StartedRun.parse(await this.#api('/api/runs', { all: true }))
    while (run.state === 'running') {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      run = Run.parse(await this.#api(`/api/runs/${run.id}`))
    }
    return run
  }

  close(): Promise<void> {
    return undoAll(this.#undo)
  }

  async #furnish(): Promise<void> {
    await must(this.#cli(['login', '--hub', this.hub.url, '--user', 'admin', '--password-stdin'], ADMIN_PASSWORD))
    await must(this.#cli(['sites', 'add', 'bench']))
    const { username, password, enable } = DEVICE_LOGIN
    const rows = this.fleet.devices.map(
      ({ name, address, port }) => `${name},${address},${port},cisco_ios,${username},${password},${enable}`,
    )
    const csv = join(this.#folder, 'devices.csv')
    await writeFile(csv, `name,address,port,driver,username,password,enable\n${rows.join('\n')}\n`)
    await must(this.#cli(['devices', 'import', csv, '--site', 'bench']))
    const Token = z.object({ access_token: z.string() })
    const answer = await this.#api('/api/auth/token', { username: 'admin', password: ADMIN_PASSWORD })
    this.#token = Token.parse(answer).access_token
  }

  #cli(args: readonly string[], input = '') {
    return netraven(args, { XDG_CONFIG_HOME: join(this.#folder, 'config') }, input)
  }

  async #api(path: string, question?: object): Promise<unknown> {
    const response = await fetch(new URL(path, this.hub.url), {
      headers: {
        'content-type': 'application/json',
        ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      ...(question ? { method: 'POST', body: JSON.stringify(question) } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }
}

async function undoAll(undo: (() => Promise<unknown>)[]): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) await step()
}
