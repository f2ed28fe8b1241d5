/** The files of a new driver, made from a few answers. Pure: text in, text out. */

export interface NewDriver {
  /** `vendor_os`; the file's name. */
  readonly name: string
  /** As the vendor writes it. */
  readonly title: string
  readonly aliases: readonly string[]
  readonly channel: 'shell' | 'exec'
  /** What starts a comment line in this configuration. */
  readonly comment: string
  /** Source of the pattern of the prompt, anchored. */
  readonly prompt: string
  /** What turns paging off; absent: the pager is answered. */
  readonly pagerOff?: string | undefined
  /** What prints the version; absent: nothing is noted. */
  readonly version?: string | undefined
  /** What prints the whole configuration. */
  readonly config: string
  /** Source of the pattern that only a whole configuration fits. */
  readonly complete: string
  /** Whether a user may have to gain privilege by `enable`. */
  readonly enable: boolean
}

/** Words that change a device, or may. */
const CHANGES =
  /(?<![\w-])(?:configure|config|conf|write|copy|delete|erase|format|reload|reboot|commit|clear|reset|no|undo)(?![\w-])/

/**
 * @param known names and aliases of the drivers that there are
 * @returns one line for each answer that is wrong; none: they fit together
 */
export function problemsOf(answers: NewDriver, known: ReadonlySet<string>): string[] {
  const { name, title, aliases, channel, comment, prompt, config, complete, enable } = answers
  const problems: (string | false)[] = [
    !/^[a-z][a-z\d]*_[a-z\d]+$/.test(name) && `name: ${name || 'nothing'}; it should be vendor_os, such as nokia_sros`,
    title.trim() === '' && 'title: it is empty; write the system as its vendor does',
    ...[name, ...aliases].map((one) => known.has(one) && `${one === name ? 'name' : 'aliases'}: ${one} is taken`),
    ...aliases.map(
      (one) => !/^[a-z\d][a-z\d._-]*$/.test(one) && `aliases: ${one || 'nothing'} should be one lower-case word`,
    ),
    new Set([name, ...aliases]).size <= aliases.length && 'aliases: one stands there twice, or is the name',
    channel === 'exec' && enable && 'enable: there is none on an exec channel',
    comment.trim() === '' && 'comment: it is empty; what starts a comment line, such as "! "',
    ...wrongPattern('prompt', prompt, /^\^.*\$$/s, 'it should begin with ^ and end with $'),
    ...wrongPattern('complete', complete, /\S/, 'it should be what only a whole configuration has, such as ^end$'),
    config.trim() === '' && 'config: it is empty; what prints the configuration',
    ...[config, answers.version, answers.pagerOff].map(
      (command) => /[\r\n]/.test(command ?? '') && 'a command is one line',
    ),
    ...[config, answers.version].map(
      (command) => CHANGES.test(command ?? '') && `config: ${command} may change the device; a driver reads only`,
    ),
  ]
  return [...new Set(problems.filter((problem) => problem !== false))]
}

function wrongPattern(name: string, source: string, like: RegExp, otherwise: string): string[] {
  try {
    new RegExp(source)
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : 'no pattern'}`]
  }
  return like.test(source) ? [] : [`${name}: ${source || 'nothing'}; ${otherwise}`]
}

/** The driver's file, as Biome would format it. */
export function driverFile(answers: NewDriver): string {
  const { title, aliases, channel, comment, prompt, pagerOff, version, config, complete, enable } = answers
  const lines = [
    "import { defineDriver } from '../driver.ts'",
    '',
    'export default defineDriver({',
    `  title: ${quoted(title)},`,
    ...list('  ', 'aliases', aliases.map(quoted)),
    `  comment: ${quoted(comment)},`,
    `  channel: ${quoted(channel)},`,
    `  prompt: ${pattern(prompt)},`,
    ...(enable ? ["  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },"] : []),
    ...(pagerOff ? [`  prepare: [${quoted(pagerOff)}],`] : []),
    '  // output lines that say that a command is not known, and that it is not allowed',
    '  rejected: [/^% ?(?:Invalid|Incomplete|Ambiguous|Unknown)/],',
    '  denied: [/^% ?(?:Authorization|Permission)/],',
    '  commands: [',
    ...(version
      ? [
          '    // name the lines to keep: model, version, serial number; nothing that changes by itself',
          `    { run: ${quoted(version)}, as: 'note', keep: /[Vv]ersion|[Ss]erial/ },`,
        ]
      : []),
    `    { run: ${quoted(config)}, as: 'config', complete: ${pattern(complete)} },`,
    '  ],',
    '  // whole lines that change without a change of configuration: clocks, uptimes',
    '  volatile: [],',
    '  // every place where a secret may stand, also one that is hashed',
    '  secrets: [/^\\s*(?:enable )?(?:password|secret)(?: \\d+)? (?<secret>\\S+)$/],',
    '})',
  ]
  return `${lines.join('\n')}\n`
}

function list(indent: string, name: string, words: readonly string[]): string[] {
  const line = `${indent}${name}: [${words.join(', ')}],`
  return line.length <= 120
    ? [line]
    : [`${indent}${name}: [`, ...words.map((word) => `${indent}  ${word},`), `${indent}],`]
}

function quoted(text: string): string {
  const escaped = text.replace(/[\\\n]/g, (sign) => (sign === '\n' ? '\\n' : '\\\\'))
  return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`
}

