import { describe, expect, it } from 'vitest'
import { type ConfigProblem, readConfig, settings } from './config.ts'
import { defaultLoginLimits } from './credential-guard.ts'

const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at))

/** The problems of an environment, by variable. */
function problemsOf(env: Record<string, string>, files: Record<string, string> = {}): Record<string, ConfigProblem> {
  const readFile = (path: string) => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return text
  }
  try {
    readConfig(env, { readFile })
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    const { problems } = (error as { details: { problems: ConfigProblem[] } }).details
    return Object.fromEntries(problems.map((problem) => [problem.variable, problem]))
  }
  return {}
}

describe('the configuration', () => {
  it('is complete with nothing set', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      port: 8000,
      host: '127.0.0.1',
      databaseUrl: undefined,
      masterKey: undefined,
      adminPassword: undefined,
      trustProxyHops: 0,
      leaseMs: 45_000,
      renewEveryMs: 15_000,
      taskTimeoutMs: 300_000,
      runTimeoutMs: 3_600_000,
      retryAfterMs: 30_000,
      autoMigrate: true,
      logLevel: 'info',
      logins: defaultLoginLimits,
    })
    expect(config.dataDir).toBe(`${process.cwd()}/data`)
    expect(config.blobFolder).toBe(`${process.cwd()}/data/blobs`)
  })

  it('reads every setting', () => {
    const config = readConfig({
      HUB_PORT: ' 9000 ',
      HUB_HOST: '::1',
      NETRAVEN_PUBLIC_URL: 'https://hub.example',
      DATABASE_URL: 'postgres://u@db/netraven',
      DATABASE_PASSWORD: 'p/w@:#',
      NETRAVEN_DATA_DIR: '/srv/netraven',
      STORAGE_URL: 'file:///srv/texts%20here',
      NETRAVEN_MASTER_KEY: key.toString('base64'),
      HUB_AUTO_MIGRATE: 'NO',
      LOG_LEVEL: 'DEBUG',
      UNRELATED: 'x',
    })
    expect(config).toMatchObject({
      port: 9000,
      host: '::1',
      publicUrl: 'https://hub.example',
      dataDir: '/srv/netraven',
      blobFolder: '/srv/texts here',
      masterKey: key,
      autoMigrate: false,
      logLevel: 'debug',
    })
    expect(decodeURIComponent(new URL(config.databaseUrl ?? '').password)).toBe('p/w@:#')
  })

  it('[CTR-2] complains about everything at once: the variable, what was read, what would be right', () => {
    const problems = problemsOf({
      HUB_PORT: '70000',
      TRUST_PROXY_HOPS: '-1',
      LOG_LEVEL: 'loud',
      LEASE_MS: '45s',
      NETRAVEN_PUBLIC_URL: 'hub.example',
      HUB_AUTO_MIGRATE: 'maybe',
    })
    expect(problems).toEqual({
      HUB_PORT: { variable: 'HUB_PORT', read: '70000', expected: 'a whole number of port, 0 to 65535' },
      TRUST_PROXY_HOPS: expect.objectContaining({ read: '-1' }),
      LOG_LEVEL: expect.objectContaining({ read: 'loud', expected: expect.stringContaining('debug') }),
      LEASE_MS: expect.objectContaining({ read: '45s', expected: 'a whole number of ms, 1000 to 3600000' }),
      NETRAVEN_PUBLIC_URL: expect.objectContaining({ read: 'hub.example' }),
      HUB_AUTO_MIGRATE: expect.objectContaining({ read: 'maybe', expected: 'true or false' }),
    })
  })

  it('never repeats a secret in a complaint', () => {
    const problems = problemsOf({
      DATABASE_URL: 'mysql://u:c4nary@db/x',
      NETRAVEN_MASTER_KEY: 'c4nary',
      NETRAVEN_ADMIN_PASSWORD: 'c4nary',
    })
    expect(Object.keys(problems)).toHaveLength(3)
    expect(JSON.stringify(problems)).not.toContain('c4nary')
    expect(JSON.stringify(problems)).not.toContain('"read"')
  })

  it('takes each secret from a file, without its last line feed', () => {
    const secrets = Object.entries(settings).filter(([, setting]) => 'isSecret' in setting)
    expect(secrets.map(([name]) => name).toSorted()).toEqual(
      [
        'DATABASE_PASSWORD',
        'DATABASE_URL',
        'NETRAVEN_ADMIN_PASSWORD',
        'NETRAVEN_MASTER_KEY',
        'NETRAVEN_MASTER_KEY_PREVIOUS',
        'OIDC_CLIENT_SECRET',
        'SMTP_URL',
      ].toSorted(),
    )
    const files: Record<string, string> = {
      '/run/url': 'postgres://u@db/n\n',
      '/run/password': ' spaces count \r\n',
      '/run/admin': 'a long enough one\n',
      '/run/key': `${key.toString('hex')}\n`,
    }
    const config = readConfig(
      {
        DATABASE_URL_FILE: '/run/url',
        DATABASE_PASSWORD_FILE: '/run/password',
        NETRAVEN_ADMIN_PASSWORD_FILE: '/run/admin',
        NETRAVEN_MASTER_KEY_FILE: '/run/key',
      },
      { readFile: (path) => files[path] ?? '' },
    )
    expect(config.masterKey).toEqual(key)
    expect(config.adminPassword).toBe('a long enough one')
    expect(decodeURIComponent(new URL(config.databaseUrl ?? '').password)).toBe(' spaces count ')
  })

  it('says what is wrong with the file of a secret', () => {
    const problems = problemsOf(
      {
        DATABASE_URL_FILE: '/run/absent',
        NETRAVEN_MASTER_KEY_FILE: '/run/empty',
        NETRAVEN_ADMIN_PASSWORD_FILE: '/run/short',
        DATABASE_PASSWORD_FILE: '/run/short',
        DATABASE_PASSWORD: 'both',
      },
      { '/run/empty': '\n', '/run/short': 'short' },
    )
    expect(problems).toEqual({
      DATABASE_URL_FILE: expect.objectContaining({ read: '/run/absent', expected: expect.stringContaining('ENOENT') }),
      NETRAVEN_MASTER_KEY_FILE: expect.objectContaining({ expected: expect.stringContaining('32 random bytes') }),
      NETRAVEN_ADMIN_PASSWORD_FILE: {
        variable: 'NETRAVEN_ADMIN_PASSWORD_FILE',
        expected: 'at least 12 characters, neither a placeholder nor a common password',
      },
      DATABASE_PASSWORD: expect.objectContaining({ expected: expect.stringContaining('not both') }),
    })
  })

  it('[CTR-2] asks whether another name was meant', () => {
    const problems = problemsOf({ NETRAVEN_MASTERKEY: 'x', NETRAVEN_DATADIR_FILE: 'x', NETRAVEN_QQQQQQ: 'x' })
    expect(problems.NETRAVEN_MASTERKEY?.expected).toContain('did you mean NETRAVEN_MASTER_KEY?')
    expect(problems.NETRAVEN_DATADIR_FILE?.expected).toContain('NETRAVEN_DATA_DIR')
    expect(problems.NETRAVEN_QQQQQQ?.expected).toBe('a known name')
    expect(JSON.stringify(problems)).not.toContain('"x"')
    expect(problemsOf({ NETRAVEN_AGENT_DIR: '/x', NETRAVEN_CONCURRENCY: '5' })).toEqual({})
  })

  it('says that S3 comes later', () => {
    const problems = problemsOf({ STORAGE_URL: 's3://bucket/prefix' })
    expect(problems.STORAGE_URL?.expected).toContain('s3:// comes in a later release')
    expect(problemsOf({ STORAGE_URL: 'file://relative/folder' }).STORAGE_URL).toBeDefined()
  })

  it('refuses renewals that come too late for the lease', () => {
    expect(problemsOf({ LEASE_MS: '10000', RENEW_EVERY_MS: '6000' })).toEqual({
      RENEW_EVERY_MS: expect.objectContaining({ read: '6000', expected: 'at most half of LEASE_MS (10000)' }),
    })
  })

  it('lets the command line win, and takes an empty value as none', () => {
    expect(readConfig({ HUB_PORT: '9000', HUB_HOST: '' }, { flags: { HUB_PORT: '9001' } })).toMatchObject({
      port: 9001,
      host: '127.0.0.1',
    })
  })

  it('has a default that fits, for every setting that has one', () => {
    for (const [name, { schema, default: standard }] of Object.entries(settings)) {
      if (standard !== undefined) expect(schema.safeParse(standard).success, name).toBe(true)
    }
  })

  it('takes a certificate with its key only, and lists without a word that is none', () => {
    const tls = readConfig({ TLS_CERT_FILE: '/etc/tls/hub.crt', TLS_KEY_FILE: '/etc/tls/hub.key' }).tls
    expect(tls).toEqual({ certificate: '/etc/tls/hub.crt', key: '/etc/tls/hub.key' })
    expect(problemsOf({ TLS_CERT_FILE: '/x' })).toMatchObject({
      TLS_KEY_FILE: { expected: 'set, since TLS_CERT_FILE is' },
    })
    expect(problemsOf({ TLS_KEY_FILE: '/x' })).toMatchObject({
      TLS_CERT_FILE: { expected: 'set, since TLS_KEY_FILE is' },
    })
    const lists = readConfig({
      CORS_ORIGINS: 'https://a.test, http://b.test:81',
      OUTBOUND_ALLOWED_NETWORKS: '10.0.0.0/8,::1',
    })
    expect([lists.corsOrigins, lists.outboundAllowed.length]).toEqual([['https://a.test', 'http://b.test:81'], 2])
    for (const bad of ['*', 'a.test', 'https://a.test/', 'https://a.test,', 'null', 'file://a'])
      expect([bad, Object.keys(problemsOf({ CORS_ORIGINS: bad }))]).toEqual([bad, ['CORS_ORIGINS']])
    expect(Object.keys(problemsOf({ OUTBOUND_ALLOWED_NETWORKS: '10.0.0.0/8,inside' }))).toEqual([
      'OUTBOUND_ALLOWED_NETWORKS',
    ])
  })
})
