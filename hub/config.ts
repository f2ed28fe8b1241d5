/**
 * The hub's settings: read once from the environment, all complaints at once. The only one here that reads it; the
 * names stand in `config-table.ts`. Secrets are also taken from a file whose path stands in `NAME_FILE`.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from '@netraven/protocol/failure.ts'
import type { z } from 'zod'
import { type Setting, settings } from './config-table.ts'
import { defaultLimits } from './limit-rules.ts'
import { nearest } from './nearest.ts'

export { settings }

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
  if (values.SMTP_URL !== undefined && values.SMTP_FROM === undefined) {
    problems.push({ variable: 'SMTP_FROM', expected: 'set, since SMTP_URL is' })
  }
  for (const name of ['OIDC_CLIENT_ID', 'OIDC_ROLE_MAP', 'NETRAVEN_PUBLIC_URL'] as const) {
    if (values.OIDC_ISSUER !== undefined && values[name] === undefined) {
      problems.push({ variable: name, expected: 'set, since OIDC_ISSUER is' })
    }
  }
  if ((values.TLS_CERT_FILE === undefined) !== (values.TLS_KEY_FILE === undefined)) {
    const [missing, given] = values.TLS_CERT_FILE
      ? ['TLS_KEY_FILE', 'TLS_CERT_FILE']
      : ['TLS_CERT_FILE', 'TLS_KEY_FILE']
    problems.push({ variable: missing, expected: `set, since ${given} is` })
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
    /** Paths of the hub's own certificate; absent: plain HTTP. */
    tls:
      values.TLS_CERT_FILE === undefined || values.TLS_KEY_FILE === undefined
        ? undefined
        : { certificate: resolve(values.TLS_CERT_FILE), key: resolve(values.TLS_KEY_FILE) },
    corsOrigins: values.CORS_ORIGINS ?? [],
    outboundAllowed: values.OUTBOUND_ALLOWED_NETWORKS ?? [],
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
    previousMasterKey: values.NETRAVEN_MASTER_KEY_PREVIOUS,
    taskKeyHandoverDays: must(values.TASK_KEY_HANDOVER_DAYS),
    adminPassword: values.NETRAVEN_ADMIN_PASSWORD,
    accessTokenMinutes: must(values.ACCESS_TOKEN_MINUTES),
    refreshTokenDays: must(values.REFRESH_TOKEN_DAYS),
    /** Absent: no mail is sent. */
    smtp:
      values.SMTP_URL === undefined || values.SMTP_FROM === undefined
        ? undefined
        : { url: values.SMTP_URL, from: values.SMTP_FROM },
    requireSecondFactor: must(values.REQUIRE_SECOND_FACTOR),
    /** Absent: no single sign-on. */
    oidc:
      values.OIDC_ISSUER === undefined || values.OIDC_CLIENT_ID === undefined
        ? undefined
        : {
            issuer: values.OIDC_ISSUER,
            clientId: values.OIDC_CLIENT_ID,
            clientSecret: values.OIDC_CLIENT_SECRET,
            scopes: must(values.OIDC_SCOPES),
            groupsClaim: must(values.OIDC_GROUPS_CLAIM),
            roleMap: values.OIDC_ROLE_MAP ?? [],
            autoCreate: must(values.OIDC_AUTO_CREATE),
          },
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
    limits: defaultLimits({
      principal: must(values.API_LIMIT_PER_MINUTE),
      anonymous: must(values.ANONYMOUS_LIMIT_PER_MINUTE),
      heavy: must(values.HEAVY_LIMIT_PER_MINUTE),
      content: must(values.CONTENT_LIMIT_PER_MINUTE),
      login: must(values.LOGIN_LIMIT_PER_15_MINUTES),
      'forgot-password': must(values.FORGOT_PASSWORD_LIMIT_PER_15_MINUTES),
      enroll: must(values.ENROLL_LIMIT_PER_MINUTE),
      agent: must(values.AGENT_LIMIT_PER_MINUTE),
    }),
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
