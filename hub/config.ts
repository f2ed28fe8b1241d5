/**
 * The hub's settings: read once from the environment, all complaints at once. The only file here that knows the names of
 * environment variables. Secrets are also taken from a file whose path stands in `NAME_FILE`.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from '@netraven/protocol/failure.ts'
import { z } from 'zod'
import { parseMasterKey } from './keyring.ts'
import { LOG_LEVELS } from './log.ts'
import { nearest } from './nearest.ts'

/** A setting of which `expected` tells, in words, what would be right. */
interface Setting<T> {
  readonly schema: z.ZodType<T>
  readonly expected: string
  /** What the setting is for, one line. */
  readonly about: string
  /** As it would stand in the environment; absent: unset. */
  readonly default?: string
  readonly isSecret?: true
}

const setting = <T>(about: string, expected: string, schema: z.ZodType<T>, extra: Partial<Setting<T>> = {}) => ({
  about,
  expected,
  schema,
  ...extra,
})

const whole = (about: string, unit: string, from: number, to: number, standard: number) =>
  setting(
    about,
    `a whole number of ${unit}, ${from} to ${to}`,
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .pipe(z.number().min(from).max(to)),
    { default: String(standard) },
  )

const yesNo = (about: string, standard: boolean) =>
  setting(
    about,
    'true or false',
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off']))
      .transform((word) => ['true', '1', 'yes', 'on'].includes(word)),
    { default: String(standard) },
  )

const url = (protocols: readonly string[]) =>
  z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''))

/** Every variable of the hub. */
export const settings = {
  HUB_PORT: whole('Port of the API and of the agents, 0 takes a free one', 'port', 0, 65_535, 8000),
  HUB_HOST: setting('Address to listen on', 'an address or a host name', z.string().regex(/^[\w.:%-]+$/), {
    default: '127.0.0.1',
  }),
  NETRAVEN_PUBLIC_URL: setting(
    'How people and agents reach the hub, when it is behind a load balancer',
    'a URL that begins with https:// or http://',
    url(['https:', 'http:']),
  ),
  TRUST_PROXY_HOPS: whole('Proxies in front of the hub whose X-Forwarded-For counts', 'proxies', 0, 10, 0),
  DATABASE_URL: setting(
    'PostgreSQL server; without it the hub runs one in its data directory',
    'postgres://user:password@host:port/name',
    url(['postgres:', 'postgresql:']),
    { isSecret: true },
  ),
  DATABASE_PASSWORD: setting('Password for DATABASE_URL when it has none', 'any text', z.string(), { isSecret: true }),
  DB_POOL_MAX: whole('Connections to the database', 'connections', 2, 500, 10),
  DB_STATEMENT_TIMEOUT_MS: whole('Limit of one statement', 'ms', 100, 3_600_000, 30_000),
  DB_ACQUIRE_TIMEOUT_MS: whole('How long a query waits for a connection', 'ms', 100, 600_000, 5_000),
  HUB_AUTO_MIGRATE: yesNo('Bring the schema up to date at start', true),
  MIGRATION_LOCK_TIMEOUT_MS: whole('How long to wait for another hub that migrates', 'ms', 100, 86_400_000, 60_000),
  MIGRATION_TIMEOUT_MS: whole('Limit of one statement of a migration, 0: none', 'ms', 0, 86_400_000, 0),
  NETRAVEN_DATA_DIR: setting('Folder for what the hub keeps itself', 'a folder', z.string(), { default: './data' }),
  STORAGE_URL: setting(
    'Where texts are kept; NETRAVEN_DATA_DIR/blobs when absent',
    'file:///absolute/folder (s3:// comes in a later release)',
    z.string().refine((text) => /^file:\/\/\/./.test(text) && URL.canParse(text)),
  ),
  NETRAVEN_MASTER_KEY: setting(
    'Key over all secrets; NETRAVEN_DATA_DIR/master.key when absent',
    '32 random bytes as base64 or hex',
    z.string().transform((text, context) => {
      const key = parseMasterKey(text)
      if (!key) context.addIssue('not 32 bytes')
      return key ?? z.NEVER
    }),
    { isSecret: true },
  ),
  NETRAVEN_ADMIN_PASSWORD: setting(
    'Password of the first administrator, read at the first start only; a random one is printed when absent',
    'at least 12 characters',
    z.string().min(12).max(1024),
    { isSecret: true },
  ),
  ACCESS_TOKEN_MINUTES: whole('Life of an access token', 'minutes', 1, 525_600, 720),
  LEASE_MS: whole('How long an agent holds a task without renewing', 'ms', 1_000, 3_600_000, 45_000),
  RENEW_EVERY_MS: whole('How often agents renew', 'ms', 100, 1_800_000, 15_000),
  TASK_TIMEOUT_MS: whole('Limit of one task', 'ms', 1_000, 86_400_000, 300_000),
  RUN_TIMEOUT_MS: whole('Limit of one run', 'ms', 1_000, 604_800_000, 3_600_000),
  RETRY_AFTER_MS: whole('Shortest pause before a busy device is read again, 0: never', 'ms', 0, 3_600_000, 30_000),
  CREDENTIAL_GUARD_REFUSALS: whole(
    'Devices in a row whose refusals hold a credential back at a site',
    'devices',
    1,
    1000,
    3,
  ),
  CREDENTIAL_GUARD_WINDOW_MINUTES: whole('Refusals further apart are not in a row', 'minutes', 1, 10_080, 60),
  CREDENTIAL_GUARD_MINUTES: whole('How long a credential is held back', 'minutes', 1, 10_080, 15),
  CREDENTIAL_UNPROVEN_TASKS: whole(
    'Tasks at once with a credential that has not yet opened a device',
    'tasks',
    1,
    1000,
    3,
  ),
  DEVICE_COOLDOWN_MINUTES: whole('How long a device that refused a login is left alone', 'minutes', 1, 10_080, 15),
  ACCOUNT_LOCK_FAILURES: whole(
    'Refused logins in a row after which an account is taken for locked',
    'logins',
    1,
    100,
    3,
  ),
  HELLO_TIMEOUT_MS: whole('An agent that has not proved itself by then is cut off', 'ms', 100, 600_000, 10_000),
  SHUTDOWN_TIMEOUT_MS: whole('How long a stop waits for work under way', 'ms', 0, 600_000, 10_000),
  LOG_LEVEL: setting(
    'How much is logged',
    `one of ${LOG_LEVELS.join(', ')}`,
    z.string().toLowerCase().pipe(z.enum(LOG_LEVELS)),
    { default: 'info' },
  ),
} as const

