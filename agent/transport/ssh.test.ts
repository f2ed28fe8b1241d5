import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { Failure } from '@netraven/protocol/failure.ts'
import ssh2, { type AuthContext, type Connection as Peer, type ServerConfig, type Session } from 'ssh2'
import { afterEach, describe, expect, it } from 'vitest'
import type { Connection, End } from '../channel.ts'
import { connectSsh, type SshTarget } from './ssh.ts'

const { utils } = ssh2
const hostKey = utils.generateKeyPairSync('ed25519')
const rsaHostKey = utils.generateKeyPairSync('rsa', { bits: 2048 })
const userKey = utils.generateKeyPairSync('ed25519')
const lockedKey = utils.generateKeyPairSync('ed25519', { passphrase: 'open sesame', cipher: 'aes128-ctr', rounds: 1 })

const closing: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

interface Setting {
  config?: Partial<ServerConfig>
  authenticate?: (context: AuthContext, peer: Peer) => void
  session?: (session: Session, peer: Peer) => void
  connected?: (peer: Peer) => void
}

const PASSWORD_OF: (context: AuthContext) => void = (context) => {
  if (context.method === 'password' && context.password === 'right') context.accept()
  else context.reject(['password', 'keyboard-interactive'])
}

/** A server in this process, and what it saw. */
async function serve({ config, authenticate = PASSWORD_OF, session, connected }: Setting = {}) {
  const seen: { methods: string[]; passwords: string[]; closed: Promise<void>[]; negotiated: unknown[] } = {
    methods: [],
    passwords: [],
    closed: [],
    negotiated: [],
  }
  const server = new ssh2.Server({ hostKeys: [hostKey.private], ...config }, (peer) => {
    seen.closed.push(new Promise((resolve) => peer.on('close', () => resolve())))
    peer.on('error', () => undefined)
    peer.on('handshake', (negotiated) => seen.negotiated.push(negotiated))
    peer.on('authentication', (context) => {
      seen.methods.push(context.method)
      if (context.method === 'password') seen.passwords.push(context.password)
      authenticate(context, peer)
    })
    peer.on('session', (accept) => session?.(accept(), peer))
    connected?.(peer)
  })
  const port = await listening(server)
  return { port, seen }
}

async function serveRaw(talk: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    talk(socket)
  })
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
  })
  return listening(server)
}

function listening(server: Pick<ReturnType<typeof createServer>, 'listen' | 'address' | 'close'>): Promise<number> {
  closing.push(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}

function connect(port: number, more: Partial<SshTarget> = {}, signal = new AbortController().signal) {
  const target = {
    address: '127.0.0.1',
    port,
    username: 'u',
    password: 'right',
    options: {},
    timeoutMs: 5000,
  }
  const opened = connectSsh({ ...target, ...more }, { signal })
  closing.push(() => opened.then((connection) => connection.close()).catch(() => undefined))
  return opened
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure instanceof Failure) return failure
  throw failure ?? new Error('it did not fail')
}

const codeOf = async (work: Promise<unknown>) => (await failureOf(work)).code

