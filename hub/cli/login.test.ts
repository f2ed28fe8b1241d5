import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type CommandLineParts, cannedHub, commandLine as newCommandLine } from './command-line.ts'

const PASSWORD = ' canary password '
const TOKEN = 'eyJcanary-token'
const REFRESH = 'nrr_canary-refresh'

function commandLine(parts: CommandLineParts) {
  const line = newCommandLine(parts)
  onTestFinished(() => rm(line.folder, { recursive: true, force: true }))
  return line
}

interface Seen {
  question?: { username: string; password: string; scopes?: string[] }
  loggedOut?: string | null
}

const tokens = (token = TOKEN, refresh = REFRESH) => ({
  access_token: token,
  token_type: 'bearer',
  expires_in: 600,
  refresh_token: refresh,
  refresh_expires_in: 604_800,
  scope: 'read:agents read:devices',
})

const refusal = (code: string, details: object = {}) =>
  Response.json({ error: { code, message: `says ${code}`, details } }, { status: 401 })

function hub(seen: Seen = {}, more: Parameters<typeof cannedHub>[0] = {}) {
  return cannedHub({
    'POST /api/auth/token': async (request) => {
      seen.question = (await request.json()) as NonNullable<Seen['question']>
      return Response.json(tokens())
    },
    'POST /api/auth/logout': (request) => {
      seen.loggedOut = request.headers.get('authorization')
      return new Response(null, { status: 204 })
    },
    'GET /api/sites': { items: [], nextCursor: null },
    ...more,
  })
}

describe('netraven login', () => {
  it('takes the password from stdin as it is, and keeps only the token, for the owner alone', async () => {
    const seen: Seen = {}
    const line = commandLine({ fetch: hub(seen) })
    const ran = await line.run(['login', '--hub', 'https://hub.test', '--user', 'ann', '--password-stdin'], {
      stdin: `${PASSWORD}\n`,
    })
    expect([ran.code, seen.question?.password]).toEqual([0, PASSWORD])
    const file = join(line.folder, 'netraven', 'login.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(line.folder, 'netraven'))).mode & 0o777).toBe(0o700)
    expect(await readFile(file, 'utf8')).not.toContain('canary password')
    expect(ran.out + ran.err).not.toMatch(/canary/)
    expect((await line.run(['sites', 'list'])).out).toMatch(/No sites yet\. Add one with: netraven sites add NAME/)
  })

  it('asks a person without showing what is typed; backspace and Ctrl-U work', async () => {
    const seen: Seen = {}
    const ran = await commandLine({ fetch: hub(seen) }).run(['login', '--user', 'ann'], {
      keys: 'wrong\u0015sec\u007F\u007Fecret\r',
    })
    expect([ran.code, seen.question?.password]).toEqual([0, 'secret'])
    expect(ran.err).toBe('Password of ann at http://127.0.0.1:8000: \n')
  })

  it('Ctrl-C at the question ends it', async () => {
    const ran = await commandLine({ fetch: hub() }).run(['login', '--user', 'ann'], { keys: 'sec\u0003' })
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('nothing was typed')])
  })

  it('sends no password in the clear over a network, unless told to', async () => {
    const seen: Seen = {}
    const args = ['login', '--hub', 'http://hub.test', '--user', 'ann', '--password-stdin']
    const refused = await commandLine({ fetch: hub(seen) }).run(args, { stdin: 'x\n' })
    expect([refused.code, seen.question?.password, refused.err]).toEqual([
      78,
      undefined,
      expect.stringContaining('HUB_PLAINTEXT'),
    ])
    expect((await commandLine({ fetch: hub(seen) }).run([...args, '--allow-plaintext'], { stdin: 'x\n' })).code).toBe(0)
  })

  it('logging out forgets the token here and tells the hub', async () => {
    const seen: Seen = {}
    const line = commandLine({ fetch: hub(seen) })
    await line.run(['login', '--user', 'ann', '--password-stdin'], { stdin: 'x\n' })
    expect((await line.run(['logout'])).code).toBe(0)
    expect(seen.loggedOut).toBe(`Bearer ${TOKEN}`)
    expect((await line.run(['sites', 'list'])).code).toBe(78)
    expect((await line.run(['logout'])).out).toBe('You were not logged in.\n')
  })

  it('logging out works when the hub is away', async () => {
    const line = commandLine({ fetch: hub() })
    await line.run(['login', '--user', 'ann', '--password-stdin'], { stdin: 'x\n' })
    const away: typeof fetch = async () => {
      throw new TypeError('fetch failed')
    }
    const offline = commandLine({ fetch: away, env: { XDG_CONFIG_HOME: line.folder } })
    const ran = await offline.run(['logout'])
    expect([ran.code, ran.err]).toEqual([0, expect.stringContaining('HUB_UNREACHABLE')])
    expect((await line.run(['sites', 'list'])).code).toBe(78)
  })

  it('a damaged login says so and how to log in again', async () => {
    const line = commandLine({ fetch: hub() })
    await line.run(['login', '--user', 'ann', '--password-stdin'], { stdin: 'x\n' })
    await writeFile(join(line.folder, 'netraven', 'login.json'), '{"hub":')
    const ran = await line.run(['sites', 'list'])
    expect([ran.code, ran.err]).toEqual([78, expect.stringMatching(/damaged[\s\S]*netraven login/)])
    expect((await line.run(['login', '--user', 'ann', '--password-stdin'], { stdin: 'x\n' })).code).toBe(0)
  })

  it('a folder that is a file: the login cannot be kept, and it says where', async () => {
    const line = commandLine({ fetch: hub() })
    await mkdir(line.folder)
    await writeFile(join(line.folder, 'netraven'), '')
    await chmod(join(line.folder, 'netraven'), 0o400)
    const ran = await line.run(['login', '--user', 'ann', '--password-stdin'], { stdin: 'x\n' })
    expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/EXPORT_FAILED[\s\S]*netraven/)])
  })

  it('a token for one hub is never sent to another', async () => {
    const line = commandLine({ fetch: hub() })
    await line.run(['login', '--user', 'ann', '--password-stdin'], { stdin: 'x\n' })
    const elsewhere = commandLine({
      fetch: hub(),
      env: { XDG_CONFIG_HOME: line.folder, NETRAVEN_HUB: 'https://other.test' },
    })
    expect((await elsewhere.run(['sites', 'list'])).err).toMatch(/NOT_LOGGED_IN/)
  })

  it('[AUTH-2] asks about caps lock after a wrong password all in capitals, and never shows it', async () => {
    const wrong = hub({}, { 'POST /api/auth/token': () => refusal('INVALID_CREDENTIALS') })
    const login = (password: string) =>
      commandLine({ fetch: wrong }).run(['login', '--user', 'ann', '--password-stdin'], { stdin: `${password}\n` })
    const shouted = await login('CANARY-SECRET1')
    expect([shouted.code, shouted.err]).toEqual([1, expect.stringContaining('Is caps lock on?')])
    expect(shouted.out + shouted.err).not.toMatch(/canary/i)
    for (const password of ['Canary-Secret1', '1234-5678']) {
      expect((await login(password)).err).not.toContain('caps lock on?')
    }
  })

  it('[PERM-1] asks for the scopes that were wanted, and says which were not given', async () => {
    const seen: Seen = {}
    const ran = await commandLine({ fetch: hub(seen) }).run(
      ['login', '--user', 'ann', '--password-stdin', '--scopes', 'read:devices,admin:keys'],
      { stdin: 'x\n' },
    )
    expect([ran.code, seen.question?.scopes]).toEqual([0, ['read:devices', 'admin:keys']])
    expect(ran.err).toMatch(/^Not given[^\n]*: admin:keys\n$/)
  })
})

