import { failures } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { cannedHub, commandLine, signedIn } from './command-line.ts'

const nobody: typeof fetch = async () => {
  throw Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) })
}
const refusing = (code: string, status: number) =>
  cannedHub({
    'GET /api/sites': () => Response.json({ error: { code, message: `says ${code}`, details: {} } }, { status }),
  })

/** Every command with arguments that pass, and what it asks of the hub fails. */
const commands = [
  ['sites', 'list'],
  ['sites', 'add', 'lab'],
  ['enrollment-tokens', 'create', '--site', 'lab'],
  ['enrollment-tokens', 'list'],
  ['enrollment-tokens', 'remove', 'x'],
  ['tokens', 'list'],
  ['tokens', 'create', 'x', '--scopes', 'read:devices'],
  ['tokens', 'revoke', 'x'],
  ['tokens', 'revoke', '--all'],
  ['agents', 'list'],
  ['agents', 'show', 'x'],
  ['agents', 'revoke', 'x'],
  ['agents', 'ping', 'x', '192.0.2.1'],
  ['agents', 'dns', 'x', 'sw1.example'],
  ['agents', 'tcp', 'x', '192.0.2.1', '--port', '830'],
  ['credentials', 'list'],
  ['credentials', 'show', 'x'],
  ['credentials', 'remove', 'x'],
  ['credentials', 'revoke', 'x'],
  ['credentials', 'reset-guard', 'x'],
  ['devices', 'reset-cooldown', 'x'],
  ['credentials', 'add', 'x', '--local', 'core'],
  ['credentials', 'set', 'x', '--name', 'y'],
  ['devices', 'list'],
  ['devices', 'show', 'x'],
  ['devices', 'remove', 'x'],
  ['devices', 'add', 'x', '--address', '192.0.2.1', '--driver', 'linux', '--site', 'lab'],
  ['devices', 'set', 'x', '--port', '22'],
  ['backup', 'run', '--all'],
  ['backup', 'list'],
  ['backup', 'show', 'x'],
  ['backup', 'diff', 'x', 'y'],
  ['backup', 'verify', 'x'],
  ['backup', 'export', '--dir', '.'],
  ['storage', 'status'],
  ['users', 'list'],
  ['users', 'show', 'ann'],
  ['users', 'set', 'ann', '--role', 'viewer'],
  ['users', 'scopes', 'ann'],
  ['users', 'disable', 'ann'],
  ['users', 'reactivate', 'ann'],
  ['users', 'unlock', 'ann'],
  ['users', 'reset-password', 'ann'],
  ['groups', 'list'],
  ['groups', 'show', 'x'],
  ['groups', 'add', 'x'],
  ['groups', 'set', 'x', '--name', 'y'],
  ['groups', 'members', 'x'],
  ['groups', 'remove', 'x'],
  ['roles', 'list'],
  ['roles', 'show', 'x'],
  ['roles', 'add', 'x', '--scope', 'read:devices'],
  ['roles', 'remove', 'x'],
  ['limits', 'list'],
  ['limits', 'rules'],
  ['limits', 'reset', 'principal:x'],
  ['limits', 'allow', '192.0.2.0/24'],
  ['keys', 'list'],
  ['grants', 'list'],
  ['grants', 'remove', 'x'],
  ['access', 'requests'],
  ['tags', 'list'],
  ['tags', 'devices', 'env'],
  ['tags', 'assign', 'env=lab', '--device', 'sw1'],
  ['tag-rules', 'list'],
  ['tag-rules', 'remove', 'x'],
  ['audit', 'list'],
  ['audit', 'show', '42'],
]

