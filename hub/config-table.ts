/** Every setting of the hub: what it is for, what would be right, what counts when it is absent. `config.ts` reads them. */
import { z } from 'zod'
import { parseRange } from './address-ranges.ts'
import { parseMasterKey } from './keyring.ts'
import { LOG_LEVELS } from './log.ts'
import { refusalOf } from './password-rules.ts'

/** A setting of which `expected` tells, in words, what would be right. */
export interface Setting<T> {
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

/** With commas between them. @param read gives undefined for what is none */
const listOf = <T>(read: (text: string) => T | undefined) =>
  z.string().transform((text, context): readonly T[] => {
    const found = text.split(',').map((one) => read(one.trim()))
    if (found.includes(undefined)) context.addIssue('has one that is none')
    return found.filter((one) => one !== undefined)
  })

/** Every variable of the hub. */
/** http:// is for a provider on this very machine. */
function isIssuer(text: string): boolean {
  const found = URL.parse(text)
  return found?.protocol === 'https:' || (found?.protocol === 'http:' && isThisMachine(found.hostname))
}

export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

function groupRole(text: string): { readonly group: string; readonly role: string } | undefined {
  const at = text.lastIndexOf('=')
  const [group, role] = [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()]
  return group === '' || role === '' ? undefined : { group, role }
}

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
  TLS_CERT_FILE: setting(
    'Certificate to serve TLS with, the own one first, then those between; without it the hub speaks plain HTTP',
    'the path of a PEM file; TLS_KEY_FILE goes with it',
    z.string(),
  ),
  TLS_KEY_FILE: setting('Private key of TLS_CERT_FILE, without a passphrase', 'the path of a PEM file', z.string()),
  CORS_ORIGINS: setting(
    'Pages on other hosts that may call the API from a browser, with cookies; without it none may',
    'origins with commas between them, such as https://tools.example.net',
    listOf((text) => (URL.parse(text)?.origin === text && /^https?:/.test(text) ? text : undefined)),
  ),
  OUTBOUND_ALLOWED_NETWORKS: setting(
    'Networks that are not the Internet and that addresses set by users may lead to, such as that of a sign-on server',
    'networks with commas between them, such as 10.20.0.0/16,fd00:20::/32',
    listOf(parseRange),
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
      if (!key || new Set(key).size < 8) context.addIssue('not 32 random bytes')
      return key ?? z.NEVER
    }),
    { isSecret: true },
  ),
  NETRAVEN_MASTER_KEY_PREVIOUS: setting(
    'Key before NETRAVEN_MASTER_KEY, while it is being exchanged: see `netraven keys rotate master`',
    '32 random bytes as base64 or hex',
    z.string().transform((text, context) => {
      const key = parseMasterKey(text)
      if (!key) context.addIssue('not 32 bytes')
      return key ?? z.NEVER
    }),
    { isSecret: true },
  ),
  TASK_KEY_HANDOVER_DAYS: whole(
    'How long a task-signing key that was replaced vouches for the next one to agents that were away',
    'days',
    1,
    3_650,
    180,
  ),
  NETRAVEN_ADMIN_PASSWORD: setting(
    'Password of the first administrator, read at the first start only; a random one is printed when absent',
    'at least 12 characters, neither a placeholder nor a common password',
    z
      .string()
      .max(1024)
      .refine((text) => refusalOf(text, 'admin') === undefined),
    { isSecret: true },
  ),
  ACCESS_TOKEN_MINUTES: whole('Life of an access token', 'minutes', 1, 1_440, 30),
  SMTP_URL: setting(
    'Mail server for reset links and warnings; without it an administrator makes the links',
    'smtp://user:password@host:587 or smtps://user:password@host:465',
    url(['smtp:', 'smtps:']),
    { isSecret: true },
  ),
  SMTP_FROM: setting('Sender of mail', 'an address, such as netraven@example.net', z.email()),
  REQUIRE_SECOND_FACTOR: setting(
    'Whose logins need a second factor; admins are those who may change users',
    'none, admins or all',
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['none', 'admins', 'all'])),
    { default: 'none' },
  ),
  OIDC_ISSUER: setting(
    'Provider for single sign-on by OpenID Connect; needs OIDC_CLIENT_ID and NETRAVEN_PUBLIC_URL',
    'https://sso.example.net, or http:// to this very machine',
    z.string().refine(isIssuer),
  ),
  OIDC_CLIENT_ID: setting('What the provider calls this hub', 'a client id', z.string().min(1).max(255)),
  OIDC_CLIENT_SECRET: setting('Secret of the client at the provider', 'a client secret', z.string().min(1).max(1024), {
    isSecret: true,
  }),
  OIDC_SCOPES: setting(
    'What the provider is asked for; openid among it',
    'words with spaces between them, openid among them',
    z.string().regex(/(?:^| )openid(?: |$)/),
    { default: 'openid profile email' },
  ),
  OIDC_GROUPS_CLAIM: setting('Claim with the groups of a user', 'a claim', z.string().min(1).max(255), {
    default: 'groups',
  }),
  OIDC_ROLE_MAP: setting(
    'Roles by groups of the provider; whoever is in none of them is refused',
    'group=role with commas between them, such as netops=operator,secops=admin',
    listOf(groupRole),
  ),
  OIDC_AUTO_CREATE: yesNo('Whether whoever signs on with a mapped role and has no account is given one', false),
  REFRESH_TOKEN_DAYS: whole('Life of a session that is not used', 'days', 1, 365, 7),
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
  API_LIMIT_PER_MINUTE: whole('Calls of one user', 'calls a minute', 1, 1_000_000, 300),
  ANONYMOUS_LIMIT_PER_MINUTE: whole('Calls without a token from one address', 'calls a minute', 1, 1_000_000, 100),
  HEAVY_LIMIT_PER_MINUTE: whole(
    'Imports, diffs, searches, runs and tests of one user',
    'calls a minute',
    1,
    1_000_000,
    120,
  ),
  CONTENT_LIMIT_PER_MINUTE: whole('Texts and files that one user reads', 'calls a minute', 1, 1_000_000, 300),
  LOGIN_LIMIT_PER_15_MINUTES: whole('Logins from one address', 'logins in 15 minutes', 1, 1_000_000, 50),
  FORGOT_PASSWORD_LIMIT_PER_15_MINUTES: whole(
    'Forgotten passwords from one address',
    'calls in 15 minutes',
    1,
    1_000_000,
    10,
  ),
  ENROLL_LIMIT_PER_MINUTE: whole('Agents that join from one address', 'calls a minute', 1, 1_000_000, 30),
  AGENT_LIMIT_PER_MINUTE: whole(
    'Messages of one agent; more are answered later',
    'messages a minute',
    1,
    1_000_000,
    60_000,
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
