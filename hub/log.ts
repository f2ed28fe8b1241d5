/**
 * The hub's log: one JSON object a line on stdout, or one readable line on a terminal. Secrets are blanked by the name of
 * their field at any depth, and passwords inside URLs, at every level.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Logger, pino } from 'pino'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** `log.info({ taskId }, 'task given out')`; `log.child({ part: 'gateway' })`. */
export type Log = Logger

export interface LogOptions {
  readonly level: LogLevel
  /** Where lines go; each call is one line with its line feed. */
  readonly write: (line: string) => void
  /** Readable lines instead of JSON. */
  readonly pretty?: boolean
  /** Stands in every line, such as `{ node }`. */
  readonly bindings?: Readonly<Record<string, unknown>>
}

/** Opens a log. */
export function openLog(options: LogOptions): Log {
  const write = options.pretty ? (line: string) => options.write(prettyLine(line)) : options.write
  const log = pino(
    {
      level: options.level,
      base: safe(options.bindings ?? {}),
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      // Errors are taken apart by `scrub`; pino's own way would come after it and undo half of that.
      serializers: { err: (value) => value },
      formatters: { level: (label) => ({ level: label }), bindings: safe, log: safe },
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map((arg) => (typeof arg === 'string' ? scrubText(arg) : arg)) as typeof args)
        },
      },
    },
    { write },
  )
  // Pino forgets the formatter of bindings in children; they inherit this instead.
  const { child } = log
  log.child = function scrubbed(this: Log, bindings: object, childOptions?: object) {
    return child.call(this, safe(bindings), childOptions)
  } as typeof log.child
  return log
}

/** A log that says nothing, for tests and one-off commands. */
export function silentLog(): Log {
  return pino({ level: 'silent' })
}

const SECRET_ENDINGS = [
  'password',
  'passphrase',
  'secret',
  'token',
  'privatekey',
  'authorization',
  'cookie',
  'masterkey',
  'seed',
]
const SECRET_NAMES = new Set(['enable', 'box', 'text', 'content'])
const MAX_DEPTH = 8

/** Whether what a field of this name holds must not be written down. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[-_]/g, '')
  return SECRET_NAMES.has(plain) || SECRET_ENDINGS.some((ending) => plain.endsWith(ending))
}

const safe = (fields: object) => scrub(fields) as Record<string, unknown>

/** A copy that is safe to write down. */
function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth >= MAX_DEPTH) return '…'
  if (value instanceof Uint8Array) return `<${value.length} bytes>`
  if (value instanceof Map) return scrub(Object.fromEntries(value), depth)
  if (value instanceof Set) return scrub([...value], depth)
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1))
  if (value instanceof Failure) {
    return scrub({ code: value.code, message: value.message, details: value.details, cause: value.cause }, depth)
  }
  if (value instanceof Error) {
    const own = { ...value, name: value.name, message: value.message, stack: value.stack, cause: value.cause }
    return scrub(own, depth)
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      item !== undefined && item !== null && isSecretName(name) ? '<redacted>' : scrub(item, depth + 1),
    ]),
  )
}

/** Blanks the password of every URL in a text. */
export function scrubText(text: string): string {
  return text.includes('://') ? text.replaceAll(/(\w:\/\/[^\s:/@]*):[^\s/@]+@/g, '$1:<redacted>@') : text
}

function prettyLine(line: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>
  const facts = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value)}`,
  )
  const clock = String(time).slice(11, 19)
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : ''
  const cause = stack === '' && err !== undefined ? ` ${JSON.stringify(err)}` : ''
  return `${[clock, String(level).padEnd(5), String(msg ?? ''), ...facts].join(' ')}${cause}${stack}\n`
}
