/** `npm run driver:record` against a device on real SSH, and `npm run driver:new` as far as it writes nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRecording } from '../agent/replay/recording.ts'
import { type ReplayFleet, startReplayFleet } from './replay-device/replay-device.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const login = { username: 'netops', password: 'device-login-pw' }

async function script(name: string, args: string[], input = '') {
  const child = spawn(process.execPath, [join(root, 'scripts', name), ...args], { stdio: 'pipe' })
  child.stdin.end(input)
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exit: child.exitCode, out, err }
}

describe('npm run driver:record', () => {
  const recorded = 'cisco_ios.old-switch'
  const original = parseRecording(readFileSync(join(root, `agent/drivers/recordings/${recorded}.session`), 'utf8'))
  let fleet: ReplayFleet
  let folder: string

  const record = (name: string, more: string[] = [], input = `${login.password}\nenable-pw-1\n`) => {
    const { address, port } = fleet.device('dev0001')
    const where = ['--host', address, '--port', String(port), '--out', folder]
    return script(
      'driver-record.ts',
      ['--driver', 'ios', '--user', login.username, '--name', name, '--password-stdin', ...where, ...more],
      input,
    )
  }
  const pathOf = (name: string) => join(folder, `cisco_ios.${name}.session`)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nr-record-'))
    fleet = await startReplayFleet({ recording: original, login })
  })
  afterAll(async () => {
    await fleet?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('writes what the device said, and replaces every secret, the password of the login too', async () => {
    const { exit, out, err } = await record('copy')
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
    expect(out).toContain('It replays to the same text')
    const written = readFileSync(pathOf('copy'), 'utf8')
    const made = parseRecording(written)
    expect(made).toMatchObject({ driver: 'cisco_ios', evidence: 'real' })
    expect(made.secrets.length).toBeGreaterThan(10)
    expect([...original.secrets, login.password, 'enable-pw-1'].filter((secret) => written.includes(secret))).toEqual(
      [],
    )
    expect(made.login).toEqual(original.login)
    const shapes = (recording: typeof made) =>
      recording.runs.get('show running-config')?.segments.map((one) => one.waits)
    expect(shapes(made)).toEqual(shapes(original))
  })

  it('keeps the secrets of a laboratory when told so, and does not write over a recording unless told so', async () => {
    expect((await record('lab', ['--keep-secrets'])).exit).toBe(0)
    const run = 'show running-config'
    expect(parseRecording(readFileSync(pathOf('lab'), 'utf8')).runs.get(run)).toEqual(original.runs.get(run))
    const again = await record('lab')
    expect(again).toMatchObject({ exit: 2, out: '' })
    expect(again.err).toContain('is there already; --force writes over it')
  })

  it('replaces further values that a file names', async () => {
    const also = join(folder, 'also.txt')
    const hostname =
      /^hostname (\S+)$/m.exec(original.runs.get('show running-config')?.segments[0]?.text ?? '')?.[1] ?? ''
    expect(hostname.length).toBeGreaterThan(3)
    await writeFile(also, `${hostname}\n`)
    expect(await record('also', ['--also', also])).toMatchObject({ exit: 0, err: '' })
    expect(readFileSync(pathOf('also'), 'utf8')).not.toContain(hostname)
  })

  it('writes nothing when a secret cannot be replaced safely', async () => {
    const device = fleet.device('dev0001')
    const [secret = ''] = original.secrets.filter((one) => /^\w{5,}$/.test(one))
    device.replace([[secret, 'abc']])
    const { exit, err } = await record('short')
    device.replace([['abc', secret]])
    expect(exit).toBe(1)
    expect(err).toContain('is too short to be replaced everywhere (3 characters)')
    expect(err).toContain('Nothing was written')
    expect(existsSync(pathOf('short'))).toBe(false)
  })

  it('names the failure and what to do when the password is wrong', async () => {
    const { exit, err } = await record('wrong', [], 'wrong-password\n')
    expect(exit).toBe(1)
    expect(err).toContain('Authentication failed [PASSWORD_REJECTED]')
    expect(err).not.toContain('wrong-password')
    expect(existsSync(pathOf('wrong'))).toBe(false)
  })

  it('tells everything that is missing at once, and teaches when asked', async () => {
    const missing = await script('driver-record.ts', ['--driver', 'x', '--port', '0', '--name', 'A b'])
    expect(missing.exit).toBe(2)
    for (const flag of ['--driver', '--host', '--user', '--name', '--port', '--password-stdin']) {
      expect(missing.err).toContain(flag)
    }
    expect(await script('driver-record.ts', ['--nonsense'])).toMatchObject({ exit: 2, out: '' })
    const help = await script('driver-record.ts', ['--help'])
    expect(help).toMatchObject({ exit: 0, err: '' })
    expect(help.out).toContain('READ THE FILE')
  })
})

describe('npm run driver:new', () => {
  it('shows the driver that it would write, and writes nothing', async () => {
    const { exit, out, err } = await script('driver-new.ts', [
      '--name',
      'nokia_srnext',
      '--title',
      'Nokia SR OS',
      '--dry-run',
    ])
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
    expect(out).toContain("title: 'Nokia SR OS'")
    expect(out).toContain('@@ driver: nokia_srnext')
    expect(existsSync(join(root, 'agent/drivers/nokia_srnext.ts'))).toBe(false)
  })

  it('tells every wrong answer at once', async () => {
    const { exit, err } = await script('driver-new.ts', [
      '--name',
      'cisco_ios',
      '--complete',
      '(',
      '--config',
      'write memory',
    ])
    expect(exit).toBe(2)
    expect(err.trim().split('\n')).toHaveLength(5)
    expect(err).toContain('Nothing was written')
    expect(await script('driver-new.ts', ['--channel', 'pigeon'])).toMatchObject({
      exit: 2,
      err: '--channel is pigeon; it should be shell or exec\n',
    })
  })

  it('teaches when asked', async () => {
    expect((await script('driver-new.ts', ['--help'])).out).toContain('--complete REGEX')
  })
})