type Settings = typeof settings
type Name = keyof Settings
type Values = { [N in Name]: (Settings[N] extends { schema: z.ZodType<infer T> } ? T : never) | undefined }

export type HubConfig = ReturnType<typeof shape>

/** What is wrong with one variable. */
export interface ConfigProblem {
  readonly variable: string
  /** What was read; absent for a secret. */
  readonly read?: string
  readonly expected: string
}

export interface ConfigOptions {
  /** Values given on the command line, by variable; they win over the environment. */
  readonly flags?: Readonly<Partial<Record<Name, string>>>
  /** @throws when the file cannot be read */
  readonly readFile?: (path: string) => string
}

/** Names of ours that other processes read, so they are no mistake here. */
const foreignNames = new Set(['NETRAVEN_AGENT_DIR', 'NETRAVEN_CONCURRENCY', 'NETRAVEN_HUB', 'NETRAVEN_TOKEN'])

/**
 * Reads the settings.
 * @throws Failure CONFIG_INVALID with `details.problems`, a list of `ConfigProblem`
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, options: ConfigOptions = {}): HubConfig {
  const problems: ConfigProblem[] = []
  const readFile = options.readFile ?? ((path: string) => readFileSync(path, 'utf8'))
  const names = Object.keys(settings) as Name[]
  const values = Object.fromEntries(
    names.map((name) => [name, readOne(name, { ...env, ...options.flags }, readFile, problems)]),
  ) as Values
  problems.push(...unknownNames(env, names))
  if ((values.RENEW_EVERY_MS ?? 0) * 2 > (values.LEASE_MS ?? Number.POSITIVE_INFINITY)) {
    problems.push({
      variable: 'RENEW_EVERY_MS',
      read: String(values.RENEW_EVERY_MS),
      expected: `at most half of LEASE_MS (${values.LEASE_MS})`,
    })
  }
  if (problems.length > 0) throw new Failure('CONFIG_INVALID', { problems })
  return shape(values)
}

/** The process's own settings. */
export function readOwnConfig(options: ConfigOptions = {}): HubConfig {
  return readConfig(process.env, options)
}

