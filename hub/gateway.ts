/**
 * The agents' door: socket.io, WebSocket only, no session persistence needed. A socket is told a challenge; the agent's
 * signed hello answers it; from then on every question is an envelope that is verified before it is parsed, handled, and
 * answered in an envelope. A socket that has not said hello in time is closed.
 *
 * Nothing here matters when the process dies: agents dial again, to any hub.
 */
import { randomBytes } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import {
  AGENT_NAMESPACE,
  AGENT_SOCKET_PATH,
  type AgentToHub,
  type CallName,
  calls,
  type HubToAgent,
  MAX_MESSAGE_BYTES,
} from '@netraven/protocol/calls.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { Handshake, type Refusal } from '@netraven/protocol/hello.ts'
import { OLDEST_SERVED_VERSION, PROTOCOL_VERSION } from '@netraven/protocol/version.ts'
import { type DefaultEventsMap, Server, type Socket } from 'socket.io'
import type { Agent } from './agents.ts'
import { AgentConversation, type ConversationParts } from './conversation.ts'

type SocketData = { agent: Agent; abilities?: readonly string[] }
type AgentSocket = Socket<AgentToHub, HubToAgent, DefaultEventsMap, SocketData>

/** No agent of ours ever waits for so many answers at once; its results are safe in its spool when it is cut off. */
const MOST_UNANSWERED = 2_000

export interface GatewayParts extends Omit<ConversationParts, 'agent' | 'challenge'> {
  readonly findAgent: (id: string) => Promise<Agent | undefined>
  readonly hubId: string
  /** A socket that has not proved itself by then is closed, ms. */
  readonly helloTimeoutMs: number
}

export interface Gateway {
  /** Tells the agents of a site, or all, that there may be work. */
  nudge(siteId?: string): void
  /** Tells an agent, if it is here, that somebody wants to know what it sees. */
  look(agentId: string): void
  /** Tells all agents that the hub's keys changed; those that can't ask say hello anew, spread over `overMs`. */
  keysChanged(overMs: number): void
  /** Cuts the sockets of a revoked agent. */
  cut(agentId: string): void
  /** Looks again who may stay, after a time in which revocations may have gone unheard. */
  recheck(): Promise<void>
  /** How many agents have proved themselves on this hub. */
  readonly connected: number
  /** Says goodbye to all, staggered over `overMs`, and closes. */
  close(overMs: number): Promise<void>
}

