/**
 * One agent's side of one connection: opens its envelopes, implements the protocol's calls, seals the answers. Knows no
 * socket. Before hello is proved nothing but hello is heard.
 */
import { type Answered, type CallName, calls, type Question } from '@netraven/protocol/calls.ts'
import { CONTENT_PART_BYTES, MAX_TEXT_BYTES } from '@netraven/protocol/content.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { type SigningKey, verifyKey } from '@netraven/protocol/keys.ts'
import { Session } from '@netraven/protocol/session.ts'
import type { Agent } from './agents.ts'
import type { ArtifactIntake } from './artifact-intake.ts'
import type { Backups } from './backups.ts'
import { Allowance } from './climbs.ts'
import type { LoginLimits } from './credential-guard.ts'
import type { Log } from './log.ts'
import type { Claimant } from './orders.ts'

export interface ConversationParts {
  readonly agent: Agent
  /** The hub's challenge on this connection, 32 hex digits. */
  readonly challenge: string
  readonly hubId: string
  readonly signingKey: () => SigningKey
  /** Keys that the hub signs with now or next. */
  readonly announcedKeys: () => readonly { publicKey: string }[]
  /** Key that signs the answer to hello: one that the agent trusts already. @param trusted what it says it has; absent: an older agent */
  readonly voucher?: (agent: Agent, trusted: readonly string[] | undefined) => Promise<SigningKey>
  /** What an agent has on its disk. @param told of an older agent: what it was told in hello, which it then keeps */
  readonly learnt?: (agent: Agent, trusted: readonly string[]) => Promise<void>
  readonly backups: Backups
  /** @param connection tells this connection from every other of the agent, on any hub */
  readonly arrived: (agent: Agent, connection: string, hello: Question<'hello'>, skewMs: number) => Promise<void>
  readonly left: (agent: Agent, connection: string) => Promise<void>
  readonly seen: (agent: Agent) => Promise<void>
  readonly claim: (agent: Claimant, credit: number) => Promise<Answered<'claim'>>
  /** The file of an own driver. @throws Failure DRIVER_UNAVAILABLE */
  readonly driverFile: (digest: string) => Promise<string>
  /** What came of a trial. @throws Failure TASK_NOT_HELD */
  readonly tried: (agent: Agent, question: Question<'tried'>) => Promise<void>
  /** What the agent is to look at. */
  readonly diagnostic: (agent: Agent) => Promise<Answered<'diagnostic'>>
  /** What it saw. @throws Failure TASK_NOT_HELD */
  readonly diagnosed: (agent: Agent, question: Question<'diagnosed'>) => Promise<void>
  /** How far a test of it has come. @throws Failure TASK_NOT_HELD */
  readonly climbed: (agent: Agent, question: Question<'climbed'>) => Promise<void>
  /** Renews; returns the tasks that are lost. */
  readonly renew: (agent: Agent, holding: Question<'renew'>['holding']) => Promise<string[]>
  /** Turns an error of the database or of the storage into a coded failure. */
  readonly classify: (error: unknown) => Failure | undefined
  readonly leaseMs: number
  /** Told to the agent, whose own guard stands behind the hub's; absent: it has its own measure. */
  readonly logins?: LoginLimits
  readonly renewEveryMs: number
  readonly nowMs: () => number
  /** Resolves when an agent that sends too much may have its answer; absent: at once. */
  readonly turn?: (agent: Agent) => Promise<void>
  readonly log: Log
}

/** One text of several parts at a time is put together for each connection. */
interface Assembly {
  readonly task: string
  readonly attempt: number
  readonly spans: readonly number[]
  readonly parts: Buffer[]
}

export class AgentConversation {
  readonly #parts: ConversationParts
  readonly #session: Session
  readonly #climbs: Allowance
  #theirChallenge = ''
  #drivers: Readonly<Record<string, string>> = {}
  #abilities: readonly string[] = []
  /** Signs the answer to hello, when that is not the current key. */
  #voucher: SigningKey | undefined
  #assembly: Assembly | undefined
  #intake: ArtifactIntake | undefined

