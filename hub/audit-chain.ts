/**
 * The bytes of the audit log, so that anybody can check it with tools of their own.
 *
 * An entry is this JSON object, all fields always there:
 *
 * ```
 * {"action":"device removed",
 *  "actor":{"address":"192.0.2.7","id":"…","kind":"user","name":"anna","requestId":"…","via":"netraven/0.4.0"},
 *  "after":null,"at":"2026-11-24T17:28:15.123456Z","before":{…},"details":{…},"id":"…","prevHash":"…64 hex digits…",
 *  "seq":42,"target":{"id":"…","kind":"device","name":"sw1"}}
 * ```
 *
 * It is encoded as RFC 8785 (JSON Canonicalization Scheme) says: UTF-8, no white space, the names of each object sorted, strings with
 * the fewest escapes (`\" \\ \b \t \n \f \r`, `\u00xx` in lower case for other control characters, everything else as it is). Two things are
 * narrower: names are sorted by code point (RFC 8785 sorts UTF-16 units; it differs beyond U+FFFF only), and numbers are written without
 * an exponent. Then
 *
 *     hash     = sha256(encoding of the entry), 64 hex digits
 *     prevHash = hash of the entry before; 64 zeros in the first, whose seq is 1
 *
 * In Python: `hashlib.sha256(json.dumps(entry, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()).hexdigest()`.
 *
 * A checkpoint says that the chain had this entry at its head: Ed25519 (RFC 8032) by a key of the hub over the bytes of
 * `netraven audit checkpoint\n` and the encoding of `{"at":"…","hash":"…","hub":"…","seq":42}`, signature and key in base64url.
 *
 * An export has one JSON object a line: `{"export":{…}}`, `{"entry":{…},"hash":"…"}` in order with `{"checkpoint":{…}}` after the entry that
 * it is about, and `{"end":{…}}`.
 */
import { createHash } from 'node:crypto'

export interface ChainEntry {
  readonly seq: number
  readonly id: string
  /** Microseconds, UTC. */
  readonly at: string
  readonly action: string
  readonly actor: {
    readonly kind: string
    readonly id: string | null
    readonly name: string
    readonly address: string | null
    readonly via: string | null
    readonly requestId: string | null
  }
  readonly target: { readonly kind: string; readonly id: string | null; readonly name: string | null } | null
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly details: Readonly<Record<string, unknown>>
  readonly prevHash: string
}

export interface Link {
  readonly entry: ChainEntry
  readonly hash: string
}

export interface Checkpoint {
  readonly seq: number
  readonly hash: string
  /** Milliseconds, UTC. */
  readonly at: string
  readonly keyId: string
  readonly signature: string
}

/** Before the first entry. */
export const NO_HASH = '0'.repeat(64)

/** The canonical encoding of a JSON value; see the head of this file. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value).toSorted(([one], [other]) => byCodePoint(one, other))
  return `{${pairs.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`
}

export function hashOfEntry(entry: ChainEntry): string {
  return createHash('sha256').update(canonical(entry)).digest('hex')
}

/** The bytes that a hub signs. */
export function checkpointBytes(hub: string, { seq, hash, at }: Pick<Checkpoint, 'seq' | 'hash' | 'at'>): Buffer {
  return Buffer.from(`netraven audit checkpoint\n${canonical({ at, hash, hub, seq })}`)
}

const SURROGATE = /[\uD800-\uDFFF]/

function byCodePoint(one: string, other: string): number {
  if (SURROGATE.test(one) || SURROGATE.test(other)) return Buffer.compare(Buffer.from(one), Buffer.from(other))
  return one < other ? -1 : one > other ? 1 : 0
}