/** Opens the agents' door on an HTTP server. */
export function openGateway(server: HttpServer, parts: GatewayParts): Gateway {
  const io = new Server(server, {
    path: AGENT_SOCKET_PATH,
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    destroyUpgrade: true,
  })
  const agents = io.of(AGENT_NAMESPACE) as unknown as ReturnType<
    Server<AgentToHub, HubToAgent, DefaultEventsMap, SocketData>['of']
  >
  const proved = new Map<string, AgentSocket>()

  agents.use((socket, next) => {
    admit(parts, socket).then(
      () => next(),
      (error: unknown) => next(refusalError(parts, error)),
    )
  })

  agents.on('connection', (socket) => {
    const challenge = randomBytes(16).toString('hex')
    const { agent } = socket.data
    let unanswered = 0
    const conversation = new AgentConversation({ ...parts, agent, challenge })
    const overdue = setTimeout(() => {
      parts.log.warn({ agentId: agent.id }, 'agent did not prove itself in time')
      socket.disconnect(true)
    }, parts.helloTimeoutMs)

    for (const name of Object.keys(calls) as CallName[]) {
      socket.on(name, (envelope: Uint8Array, acknowledge: (answer: Uint8Array | Refusal) => void) => {
        if (typeof acknowledge !== 'function') return
        if (unanswered >= MOST_UNANSWERED) {
          parts.log.warn({ agentId: agent.id, unanswered }, 'agent sends without waiting for answers: cut off')
          socket.disconnect(true)
          return
        }
        unanswered += 1
        const answered = conversation.answer(name, envelope).finally(() => {
          unanswered -= 1
        })
        answered.then(
          (answer) => {
            if (name === 'hello' && conversation.proved) {
              clearTimeout(overdue)
              // It hung up while the hub was still noting that it is there.
              if (!socket.connected) return conversation.end()
              socket.data.abilities = conversation.abilities
              fence(proved, socket)
            }
            acknowledge(answer)
          },
          (error: unknown) => {
            const failure = error instanceof Failure ? error : new Failure('INTERNAL')
            parts.log.warn({ agentId: agent.id, call: name, code: failure.code, err: error }, 'message refused')
            acknowledge({ refused: failure.toJSON() })
            if (!conversation.proved) socket.disconnect(true)
          },
        )
      })
    }
    socket.on('disconnect', () => {
      clearTimeout(overdue)
      if (proved.get(agent.id) === socket) proved.delete(agent.id)
      conversation.end()
    })
    socket.emit('challenge', {
      session: challenge,
      hub: parts.hubId,
      newest: PROTOCOL_VERSION,
      oldest: OLDEST_SERVED_VERSION,
    })
  })

  const cut = (agentId: string) => {
    for (const socket of agents.sockets.values()) {
      if (socket.data.agent.id !== agentId) continue
      socket.emit('goodbye', { code: 'AGENT_REVOKED', waitMs: 600_000 })
      socket.disconnect(true)
    }
  }
  return {
    cut,
    async recheck() {
      for (const id of proved.keys()) {
        const agent = await parts.findAgent(id)
        if (agent?.state !== 'enrolled') cut(id)
      }
    },
    nudge(siteId) {
      for (const socket of proved.values()) {
        if (siteId === undefined || socket.data.agent.siteId === siteId) socket.emit('work', {})
      }
    },
    look(agentId) {
      proved.get(agentId)?.emit('look', {})
    },
    keysChanged(overMs) {
      const sockets = [...proved.values()]
      for (const [index, socket] of sockets.entries()) {
        if (socket.data.abilities?.includes('keys')) {
          socket.emit('keys', {})
          continue
        }
        socket.emit('goodbye', { code: 'SHUTTING_DOWN', waitMs: Math.round((overMs * index) / sockets.length) })
        socket.disconnect(true)
      }
    },
    get connected() {
      return proved.size
    },
    async close(overMs) {
      const sockets = [...agents.sockets.values()]
      sockets.forEach((socket, index) => {
        const waitMs = Math.round((overMs * index) / Math.max(1, sockets.length))
        socket.emit('goodbye', { code: 'SHUTTING_DOWN', waitMs })
      })
      await io.close()
    },
  }
}

async function admit(parts: GatewayParts, socket: AgentSocket): Promise<void> {
  const handshake = Handshake.safeParse(socket.handshake.auth)
  if (!handshake.success) throw new Failure('ENVELOPE_MALFORMED', { part: 'handshake' })
  const { agent: id, protocol } = handshake.data
  if (protocol < OLDEST_SERVED_VERSION || protocol > PROTOCOL_VERSION) {
    throw new Failure('ENVELOPE_VERSION', {
      version: protocol,
      oldest: OLDEST_SERVED_VERSION,
      newest: PROTOCOL_VERSION,
    })
  }
  const agent = await parts.findAgent(id)
  if (!agent) throw new Failure('AGENT_UNKNOWN', { agent: id })
  if (agent.state === 'revoked') throw new Failure('AGENT_REVOKED', { agent: agent.name })
  socket.data.agent = agent
}

/** socket.io carries `data` of a middleware's error to the client. */
function refusalError(parts: GatewayParts, error: unknown): Error {
  const failure = error instanceof Failure ? error : (parts.classify(error) ?? new Failure('INTERNAL'))
  parts.log.warn({ code: failure.code, details: failure.details, err: error }, 'agent not admitted')
  return Object.assign(new Error(failure.message), { data: { refused: failure.toJSON() } satisfies Refusal })
}

/** An agent has one socket: the newest that proved itself. The older one is a half-dead link or a copied identity. */
function fence(proved: Map<string, AgentSocket>, socket: AgentSocket): void {
  const older = proved.get(socket.data.agent.id)
  proved.set(socket.data.agent.id, socket)
  if (older && older !== socket) older.disconnect(true)
}
