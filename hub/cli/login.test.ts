import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type CommandLineParts, cannedHub, commandLine as newCommandLine } from './command-line.ts'

const PASSWORD = ' canary password '
const TOKEN = 'nra_canary-token'

function commandLine(parts: CommandLineParts) {
  const line = newCommandLine(parts)
  onTestFinished(() => rm(line.folder, { recursive: true, force: true }))
  return line
}

function hub(seen: { password?: string; loggedOut?: string | null } = {}) {
  return cannedHub({
    'POST /api/auth/token': async (request) => {
      seen.password = ((await request.json()) as { password: string }).password
      return Response.json({ access_token: TOKEN, token_type: 'bearer', expires_in: 600 })
    },
    'POST /api/auth/logout': (request) => {
      seen.loggedOut = request.headers.get('authorization')
      return new Response(null, { status: 204 })
    },
    'GET /api/sites': { items: [], nextCursor: null },
  })
}

describe('netraven login', () => {
  it('takes the password from stdin as it is, and keeps only the token, for the owner alone', async () => {
    const seen: { password?: string } = {}
    const line = commandLine({ fetch: hub(seen) })
    const ran = await line.run(['login', '--hub', 'https://hub.test', '--user', 'ann', '--password-stdin'], {
      stdin: `${PASSWORD}\n`,
    })
    expect([ran.code, seen.password]).toEqual([0, PASSWORD])
    const file = join(line.folder, 'netraven', 'login.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(line.folder, 'netraven'))).mode & 0o777).toBe(0o700)
    expect(await readFile(file, 'utf8')).not.toContain('canary password')
    expect(ran.out + ran.err).not.toMatch(/canary/)
    expect((await line.run(['sites', 'list'])).out).toMatch(/No sites yet\. Add one with: netraven sites add NAME/)
  })

  it('asks a person without showing what is typed; backspace and Ctrl-U work', async () => {
    const seen: { password?: string } = {}
    const ran = await commandLine({ fetch: hub(seen) }).run(['login', '--user', 'ann'], {
      keys: 'wrong\u0015sec\u007F\u007Fecret\r',
    })
    expect([ran.code, seen.password]).toEqual([0, 'secret'])
    expect(ran.err).toBe('Password of ann at http://127.0.0.1:8000: \n')
  })

  it('Ctrl-C at the question ends it', async () => {
    const ran = await commandLine({ fetch: hub() }).run(['login', '--user', 'ann'], { keys: 'sec\u0003' })
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('nothing was typed')])
  })

  it('sends no password in the clear over a network, unless told to', async () => {
    const seen: { password?: string } = {}
    const args = ['login', '--hub', 'http://hub.test', '--user', 'ann', '--password-stdin']
    const refused = await commandLine({ fetch: hub(seen) }).run(args, { stdin: 'x\n' })
    expect([refused.code, seen.password, refused.err]).toEqual([
      78,
      undefined,
      expect.stringContaining('HUB_PLAINTEXT'),
    ])
    expect((await commandLine({ fetch: hub(seen) }).run([...args, '--allow-plaintext'], { stdin: 'x\n' })).code).toBe(0)
  })

  it('logging out forgets the token here and tells the hub', async () => {
    const seen: { loggedOut?: string | null } = {}
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
})
