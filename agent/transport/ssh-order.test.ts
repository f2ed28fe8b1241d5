import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type AuthContext } from 'ssh2'
import { afterEach, describe, expect, it } from 'vitest'
import { driverOf } from '../replay/scripted-device.ts'
import { connect } from './connect.ts'

const hostKey = ssh2.utils.generateKeyPairSync('ed25519')
const userKey = ssh2.utils.generateKeyPairSync('ed25519')
const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A server that judges each attempt, asks on its shell where it is told to, and remembers what it was shown. */
async function serve(judge: (context: AuthContext) => void) {
  const seen: string[] = []
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (peer) => {
    peer.on('error', () => undefined)
    peer.on('authentication', (context) => {
      seen.push(context.method)
      judge(context)
    })
    peer.on('session', (accept) => {
      const session = accept()
      session.on('pty', (acceptPty) => acceptPty())
      session.on('shell', (acceptShell) => {
        const channel = acceptShell()
        let line = ''
        let step = 0
        channel.write('\r\nPlease login: ')
        channel.on('data', (bytes: Buffer) => {
          line += bytes.toString()
          if (!line.endsWith('\r')) return
          seen.push(`line ${step}: ${line.trim()}`)
          line = ''
          step += 1
          channel.write(step === 1 ? '\r\nPassword: ' : '\r\nruckus> ')
        })
      })
    })
  })
  closing.push(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, seen }
}

async function open(port: number, afterSsh: boolean, secret: object = { password: 'right' }) {
  const connection = await connect(
    {
      transport: 'ssh',
      name: 'd',
      address: '127.0.0.1',
      port,
      username: 'admin',
      options: {},
      timeoutMs: 5000,
      driver: driverOf({ login: { afterSsh } }),
      ...secret,
    },
    { signal: new AbortController().signal },
  )
  closing.push(() => connection.close())
  return connection
}

const reject = (context: AuthContext, accepted: string) => {
  if (context.method === accepted) context.accept()
  else context.reject(['publickey', 'password', 'keyboard-interactive'])
}

describe('the order of a login', () => {
  it('begins without any secret where the system asks behind SSH itself', async () => {
    const { port, seen } = await serve((context) => reject(context, 'none'))
    const connection = await open(port, true)
    const shell = await connection.shell()
    const heard = await new Promise<string>((resolve) => shell.onData((bytes) => resolve(bytes.toString())))
    expect(heard).toContain('ruckus> ')
    expect(seen).toEqual(['none', 'line 0: admin', 'line 1: right'])
  })

  it('is none, key, password, questions', async () => {
    const { port, seen } = await serve((context) => reject(context, 'keyboard-interactive'))
    const both = { password: 'right', privateKey: userKey.private }
    await expect(open(port, true, both)).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' })
    expect(seen).toEqual(['none', 'publickey', 'password'])
  })

  it('shows nothing for none to a system of the usual kind', async () => {
    const { port, seen } = await serve((context) => reject(context, 'password'))
    await open(port, false)
    expect(seen).toEqual(['password'])
  })

  it('never asks an ssh-agent, though one is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'netraven-agent-'))
    let asked = 0
    const agent = createServer(() => {
      asked += 1
    }).listen(join(folder, 'agent'))
    const before = process.env.SSH_AUTH_SOCK
    process.env.SSH_AUTH_SOCK = join(folder, 'agent')
    closing.push(() => {
      agent.close()
      rmSync(folder, { recursive: true })
      if (before === undefined) delete process.env.SSH_AUTH_SOCK
      else process.env.SSH_AUTH_SOCK = before
    })
    const { port } = await serve((context) => context.reject(['publickey']))
    await expect(open(port, false)).rejects.toMatchObject({ code: 'METHOD_UNSUPPORTED' })
    expect(asked).toBe(0)
  })
})
