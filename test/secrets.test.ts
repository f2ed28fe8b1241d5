/**
 * Canaries: every secret of a working field is planted by name, the field works, fails and is asked everything at the most
 * talkative level; then every log, answer, file and row is searched.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Database } from '../hub/db/connect.ts'
import { ADMIN_PASSWORD, DEVICE_PASSWORD, ENABLE_PASSWORD, Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must, netraven } from './processes.ts'
import { catalystRecording } from './replay-device/catalyst.ts'

const masterKey = randomBytes(32).toString('hex')
const { privateKey } = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const keyBody = privateKey.split('\n')[1] ?? ''

/** In a configuration; they may cross the link and lie in the store, encrypted, but be seen by nobody. */
const configurationSecrets = catalystRecording().secrets

describe('secrets', () => {
  let test: TestDatabase
  let database: Database
  let field: Field
  const answers: string[] = []
  const tokens: string[] = []
  const agentSecrets: string[] = []

  beforeAll(async () => {
    test = await (await postgresFor(servers.at(-1) ?? 'embedded')).newDatabase()
    database = test.open()
    const hubEnv = { NETRAVEN_MASTER_KEY: masterKey, LEASE_MS: '3000', RENEW_EVERY_MS: '500', RETRY_AFTER_MS: '0' }
    field = await Field.open({ databaseUrl: test.url, devices: 3, agents: 1, hubEnv })
    const identity = JSON.parse(await readFile(join(field.agentFolders[0] ?? '', 'identity.json'), 'utf8')) as Record<
      string,
      string
    >
    agentSecrets.push(identity.signSeed ?? '', identity.boxSecretKey ?? '', identity.spoolKey ?? '')
    for (const file of await readdir(join(field.folder, 'config'), { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      tokens.push(
        ...((await readFile(join(file.parentPath, file.name), 'utf8')).match(
          /eyJ[A-Za-z0-9_.-]{100,}|nrr_[A-Za-z0-9_-]{43}/g,
        ) ?? []),
      )
    }
    await work()
    await ask()
  })
  afterAll(async () => {
    await field?.close()
    await test?.drop()
  })

  const say = async (args: string[], input = '') => {
    const { stdout, stderr } = await field.cli(args, input)
    answers.push(`$ netraven ${args.join(' ')}\n${stdout}\n${stderr}`)
    return stdout
  }

  /** Good reads, every way to fail at a login, a killed agent, wrong credentials, junk. */
  async function work(): Promise<void> {
    const keyFile = join(field.folder, 'key.pem')
    await writeFile(keyFile, privateKey, { mode: 0o600 })
    await must(field.cli(['credentials', 'add', 'by-key', '--username', 'backup', '--key', keyFile]))
    const token = (await say(['enrollment-tokens', 'create', '--site', 'lab'])).trim()
    tokens.push(token)
    answers.pop()
    const service = await say(['tokens', 'create', 'canary', '--scopes', 'read:devices,all:devices'])
    tokens.push(service.trim())
    answers.pop()
    const byToken = { NETRAVEN_HUB: field.hub.url, NETRAVEN_TOKEN: service.trim(), XDG_CONFIG_HOME: '/nonexistent' }
    answers.push(
      await must(netraven(['devices', 'list'], byToken)),
      await must(netraven(['whoami', '--json'], byToken)),
    )
    const [good, rejected, changed] = field.fleet.devices
    rejected?.fail({ rejectLogin: true })
    const agent = await field.agent(1)
    await say(['backup', 'run', '--all', '--wait', '--json'])
    await say(['devices', 'set', changed?.name ?? '', '--credential', 'by-key'])
    await say(['backup', 'run', '--device', changed?.name ?? '', '--wait'])
    good?.fail({ drop: 'connection' })
    await say(['backup', 'run', '--device', good?.name ?? '', '--wait'])
    good?.fail({ hostKey: 'other' })
    await say(['backup', 'run', '--device', good?.name ?? '', '--wait'])
    good?.fail({ latencyMs: 200 })
    await say(['backup', 'run', '--device', good?.name ?? ''])
    await vi.waitFor(() => expect(good?.stats.open).toBeGreaterThan(0), { timeout: 20_000, interval: 50 })
    await agent.kill('SIGKILL')
    await field.agent(1)
    answers.push(
      (
        await netraven(
          ['login', '--hub', field.hub.url, '--user', 'admin', '--password-stdin'],
          { XDG_CONFIG_HOME: '/nonexistent' },
          'canary-wrong-password\n',
        )
      ).stderr,
    )
  }

  async function ask(): Promise<void> {
    const openApi = (await (await field.api('/openapi.json')).json()) as {
      paths: Record<string, Record<string, unknown>>
    }
    const ids = {
      devices: await database.db.selectFrom('devices').select('id').execute(),
      agents: await database.db.selectFrom('agents').select('id').execute(),
      credentials: await database.db.selectFrom('credentials').select('id').execute(),
      runs: await database.db.selectFrom('runs').select('id').execute(),
      sites: await database.db.selectFrom('sites').select('id').execute(),
      backups: await database.db.selectFrom('versions').select('id').execute(),
    }
    for (const [path, methods] of Object.entries(openApi.paths)) {
      if (!('get' in methods)) continue
      const noun = Object.entries(ids).find(([name]) => path.includes(`/${name}/{`))
      for (const { id } of noun?.[1] ?? [{ id: '' }]) {
        const filled = path.replace('/api', '').replaceAll(/\{[^}]+\}/g, id)
        const response = await field.api(filled)
        answers.push(`GET ${filled} ${response.status}\n${await response.text()}`)
      }
    }
    for (const args of [
      ['devices', 'list'],
      ['devices', 'show', 'dev0001'],
      ['agents', 'list'],
      ['credentials', 'list'],
      ['backup', 'list'],
      ['backup', 'show', 'dev0001'],
      ['doctor'],
      ['whoami'],
      ['tokens', 'list', '--everyone', '--ended'],
      ['storage', 'status'],
    ]) {
      await say(args)
      await say([...args, '--json'])
    }
    await say(['backup', 'export', '--dir', join(field.folder, 'export')])
  }

  const secretsOfPeople = () => [
    ADMIN_PASSWORD,
    DEVICE_PASSWORD,
    ENABLE_PASSWORD,
    'canary-wrong-password',
    masterKey,
    Buffer.from(masterKey, 'hex').toString('base64'),
    keyBody,
  ]

  /** Names what was found, never where around: a failing test must not print the secret either. */
  function leaks(text: string | Buffer, secrets: readonly string[]): string[] {
    return secrets.filter((secret) => secret !== '' && text.includes(secret)).map((secret) => `${secret.slice(0, 12)}…`)
  }

  it('really were used: logins happened, versions were kept, failures were reported', async () => {
    const versions = await database.db.selectFrom('versions').selectAll().execute()
    expect(versions.length).toBeGreaterThanOrEqual(2)
    expect(versions.some((version) => version.spans.length > 0)).toBe(true)
    const codes = await database.db
      .selectFrom('tasks')
      .select('failure_code')
      .where('failure_code', 'is not', null)
      .execute()
    expect(new Set(codes.map((row) => row.failure_code))).toEqual(
      new Set(['PASSWORD_REJECTED', 'KEY_REJECTED', 'CONNECTION_LOST', 'HOST_KEY_CHANGED']),
    )
    for (const prefix of ['eyJ', 'nrr_', 'nrs_']) {
      expect([prefix, tokens.some((token) => token.startsWith(prefix))]).toEqual([prefix, true])
    }
    expect(answers.length).toBeGreaterThan(30)
  })

  it('[DAUTH-7] are in no log of any process at any level', () => {
    expect(leaks(field.output, [...secretsOfPeople(), ...tokens, ...agentSecrets, ...configurationSecrets])).toEqual([])
  })

  it('are in no answer of the API or the command line, in no error', () => {
    expect(
      leaks(answers.join('\n'), [...secretsOfPeople(), ...tokens, ...agentSecrets, ...configurationSecrets]),
    ).toEqual([])
  })

  it('are nowhere in the database in clear', async () => {
    const tables = await sql<{
      name: string
    }>`select table_name as name from information_schema.tables where table_schema = 'public'`.execute(database.db)
    expect(tables.rows.length).toBeGreaterThan(10)
    for (const { name } of tables.rows) {
      const { rows } = await sql<{ row: string }>`select row_to_json(t)::text as row from ${sql.table(name)} t`.execute(
        database.db,
      )
      const text = rows.map((row) => row.row).join('\n')
      const asHex = [...secretsOfPeople(), ...configurationSecrets].map((secret) => Buffer.from(secret).toString('hex'))
      expect([
        name,
        leaks(text, [...secretsOfPeople(), ...tokens, ...agentSecrets, ...configurationSecrets, ...asHex]),
      ]).toEqual([name, []])
    }
  })

  it('lie in no file of the hub in clear, and in one file of the agent that only its owner may read', async () => {
    const everything = [...secretsOfPeople(), ...tokens, ...agentSecrets, ...configurationSecrets]
    for (const folder of [join(field.folder, 'hub'), join(field.folder, 'export'), ...field.agentFolders]) {
      for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!file.isFile()) continue
        const path = join(file.parentPath, file.name)
        if (file.name === 'identity.json') {
          expect((await stat(path)).mode & 0o077).toBe(0)
          continue
        }
        expect([path, leaks(await readFile(path), everything)]).toEqual([path, []])
      }
    }
  })

  it('are not among the arguments of any process', async () => {
    for (const one of field.everything) {
      const line = await readFile(`/proc/${one.pid}/cmdline`, 'utf8').catch(() => '')
      expect(leaks(line, [...secretsOfPeople(), ...tokens, ...agentSecrets])).toEqual([])
    }
  })
})
