/**
 * The whole product in half a minute: a device, a hub, an agent; a backup, the same again, a change and its difference. All of it
 * through the real commands, in a folder of its own that goes at the end. Nothing is left running, also after Ctrl-C or a
 * failure; with `--keep` it stays up until Ctrl-C and tells how to go on.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'
import { type DemoDevice, startDevice } from './demo-device.ts'
import { type Meter, startMeter } from './demo-meter.ts'
import { Processes, Stopped } from './demo-processes.ts'

const DEVICE = 'edge1'
/** Lines of a configuration that are shown at once. */
const SHOWN_LINES = 40

const HELP = `usage: npm run demo [-- OPTIONS]

  --keep            stay up at the end, until Ctrl-C, and tell how to go on
  --device KIND     frr, openssh or replay instead of the best that this machine has
`

const paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'cyan', text: string) => styleText(style, text)
const say = (text = '') => console.log(text)

class Demo {
  readonly #undo: (() => Promise<unknown>)[] = []
  readonly #processes: Processes
  readonly #folder: string
  #number = 0

  constructor(folder: string) {
    this.#folder = folder
    this.#processes = new Processes({
      XDG_CONFIG_HOME: join(folder, 'login'),
      NO_COLOR: '1',
      // A dozen short commands follow: each starts twice as fast with the others' compiled code.
      NODE_COMPILE_CACHE: fileURLToPath(new URL('../.cache/compile', import.meta.url)),
    })
    this.#undo.push(() => rm(folder, { recursive: true, force: true }))
  }

  stop(): void {
    this.#processes.stop()
  }

  /** Ends what was started, last first; tells what could not be. */
  async undo(): Promise<void> {
    for (const step of this.#undo.reverse()) {
      await step().catch((error: unknown) => say(paint('red', `could not clean up: ${messageOf(error)}`)))
    }
  }

  async tell(kinds: readonly ('frr' | 'openssh' | 'replay')[]): Promise<{ hubUrl: string; password: string }> {
    const device = await this.#startDevice(kinds)
    const { hubUrl, password } = await this.#startHub()
    const meter = await startMeter(hubUrl)
    this.#undo.push(() => meter.close())
    await this.#startAgent(meter)
    await this.#addDevice(device)
    await this.#firstBackup(device, meter)
    await this.#secondBackup(meter)
    await this.#change(device)
    return { hubUrl, password }
  }

  async #startDevice(kinds: readonly ('frr' | 'openssh' | 'replay')[]): Promise<DemoDevice> {
    const device = await startDevice((line) => say(paint('dim', `   ${line}`)), kinds)
    this.#undo.push(() => device.stop())
    this.#processes.check()
    this.#title(`A device: ${device.what}`)
    say(`   It listens on ${device.address}, port ${device.port}.`)
    return device
  }

  async #startHub() {
    this.#title('A hub, with a PostgreSQL of its own')
    const password = randomBytes(12).toString('base64url')
    const hub = this.#processes.service('hub/netraven.js', ['hub'], {
      HUB_PORT: '0',
      NETRAVEN_DATA_DIR: join(this.#folder, 'hub'),
      NETRAVEN_ADMIN_PASSWORD: password,
      SHUTDOWN_TIMEOUT_MS: '2000',
    })
    this.#undo.push(() => hub.stop())
    const [, hubUrl = ''] = await hub.says(/"url":"([^"]+)"/, 60_000)
    say(`   It listens on ${hubUrl}.`)
    await this.#netraven(['login', '--hub', hubUrl, '--user', 'admin', '--password-stdin'], `${password}\n`)
    await this.#netraven(['sites', 'add', 'demo'])
    return { hubUrl, password }
  }

  async #startAgent(meter: Meter): Promise<void> {
    this.#title('An agent, which dials out to the hub and listens on nothing')
    const token = (await this.#netraven(['enrollment-tokens', 'create', '--site', 'demo'], '', quiet)).trim()
    const dir = join(this.#folder, 'agent')
    const enrol = ['enroll', '--hub', meter.url, '--token', token, '--dir', dir, '--name', 'jump-host']
    await this.#run('netraven-agent', 'agent/netraven-agent.js', enrol, '', indent, enrol.with(4, 'nre_…'))
    const agent = this.#processes.service('agent/netraven-agent.js', ['run', '--dir', dir])
    this.#undo.push(() => agent.stop())
    await agent.says(/connected to the hub/, 30_000)
  }

  async #addDevice({ address, port, driver, username, password }: DemoDevice): Promise<void> {
    this.#title('How to log in to the device, and what it is')
    await this.#netraven(['credentials', 'add', 'lab', '--username', username, '--password-stdin'], `${password}\n`)
    const place = ['--address', address, '--port', String(port), '--driver', driver]
    await this.#netraven(['devices', 'add', DEVICE, '--site', 'demo', ...place, '--credential', 'lab'])
  }

  async #firstBackup(device: DemoDevice, meter: Meter): Promise<void> {
    this.#title('The first backup')
    const sent = await this.#metered(meter, () => this.#netraven(['backup', 'run', '--all', '--wait']))
    const text = await this.#netraven(['backup', 'show', '--device', DEVICE], '', excerptAround(device.secret))
    const [version] = JSON.parse(await this.#netraven(['backup', 'list', '--device', DEVICE, '--json'], '', quiet))
    say(
      `   The hub keeps ${version.sizeBytes.toLocaleString('en')} bytes; secrets are shown masked (${masksIn(text)} here).`,
    )
    say(`   sha256 ${paint('cyan', version.contentHash)}, signed by the agent`)
    say(`   ${sent} bytes crossed the link between agent and hub, both directions.`)
  }

  async #secondBackup(meter: Meter): Promise<void> {
    this.#title('The same again: nothing has changed')
    const sent = await this.#metered(meter, () => this.#netraven(['backup', 'run', '--all', '--wait']))
    say(`   ${paint('green', 'unchanged')}: ${sent} bytes crossed the link, both directions; no text was sent.`)
  }

  async #change(device: DemoDevice): Promise<void> {
    this.#title('A change on the device')
    say(`   Changed by hand: ${await device.change()}.`)
    await this.#netraven(['backup', 'run', '--all', '--wait'])
    await this.#netraven(['backup', 'diff', '--device', DEVICE], '', paintDiff)
    await this.#netraven(['backup', 'verify', '--device', DEVICE])
  }

  /** @returns bytes that crossed the link until it was silent again */
  async #metered(meter: Meter, work: () => Promise<unknown>): Promise<string> {
    const before = await meter.silent()
    await work()
    return ((await meter.silent()) - before).toLocaleString('en')
  }

  #title(text: string): void {
    this.#number += 1
    say(`\n${paint('bold', `${this.#number}. ${text}`)}`)
  }

  #netraven(args: readonly string[], input = '', show = indent): Promise<string> {
    return this.#run('netraven', 'hub/netraven.js', args, input, show, args)
  }

  async #run(
    name: string,
    file: string,
    args: readonly string[],
    input: string,
    show: (output: string) => string,
    shownArgs: readonly string[],
  ): Promise<string> {
    say(`   ${paint('dim', '$')} ${paint('cyan', [name, ...shownArgs].join(' '))}`)
    const output = await this.#processes.command(file, args, input)
    const shown = show(output.trimEnd())
    if (shown !== '') say(shown)
    return output
  }
}

