/** `npm run driver:record`: logs in to a real device with the agent's own parts, listens, and writes a recording. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Failure, remediesOf } from '@netraven/protocol/failure.ts'
import { decodeSpans } from '@netraven/protocol/mask.ts'
import { defaultPorts, type Transport } from '@netraven/protocol/transport.ts'
import { systemClock } from '../agent/clock.ts'
import { type Driver, driverOver } from '../agent/driver.ts'
import { loadAll } from '../agent/loaded-drivers.ts'
import { Passphrase } from '../agent/passphrase.ts'
import { readReplayed } from '../agent/replay/reading.ts'
import { formatRecording, parseRecording, type Recording } from '../agent/replay/recording.ts'
import { Session } from '../agent/session.ts'
import type { Target } from '../agent/target.ts'
import { makeText, type Text } from '../agent/text.ts'
import { connect } from '../agent/transport/connect.ts'
import { leftIn, madeUp, replaceIn, SHORTEST } from './made-up.ts'
import { agree, ask, askSecret, Cancelled, canAsk, isUsage, UsageError } from './questions.ts'
import { Recorder } from './recorder.ts'

const HELP = `Records a session with a real device, to test its driver with.

  npm run driver:record -- --driver cisco_ios --host 192.0.2.7 --user netops --name lobby-switch
  pass show lab/switch | npm run driver:record -- --driver cisco_ios --host 192.0.2.7 --user netops --name lobby --password-stdin

It logs in with the agent's transport and session engine, runs the driver's own commands and nothing else, and writes
agent/drivers/recordings/DRIVER.NAME.session: what the device said, cut where it waited for a command, a password or a key.
The commands that you see in the file are all that were sent; none changes anything.

  --driver NAME          the driver, or an alias of it
  --host ADDRESS         name or IP address        --port N     (default: the usual one of the transport)
  --transport NAME       another way in than the driver's usual one, such as telnet
  --tls-pin sha256/…     the public key that the device must show over HTTPS, when nobody has signed its certificate
  --user NAME            who logs in
  --password-stdin       first line of standard input: the password; second line, if any: the enable password or pass phrase
  --key FILE             a private key instead; --passphrase-stdin: its passphrase is on standard input
  --host-key SHA256:…    the key that the device must show (default: any; it is printed)
  --legacy-algorithms    also old SSH algorithms, for old devices
  --name NAME            what tells this recording from others of the driver, such as old-switch
  --source TEXT          what this is, for whoever reads the file: model, release, and what about it is special
  --also FILE            further values that nobody may see, one a line: they are replaced too
  --keep-secrets         replace nothing. For a device in a laboratory, whose secrets are no secrets
  --force                write over a recording of that name
  --out FOLDER           (default: agent/drivers/recordings)

Secrets: the driver's own patterns tell which values in the session are secret. Each is replaced by a made-up one of the same
shape (letters by letters, digits by digits, "$9$" stays), everywhere in the file, and so is the password that was used. If one
can't be replaced safely, nothing is written. What no pattern finds stays: READ THE FILE before you commit it. Host names,
addresses and user names stay too.

Afterwards the recording is replayed, and must give the same text as the device gave.

Exit status: 0 done, 1 the device or the recording failed, 2 usage.`

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const

function readFlags(args: string[]) {
  return parseArgs({
    args,
    options: {
      driver: text,
      host: text,
      port: text,
      transport: text,
      'tls-pin': text,
      user: text,
      'password-stdin': flag,
      key: text,
      'passphrase-stdin': flag,
      'host-key': text,
      'legacy-algorithms': flag,
      name: text,
      source: text,
      also: text,
      'keep-secrets': flag,
      force: flag,
      out: text,
      help: flag,
    },
  }).values
}
type Flags = ReturnType<typeof readFlags>

interface Request {
  readonly driver: Driver
  readonly target: Target
  readonly enable: string | undefined
  readonly path: string
  readonly source: string
  /** Values that must not be in the file, whatever the driver finds. */
  readonly also: readonly string[]
  readonly keepSecrets: boolean
}

/** @returns undefined when the driver has no such way in */
function transportOf(wanted: string | undefined, driver: Driver | undefined): Transport | undefined {
  if (wanted === undefined) return driver?.transports[0] ?? 'ssh'
  return driver?.transports.find((one) => one === wanted)
}