function readOne(
  name: Name,
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
  problems: ConfigProblem[],
): unknown {
  const { schema, expected, isSecret, default: standard }: Setting<unknown> = settings[name]
  let text = env[name] || undefined
  const file = env[`${name}_FILE`] || undefined
  if (isSecret && file !== undefined) {
    if (text !== undefined) {
      problems.push({ variable: name, expected: `either ${name} or ${name}_FILE, not both` })
      return undefined
    }
    try {
      text = readFile(file).replace(/\r?\n$/, '')
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
      problems.push({ variable: `${name}_FILE`, read: file, expected: `the path of a readable file${reason}` })
      return undefined
    }
    if (text === '') {
      problems.push({ variable: `${name}_FILE`, read: file, expected: `a file that holds ${expected}` })
      return undefined
    }
  }
  const given = text ?? standard
  if (given === undefined) return undefined
  const result = schema.safeParse(isSecret ? given : given.trim())
  if (result.success) return result.data
  problems.push({
    variable: file === undefined ? name : `${name}_FILE`,
    ...(isSecret ? {} : { read: given }),
    expected,
  })
  return undefined
}

/** A name that begins with ours and is none of them is a slip of the pen, and may hide a key that somebody relies on. */
function unknownNames(env: Readonly<Record<string, string | undefined>>, names: readonly Name[]): ConfigProblem[] {
  const secrets = names.filter((name) => 'isSecret' in settings[name])
  const known = [...names, ...secrets.map((name) => `${name}_FILE`)]
  return Object.keys(env)
    .filter((name) => name.startsWith('NETRAVEN_') && !known.includes(name) && !foreignNames.has(name))
    .map((variable) => {
      const guess = nearest(variable, known)
      return { variable, expected: guess ? `a known name; did you mean ${guess}?` : 'a known name' }
    })
}

function shape(values: Values) {
  const dataDir = resolve(must(values.NETRAVEN_DATA_DIR))
  return {
    host: must(values.HUB_HOST),
    port: must(values.HUB_PORT),
    publicUrl: values.NETRAVEN_PUBLIC_URL,
    trustProxyHops: must(values.TRUST_PROXY_HOPS),
    /** Absent: run an embedded database in the data directory. */
    databaseUrl: values.DATABASE_URL && withPassword(values.DATABASE_URL, values.DATABASE_PASSWORD),
    dbPoolMax: must(values.DB_POOL_MAX),
    dbStatementTimeoutMs: must(values.DB_STATEMENT_TIMEOUT_MS),
    dbAcquireTimeoutMs: must(values.DB_ACQUIRE_TIMEOUT_MS),
    autoMigrate: must(values.HUB_AUTO_MIGRATE),
    migrationLockTimeoutMs: must(values.MIGRATION_LOCK_TIMEOUT_MS),
    migrationTimeoutMs: must(values.MIGRATION_TIMEOUT_MS),
    /** Absolute. */
    dataDir,
    /** Absolute folder of the local blob store. */
    blobFolder: values.STORAGE_URL ? fileURLToPath(values.STORAGE_URL) : resolve(dataDir, 'blobs'),
    masterKey: values.NETRAVEN_MASTER_KEY,
    adminPassword: values.NETRAVEN_ADMIN_PASSWORD,
    accessTokenMinutes: must(values.ACCESS_TOKEN_MINUTES),
    leaseMs: must(values.LEASE_MS),
    renewEveryMs: must(values.RENEW_EVERY_MS),
    taskTimeoutMs: must(values.TASK_TIMEOUT_MS),
    runTimeoutMs: must(values.RUN_TIMEOUT_MS),
    /** 0: never. */
    retryAfterMs: must(values.RETRY_AFTER_MS),
    logins: {
      guardRefusals: must(values.CREDENTIAL_GUARD_REFUSALS),
      guardWindowMs: must(values.CREDENTIAL_GUARD_WINDOW_MINUTES) * 60_000,
      guardClosedMs: must(values.CREDENTIAL_GUARD_MINUTES) * 60_000,
      unprovenTasks: must(values.CREDENTIAL_UNPROVEN_TASKS),
      coolDownMs: must(values.DEVICE_COOLDOWN_MINUTES) * 60_000,
      lockFailures: must(values.ACCOUNT_LOCK_FAILURES),
    },
    helloTimeoutMs: must(values.HELLO_TIMEOUT_MS),
    shutdownTimeoutMs: must(values.SHUTDOWN_TIMEOUT_MS),
    logLevel: must(values.LOG_LEVEL),
  }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('a setting with a default has no value')
  return value
}

function withPassword(text: string, password: string | undefined): string {
  const parsed = new URL(text)
  if (password !== undefined && parsed.password === '') parsed.password = encodeURIComponent(password)
  return parsed.href
}