describe('netraven whoami', () => {
  const me = {
    id: '0198d6a1-52a8-7c63-9c5e-2f3f1f6f8a10',
    username: 'ann',
    displayName: 'Ann',
    kind: 'user',
    roles: ['viewer'],
    scopes: ['read:devices'],
    tokenExpiresAt: '2026-11-24T12:00:00.000Z',
    mustChangePassword: false,
    accountExpiresAt: null,
    warning: 'The account expires in 3 days.',
  }

  it('shows user, roles, scopes and until when, and what the hub warns of', async () => {
    const line = commandLine({ fetch: hub({}, { 'GET /api/auth/me': me }) })
    await line.run(['login', '--user', 'ann', '--password-stdin'], { stdin: 'x\n' })
    const ran = await line.run(['whoami'])
    expect([ran.code, ran.err]).toEqual([0, 'Warning: The account expires in 3 days.\n'])
    expect(ran.out).toMatch(/user:\s+ann\n[\s\S]*roles:\s+viewer\nscopes:\s+read:devices\n/)
    expect((await line.run(['whoami', '--json'])).json()).toMatchObject({
      username: 'ann',
      hub: 'http://127.0.0.1:8000',
    })
  })
})

describe('netraven logout', () => {
  const login = ['login', '--user', 'ann', '--password-stdin']

  it('[TOK-5] --everywhere ends all logins and says how many', async () => {
    const line = commandLine({ fetch: hub({}, { 'POST /api/auth/logout-all': { ended: 3 } }) })
    await line.run(login, { stdin: 'x\n' })
    expect((await line.run(['logout', '--everywhere'])).out).toMatch(/everywhere: 3 logins ended/)
    expect((await line.run(['logout'])).out).toBe('You were not logged in.\n')
  })

  it('[TOK-5] --everywhere fails when the hub could not be told, since elsewhere nothing ended', async () => {
    const line = commandLine({ fetch: hub({}, { 'POST /api/auth/logout-all': () => refusal('DB_UNAVAILABLE') }) })
    await line.run(login, { stdin: 'x\n' })
    const ran = await line.run(['logout', '--everywhere'])
    expect([ran.code, ran.err]).toEqual([75, expect.stringContaining('DB_UNAVAILABLE')])
    expect((await line.run(['logout'])).out).toBe('You were not logged in.\n')
  })

  it('[TOK-5] ends the session at the hub also when its access token has expired', async () => {
    const seen: Seen = {}
    const now = { ms: Date.now() }
    const line = commandLine({
      fetch: hub(seen, { 'POST /api/auth/refresh': () => Response.json(tokens('eyJnext', 'nrr_next')) }),
      now,
    })
    await line.run(login, { stdin: 'x\n' })
    now.ms += 3_600_000
    expect((await line.run(['logout'])).code).toBe(0)
    expect(seen.loggedOut).toBe('Bearer eyJnext')
    expect((await line.run(['sites', 'list'])).err).toMatch(/NOT_LOGGED_IN/)
  })
})
