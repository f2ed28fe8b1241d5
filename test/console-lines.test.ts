/** Lines of a console server over SSH: a real OpenSSH, whose session is a line with a login of its own. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineDriver } from '../agent/driver.ts'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import { freePort, type OpenSshPeer, startOpenSsh } from './peers/openssh.ts'
import { whyNot } from './peers/programs.ts'

const reason = await whyNot(['openssh'], process.env.CI)
const LINE = { username: 'line-user', secret: { password: 'canary-line-password' } }

const driver = defineDriver({
  ...{ name: 'test_line', title: 'Test', aliases: [], comment: '! ', channel: 'shell', prompt: /^line1# $/ },
  ...{ rejected: [/^% Invalid/], logout: ['exit'] },
  commands: [{ run: 'show running-config', as: 'config', complete: /^end$/m }],
})

describe.skipIf(reason !== undefined)('the line of a console server over SSH', () => {
  let folder: string
  let server: OpenSshPeer
  let jump: OpenSshPeer

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'netraven-line-'))
    await chmod(folder, 0o755)
    server = await startOpenSsh({ config: [`ForceCommand ${join(folder, 'line')}`] })
    jump = await startOpenSsh()
    await writeFile(join(folder, 'heard'), '', { mode: 0o666 })
    await chmod(join(folder, 'heard'), 0o666)
    // A line is silent until somebody types; then it asks, as a device's console does.
    await writeFile(
      join(folder, 'line'),
      `#!/bin/sh
read _
printf 'User Access Verification\n\nUsername: '
read name
stty -echo
printf 'Password: '
read word
stty echo
echo "$name" >> ${join(folder, 'heard')}
case "$name/$word" in
  ${LINE.username}/${LINE.secret.password} | ${server.user.name}/${server.user.password}) ;;
  *) printf '\n%% Login invalid\n\nUsername: '; read _; exit ;;
esac
printf '\n'
while printf 'line1# '; read -r command; do
  case "$command" in
    'show running-config') printf 'hostname line1\nend\n' ;;
    exit) exit ;;
    *) printf '%% Invalid input\n' ;;
  esac
done
`,
    )
    await chmod(join(folder, 'line'), 0o755)
  }, 60_000)
  afterAll(async () => {
    await server?.stop()
    await jump?.stop()
    await rm(folder, { recursive: true })
  })

  const reading = (more: Partial<Reading> = {}): Reading => ({
    ...{ driver, address: server.address, port: server.port, ...LINE, options: { console: true }, ...more },
  })
  /** The server as a device of its own; at its own port nobody listens, and nobody must. */
  const serverHop = async (secret: object = {}) => ({
    hop: { name: 'cs1', address: server.address, port: await freePort() },
    secret: { username: server.user.name, privateKey: server.privateKey, ...secret },
  })
  const heard = () => readFile(join(folder, 'heard'), 'utf8')

  it('[DEV-2] is read with one login for server and line, where they have the same', async () => {
    const { name: username, password } = server.user
    const read = await readDevice(reading({ username, secret: { password } }))
    expect([read.verdict, read.text, read.hostKey]).toEqual(['complete', 'hostname line1\nend\n', server.hostKey])
  })

  it('[DEV-2] is read with two logins, when the server is a device on the way: its own, and the one of the line', async () => {
    const before = server.attempts()
    const read = await readDevice(reading({ hops: [await serverHop()] }))
    expect([read.verdict, read.text, read.hostKey]).toEqual(['complete', 'hostname line1\nend\n', server.hostKey])
    expect(server.attempts()).toBe(before + 1)
    expect(server.log()).not.toContain(LINE.username)
  })

  it('is read so behind a jump host too', async () => {
    const { address, port, hostKey, user, privateKey } = jump
    const first = { hop: { name: 'jump', address, port, hostKey }, secret: { username: user.name, privateKey } }
    // The server's address as the jump host knows it.
    const there = { ...(await serverHop()) }
    const before = jump.attempts()
    const read = await readDevice(reading({ hops: [first, there] }))
    expect([read.verdict, read.hopKeys, jump.attempts()]).toEqual(['complete', undefined, before + 1])
  })

  it('[DAUTH-1] that refuses its login is the device’s own failure', async () => {
    const secret = { password: 'wrong' }
    const failure = await failureOf(readDevice(reading({ secret, hops: [await serverHop()] })))
    expect([failure.code, failure.details.rung]).toEqual(['PASSWORD_REJECTED', 'login'])
  })

  it('[DAUTH-1] whose server refuses its login names the server, and the line’s credential is never sent', async () => {
    const before = await heard()
    const hop = await serverHop({ privateKey: undefined, password: 'wrong' })
    const failure = await failureOf(readDevice(reading({ hops: [hop] })))
    expect([failure.code, failure.details.hop, failure.details.hopCode]).toEqual([
      'JUMP_HOST_FAILED',
      'cs1',
      'PASSWORD_REJECTED',
    ])
    expect(await heard()).toBe(before)
  })

  it('[DEV-8] of a server whose host key changed hears of no login', async () => {
    const before = [server.attempts(), await heard()]
    const failure = await failureOf(readDevice(reading({ hostKey: jump.hostKey, hops: [await serverHop()] })))
    expect(failure.code).toBe('HOST_KEY_CHANGED')
    expect([server.attempts(), await heard()]).toEqual(before)
  })
})