/** @throws UsageError with all that is missing or wrong */
async function requestOf(flags: Flags): Promise<Request> {
  const must = async (name: 'driver' | 'host' | 'user' | 'name', message: string) => {
    if (flags[name] === undefined && canAsk())
      return ask({ message, wrong: (answer) => (answer ? undefined : 'It is needed.') })
    return flags[name] ?? ''
  }
  const drivers = await loadAll()
  const driver = drivers.find(await must('driver', 'Which driver?'))
  const host = await must('host', 'Address of the device?')
  const username = await must('user', 'Who logs in?')
  const name = await must('name', 'A name for this recording, such as old-switch?')
  const transport = transportOf(flags.transport, driver)
  const port = Number(flags.port ?? defaultPorts[transport ?? 'ssh'])
  const path = join(
    flags.out ?? fileURLToPath(new URL('../agent/drivers/recordings/', import.meta.url)),
    `${driver?.name}.${name}.session`,
  )
  const problems = [
    !driver && `--driver is ${flags.driver ?? 'missing'}; there are ${drivers.all.map((one) => one.name).join(', ')}`,
    driver && !transport && `--transport is ${flags.transport}; ${driver.name} has ${driver.transports.join(', ')}`,
    host === '' && '--host is missing',
    username === '' && '--user is missing',
    !/^[a-z\d]+(?:-[a-z\d]+)*$/.test(name) &&
      `--name is ${name || 'missing'}; it should be lower-case words with hyphens`,
    !(Number.isInteger(port) && port > 0 && port < 65_536) && `--port is ${flags.port}; it should be from 1 to 65535`,
    flags['password-stdin'] &&
      flags['passphrase-stdin'] &&
      '--password-stdin and --passphrase-stdin exclude each other',
    flags.key === undefined && !flags['password-stdin'] && !canAsk() && '--password-stdin or --key is needed',
    flags.key !== undefined && !existsSync(flags.key) && `--key ${flags.key} is no file`,
    flags.also !== undefined && !existsSync(flags.also) && `--also ${flags.also} is no file`,
    driver && existsSync(path) && !flags.force && `${path} is there already; --force writes over it`,
  ].filter((problem) => typeof problem === 'string')
  if (!driver || !transport || problems.length > 0) throw new UsageError(problems.join('\n'))
  const [first, second] = await secretsFrom(flags, driver)
  return {
    driver,
    target: {
      transport,
      driver: driverOver(driver, transport),
      name: host,
      address: host,
      port,
      username,
      ...(flags.key === undefined
        ? { password: first }
        : { privateKey: readFileSync(flags.key, 'utf8'), passphrase: first }),
      hostKey: flags['host-key'],
      options: {
        legacyAlgorithms: flags['legacy-algorithms'],
        ...(flags['tls-pin'] === undefined ? {} : { tlsPin: flags['tls-pin'] }),
      },
      timeoutMs: 30_000,
    },
    enable: second,
    path,
    source: flags.source ?? `${driver.title}, recorded with npm run driver:record`,
    also: flags.also === undefined ? [] : linesOf(readFileSync(flags.also, 'utf8')),
    keepSecrets: flags['keep-secrets'],
  }
}

async function secretsFrom(flags: Flags, driver: Driver): Promise<(string | undefined)[]> {
  if (flags['password-stdin'] || flags['passphrase-stdin']) return linesOf(await readAll(process.stdin))
  const passphrase = async () => (Passphrase.isWantedBy(driver) ? askSecret('Which pass phrase?') : undefined)
  if (flags.key !== undefined) return [undefined, await passphrase()]
  const password = await askSecret(`Password of ${flags.user ?? 'the user'}?`)
  const another = driver.enable && (await agree('Is the enable password another one?'))
  return [password, another ? await askSecret('Enable password?') : await passphrase()]
}

function linesOf(said: string): string[] {
  return said.split(/\r?\n/).filter((line) => line !== '')
}

interface Taken {
  readonly recording: Recording
  readonly text: Text
}

