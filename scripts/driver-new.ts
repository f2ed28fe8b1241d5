/** `npm run driver:new`: begins a driver. Asks at a terminal for whatever the flags leave open. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadAll } from '../agent/loaded-drivers.ts'
import { changelogWith, driverFile, indexWith, type NewDriver, problemsOf, recordingSkeleton } from './driver-files.ts'
import { agree, ask, Cancelled, canAsk, choose, isUsage, UsageError } from './questions.ts'

const HELP = `Begins a driver: how to read one operating system.

  npm run driver:new                                asks everything
  npm run driver:new -- --name acme_os --title 'Acme OS' --config 'admin display-config' \\
      --complete '^# Finished' --prompt '^[AB]:[\\w.-]+# ?$'

It writes four things, and changes nothing else:
  agent/drivers/NAME.ts                      the driver, at most 80 lines of data
  agent/drivers/index.ts                     its line, sorted
  agent/drivers/recordings/NAME.first.session  a recording to be filled; better, record a device: npm run driver:record
  CHANGELOG.md                               a line under Unreleased
and then runs npm run generate.

  --name vendor_os       the driver's and its file's name
  --title TEXT           the system as its vendor writes it
  --aliases a,b          what Oxidized, netmiko and RANCID call it, and what people say (default: none)
  --channel shell|exec   one interactive session, or a channel for each command (default: shell). An exec channel is
                         better where the device offers one: no pager, no prompt, and its end ends the output
  --comment TEXT         what starts a comment line in this configuration (default: "! ")
  --prompt REGEX         the prompt, anchored with ^ and $ (default: ^[\\w.-]+[>#] ?$)
  --pager-off COMMAND    what turns paging off for this session (default: nothing; then the pager is answered)
  --version COMMAND      what prints model, version and serial number (default: show version; '' for none)
  --config COMMAND       what prints the whole configuration (default: show running-config)
  --complete REGEX       what only a whole configuration has, tested with the flag m (default: ^end$). Think hard about it:
                         it is what tells a backup from half a one
  --enable               a user may have to gain privilege by "enable"
  --recording NAME       name of the recording (default: first)
  --dry-run              shows what would be written and writes nothing
  --help                 this

Exit status: 0 done, 1 the files are not as expected, 2 wrong or missing answers.`

const root = new URL('../', import.meta.url)

interface Flags {
  readonly answers: Partial<NewDriver>
  readonly recording: string
  readonly dryRun: boolean
}

const defaults = {
  aliases: [],
  channel: 'shell',
  comment: '! ',
  prompt: '^[\\w.-]+[>#] ?$',
  version: 'show version',
  config: 'show running-config',
  complete: '^end$',
  enable: false,
} as const satisfies Partial<NewDriver>

/** @returns undefined when help was asked for @throws UsageError for an unknown flag */
function readFlags(args: string[]): Flags | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args,
    options: {
      name: text,
      title: text,
      aliases: text,
      channel: text,
      comment: text,
      prompt: text,
      'pager-off': text,
      version: text,
      config: text,
      complete: text,
      recording: { ...text, default: 'first' },
      enable: { type: 'boolean' },
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { name, title, channel, comment, prompt, version, config, complete, enable } = values
  if (channel !== undefined && channel !== 'shell' && channel !== 'exec') {
    throw new UsageError(`--channel is ${channel}; it should be shell or exec`)
  }
  if (!/^[a-z\d-]+$/.test(values.recording)) throw new UsageError('--recording should be lower-case words with hyphens')
  const answers = {
    name,
    title,
    aliases: values.aliases === undefined ? undefined : words(values.aliases),
    channel,
    comment,
    prompt,
    pagerOff: values['pager-off'],
    version,
    config,
    complete,
    enable,
  }
  const known = Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== undefined))
  return { answers: known, recording: values.recording, dryRun: values['dry-run'] }
}

function words(text: string): string[] {
  return text.split(',').flatMap((word) => word.trim().toLowerCase() || [])
}

