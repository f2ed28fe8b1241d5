/**
 * A driver as plain data, as people write it down in a file: patterns are text. The hub checks a file by this schema before
 * it keeps it, the agent once more before it compiles it. Patterns are compiled here but never run: whoever runs them bounds
 * the time.
 */
import { z } from 'zod'
import { ANSWERS, judgeCommand, PAGER_KEYS } from './reading-commands.ts'
import { Transport } from './transport.ts'

/**
 * Where the pass phrase of a credential goes in a command of a built-in driver. No file may say it: whoever writes a driver would
 * decide to which command of which program a secret is given.
 */
export const PASSPHRASE_PLACE = '{enable}'

/** UTF-16 code units of a file, as written and as carried. */
export const DRIVER_FILE_MAX = 65_536

export const DriverName = z
  .string('must be a name')
  .max(60, 'must not be longer than 60 characters')
  .regex(/^[a-z][a-z\d]*(?:_[a-z\d]+)*$/, 'must be vendor_os in lower case, such as acme_os')

const Alias = z
  .string('must be a word')
  .max(60, 'must not be longer than 60 characters')
  .regex(/^[a-z\d][a-z\d._-]*$/, 'must be one word in lower case')

/** Source of a regular expression of JavaScript, without flags. */
export const Pattern = z
  .string('must be a pattern, as text; in YAML best in single quotes')
  .min(1, 'must not be empty')
  .max(2000, 'must not be longer than 2000 characters')
  .superRefine((source, context) => {
    const complain = (message: string) => context.addIssue({ code: 'custom', message })
    if (/^\/.*\/[a-z]*$/s.test(source)) complain('must stand alone, without slashes and flags around it')
    else if (/[\r\n\0]/.test(source)) complain('must be one line; say \\n for a line end')
    else {
      const problem = syntaxProblem(source)
      if (problem !== undefined) complain(`is no regular expression: ${problem}`)
    }
  })

function syntaxProblem(source: string): string | undefined {
  try {
    new RegExp(source)
    return undefined
  } catch (error) {
    return error instanceof SyntaxError ? error.message.replace(/^.*: (?=[^:]*$)/s, '') : 'unknown'
  }
}

const SecretPattern = Pattern.refine(
  (source) => source.includes('(?<secret>'),
  'must say what to mask, as a group (?<secret>…)',
)

const PromptPattern = Pattern.refine(
  (source) => /^\^.*\$$/s.test(source),
  'must begin with ^ and end with $: it is the whole last line',
)

/** The password is typed where this fits, so it must not fit a prompt. */
const PasswordPattern = Pattern.refine(
  (source) => source.startsWith('^') && /ass(?:word|wd|code)|ecret|asswort|ennwort|ontrase/.test(source),
  'must begin with ^ and hold the word that asks, such as ^[Pp]assword: ?$',
)

export const DriverCommand = z
  .string('must be a command, as text')
  .min(1, 'must not be empty')
  .max(200, 'must not be longer than 200 characters')
  .regex(/^\P{Cc}*$/u, 'must be one line without control characters')
  .refine(
    (command) => judgeCommand(command) !== 'changes',
    'looks as if it changed the device, wrote a file or held a second command; a driver only reads',
  )
  .refine(
    (command) => !command.includes(PASSPHRASE_PLACE),
    `holds ${PASSPHRASE_PLACE}, the place of a pass phrase; only a built-in driver may`,
  )

const list = <Item extends z.ZodType>(item: Item, max: number) =>
  z.array(item, 'must be a list').max(max, `must not have more than ${max} entries`)
const patterns = list(Pattern, 100)
const secretPatterns = list(SecretPattern, 200)
const commandList = list(DriverCommand, 16)
const Milliseconds = z.number('must be milliseconds').int().min(1000).max(3_600_000)

const Answer = z.strictObject({
  when: Pattern,
  send: z
    .string('must be text')
    .refine(
      (text) => ANSWERS.has(text),
      'must be one of y, n, yes, no, q, a, c, a space, nothing; \\c behind it: no Enter',
    ),
})

const Pager = z.strictObject({
  when: Pattern,
  send: z.string('must be text').refine((key) => PAGER_KEYS.has(key), 'must be one key: a space, Enter, q, a, c or n'),
})

const Enable = z.strictObject({ run: DriverCommand, from: Pattern, password: PasswordPattern })

const Command = z
  .strictObject({
    run: z.union(
      [z.string(), z.array(z.string()).min(1).max(8)],
      'must be a command, or a list of up to 8 to try in turn',
    ),
    as: z.enum(['config', 'note', 'artifact'], 'must be config, note or artifact'),
    keep: Pattern.optional(),
    complete: Pattern.optional(),
    optional: z.boolean('must be true or false').optional(),
    idleMs: Milliseconds.optional(),
    totalMs: Milliseconds.optional(),
  })
  .superRefine(({ run, as, complete }, context) => {
    for (const [index, one] of [run].flat().entries()) {
      const path = typeof run === 'string' ? ['run'] : ['run', index]
      for (const { message } of DriverCommand.safeParse(one).error?.issues ?? [])
        context.addIssue({ code: 'custom', message, path })
    }
    if (as === 'config' && complete === undefined) {
      const message = 'lacks `complete`: a pattern that only a whole configuration fits, such as ^end$'
      context.addIssue({ code: 'custom', message, path: [] })
    }
  })