async function take({ target, enable, source }: Request): Promise<Taken> {
  const cancel = new AbortController()
  process.once('SIGINT', () => cancel.abort(new Failure('CANCELLED')))
  const { driver } = target
  const connection = await connect(target, { signal: cancel.signal })
  try {
    console.log(`logged in${connection.hostKey === undefined ? '' : `; the host key is ${connection.hostKey}`}`)
    const recorder = new Recorder(driver, Passphrase.of(driver, { enable }))
    const session = await Session.open({
      driver,
      connection: recorder.listen(connection),
      secret: { password: target.password, enable },
      options: {},
      clock: systemClock,
      signal: cancel.signal,
    })
    const text = makeText(driver, await session.read(), { secrets: 'keep' })
    const recording = recorder.recording({ evidence: 'real', source })
    session.leave()
    return { recording, text }
  } finally {
    connection.close()
  }
}

/** @returns the recording to write, or why there is none */
function withoutSecrets(
  { recording, text }: Taken,
  request: Request,
): { recording: Recording } | { problems: string[] } {
  const found = decodeSpans(text.spans, text.text.length).map(([from, to]) =>
    text.text.slice(from, to).replace(/^"|"$/g, ''),
  )
  const own = [request.target.password, request.target.passphrase, request.enable].filter(
    (value) => value !== undefined,
  )
  const all = [...new Set([...found, ...own.filter((value) => leftIn(recording, [value]).length > 0), ...request.also])]
  console.log(`the driver's patterns find ${new Set(found).size} secrets in ${found.length} places`)
  if (request.keepSecrets) return { recording: { ...recording, secrets: all } }
  const multiline = all.filter((value) => value.includes('\n'))
  const parts = [...all.filter((value) => !value.includes('\n')), ...multiline.flatMap((value) => linesOf(value))]
  const short = parts.filter((value) => value.length < SHORTEST)
  const replacements = new Map(
    parts.filter((value) => value.length >= SHORTEST).map((value) => [value, madeUp(value, Math.random)]),
  )
  const clean = replaceIn(recording, replacements)
  const left = leftIn(clean, replacements.keys())
  const where = (value: string) => `line ${text.text.slice(0, text.text.indexOf(value)).split('\n').length} of the text`
  const problems = [
    ...short.map(
      (value) => `the secret at ${where(value)} is too short to be replaced everywhere (${value.length} characters)`,
    ),
    ...left.map((value) => `the secret at ${where(value)} stands within another word, or is wrapped over two lines`),
  ]
  return problems.length > 0 ? { problems } : { recording: clean }
}

async function replaysAlike(recording: Recording, driver: Driver, text: Text, keepSecrets: boolean): Promise<boolean> {
  const again = await readReplayed(driver, parseRecording(formatRecording(recording)), { secrets: 'keep' })
  const lengths = (one: Text) =>
    one.text
      .split('\n')
      .map((line) => line.length)
      .join()
  return keepSecrets ? again.text === text.text : lengths(again) === lengths(text) && again.verdict === text.verdict
}

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args)
  if (flags.help) {
    console.log(HELP)
    return 0
  }
  const request = await requestOf(flags)
  const taken = await take(request)
  for (const reason of taken.text.reasons) console.error(`the read is suspect: ${reason}`)
  const made = withoutSecrets(taken, request)
  if ('problems' in made) {
    for (const problem of made.problems) console.error(problem)
    console.error('Nothing was written. Change these on the device, or say --keep-secrets when they are no secrets.')
    return 1
  }
  const { recording } = made
  mkdirSync(join(request.path, '..'), { recursive: true })
  writeFileSync(request.path, formatRecording(recording))
  console.log(
    `${request.path} written: ${recording.runs.size} commands, ${recording.secrets.length} ${request.keepSecrets ? 'secrets as they were' : 'made-up secrets'}`,
  )
  if (!(await replaysAlike(recording, request.driver, taken.text, request.keepSecrets))) {
    console.error('Replayed, it does not give the text that the device gave: look at it before you use it.')
    return 1
  }
  console.log(`It replays to the same text. What is left:
  1. Read the file: host names, addresses, user names and whatever no pattern found are still in it.
  2. UPDATE_EXPECTED=1 npx vitest run --project unit agent/drivers
     and read what it wrote beside the recording: no secret in .masked, no clock in .expected.`)
  return taken.text.verdict === 'complete' ? 0 : 1
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    if (error instanceof Failure) {
      console.error(error.line)
      for (const step of remediesOf(error)) console.error(`  ${step}`)
      process.exitCode = 1
    } else if (isUsage(error) || error instanceof Cancelled) {
      console.error(error.message)
      process.exitCode = 2
    } else {
      throw error
    }
  }
}