describe('netraven', () => {
  it.each(commands)('%s %s %s says how to log in, exit 78', async (...args) => {
    const { code, err, out } = await commandLine({ fetch: nobody }).run(args)
    expect([code, out]).toEqual([78, ''])
    expect(err).toMatch(/^Not logged in \[NOT_LOGGED_IN\]\n[\s\S]*netraven login/)
  })

  it.each(commands)('%s %s %s says that the hub is away, exit 75', async (...args) => {
    const { code, err } = await commandLine({ fetch: nobody, env: signedIn }).run(args)
    expect(code).toBe(75)
    expect(err).toMatch(/^Hub out of reach \[HUB_UNREACHABLE\]\n[\s\S]*127\.0\.0\.1:8000[\s\S]*What to do:/)
    expect(err).not.toMatch(/\bat .*:\d+:\d+|nra_canary/)
  })

  it.each(commands)('%s %s %s takes --json, and --help has an example', async (noun = '', verb = '') => {
    const { code, out } = await commandLine({ fetch: nobody }).run([noun, verb, '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(/--json/)
    expect(out).toContain(`netraven ${noun} ${verb}`)
  })

  it.each([
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['devices', 'lst'], /Did you mean list/],
    [['devices', 'show'], /missing required argument/],
    [['devices', 'show', 'a', 'b'], /too many arguments/],
    [['devices', 'list', '--colour'], /unknown option '--colour'/],
    [['devices', 'set', 'a'], /nothing to change/],
    [['devices', 'set', 'a', '--port', '0'], /--port[\s\S]*1 to 65535/],
    [['devices', 'set', 'a', '--secrets', 'maybe'], /Allowed choices are keep, strip/],
    [['devices', 'set', 'a', '--command-timeout', 'soon'], /--command-timeout[\s\S]*seconds/],
    [['devices', 'set', 'a', '--legacy-algorithms', 'perhaps'], /on or off/],
    [['devices', 'set', 'a', '--tag', 'rack'], /NAME=VALUE/],
    [['devices', 'add', 'a', '--driver', 'linux'], /--address/],
    [['agents', 'ping', 'a', '-c9'], /unknown option '-c9'/],
    [['agents', 'ping', 'a', '192.0.2.1; reboot'], /one host name or IP address/],
    [['agents', 'tcp', 'a', 'sw1', '--port', '0'], /--port[\s\S]*1 to 65535/],
    [['devices', 'import', '/nowhere/devices.csv'], /ENOENT/],
    [['backup', 'run'], /exactly one of --all, --site and --device/],
    [['backup', 'run', '--all', '--site', 'lab'], /exactly one/],
    [['backup', 'list', '--limit', 'all'], /--limit/],
    [['backup', 'show'], /either an id or --device/],
    [['backup', 'diff', 'a'], /two ids/],
    [['backup', 'verify'], /ids, --device or --all/],
    [['backup', 'export'], /--dir/],
    [['credentials', 'add', 'a'], /--username/],
    [['credentials', 'add', 'a', '--username', 'u'], /no terminal to ask on/],
    [['credentials', 'add', 'a', '--username', 'u', '--key', '/nowhere/key'], /ENOENT/],
    [['credentials', 'add', 'a', '--username', 'u', '--passphrase-stdin'], /needs --key/],
    [['credentials', 'add', 'a', '--local', 'l', '--password-stdin'], /stands alone/],
    [['credentials', 'add', 'a', '--username', 'u', '--password-stdin'], /no such line/],
    [['enrollment-tokens', 'create'], /--site/],
    [['enrollment-tokens', 'create', '--site', 'a', '--valid-hours', '0'], /1 to 720/],
    [['login', '--user', 'a', '--hub', 'ftp://x'], /--hub[\s\S]*https:/],
    [['login', '--hub', 'https://x'], /--user/],
    [['users', 'show'], /missing required argument/],
    [['users', 'lst'], /Did you mean list/],
    [['users', 'set', 'ann'], /nothing to change/],
    [['groups', 'show'], /missing required argument/],
    [['groups', 'set', 'x'], /nothing to change/],
    [['roles', 'show'], /missing required argument/],
    [['tokens', 'create'], /--scopes/],
    [['tokens', 'lst'], /Did you mean list/],
    [['limits', 'reset'], /missing required argument/],
    [['limits', 'set', 'principal', '--limit', 'many'], /--limit/],
    [['tags', 'devices'], /missing required argument/],
    [['keys', 'lst'], /Did you mean list/],
    [['explain', 'TCP_TIMEOT'], /Did you mean TCP_TIMEOUT/],
  ])('%j is wrong usage, exit 2', async (args, words) => {
    const { code, err, out } = await commandLine({ fetch: nobody, env: signedIn }).run(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^Wrong usage \[USAGE\]/)
    expect(err).toMatch(words)
    const json = await commandLine({ fetch: nobody, env: signedIn }).run([...args, '--json'])
    expect(json.code).toBe(2)
    expect(json.json()).toMatchObject({ error: { code: 'USAGE' } })
  })

  it('nothing at all shows the guide, and that is usage', async () => {
    const { code, err } = await commandLine({ fetch: nobody }).run([])
    expect(code).toBe(2)
    expect(err).toMatch(/First steps:[\s\S]*Exit codes: 0 done, 1 failed, 2 usage, 75 try later, 78/)
  })

  it.each([
    ['ALREADY_EXISTS', 409, 1],
    ['REQUEST_INVALID', 400, 2],
    ['DB_UNAVAILABLE', 503, 75],
    ['TOKEN_EXPIRED', 401, 78],
    ['INTERNAL', 500, 1],
  ])('%s of the hub ends with exit code %s → %i', async (code, status, exit) => {
    const ran = await commandLine({ fetch: refusing(code, status), env: signedIn }).run(['sites', 'list', '--json'])
    expect(ran.code).toBe(exit)
    expect(ran.json()).toMatchObject({ error: { code, message: `says ${code}` } })
    expect(ran.err).toContain(`says ${code} [${code}]`)
  })

  it('a bug of ours shows no stack', async () => {
    const fetch = cannedHub({ 'GET /api/sites': () => ({ ok: true, text: () => Promise.resolve(7) }) as never })
    const { code, err } = await commandLine({ fetch, env: signedIn }).run(['sites', 'list'])
    expect(code).not.toBe(0)
    expect(err).not.toMatch(/^\s+at /m)
  })

  it.each(Object.keys(failures))('[GEN-2] explain %s works without a hub', async (code) => {
    const { code: exit, out } = await commandLine({ fetch: nobody }).run(['explain', code.toLowerCase()])
    expect(exit).toBe(0)
    expect(out).toContain(`[${code}]`)
    expect(out).not.toMatch(/[{}]/)
  })

  it('explain alone lists every code', async () => {
    const { out } = await commandLine({ fetch: nobody }).run(['explain', '--json'])
    expect(JSON.parse(out)).toHaveLength(Object.keys(failures).length)
  })
})