/** What a file must say when it extends nothing. */
const NEEDED = ['title', 'comment', 'channel', 'prompt', 'rejected', 'commands', 'secrets'] as const

/**
 * Means what `Driver` means on the agent. With `extends` a field that is here replaces the whole field of that driver; a list with a
 * plus before its name is put behind that driver's list.
 */
export const DriverFile = z
  .strictObject({
    name: DriverName,
    /** A built-in driver. */
    extends: DriverName.optional(),
    title: z.string('must be text').trim().min(1, 'must not be empty').max(100).optional(),
    aliases: list(Alias, 40).optional(),
    comment: z.string('must be text').min(1, 'must not be empty').max(16).optional(),
    commentEnd: z.string('must be text').max(16).optional(),
    channel: z.enum(['shell', 'exec'], 'must be shell or exec').optional(),
    transports: z
      .array(Transport.extract(['ssh', 'telnet'], 'must be ssh or telnet'), 'must be a list')
      .min(1)
      .max(2)
      .optional(),
    prompt: PromptPattern.optional(),
    answers: list(Answer, 16).optional(),
    enable: Enable.optional(),
    prepare: commandList.optional(),
    pagers: list(Pager, 16).optional(),
    rejected: patterns.optional(),
    '+rejected': patterns.optional(),
    denied: patterns.optional(),
    '+denied': patterns.optional(),
    commands: list(Command, 32).optional(),
    '+commands': list(Command, 32).optional(),
    volatile: patterns.optional(),
    '+volatile': patterns.optional(),
    unwrap: Pattern.optional(),
    secrets: secretPatterns.optional(),
    '+secrets': secretPatterns.optional(),
    resalted: secretPatterns.optional(),
    '+resalted': secretPatterns.optional(),
    idleMs: Milliseconds.optional(),
    totalMs: Milliseconds.optional(),
    logout: commandList.optional(),
  })
  .superRefine((file, context) => {
    const complain = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path })
    if (file.extends === undefined) {
      for (const name of NEEDED)
        if (file[name] === undefined) complain('is missing; only with `extends` it may be left out', name)
      for (const name of Object.keys(file))
        if (name.startsWith('+')) complain('has nothing to add to without `extends`', name)
    }
    for (const name of ADDABLE)
      if (file[name] && file[`+${name}`]) complain(`stands beside ${name}; give one of both`, `+${name}`)
    const { commands } = file
    if (commands?.every(({ as }) => as === 'note'))
      complain('has no command with `as: config` or `as: artifact`', 'commands')
    if (file.channel === 'exec' && file.enable) complain('is for a shell; an exec channel has none', 'enable')
  })
export type DriverFile = z.infer<typeof DriverFile>

/** Lists that a file with `extends` may add to. */
export const ADDABLE = ['rejected', 'denied', 'commands', 'volatile', 'secrets', 'resalted'] as const

/** Every command that the file itself brings. */
export function commandsOfFile(file: DriverFile): string[] {
  return [
    ...(file.enable ? [file.enable.run] : []),
    ...(file.prepare ?? []),
    ...[...(file.commands ?? []), ...(file['+commands'] ?? [])].flatMap(({ run }) => run),
    ...(file.logout ?? []),
  ]
}

/** Every pattern of the file, with the way to it. `text`: it is run over a whole text, else over one line. */
export function patternsOfFile(
  file: DriverFile,
): { path: (string | number)[]; source: string; over: 'text' | 'line' }[] {
  const found: { path: (string | number)[]; source: string; over: 'text' | 'line' }[] = []
  const one = (source: string | undefined, over: 'text' | 'line', ...path: (string | number)[]) => {
    if (source !== undefined) found.push({ path, source, over })
  }
  one(file.prompt, 'line', 'prompt')
  one(file.enable?.from, 'line', 'enable', 'from')
  one(file.enable?.password, 'line', 'enable', 'password')
  one(file.unwrap, 'text', 'unwrap')
  for (const name of ['answers', 'pagers'] as const)
    for (const [index, { when }] of (file[name] ?? []).entries()) one(when, 'line', name, index, 'when')
  for (const name of ['commands', '+commands'] as const) {
    for (const [index, { keep, complete }] of (file[name] ?? []).entries()) {
      one(keep, 'line', name, index, 'keep')
      one(complete, 'text', name, index, 'complete')
    }
  }
  for (const name of ['rejected', '+rejected', 'denied', '+denied', 'volatile', '+volatile'] as const)
    for (const [index, source] of (file[name] ?? []).entries()) one(source, 'line', name, index)
  for (const name of ['secrets', '+secrets', 'resalted', '+resalted'] as const)
    for (const [index, source] of (file[name] ?? []).entries()) one(source, 'text', name, index)
  return found
}