function fingerprintOf(publicLine: string): string {
  const blob = Buffer.from(publicLine.split(' ')[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** All output of a command, and how it ended. */
async function run(connection: Connection, command: string) {
  const channel = await connection.exec(command)
  let [output, aside] = ['', '']
  channel.onData((bytes) => {
    output += bytes
  })
  channel.onErrorData?.((bytes) => {
    aside += bytes
  })
  const end = await new Promise<End>((resolve) => channel.onEnd(resolve))
  return { output, aside, end }
}

describe('login', () => {
  it('with a password works, and gives the host key as OpenSSH prints it', async () => {
    const { port, seen } = await serve()
    const connection = await connect(port)
    expect(connection.hostKey).toBe(fingerprintOf(hostKey.public))
    expect(seen.methods).toEqual(['password'])
    expect(seen.negotiated).toMatchObject([{ kex: 'curve25519-sha256', cs: { cipher: 'aes128-gcm@openssh.com' } }])
  })

  const byKey: Setting['authenticate'] = (context) => {
    const ours = [userKey, lockedKey].map(({ public: line }) => line.split(' ')[1])
    if (context.method === 'publickey' && ours.includes(context.key.data.toString('base64'))) context.accept()
    else context.reject(['publickey'])
  }

  it('with a key works, also with one behind a passphrase', async () => {
    const { port } = await serve({ authenticate: byKey })
    await connect(port, { privateKey: userKey.private, password: undefined })
    await connect(port, { privateKey: lockedKey.private, passphrase: 'open sesame', password: undefined })
  })

  it('with a key and then a password works where the device wants both', async () => {
    let first = true
    const { port, seen } = await serve({
      authenticate: (context) => {
        if (context.method === 'publickey' && first) {
          if (context.signature) first = false
          if (context.signature) context.reject(['password'], true)
          else context.accept()
        } else PASSWORD_OF(context)
      },
    })
    await connect(port, { privateKey: userKey.private })
    expect(seen.methods.at(-1)).toBe('password')
  })

  it('by keyboard-interactive works where the device knows nothing else', async () => {
    const { port } = await serve({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        return context.prompt([{ prompt: 'Password: ', echo: false }], (answers) =>
          answers[0] === 'right' ? context.accept() : context.reject(['keyboard-interactive']),
        )
      },
    })
    await connect(port)
  })

  it('[DAUTH-1] [DAUTH-5] with a wrong password is tried once, in no second way', async () => {
    const { port, seen } = await serve()
    const failure = await failureOf(connect(port, { password: 'wrong' }))
    expect([failure.code, failure.message]).toEqual(['PASSWORD_REJECTED', 'Authentication failed'])
    expect(seen.methods).toEqual(['password'])
    expect(JSON.stringify(failure)).not.toContain('wrong')
  })

  it('[DAUTH-5] a password asked for again is not given again', async () => {
    const given: string[] = []
    const { port } = await serve({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        const ask = () =>
          context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
            given.push(...answers)
            ask()
          })
        return ask()
      },
    })
    expect(await codeOf(connect(port, { password: 'wrong' }))).toBe('PASSWORD_REJECTED')
    expect(given).toEqual(['wrong'])
  })

  it('[DAUTH-1] that wants a token code can’t be done, and the failure says what was asked', async () => {
    const { port } = await serve({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        return context.prompt([{ prompt: 'Verification code: ', echo: false }], () => context.reject())
      },
    })
    const failure = await failureOf(connect(port))
    expect([failure.code, failure.details.asked]).toEqual(['METHOD_UNSUPPORTED', 'Verification code:'])
  })

  it('[DAUTH-1] by a method that the device does not take tells which it takes', async () => {
    const { port } = await serve({ authenticate: (context) => context.reject(['publickey']) })
    const failure = await failureOf(connect(port))
    expect([failure.code, failure.details.methods]).toEqual(['METHOD_UNSUPPORTED', ['publickey']])
  })

  it('[DAUTH-1] with a key that the device does not know', async () => {
    const { port } = await serve({ authenticate: (context) => context.reject(['publickey']) })
    expect(await codeOf(connect(port, { privateKey: userKey.private, password: undefined }))).toBe('KEY_REJECTED')
  })

  it('that the device cuts off after a wrong password is a rejection, not a network fault', async () => {
    const { port } = await serve({
      authenticate: (_, peer) => {
        const protocol: { disconnect(reason: number): void } = Reflect.get(peer, '_protocol')
        protocol.disconnect(14)
        peer.end()
      },
    })
    expect(await codeOf(connect(port))).toBe('PASSWORD_REJECTED')
  })

  it('that the device breaks off is a lost connection', async () => {
    const { port } = await serve({ authenticate: (_, peer) => Reflect.get(peer, '_sock').destroy() })
    const failure = await failureOf(connect(port))
    expect([failure.code, failure.details.stage]).toEqual(['CONNECTION_LOST', 'login'])
  })

  it('that is never answered ends at the limit', async () => {
    const { port } = await serve({ authenticate: () => undefined })
    const failure = await failureOf(connect(port, { timeoutMs: 300 }))
    expect([failure.code, failure.details.reason]).toEqual(['CONNECTION_LOST', 'no answer in time'])
  })

  it.each([
    ['damaged', { privateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n' }],
    ['behind a passphrase that is missing', { privateKey: lockedKey.private }],
    ['behind another passphrase', { privateKey: lockedKey.private, passphrase: 'close sesame' }],
    ['a public one', { privateKey: userKey.public }],
  ])('with a key that is %s fails before anything is sent', async (_, more) => {
    let connections = 0
    const { port } = await serve({
      connected: () => {
        connections += 1
      },
    })
    expect(await codeOf(connect(port, more))).toBe('KEY_UNREADABLE')
    expect(connections).toBe(0)
  })

  it('without any secret is not begun', async () => {
    expect(await codeOf(connect(1, { password: undefined }))).toBe('NO_CREDENTIAL')
  })
})

describe('host key', () => {
  it('that is the pinned one lets the login go on', async () => {
    const { port } = await serve()
    await connect(port, { hostKey: fingerprintOf(hostKey.public) })
  })

  it('[DEV-8] that changed stops before any credential is sent', async () => {
    const { port, seen } = await serve()
    const pinned = fingerprintOf(rsaHostKey.public)
    const failure = await failureOf(connect(port, { hostKey: pinned, privateKey: userKey.private }))
    expect(failure.code).toBe('HOST_KEY_CHANGED')
    expect(failure.details).toMatchObject({ pinned, seen: fingerprintOf(hostKey.public) })
    await Promise.all(seen.closed)
    expect(seen.methods).toEqual([])
  })
})