  constructor(parts: ConversationParts) {
    this.#parts = parts
    const { agent } = parts
    this.#climbs = new Allowance(parts.nowMs)
    this.#session = new Session({
      me: parts.hubId,
      peer: agent.id,
      key: () => this.#voucher ?? parts.signingKey(),
      theirChallenge: () => this.#theirChallenge,
      ourChallenge: parts.challenge,
      keys: (id) => (id === agent.key.id ? agent.key : undefined),
      nowMs: parts.nowMs,
    })
  }

  /** What the agent said it can. */
  get abilities(): readonly string[] {
    return this.#abilities
  }

  /** Whether the agent has proved who it is. */
  get proved(): boolean {
    return this.#theirChallenge !== ''
  }

  /**
   * Answers one envelope with one envelope; what went wrong inside is a signed answer too.
   * @throws Failure when the envelope does not open, or before hello: then there is nobody to sign an answer for
   */
  async answer(name: CallName, envelope: Uint8Array): Promise<Buffer> {
    if (name === 'hello' ? this.proved : !this.proved) throw new Failure('HELLO_REQUIRED', { call: name })
    if (!(envelope instanceof Uint8Array)) throw new Failure('ENVELOPE_MALFORMED')
    const opened = this.#session.open(envelope, { subject: `${name}?`, ignoreClock: name === 'hello' })
    const body = await this.#handle(name, opened.value, opened.bytes, opened.issuedAtMs).then(
      (ok) => ({ ok }),
      (error: unknown) => ({ failure: this.#failureOf(name, error).toJSON() }),
    )
    // Leases are kept, whatever else is held back; and nothing is refused, or results would be lost.
    if (name !== 'hello' && name !== 'renew') await this.#parts.turn?.(this.#parts.agent)
    if (!this.proved) throw Failure.fromWire('failure' in body ? body.failure : new Failure('INTERNAL').toJSON())
    const { envelope: answer } = this.#session.seal({ subject: `${name}!`, value: body, inReplyTo: opened.sequence })
    if (name === 'hello') this.#voucher = undefined
    return answer
  }

  async #handle(name: CallName, value: unknown, bytes: Uint8Array, issuedAtMs: number): Promise<unknown> {
    const parsed = calls[name].question.safeParse(value)
    if (!parsed.success) throw new Failure('BODY_INVALID', { call: name, problems: parsed.error.issues.length })
    const handlers: { [Name in CallName]: (question: Question<Name>) => Promise<Answered<Name>> } = {
      hello: (question) => this.#hello(question, issuedAtMs),
      claim: (question) => this.#claim(question),
      renew: (question) => this.#renew(question),
      report: (question) => this.#report(question),
      content: (question) => this.#content(question, bytes),
      artifact: (question) => this.#artifact(question, bytes),
      driver: async ({ digest }) => ({ file: await this.#parts.driverFile(digest) }),
      tried: (question) => this.#tried(question),
      diagnostic: () => this.#parts.diagnostic(this.#parts.agent),
      keys: (question) => this.#keys(question),
      diagnosed: (question) => this.#parts.diagnosed(this.#parts.agent, question).then(() => ({})),
      climbed: (question) => this.#climbed(question),
    }
    const handler = handlers[name] as (question: unknown) => Promise<unknown>
    return handler(parsed.data)
  }

  async #hello(question: Question<'hello'>, issuedAtMs: number): Promise<Answered<'hello'>> {
    const { agent, arrived, announcedKeys, leaseMs, renewEveryMs, logins, renew, nowMs, log } = this.#parts
    const skewMs = issuedAtMs - nowMs()
    await arrived(agent, this.#parts.challenge, question, skewMs)
    const lost = await renew(agent, question.holding)
    this.#drivers = question.drivers
    this.#abilities = question.abilities
    this.#voucher = await this.#parts.voucher?.(agent, question.trusted)
    this.#theirChallenge = question.session
    log.info(
      { agentId: agent.id, agent: agent.name, site: agent.siteName, software: question.software, skewMs },
      'agent connected',
    )
    const keys = announcedKeys().map(({ publicKey }) => ({ publicKey }))
    await this.#parts.learnt?.(agent, question.trusted ?? keys.map(({ publicKey }) => verifyKey(publicKey).id))
    const care = logins && {
      atOnce: logins.unprovenTasks,
      refusals: logins.guardRefusals,
      heldBackMs: logins.guardClosedMs,
    }
    return {
      site: agent.siteName,
      name: agent.name,
      keys,
      leaseMs,
      renewEveryMs,
      lost,
      abilities: ['artifacts', 'climbs', 'keys'],
      ...(care && { care }),
    }
  }

  async #keys({ trusted }: Question<'keys'>): Promise<Answered<'keys'>> {
    const { agent, announcedKeys, learnt } = this.#parts
    await learnt?.(agent, trusted)
    return { keys: announcedKeys().map(({ publicKey }) => ({ publicKey })) }
  }

  async #claim({ credit }: Question<'claim'>): Promise<Answered<'claim'>> {
    const { agent, claim } = this.#parts
    return claim(
      { id: agent.id, siteId: agent.siteId, boxPublicKey: agent.boxPublicKey, drivers: this.#drivers },
      credit,
    )
  }

  async #renew({ holding }: Question<'renew'>): Promise<Answered<'renew'>> {
    const { agent, seen, renew } = this.#parts
    await seen(agent)
    return { lost: await renew(agent, holding) }
  }

  async #tried(question: Question<'tried'>): Promise<Answered<'tried'>> {
    const { agent, tried } = this.#parts
    await tried(agent, question)
    return {}
  }

  async #climbed(question: Question<'climbed'>): Promise<Answered<'climbed'>> {
    const { agent, climbed } = this.#parts
    if (this.#climbs.take()) await climbed(agent, question)
    return {}
  }

  async #report({ reports }: Question<'report'>): Promise<Answered<'report'>> {
    const { agent, backups } = this.#parts
    const unique = new Map(reports.map((report) => [report.task, report]))
    return { results: await backups.report(agent, [...unique.values()]) }
  }

  async #content(question: Question<'content'>, bytes: Uint8Array): Promise<Answered<'content'>> {
    const { report, part, parts } = question
    if (bytes.length > CONTENT_PART_BYTES)
      throw new Failure('BODY_INVALID', { call: 'content', reason: 'part too large' })
    if (parts === 1) return this.#whole(question, Buffer.from(bytes), question.spans ?? [])
    if (part === 0) {
      this.#assembly = { task: report.task, attempt: report.attempt, spans: question.spans ?? [], parts: [] }
    }
    const assembly = this.#assembly
    const tooLong = part * CONTENT_PART_BYTES > MAX_TEXT_BYTES
    if (
      assembly?.task !== report.task ||
      assembly.attempt !== report.attempt ||
      assembly.parts.length !== part ||
      tooLong
    ) {
      this.#assembly = undefined
      throw new Failure('CONTENT_OUT_OF_ORDER', { part })
    }
    assembly.parts.push(Buffer.from(bytes))
    if (part + 1 < parts) return { state: 'more' }
    this.#assembly = undefined
    return this.#whole(question, Buffer.concat(assembly.parts), assembly.spans)
  }

  async #whole(
    question: Question<'content'>,
    compressed: Buffer,
    spans: readonly number[],
  ): Promise<Answered<'content'>> {
    const { agent, backups } = this.#parts
    return this.#orLater(() => backups.content(agent, { ...question, spans: [...spans] }, compressed))
  }

  async #artifact(question: Question<'artifact'>, bytes: Uint8Array): Promise<Answered<'artifact'>> {
    const { agent, backups } = this.#parts
    this.#intake ??= backups.intake(agent)
    const intake = this.#intake
    return this.#orLater(() => intake.take(question, bytes))
  }

  /** Database and storage may be away for a while. */
  async #orLater(work: () => Promise<Answered<'content'>>): Promise<Answered<'content'>> {
    try {
      return await work()
    } catch (error) {
      const failure = this.#parts.classify(error)
      if (failure?.entry.retry !== 'backoff') throw error
      return { state: 'later', failure: failure.toJSON() }
    }
  }

  /** The socket is gone. */
  end(): void {
    this.#assembly = undefined
    this.#intake = undefined
    if (!this.proved) return
    const { agent, challenge, left, log } = this.#parts
    log.info({ agentId: agent.id, agent: agent.name }, 'agent disconnected')
    left(agent, challenge).catch((error: unknown) =>
      log.warn({ agentId: agent.id, err: error }, 'could not note that an agent left'),
    )
  }

  #failureOf(name: CallName, error: unknown): Failure {
    const { agent, classify, log } = this.#parts
    const failure = classify(error)
    if (failure) {
      log.warn({ agentId: agent.id, call: name, code: failure.code, details: failure.details }, 'call failed')
      return failure
    }
    log.error({ agentId: agent.id, call: name, err: error }, 'call failed unexpectedly')
    return new Failure('INTERNAL')
  }
}
