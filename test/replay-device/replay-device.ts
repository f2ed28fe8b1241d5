/**
 * Devices that replay a recording over real SSH: one process serves many, each on a loopback port of its own with a host
 * key of its own, so that pins and leases see different devices. What a device does wrong may be switched while it runs.
 */
import { once } from 'node:events'
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ReplayOptions, replayExec, replayShell } from '../../agent/replay/device.ts'
import type { Recording, Reply, Segment } from '../../agent/replay/recording.ts'
import { Faults, noFaults } from './faults.ts'
import { ed25519HostKey, rsaHostKey } from './host-key.ts'
import { pourJunk } from './junk.ts'
import { ReplyChannel } from './reply-channel.ts'
import { after, type HangUp, type Login, SshFront } from './ssh-front.ts'

export interface FleetOptions {
  readonly recording: Recording
  /** Default 1. */
  readonly count?: number
  /** Port of the first device, the next ones follow; 0 (default): any free ports. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly address?: string
  /** Host keys come from it; default `replay`. */
  readonly seed?: string
  readonly login: Login
  /** This word of the recording becomes the device's name, so that no two devices print the same. */
  readonly nameInRecording?: string
}

export interface DeviceStats {
  connections: number
  /** Kinds of the login attempts that were judged, in order; of kinds that are not offered none is. */
  attempts: string[]
  logins: number
  /** Open connections now. */
  open: number
}

/** Starts the devices `dev0001`, `dev0002` … and waits until all of them listen. */
export async function startReplayFleet(options: FleetOptions): Promise<ReplayFleet> {
  const { count = 1, port = 0, address = '127.0.0.1', seed = 'replay' } = options
  const devices: ReplayDevice[] = []
  for (let number = 1; number <= count; number++) {
    const name = `dev${String(number).padStart(4, '0')}`
    const device = new ReplayDevice({ ...options, name, seed: `${seed} ${name}` })
    await device.listen(port === 0 ? 0 : port + number - 1, address)
    devices.push(device)
  }
  return new ReplayFleet(devices)
}

export class ReplayFleet {
  readonly devices: readonly ReplayDevice[]

  constructor(devices: readonly ReplayDevice[]) {
    this.devices = devices
  }

  /** @throws RangeError when no device has that name */
  device(name: string): ReplayDevice {
    const found = this.devices.find((device) => device.name === name)
    if (!found) throw new RangeError(`there is no device ${name}`)
    return found
  }

  async close(): Promise<void> {
    await Promise.all(this.devices.map((device) => device.close()))
  }
}

export interface DeviceParts extends Pick<FleetOptions, 'recording' | 'login' | 'nameInRecording'> {
  readonly name: string
  readonly seed: string
}

export class ReplayDevice {
  readonly name: string
  readonly #parts: DeviceParts
  readonly #server: NetServer
  readonly #sockets = new Map<number, Socket>()
  readonly #fronts = new Map<string, SshFront>()
  #recording: Recording
  #longestBytes = 0
  #faults = noFaults
  #stats: DeviceStats = { connections: 0, attempts: [], logins: 0, open: 0 }
  #address = ''
  #port = 0

  constructor(parts: DeviceParts) {
    this.name = parts.name
    this.#parts = parts
    this.#recording = parts.recording
    this.replace(parts.nameInRecording ? [[parts.nameInRecording, parts.name]] : [])
    this.#server = createServer({ noDelay: true }, (socket) => this.#connected(socket))
  }

  get address(): string {
    return this.#address
  }

  get port(): number {
    return this.#port
  }

  get faults(): Faults {
    return this.#faults
  }