const indent = (text: string) => text.replaceAll(/^/gm, '   ')
const quiet = () => ''
const masksIn = (text: string) => text.match(/<secret:[0-9a-f]+>/g)?.length ?? 0

/** The beginning of a long text, and the lines around a place in it. */
function excerptAround(mark: string): (text: string) => string {
  return (text) => {
    const lines = text.split('\n')
    const at = lines.findIndex((line) => line.includes(mark))
    const wanted = new Set(lines.map((_, number) => number).slice(0, SHOWN_LINES))
    if (lines.length > SHOWN_LINES) {
      wanted.clear()
      for (let number = 0; number < 12; number += 1) wanted.add(number)
      for (let number = Math.max(at - 3, 0); number <= at + 3 && number < lines.length; number += 1) wanted.add(number)
    }
    const shown = lines.flatMap((line, number) => {
      if (wanted.has(number))
        return [`   ${paint('dim', '│')} ${line.replaceAll(/<secret:\w+>/g, paint('green', '$&'))}`]
      return wanted.has(number - 1) ? [`   ${paint('dim', '│ …')}`] : []
    })
    return shown.join('\n')
  }
}

function paintDiff(text: string): string {
  const colours = { '+': 'green', '-': 'red', '@': 'cyan' } as const
  const colourOf = (line: string) => Object.entries(colours).find(([start]) => line.startsWith(start))?.[1] ?? 'dim'
  return text
    .split('\n')
    .map((line) => `   ${paint('dim', '│')} ${paint(colourOf(line), line)}`)
    .join('\n')
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function howToGoOn(folder: string, hubUrl: string, password: string): string {
  return `
${paint('bold', 'It stays up until Ctrl-C.')} In another terminal, in this folder:

   export PATH="$PWD/node_modules/.bin:$PATH"
   export XDG_CONFIG_HOME=${join(folder, 'login')}      # where the demo logged in
   netraven devices list
   netraven backup list
   netraven backup show --device ${DEVICE} --raw      # with secrets; the hub writes down who asked
   netraven explain TCP_TIMEOUT

   Your own device: netraven devices add --help, then netraven backup run --device NAME --wait
   The API: ${hubUrl}/api/openapi.json, user admin, password ${password}`
}

/** @returns exit status */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean' }, device: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  const kinds = (['frr', 'openssh', 'replay'] as const).filter((kind) =>
    [undefined, kind].includes(values.device as never),
  )
  if (values.help || kinds.length === 0) {
    say(HELP)
    return values.help ? 0 : 2
  }
  const startedMs = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'netraven-demo-'))
  // PostgreSQL runs as another user when we are root, and has to pass.
  await chmod(folder, 0o711)
  const demo = new Demo(folder)
  const signal = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        demo.stop()
        resolve(name)
      })
    }
  })
  say(`${paint('bold', 'NetRaven demo')}  everything is in ${folder} and goes at the end`)
  try {
    const { hubUrl, password } = await demo.tell(kinds)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
    say(`\n${paint('green', `That was it, in ${seconds} s.`)}`)
    if (values.keep) {
      say(howToGoOn(folder, hubUrl, password))
      await signal
    }
    return 0
  } catch (error) {
    if (error instanceof Stopped) return 130
    say(`\n${paint('red', 'The demo failed:')} ${messageOf(error)}`)
    return 1
  } finally {
    await demo.undo()
    say('Everything has been stopped and removed.')
  }
}

process.exitCode = await main()