describe('algorithms', () => {
  const old: [name: string, algorithms: NonNullable<ServerConfig['algorithms']>, missing: string[]][] = [
    ['group14-sha1', { kex: ['diffie-hellman-group14-sha1'] }, ['kex']],
    ['group1-sha1', { kex: ['diffie-hellman-group1-sha1'] }, ['kex']],
    ['ssh-rsa', { serverHostKey: ['ssh-rsa'] }, ['serverHostKey']],
    ['CBC and MD5', { cipher: ['3des-cbc'], hmac: ['hmac-md5'] }, ['cipher', 'mac']],
    ['SHA-1 MACs', { cipher: ['aes128-ctr'], hmac: ['hmac-sha1'] }, ['mac']],
  ]

  it.each(old)(
    '[DEV-7] a device with only %s fails with what it offers, until old ones are allowed',
    async (_, algorithms, missing) => {
      const { port } = await serve({ config: { hostKeys: [rsaHostKey.private], algorithms } })
      const failure = await failureOf(connect(port))
      expect([failure.code, failure.details.missing]).toEqual(['SSH_LEGACY_ALGOS', missing])
      expect(failure.details.offered).toMatchObject(
        Object.fromEntries(
          Object.entries(algorithms).map(([kind, names]) => [
            kind === 'hmac' ? 'mac' : kind,
            expect.arrayContaining([...names]),
          ]),
        ),
      )
      await connect(port, { options: { legacyAlgorithms: true } })
    },
  )

  it('are new ones where the device has both, old ones allowed or not', async () => {
    const algorithms = {
      kex: ['diffie-hellman-group14-sha1', 'ecdh-sha2-nistp256'],
      cipher: ['aes128-cbc', 'aes256-ctr'],
    } as const
    const { port, seen } = await serve({
      config: { algorithms: { kex: [...algorithms.kex], cipher: [...algorithms.cipher] } },
    })
    await connect(port, { options: { legacyAlgorithms: true } })
    expect(seen.negotiated).toMatchObject([{ kex: 'ecdh-sha2-nistp256', cs: { cipher: 'aes256-ctr' } }])
  })
})

