/** The link against a hub that misbehaves: real sockets, envelopes made by hand. The well-behaved hub is in test/gateway.test.ts. */
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { open, type Seal, seal } from '@netraven/protocol/envelope.ts'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { pino } from 'pino'
import { Server, type Socket } from 'socket.io'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TrustedKeys } from './identity.ts'
import { Link } from './link.ts'

const AGENT = '01900000-0000-7000-8000-00000000000a'
const HUB = '01900000-0000-7000-8000-00000000000b'
const OTHER = '01900000-0000-7000-8000-00000000000c'
const hubKey = newSigningKey()
const agentKey = newSigningKey()

let http: HttpServer
let io: Server
let link: Link | undefined
let dials: number
let offline: ReturnType<typeof vi.fn<() => void>>
let pauses: number[]
let logged: string

/** How the hub answers a claim; `forge` changes the right answer. */
let forge: (right: Seal, socket: Socket) => Seal | Uint8Array | object
let session: string

beforeEach(async () => {
  http = createServer()
  io = new Server(http, { path: '/agent-socket', transports: ['websocket'] })
  dials = 0
  logged = ''
  pauses = []
  offline = vi.fn<() => void>()
  forge = (right) => right
  io.of('/agents').on('connection', (socket) => {
    dials++
    let sequence = 0
    const answer = (subject: string, inReplyTo: number, value: unknown): Seal => ({
      key: hubKey,
      to: AGENT,
      session,
      sequence: ++sequence,
      inReplyTo,
      subject,
      issuedAtMs: Date.now(),
      lifetimeMs: 60_000,
      value,
    })
    let questions = 0
    socket.on('hello', (envelope: Buffer, acknowledge: (answer: unknown) => void) => {
      session = helloSession(envelope)
      const keys = [{ publicKey: hubKey.publicKey }]
      const ok = { site: 'lab', name: 'jump', keys, leaseMs: 45_000, renewEveryMs: 15_000 }
      acknowledge(seal(answer('hello!', ++questions, { ok })))
    })
    socket.on('claim', (_: Buffer, acknowledge: (answer: unknown) => void) => {
      const made = forge(answer('claim!', ++questions, { ok: { tasks: [] } }), socket)
      acknowledge('subject' in made ? seal(made as Seal) : made)
    })
    socket.emit('challenge', { session: 'c'.repeat(32), hub: HUB, newest: 1, oldest: 1 })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  link?.close()
  await io.close()
})

/** What a hub reads in hello, without verifying: this one is the test's own. */
function helloSession(envelope: Buffer): string {
  const { value } = openUnchecked(envelope)
  return (value as { session: string }).session
}

function dial(): Link {
  const made = new Link({
    hubUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    hubId: HUB,
    agentId: AGENT,
    key: agentKey,
    trusted: new TrustedKeys([hubKey.publicKey]),
    hello: () => ({ software: '0', hostname: 'jump', node: '24', concurrency: 5 }),
    online: () => undefined,
    offline,
    nudged: () => undefined,
    httpAgent: undefined,
    nowMs: Date.now,
    random: () => {
      pauses.push(dials)
      return 0
    },
    callTimeoutMs: 500,
    dialTimeoutMs: 500,
    log: pino(
      { level: 'trace' },
      {
        write: (line) => {
          logged += line
        },
      },
    ),
  })
  link = made
  made.start()
  return made
}

const online = (one: Link) => vi.waitFor(() => expect(one.state).toBe('online'), 5000)

describe('an agent whose hub, or somebody between, misbehaves', () => {
  const other = newSigningKey()
  let kept: Uint8Array | undefined

  it.each([
    ['signed by another key', 'ENVELOPE_UNKNOWN_KEY', (right: Seal) => ({ ...right, key: other })],
    [
      'signed by a key that borrows a trusted id',
      'ENVELOPE_BAD_SIGNATURE',
      (right: Seal) => ({ ...right, key: { ...other, id: hubKey.id } }),
    ],
    ['for another agent', 'ENVELOPE_FOREIGN', (right: Seal) => ({ ...right, to: OTHER })],
    ['of another connection', 'ENVELOPE_REPLAYED', (right: Seal) => ({ ...right, session: 'd'.repeat(32) })],
    ['to another question', 'ENVELOPE_REPLAYED', (right: Seal) => ({ ...right, inReplyTo: 77 })],
    ['that expired', 'ENVELOPE_EXPIRED', (right: Seal) => ({ ...right, issuedAtMs: Date.now() - 3_600_000 })],
    ['from the future', 'ENVELOPE_EARLY', (right: Seal) => ({ ...right, issuedAtMs: Date.now() + 3_600_000 })],
    ['about something else', 'ENVELOPE_SUBJECT', (right: Seal) => ({ ...right, subject: 'renew!' })],
    ['with a flipped bit', 'ENVELOPE_BAD_SIGNATURE', (right: Seal) => flipped(seal(right))],
  ] as const)('refuses an answer %s, takes nothing from it, and hangs up', async (_, code, change) => {
    forge = change
    const one = dial()
    await online(one)
    await expect(one.call('claim', { credit: 1 })).rejects.toMatchObject({ code })
    await vi.waitFor(() => expect(offline).toHaveBeenCalled())
    expect(logged).toContain(code)
  })

  it('refuses tasks that it was given before', async () => {
    forge = (right) => {
      kept ??= seal(right)
      return kept
    }
    const one = dial()
    await online(one)
    expect(await one.call('claim', { credit: 1 })).toEqual({ tasks: [] })
    await expect(one.call('claim', { credit: 1 })).rejects.toMatchObject({ code: 'ENVELOPE_REPLAYED' })
  })

  it('refuses a well-signed answer that makes no sense, and stays connected', async () => {
    forge = (right) => ({ ...right, value: { ok: { tasks: [{ id: 'no uuid' }] } } })
    const one = dial()
    await online(one)
    await expect(one.call('claim', { credit: 1 })).rejects.toMatchObject({ code: 'BODY_INVALID' })
    expect(one.state).toBe('online')
  })

  it('says that the hub did not answer, when it did not', async () => {
    const one = dial()
    await online(one)
    await expect(
      one.call('renew', { holding: [], health: { rssBytes: 1, spooled: 0, active: 0 } }),
    ).rejects.toMatchObject({ code: 'LINK_TIMEOUT' })
  })

  it('fails a call at once when there is no link, and when it breaks meanwhile', async () => {
    const one = dial()
    await expect(one.call('claim', { credit: 1 })).rejects.toMatchObject({ code: 'LINK_DOWN' })
    await online(one)
    forge = (right, socket) => {
      socket.disconnect(true)
      return right
    }
    await expect(one.call('claim', { credit: 1 })).rejects.toMatchObject({ code: 'LINK_DOWN' })
  })

  it('[RL-9] dials again by itself after the link broke, after a pause drawn at random', async () => {
    const one = dial()
    await online(one)
    io.of('/agents').disconnectSockets(true)
    await vi.waitFor(() => expect(dials).toBe(2))
    await online(one)
    expect(pauses).toEqual([1])
  })

  it('dials again when a hub takes the line but never lets it in, as one whose database is frozen', async () => {
    let frozen = true
    io.of('/agents').use((_, next) => {
      if (!frozen) next()
    })
    const one = dial()
    await vi.waitFor(() => expect(pauses).toHaveLength(1), 5000)
    frozen = false
    await online(one)
  })

  it('does not dial again once it was closed', async () => {
    const one = dial()
    await online(one)
    one.close()
    await vi.waitFor(() => expect(offline).toHaveBeenCalled())
    expect(one.state).toBe('closed')
    expect(pauses).toEqual([])
  })
})

function flipped(envelope: Buffer): Buffer {
  envelope.writeUInt8(envelope.readUInt8(80) ^ 4, 80)
  return envelope
}

function openUnchecked(envelope: Buffer): { value: unknown } {
  return open(envelope, {
    keys: (id) => (id === agentKey.id ? agentKey : undefined),
    me: HUB,
    session: 'c'.repeat(32),
    subject: 'hello?',
    nowMs: Date.now(),
  })
}