function pattern(source: string): string {
  return `/${new RegExp(source).source}/`
}

/** `drivers/index.ts` with the driver in it, sorted. @throws RangeError when it has another form than this expects */
export function indexWith(index: string, name: string): string {
  return inserted(
    index,
    /^ {2}(\w+): \(\) => import\('\.\/\w+\.ts'\),$/,
    name,
    `  ${name}: () => import(${quoted(`./${name}.ts`)}),`,
  )
}

/** As people count: os9 before os10. */
const byNumbers = new Intl.Collator('en', { numeric: true })

function inserted(text: string, like: RegExp, name: string, line: string): string {
  const lines = text.split('\n')
  const places = lines.flatMap((one, at) => {
    const found = like.exec(one)?.[1]
    return found === undefined ? [] : [{ at, found }]
  })
  const last = places.at(-1)
  if (!last) throw new RangeError(`drivers/index.ts has no line like ${line}`)
  lines.splice(places.find(({ found }) => byNumbers.compare(found, name) > 0)?.at ?? last.at + 1, 0, line)
  return lines.join('\n')
}

/** The change log with the driver under the first `### Added` of `## [Unreleased]`; both are made when they are missing. */
export function changelogWith(changelog: string, { name, title }: NewDriver): string {
  const line = `- Driver ${name}: ${title}.`
  const [head = '', unreleased, rest = ''] = splitAt(changelog, '## [Unreleased]\n')
  if (unreleased === undefined) return `${changelog.trimEnd()}\n\n## [Unreleased]\n\n### Added\n\n${line}\n`
  const next = rest.search(/^## /m)
  const own = next < 0 ? rest : rest.slice(0, next)
  const others = next < 0 ? '' : rest.slice(next)
  const [before = '', added, after = ''] = splitAt(own, '### Added\n')
  if (added === undefined) return `${head}${unreleased}\n### Added\n\n${line}\n${own}${others}`
  const end = after.search(/^### /m)
  const entries = (end < 0 ? after : after.slice(0, end)).trimEnd()
  const following = end < 0 ? '' : after.slice(end)
  const gap = following || others ? '\n' : ''
  return `${head}${unreleased}${before}${added}${entries}\n${line}\n${gap}${following}${others}`
}

function splitAt(text: string, mark: string): [string, string, string] | [string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), mark, text.slice(at + mark.length)]
}

/** A recording to be filled with what a device really says. It can be read, but is not yet a whole one. */
export function recordingSkeleton(answers: NewDriver): string {
  const shell = answers.channel === 'shell'
  const prompt = shell ? ['lab#'] : []
  const run = (command: string | undefined, ...body: string[]) =>
    command ? [`@@ run: ${command}`, ...body, ...prompt] : []
  const lines = [
    `@@ driver: ${answers.name}`,
    '@@ evidence: documented',
    '@@ source: name the manual, its release and its page here; or record a device: npm run driver:record',
    '@@ secret: every-secret-that-stands-below',
    ...(shell ? ['@@ login', '', ...prompt] : []),
    ...(answers.enable ? ['@@ run: enable', 'Password: ', '@@ hidden', ...prompt] : []),
    ...run(answers.pagerOff),
    ...run(answers.version, 'what the device prints'),
    ...run(
      answers.config,
      'the configuration, with secrets, and with lines that only look like one',
      'password every-secret-that-stands-below',
    ),
    '@@ refuse',
    "% Invalid input detected at '^' marker.",
    ...prompt,
  ]
  return `${lines.join('\n')}\n`
}
