/**
 * Walks along the audit log, entry by entry and checkpoint by checkpoint, and says where it was touched. It holds one hash, whatever the
 * length of the log.
 */
import type { VerifyKey } from '@netraven/protocol/keys.ts'
import { type Checkpoint, checkpointBytes, hashOfEntry, type Link, NO_HASH } from './audit-chain.ts'

export type AuditProblemKind =
  | 'changed'
  | 'replaced'
  | 'rehashed'
  | 'missing'
  | 'out of order'
  | 'cut'
  | 'not what was signed'
  | 'signature'

export interface AuditProblem {
  readonly kind: AuditProblemKind
  /** Entry that it is about. */
  readonly seq: number
  readonly message: string
}

/** Where a walk stands: the last entry and its hash. */
export interface Position {
  readonly seq: number
  readonly hash: string
}

export interface VerifierParts {
  /** Id of the installation. */
  readonly hub: string
  /** Keys whose signature counts, by id. */
  readonly keys: ReadonlyMap<string, VerifyKey>
  /** Where the walk begins; absent: before the first entry. */
  readonly from?: Position
}

/** Problems beyond so many are counted, not kept. */
const KEPT_PROBLEMS = 100

export class AuditVerifier {
  readonly #parts: VerifierParts
  readonly #problems: AuditProblem[] = []
  #position: Position
  #entries = 0
  #checkpoints = 0
  #found = 0

  constructor(parts: VerifierParts) {
    this.#parts = parts
    this.#position = parts.from ?? { seq: 0, hash: NO_HASH }
  }

  get position(): Position {
    return this.#position
  }

  get entries(): number {
    return this.#entries
  }

  /** Those whose signature and hash were right. */
  get checkpoints(): number {
    return this.#checkpoints
  }

  /** The first hundred. */
  get problems(): readonly AuditProblem[] {
    return this.#problems
  }

  get problemCount(): number {
    return this.#found
  }

  /** The next entry. What is wrong with it spoils none of those after it. */
  take({ entry, hash }: Link): void {
    const { seq } = entry
    const before = this.#position
    this.#entries += 1
    if (seq <= before.seq) {
      this.#report('out of order', seq, `Entry ${seq} stands after entry ${before.seq}: it was moved or doubled.`)
      return
    }
    const isNext = seq === before.seq + 1
    if (!isNext) this.#missing(before.seq + 1, seq - 1)
    const follows = entry.prevHash === before.hash
    const isIntact = hashOfEntry(entry) === hash
    if (!isIntact) {
      const why =
        isNext && !follows
          ? 'it neither has its own hash nor follows the entry before: another entry stands here, or it was rewritten.'
          : 'its content is not what its hash was made from: a field was edited.'
      this.#report(isNext && !follows ? 'replaced' : 'changed', seq, `Entry ${seq} (${entry.action}): ${why}`)
    } else if (isNext && !follows) {
      const was =
        before.seq === 0
          ? 'The first entry follows another one'
          : `Entry ${seq} was made after another entry ${before.seq}`
      const what =
        before.seq === 0 ? 'what stood before it is gone.' : `entry ${before.seq} was replaced together with its hash.`
      this.#report(
        'rehashed',
        Math.max(before.seq, 1),
        `${was} (hash ${short(entry.prevHash)}, not ${short(before.hash)}): ${what}`,
      )
    }
    this.#position = { seq, hash }
  }

  /** A checkpoint, after the entry that it is about. */
  check(point: Checkpoint): void {
    const key = this.#parts.keys.get(point.keyId)
    const isSigned =
      key?.verify(checkpointBytes(this.#parts.hub, point), Buffer.from(point.signature, 'base64url')) ?? false
    if (!isSigned) {
      const why = key ? 'its signature is wrong' : `it is signed by key ${point.keyId}, which is none of this hub's`
      this.#report('signature', point.seq, `The checkpoint at entry ${point.seq} does not count: ${why}.`)
      return
    }
    if (point.seq === this.#position.seq && point.hash !== this.#position.hash) {
      this.#report(
        'not what was signed',
        point.seq,
        `Entry ${point.seq} has hash ${short(this.#position.hash)}; the hub signed ${short(point.hash)} on ${point.at}: the chain up to here was written anew.`,
      )
      return
    }
    if (point.seq !== this.#position.seq) return
    this.#checkpoints += 1
  }

  /** The chain must reach `seq`, because a checkpoint or its head says so. */
  end(seq: number, because: string): void {
    const last = this.#position.seq
    if (last >= seq) return
    const gone = last + 1 === seq ? `Entry ${seq} is` : `Entries ${last + 1} to ${seq} are`
    this.#report('cut', last + 1, `${gone} missing at the end: ${because}.`)
  }

  /** The last entry must have this hash. */
  reach({ seq, hash }: Position, because: string): void {
    if (seq !== this.#position.seq || hash === this.#position.hash) return
    const message = `Entry ${seq} has hash ${short(this.#position.hash)}, but ${because}: ${short(hash)}. It was replaced together with its hash.`
    this.#report('rehashed', seq, message)
  }

  /** Entries that the chain does not know of. */
  surplus(from: number, to: number): void {
    this.#report(
      'out of order',
      from,
      `Entries ${from} to ${to} stand behind the head of the chain: they were put there by hand.`,
    )
  }

  #missing(from: number, to: number): void {
    const what = from === to ? `Entry ${from} is missing.` : `Entries ${from} to ${to} are missing.`
    this.#report('missing', from, what)
  }

  #report(kind: AuditProblemKind, seq: number, message: string): void {
    this.#found += 1
    if (this.#problems.length < KEPT_PROBLEMS) this.#problems.push({ kind, seq, message })
  }
}

const short = (hash: string) => `${hash.slice(0, 12)}…`
