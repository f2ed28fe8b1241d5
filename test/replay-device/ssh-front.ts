/** The SSH side of a replayed device: key exchange, logins and channels; what runs in a channel is the device's matter. */
import { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2'
import type { Faults } from './faults.ts'

export interface Login {
  readonly username: string
  /** Opens the door by password and by keyboard-interactive. */
  readonly password: string
  /** Public keys in the form of an authorized_keys line. */
  readonly authorizedKeys?: readonly string[]
}

/** @param exit status to close a channel with; absent: it just closes */
export type HangUp = (what: 'connection' | 'channel', exit?: number) => void

export interface SshFrontParts {
  /** As `host-key.ts` makes it. */
  readonly privateKey: string
  readonly algorithms: Faults['algorithms']
  readonly login: Login
  readonly attempted: (method: string) => void
  readonly loggedIn: () => void
  readonly hasShell: boolean
  readonly shell: (channel: Duplex, faults: Faults, hangUp: HangUp) => void
  readonly exec: (channel: Duplex, faults: Faults, hangUp: HangUp, command: string) => void
}

/** The cheapest of what is good today, so that a thousand devices fit one core; and what devices of 2005 had. */
const ALGORITHMS = {
  modern: {
    kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'diffie-hellman-group14-sha256'],
    cipher: ['aes128-gcm@openssh.com', 'aes128-ctr'],
    hmac: ['hmac-sha2-256'],
    serverHostKey: ['ssh-ed25519'],
    compress: ['none'],
  },
  legacy: {
    kex: ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'],
    cipher: ['aes128-cbc', '3des-cbc'],
    hmac: ['hmac-sha1'],
    serverHostKey: ['ssh-rsa'],
    compress: ['none'],
  },
} as const

interface Arrival {
  readonly socket: Socket
  readonly faults: Faults
}

export class SshFront {
  readonly #parts: SshFrontParts
  readonly #server: InstanceType<typeof ssh2.Server>
  /** By the peer's port: ssh2 does not say which socket a connection is. */
  readonly #arrivals = new Map<number, Arrival>()

  constructor(parts: SshFrontParts) {
    this.#parts = parts
    const { kex, cipher, hmac, serverHostKey, compress } = ALGORITHMS[parts.algorithms]
    const algorithms = {
      kex: [...kex],
      cipher: [...cipher],
      hmac: [...hmac],
      serverHostKey: [...serverHostKey],
      compress: [...compress],
    }
    this.#server = new ssh2.Server(
      { hostKeys: [parts.privateKey], algorithms, ident: 'Replay-1' },
      (client, { port }) => {
        const arrival = this.#arrivals.get(port)
        if (arrival) this.#serve(client, arrival)
        else client.end()
      },
    )
  }

  /** Speaks SSH on a connected socket from now on. */
  take(socket: Socket, faults: Faults): void {
    const port = socket.remotePort
    if (port === undefined) return
    this.#arrivals.set(port, { socket, faults })
    socket.once('close', () => this.#arrivals.delete(port))
    socket.on('data', () => {
      socket.cork()
      process.nextTick(() => socket.uncork())
    })
    this.#server.injectSocket(socket)
  }

  #serve(client: Connection, arrival: Arrival): void {
    const { faults, socket } = arrival
    client.on('error', () => socket.destroySoon())
    client.on('authentication', (context) => {
      if (faults.methods.some((method) => method === context.method)) this.#parts.attempted(context.method)
      if (faults.hang !== 'auth') after(faults.latencyMs, () => this.#authenticate(context, faults))
    })
    client.on('ready', this.#parts.loggedIn)
    client.on('session', (accept, reject) => {
      if (faults.hang === 'session') return
      after(faults.latencyMs, () => {
        if (faults.refuse === 'session') reject()
        else this.#session(accept(), arrival)
      })
    })
  }

  #authenticate(context: AuthContext, faults: Faults): void {
    const reject = () => context.reject([...faults.methods])
    const { username, password } = this.#parts.login
    const offered = faults.methods.some((method) => method === context.method)
    if (
      !offered ||
      context.username !== username ||
      (faults.rejectLogin && context.method !== 'keyboard-interactive')
    ) {
      reject()
    } else if (context.method === 'password') {
      if (same(context.password, password)) context.accept()
      else reject()
    } else if (context.method === 'keyboard-interactive') {
      context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
        if (!faults.rejectLogin && same(String(answers), password)) context.accept()
        else reject()
      })
    } else if (context.method === 'publickey') {
      if (this.#opens(context)) context.accept()
      else reject()
    }
  }

  #opens(context: Extract<AuthContext, { method: 'publickey' }>): boolean {
    return (this.#parts.login.authorizedKeys ?? []).some((line) => {
      const key = ssh2.utils.parseKey(line)
      if (key instanceof Error || !same(key.getPublicSSH(), context.key.data)) return false
      if (!context.signature || !context.blob) return true
      return key.verify(context.blob, context.signature, context.hashAlgo) === true
    })
  }

  #session(session: Session, { faults, socket }: Arrival): void {
    const hangUp =
      (channel: ServerChannel): HangUp =>
      (what, exit) => {
        if (what === 'connection') {
          socket.destroy()
          return
        }
        if (exit !== undefined) channel.exit(exit)
        channel.end()
      }
    for (const request of ['pty', 'env', 'window-change'] as const)
      session.on(request as 'pty', (accept?: () => void) => accept?.())
    session.on('shell', (accept, reject) => {
      if (faults.hang === 'shell') return
      if (faults.refuse === 'shell' || !this.#parts.hasShell) {
        reject()
        return
      }
      const channel = accept()
      if (faults.hang === 'prompt') channel.resume()
      else this.#parts.shell(channel, faults, hangUp(channel))
    })
    session.on('exec', (accept, reject, { command }) => {
      if (faults.refuse === 'exec') {
        reject()
        return
      }
      const channel = accept()
      this.#parts.exec(channel, faults, hangUp(channel), command)
    })
  }
}

export function after(ms: number, act: () => void): void {
  if (ms > 0) setTimeout(act, ms)
  else act()
}

function same(given: string | Buffer, right: string | Buffer): boolean {
  const [a, b] = [Buffer.from(given as string), Buffer.from(right as string)]
  return a.length === b.length && timingSafeEqual(a, b)
}