async function questionnaire(known: Partial<NewDriver>, taken: ReadonlySet<string>): Promise<NewDriver> {
  const wrongIn = (field: keyof NewDriver) => (answer: string) => {
    const value = field === 'aliases' ? words(answer) : answer
    const trial = { name: 'vendor_os', title: 'x', ...defaults, ...known, [field]: value }
    return problemsOf(trial, taken).find((problem) => problem.startsWith(`${field}:`))
  }
  const text = (
    field: 'name' | 'title' | 'comment' | 'prompt' | 'config' | 'complete',
    message: string,
    fallback?: string,
  ) => known[field] ?? ask({ message, wrong: wrongIn(field), ...(fallback === undefined ? {} : { fallback }) })
  const name = await text('name', 'Name of the driver, vendor_os')
  const title = await text('title', 'The system as its vendor writes it')
  const aliases =
    known.aliases ??
    words(await ask({ message: 'Other names, with commas between', fallback: '', wrong: wrongIn('aliases') }))
  const channel =
    known.channel ??
    (await choose<NewDriver['channel']>('How are commands sent?', [
      ['shell', 'one interactive session'],
      ['exec', 'a channel for each command (better, where the device offers it)'],
    ]))
  const enable = known.enable ?? (channel === 'shell' && (await agree('May "enable" be needed to see everything?')))
  const comment = await text('comment', 'What starts a comment line in its configuration?', defaults.comment)
  const prompt = await text('prompt', 'Pattern of its prompt, from ^ to $', defaults.prompt)
  const pagerOff =
    known.pagerOff ??
    (channel === 'exec' ? '' : await ask({ message: 'What turns paging off? (empty: nothing does)', fallback: '' }))
  const version =
    known.version ?? (await ask({ message: 'What prints model and version?', fallback: defaults.version }))
  const config = await text('config', 'What prints the whole configuration?', defaults.config)
  const complete = await text('complete', 'What has only a whole one? A pattern', defaults.complete)
  return { name, title, aliases, channel, enable, comment, prompt, pagerOff, version, config, complete }
}

/** Path from the root of the repository and its new text. */
function filesOf(answers: NewDriver, recording: string): [path: string, text: string][] {
  const now = (path: string) => readFileSync(new URL(path, root), 'utf8')
  return [
    [`agent/drivers/${answers.name}.ts`, driverFile(answers)],
    [`agent/drivers/recordings/${answers.name}.${recording}.session`, recordingSkeleton(answers)],
    ['agent/drivers/index.ts', indexWith(now('agent/drivers/index.ts'), answers.name)],
    ['CHANGELOG.md', changelogWith(now('CHANGELOG.md'), answers)],
  ]
}

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args)
  if (!flags) {
    console.log(HELP)
    return 0
  }
  const drivers = await loadAll()
  const taken = new Set(drivers.all.flatMap(({ name, aliases }) => [name, ...aliases]))
  const answers: NewDriver = canAsk()
    ? await questionnaire(flags.answers, taken)
    : { name: '', title: '', ...defaults, ...flags.answers }
  const problems = problemsOf(answers, taken)
  if (problems.length > 0) {
    for (const problem of problems) console.error(problem)
    console.error('Nothing was written. npm run driver:new -- --help tells what each answer means.')
    return 2
  }
  const files = filesOf(answers, flags.recording)
  if (flags.dryRun) {
    for (const [path, text] of files.slice(0, 2)) console.log(`--- ${path}\n${text}`)
    for (const [path] of files.slice(2)) console.log(`--- ${path}: one line more`)
    return 0
  }
  const [driver] = files[0] ?? []
  if (driver && existsSync(new URL(driver, root))) {
    console.error(`${driver} is there already. Nothing was written.`)
    return 1
  }
  for (const [path, text] of files) {
    writeFileSync(new URL(path, root), text)
    console.log(`${path} written`)
  }
  const generated = spawnSync(process.execPath, [new URL('generate.ts', import.meta.url).pathname], {
    stdio: 'inherit',
  })
  console.log(`
What is left:
  1. Finish agent/drivers/${answers.name}.ts: what is volatile, where secrets stand, which notes to keep.
  2. Record a device:   npm run driver:record -- --driver ${answers.name} --host … --user … --name ${flags.recording} --force
     or fill            agent/drivers/recordings/${answers.name}.${flags.recording}.session by hand.
  3. UPDATE_EXPECTED=1 npx vitest run --project unit agent/drivers
     and read what it wrote beside the recording: no secret in .masked, no clock in .expected.
  4. npm run generate    since the driver has changed.`)
  return generated.status === 0 ? 0 : 1
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    if (!(isUsage(error) || error instanceof RangeError || error instanceof Cancelled)) throw error
    console.error(error.message)
    process.exitCode = error instanceof RangeError ? 1 : 2
  }
}