  get stats(): DeviceStats {
    return { ...this.#stats, attempts: [...this.#stats.attempts], open: this.#sockets.size }
  }

  /** Of the key that the next connection will see. */
  get hostKey(): string {
    return this.#hostKey().fingerprint
  }

  async listen(port: number, address: string): Promise<void> {
    this.#server.listen(port, address)
    await once(this.#server, 'listening')
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') throw new RangeError('the device has no port')
    this.#address = bound.address
    this.#port = bound.port
  }

  /** Faults from the next connection on; those that are not named are mended. @throws ZodError for unknown ones */
  fail(faults: Partial<Faults>): void {
    this.#faults = Faults.parse(faults)
  }

  /** Changes what the device prints from the next connection on: each first text becomes the second, wherever it stands. */
  replace(pairs: readonly (readonly [from: string, to: string])[]): void {
    this.#recording = rewritten(this.#recording, pairs)
    const replies = [...this.#recording.runs.values()].flatMap(({ segments }) => segments)
    this.#longestBytes = Math.max(1, ...replies.map(({ text }) => Buffer.byteLength(text)))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connected(socket: Socket): void {
    const faults = this.#faults
    const id = socket.remotePort ?? 0
    this.#stats.connections += 1
    this.#sockets.set(id, socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(id))
    if (isNoServer(faults)) {
      pretend(socket, faults)
      return
    }
    after(faults.latencyMs, () => this.#front().take(socket, faults))
  }

  #hostKey() {
    const seed = `${this.#parts.seed}${this.#faults.hostKey === 'other' ? ' other' : ''}`
    return this.#faults.algorithms === 'legacy' ? rsaHostKey(seed) : ed25519HostKey(seed)
  }

  /** Made at the first connection that needs it: a thousand idle devices cost nothing. */
  #front(): SshFront {
    const kind = `${this.#faults.algorithms} ${this.#faults.hostKey}`
    const known = this.#fronts.get(kind)
    if (known) return known
    const front = new SshFront({
      privateKey: this.#hostKey().privateKey,
      algorithms: this.#faults.algorithms,
      login: this.#parts.login,
      attempted: (method) => this.#stats.attempts.push(method),
      loggedIn: () => {
        this.#stats.logins += 1
      },
      hasShell: this.#recording.login.length > 0,
      shell: (channel, faults, hangUp) => this.#shell(channel, faults, hangUp),
      exec: (channel, faults, hangUp, command) => this.#exec(channel, faults, hangUp, command),
    })
    this.#fronts.set(kind, front)
    return front
  }

  #shell(channel: Duplex, faults: Faults, hangUp: HangUp): void {
    const { latencyMs } = faults
    const peer = new ReplyChannel({ channel, faults, longestBytes: this.#longestBytes, hangUp })
    const options: ReplayOptions = latencyMs > 0 ? { later: (send) => setTimeout(send, latencyMs) } : {}
    const recording = faults.hang === 'enable' ? silentAfterEnable(this.#recording) : this.#recording
    const shell = replayShell(recording, peer, options)
    channel.on('data', (bytes: Buffer) => shell.input(bytes))
  }

  #exec(channel: Duplex, faults: Faults, hangUp: HangUp, command: string): void {
    const { output, exit } = replayExec(this.#recording, command)
    const close: HangUp = (what) => hangUp(what, faults.drop ? undefined : exit)
    const peer = new ReplyChannel({ channel, faults, longestBytes: this.#longestBytes, hangUp: close })
    channel.resume()
    after(faults.latencyMs, () => {
      if (output.length > 0) peer.write(output)
      peer.end()
    })
  }
}

function isNoServer({ hang, junk, dripBanner }: Faults): boolean {
  return hang === 'banner' || hang === 'kex' || junk === 'banner' || junk === 'kex' || dripBanner
}

/** Something listens there, but it is no SSH server. */
function pretend(socket: Socket, { hang, junk, dripBanner }: Faults): void {
  socket.resume()
  if (hang === 'kex' || junk === 'kex') socket.write('SSH-2.0-Replay\r\n')
  if (junk) pourJunk(socket)
  if (!dripBanner) return
  const dripping = setInterval(() => socket.write('S'), 100)
  socket.on('close', () => clearInterval(dripping))
}

function silentAfterEnable(recording: Recording): Recording {
  const enable = recording.runs.get('enable')
  if (!enable) return recording
  const segments = [...enable.segments.slice(0, -1), { text: '' }]
  return { ...recording, runs: new Map([...recording.runs, ['enable', { ...enable, segments }]]) }
}

function rewritten(recording: Recording, pairs: readonly (readonly [string, string])[]): Recording {
  if (pairs.length === 0) return recording
  const change = (segments: readonly Segment[]) =>
    segments.map((segment) => ({
      ...segment,
      text: pairs.reduce((text, [from, to]) => text.replaceAll(from, to), segment.text),
    }))
  const changed = (reply: Reply) => ({ ...reply, segments: change(reply.segments) })
  return {
    ...recording,
    login: change(recording.login),
    runs: new Map([...recording.runs].map(([command, reply]) => [command, changed(reply)])),
    refuse: changed(recording.refuse),
  }
}
