/**
 * A whole field for tests: a hub on a real database, agents enrolled by the command line, replayed devices imported from CSV. All
 * of it processes, all of it loopback, all of it gone at the end.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Environment,
  type Finished,
  must,
  netraven,
  netravenAgent,
  type Running,
  type RunningHub,
  startAgent,
  startHub,
} from './processes.ts'
import { CATALYST_NAME, catalystRecording } from './replay-device/catalyst.ts'
import { type ReplayFleet, startReplayFleet } from './replay-device/replay-device.ts'

export const ADMIN_PASSWORD = 'canary-admin-password'
export const DEVICE_PASSWORD = 'canary-device-password'
export const ENABLE_PASSWORD = 'canary-enable-password'

/** Tests call as often as they like. */
export const generousLimits: Environment = {
  API_LIMIT_PER_MINUTE: '1000000',
  ANONYMOUS_LIMIT_PER_MINUTE: '1000000',
  HEAVY_LIMIT_PER_MINUTE: '1000000',
  CONTENT_LIMIT_PER_MINUTE: '1000000',
  LOGIN_LIMIT_PER_15_MINUTES: '1000000',
  FORGOT_PASSWORD_LIMIT_PER_15_MINUTES: '1000000',
  ENROLL_LIMIT_PER_MINUTE: '1000000',
  AGENT_LIMIT_PER_MINUTE: '1000000',
}

export interface FieldOptions {
  /** Absent: the hub runs its embedded one. */
  readonly databaseUrl?: string
  readonly devices: number
  /** How many agents are enrolled at the one site. */
  readonly agents: number
  readonly hubEnv?: Environment
  readonly agentEnv?: Environment
  /** Where the agents believe the hub to be; default: where it is. */
  readonly agentsDial?: (hubUrl: string) => Promise<string>
}

export class Field {
  readonly folder: string
  readonly fleet: ReplayFleet
  readonly hubEnv: Environment
  readonly agentEnv: Environment
  readonly agentFolders: string[] = []
  readonly everything: Running[] = []
  hub: RunningHub
  #loggedIn = ''

  private constructor(folder: string, fleet: ReplayFleet, hub: RunningHub, hubEnv: Environment, agentEnv: Environment) {
    this.folder = folder
    this.fleet = fleet
    this.hub = hub
    this.hubEnv = hubEnv
    this.agentEnv = agentEnv
    this.everything.push(hub)
  }

  static async open(options: FieldOptions): Promise<Field> {
    const folder = await mkdtemp(join(tmpdir(), 'netraven-field-'))
    // Else PostgreSQL's user could not enter, and the hub, when root, would keep its database elsewhere.
    await chmod(folder, 0o711)
    const login = { username: 'backup', password: DEVICE_PASSWORD }
    const recording = catalystRecording()
    const fleet = await startReplayFleet({ recording, login, count: options.devices, nameInRecording: CATALYST_NAME })
    const hubEnv: Environment = {
      HUB_PORT: String(await freePort()),
      NETRAVEN_DATA_DIR: join(folder, 'hub'),
      NETRAVEN_ADMIN_PASSWORD: ADMIN_PASSWORD,
      LOG_LEVEL: 'trace',
      ...generousLimits,
      // A second try of a busy device has tests of its own; here it would only be waited for.
      RETRY_AFTER_MS: '0',
      ...(options.databaseUrl ? { DATABASE_URL: options.databaseUrl } : {}),
      ...options.hubEnv,
    }
    const hub = await startHub(hubEnv)
    const field = new Field(folder, fleet, hub, hubEnv, { LOG_LEVEL: 'trace', ...options.agentEnv })
    try {
      await field.#furnish(options)
    } catch (error) {
      await field.close()
      throw error
    }
    return field
  }

  async #furnish({ agents, agentsDial = async (url) => url }: FieldOptions): Promise<void> {
    await must(this.cli(['login', '--hub', this.hub.url, '--user', 'admin', '--password-stdin'], ADMIN_PASSWORD))
    await must(this.cli(['sites', 'add', 'lab']))
    for (let number = 1; number <= agents; number++) {
      const token = await must(this.cli(['enrollment-tokens', 'create', '--site', 'lab']))
      const dir = join(this.folder, `agent${number}`)
      await mkdir(dir)
      const hub = await agentsDial(this.hub.url)
      await must(netravenAgent(['enroll', '--hub', hub, '--token', token, '--dir', dir, '--name', `agent${number}`]))
      this.agentFolders.push(dir)
    }
    const rows = this.fleet.devices.map(
      (device) => `${device.name},127.0.0.1,${device.port},ios,backup,${DEVICE_PASSWORD},${ENABLE_PASSWORD}`,
    )
    const csv = join(this.folder, 'devices.csv')
    await writeFile(csv, `name,address,port,driver,username,password,enable\n${rows.join('\n')}\n`)
    await must(this.cli(['devices', 'import', csv, '--site', 'lab']))
  }

  /** A `netraven` command of the one who is logged in. */
  cli(args: readonly string[], input = ''): Promise<Finished> {
    return netraven(args, this.cliEnv, input)
  }

  /** Where the login of the one who is logged in is kept. */
  get cliEnv(): Environment {
    return { XDG_CONFIG_HOME: join(this.folder, 'config') }
  }

  /** A `netraven` command that prints JSON. */
  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await must(this.cli([...args, '--json']))) as T
  }

  /** A call of the API, as the logged-in user. */
  async api(path: string, init: RequestInit = {}): Promise<Response> {
    if (this.#loggedIn === '') {
      const body = JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD })
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${this.hub.url}/api/auth/token`, { method: 'POST', headers, body })
      if (!response.ok) throw new Error(`login: ${response.status}`)
      this.#loggedIn = ((await response.json()) as { access_token: string }).access_token
    }
    return fetch(`${this.hub.url}/api${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.#loggedIn}`, ...init.headers },
    })
  }

  /** Starts the agent of this number, from 1. */
  async agent(number: number, options: { connected?: boolean } = {}): Promise<Running> {
    const agent = await startAgent(this.agentFolders[number - 1] ?? '', this.agentEnv, options)
    this.everything.push(agent)
    return agent
  }

  /** Starts the hub again, after it was killed. */
  async hubAgain(): Promise<void> {
    this.hub = await startHub(this.hubEnv)
    this.everything.push(this.hub)
  }

  /** Everything that any process of this field printed. */
  get output(): string {
    return this.everything.map((one) => one.output).join('\n')
  }

  async close(): Promise<void> {
    for (const one of [...this.everything].reverse()) await one.kill()
    await this.fleet.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
