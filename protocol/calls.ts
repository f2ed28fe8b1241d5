/**
 * The table of contents: every conversation that an agent may begin, with its question and its answer. Handlers on the
 * hub, calls on the agent and the sockets' event types are all derived from it.
 */
import { z } from 'zod'
import { ClaimAnswer, ClaimQuestion } from './claim.ts'
import { ClimbedAnswer, ClimbedQuestion } from './climb.ts'
import { ArtifactQuestion, ContentAnswer, ContentQuestion } from './content.ts'
import { DiagnosedAnswer, DiagnosedQuestion, DiagnosticAnswer, DiagnosticQuestion } from './diagnostic.ts'
import { DriverAnswer, DriverQuestion, TriedAnswer, TriedQuestion } from './driver-call.ts'
import { FailureWire } from './failure.ts'
import { type Challenge, HelloAnswer, HelloQuestion, type Refusal } from './hello.ts'
import { KeysAnswer, KeysQuestion } from './learn-keys.ts'
import type { Nudges } from './nudges.ts'
import { RenewAnswer, RenewQuestion } from './renew.ts'
import { ReportAnswer, ReportQuestion } from './report.ts'

export const calls = {
  hello: { question: HelloQuestion, answer: HelloAnswer },
  claim: { question: ClaimQuestion, answer: ClaimAnswer },
  renew: { question: RenewQuestion, answer: RenewAnswer },
  report: { question: ReportQuestion, answer: ReportAnswer },
  content: { question: ContentQuestion, answer: ContentAnswer },
  artifact: { question: ArtifactQuestion, answer: ContentAnswer },
  driver: { question: DriverQuestion, answer: DriverAnswer },
  tried: { question: TriedQuestion, answer: TriedAnswer },
  diagnostic: { question: DiagnosticQuestion, answer: DiagnosticAnswer },
  diagnosed: { question: DiagnosedQuestion, answer: DiagnosedAnswer },
  keys: { question: KeysQuestion, answer: KeysAnswer },
  climbed: { question: ClimbedQuestion, answer: ClimbedAnswer },
} as const

export type CallName = keyof typeof calls
/** As it is after parsing. */
export type Question<Name extends CallName> = z.infer<(typeof calls)[Name]['question']>
/** As a caller may write it: what has a default may be left out. */
export type Asked<Name extends CallName> = z.input<(typeof calls)[Name]['question']>
export type Answer<Name extends CallName> = z.infer<(typeof calls)[Name]['answer']>
export type Answered<Name extends CallName> = z.input<(typeof calls)[Name]['answer']>

/** Body of every answer: what was asked for, or why not. */
export const AnswerBody = z.union([z.object({ ok: z.unknown() }), z.object({ failure: FailureWire })])
export type AnswerBody = z.infer<typeof AnswerBody>

/** socket.io events from agent to hub: an envelope, acknowledged by an envelope, or by a plain refusal before hello. */
export type AgentToHub = {
  [Name in CallName]: (envelope: Uint8Array, acknowledge: (answer: Uint8Array | Refusal) => void) => void
}

/** socket.io events from hub to agent. */
export type HubToAgent = { challenge: (challenge: Challenge) => void } & {
  [Name in keyof Nudges]: (nudge: Nudges[Name]) => void
}

/** socket.io namespace and HTTP path of the agents' socket. */
export const AGENT_NAMESPACE = '/agents'
export const AGENT_SOCKET_PATH = '/agent-socket'

/** A socket message larger than this is refused; content is cut to fit. */
export const MAX_MESSAGE_BYTES = 2 * 1024 * 1024
/** How long a question or an answer is valid, ms. */
export const MESSAGE_LIFETIME_MS = 120_000