describe('[DEV-1] a device that can’t be reached', () => {
  it('has a name that does not exist', async () => {
    expect(await codeOf(connect(22, { address: 'no-such-device.invalid' }))).toBe('DNS_FAILED')
  })

  it('has an address without a way to it', async () => {
    expect(await codeOf(connect(22, { address: '255.255.255.255' }))).toBe('NO_ROUTE')
  })

  it('refuses the port', async () => {
    const server = createServer()
    const port = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    closing.length = 0
    const failure = await failureOf(connect(port))
    expect([failure.code, failure.message, failure.details.port]).toEqual(['PORT_REFUSED', 'Device unreachable', port])
  })

  it('does not answer at all', async () => {
    const port = await serveRaw(() => undefined)
    // The limit is over before the first turn of the event loop in which a connection could come about.
    const after = (_: number, run: () => void) => {
      process.nextTick(run)
      return () => undefined
    }
    const clock = { nowMs: () => 0, after }
    const target = { address: '127.0.0.1', port, username: 'u', password: 'p', options: {}, timeoutMs: 1 }
    expect(await codeOf(connectSsh(target, { signal: new AbortController().signal, clock }))).toBe('TCP_TIMEOUT')
  })

  it.each([
    ['says nothing', () => undefined],
    ['speaks something else', (socket: Socket) => socket.write('220 mail.example ESMTP\r\n')],
  ])('accepts the connection and %s', async (_, talk) => {
    const port = await serveRaw(talk)
    expect(await codeOf(connect(port, { timeoutMs: 200 }))).toBe('BANNER_TIMEOUT')
  })

  it.each([
    ['in order', (socket: Socket) => socket.end()],
    ['by a reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('hangs up at once %s: all login lines are taken', async (_, talk) => {
    const port = await serveRaw(talk)
    const failure = await failureOf(connect(port))
    expect([failure.code, failure.details.closed]).toEqual(['BANNER_TIMEOUT', true])
  })

  it.each([
    ['stops after its version', 'SSH-2.0-Stopped\r\n', false],
    ['hangs up after its version', 'SSH-2.0-Gone\r\n', true],
    ['sends no packets', `SSH-2.0-Noise\r\n${'x'.repeat(100)}`, false],
    ['knows only version 1', 'SSH-1.5-Old\r\n', true],
  ])('%s', async (_, text, end) => {
    const port = await serveRaw((socket) => {
      socket.write(text)
      if (end) socket.end()
    })
    const failure = await failureOf(connect(port, { timeoutMs: 300 }))
    expect([failure.code, failure.details.server]).toEqual(['SSH_PROTOCOL', text.split('\r')[0]])
  })
})

describe('channels', () => {
  it('give output, what stands beside it, and the status', async () => {
    const { port } = await serve({
      session: (session) =>
        session.on('exec', (accept) => {
          const stream = accept()
          stream.write('a\n')
          stream.stderr.write('careful\n')
          stream.exit(3)
          stream.end('b\n')
        }),
    })
    const connection = await connect(port)
    expect(await run(connection, 'x')).toEqual({ output: 'a\nb\n', aside: 'careful\n', end: { clean: true, exit: 3 } })
  })

  it('tell of a signal, and of an end without a status', async () => {
    const { port } = await serve({
      session: (session) =>
        session.on('exec', (accept, _, { command }) => {
          const stream = accept()
          if (command === 'kill') stream.exit('KILL', false, '')
          stream.end()
        }),
    })
    const connection = await connect(port)
    expect((await run(connection, 'kill')).end).toEqual({ clean: true, signal: 'SIGKILL' })
    expect((await run(connection, 'say nothing')).end).toEqual({ clean: true })
  })

  it('end clean although the device hangs up right after', async () => {
    const { port } = await serve({
      session: (session, peer) =>
        session.on('exec', (accept) => {
          const stream = accept()
          stream.exit(0)
          stream.end('x'.repeat(100_000), () => stream.close())
          stream.on('close', () => peer.end())
        }),
    })
    const { output, end } = await run(await connect(port), 'x')
    expect([output.length, end]).toEqual([100_000, { clean: true, exit: 0 }])
  })

  it('that break off with the connection did not end clean', async () => {
    const { port } = await serve({
      session: (session, peer) =>
        session.on('exec', (accept) => {
          accept().write('half', () => Reflect.get(peer, '_sock').destroy())
        }),
    })
    const { end } = await run(await connect(port), 'x')
    expect(end.clean).toBe(false)
  })

  it('carry more than their window in one go', async () => {
    const bytes = 5 * 1024 * 1024
    const { port } = await serve({
      session: (session) =>
        session.on('exec', (accept) => {
          const stream = accept()
          stream.stderr.write(Buffer.alloc(100_000))
          stream.end(Buffer.alloc(bytes, 'x'))
        }),
    })
    expect((await run(await connect(port), 'x')).output).toHaveLength(bytes)
  })

  it('for a shell come with a terminal wide enough for any command', async () => {
    const asked: unknown[] = []
    const { port } = await serve({
      session: (session) =>
        session
          .on('pty', (accept, _, info) => {
            asked.push({ cols: info.cols, term: Reflect.get(info, 'term') })
            accept()
          })
          .on('shell', (accept) => accept().end('hi')),
    })
    const channel = await (await connect(port)).shell()
    let text = ''
    channel.onData((data) => {
      text += data
    })
    await new Promise<End>((resolve) => channel.onEnd(resolve))
    expect([asked, text]).toEqual([[{ cols: 511, term: 'vt100' }], 'hi'])
  })

  it('that the device refuses', async () => {
    const { port } = await serve({
      session: (session) =>
        session
          .on('exec', (_, reject) => reject())
          .on('pty', (accept) => accept())
          .on('shell', (_, reject) => reject()),
    })
    const connection = await connect(port)
    expect([await codeOf(connection.exec('x')), await codeOf(connection.shell())]).toEqual([
      'CHANNEL_REFUSED',
      'CHANNEL_REFUSED',
    ])
  })

  it('can’t be opened on a connection that is gone', async () => {
    const { port } = await serve({ session: (_, peer) => Reflect.get(peer, '_sock').destroy() })
    const connection = await connect(port)
    expect(await codeOf(connection.exec('x'))).toBe('CONNECTION_LOST')
    expect(await codeOf(connection.exec('x'))).toBe('CONNECTION_LOST')
  })
})

describe('the signal', () => {
  const reason = new Failure('TASK_DEADLINE', { limitMs: 1 })

  it('cuts an attempt at any point', async () => {
    const abort = new AbortController()
    const port = await serveRaw(() => abort.abort(reason))
    expect(await failureOf(connect(port, {}, abort.signal))).toBe(reason)
    expect(await failureOf(connect(port, {}, abort.signal))).toBe(reason)
  })

  it('cuts an open connection, and the device notices', async () => {
    const abort = new AbortController()
    const { port, seen } = await serve({ session: (session) => session.on('exec', (accept) => accept().write('x')) })
    const connection = await connect(port, {}, abort.signal)
    const channel = await connection.exec('x')
    const ended = new Promise<End>((resolve) => channel.onEnd(resolve))
    abort.abort(reason)
    expect(await ended).toMatchObject({ clean: false, error: reason })
    await Promise.all(seen.closed)
  })
})
