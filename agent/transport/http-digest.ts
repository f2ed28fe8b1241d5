/** Answers to a challenge of HTTP Digest (RFC 7616), in the forms that devices use: MD5 and SHA-256, `-sess`, quality `auth`. */
import { createHash } from 'node:crypto'

export interface DigestChallenge {
  readonly realm: string
  readonly nonce: string
  readonly opaque?: string
  readonly algorithm: string
  readonly qop?: 'auth'
}

const HASHES: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' }

const hashOf = (algorithm: string): string | undefined => HASHES[algorithm.toUpperCase().replace(/-SESS$/, '')]

/**
 * @param headers values of WWW-Authenticate
 * @returns the strongest challenge that can be answered; undefined: there is none
 */
export function digestChallenge(headers: readonly string[]): DigestChallenge | undefined {
  const found = headers.flatMap((header) => challengesIn(header))
  return found.toSorted((a, b) => strength(b) - strength(a))[0]
}

const strength = ({ algorithm }: DigestChallenge): number => (/^sha/i.test(algorithm) ? 1 : 0)

/** One header may carry several challenges (RFC 9110 section 11.6.1). */
function challengesIn(header: string): DigestChallenge[] {
  return header.split(/(?:^|,\s*)(?=(?:Basic|Digest|Negotiate|NTLM|Bearer)(?:\s|$))/i).flatMap((part) => {
    if (!/^Digest\s/i.test(part)) return []
    const fields = new Map<string, string>()
    for (const [, name = '', quoted, bare] of part.slice(7).matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g))
      fields.set(name.toLowerCase(), quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1'))
    const algorithm = fields.get('algorithm') ?? 'MD5'
    const nonce = fields.get('nonce')
    const qops = fields.get('qop')?.split(/\s*,\s*/)
    if (nonce === undefined || !hashOf(algorithm) || (qops && !qops.includes('auth'))) return []
    const opaque = fields.get('opaque')
    return [
      {
        realm: fields.get('realm') ?? '',
        nonce,
        algorithm,
        ...(opaque === undefined ? {} : { opaque }),
        ...(qops ? { qop: 'auth' as const } : {}),
      },
    ]
  })
}

export interface DigestRequest {
  readonly method: string
  /** Path and query, as they stand in the request line. */
  readonly uri: string
  readonly username: string
  readonly password: string
  /** How often this nonce was used, from 1. */
  readonly count: number
  readonly cnonce: string
}

/** @returns the value of Authorization */
export function digestAnswer(challenge: DigestChallenge, request: DigestRequest): string {
  const { realm, nonce, opaque, algorithm, qop } = challenge
  const { method, uri, username, password, count, cnonce } = request
  const name = hashOf(algorithm) ?? 'md5'
  const hash = (text: string) => createHash(name).update(text).digest('hex')
  const nc = count.toString(16).padStart(8, '0')
  const plain = hash(`${username}:${realm}:${password}`)
  const a1 = /-sess$/i.test(algorithm) ? hash(`${plain}:${nonce}:${cnonce}`) : plain
  const a2 = hash(`${method}:${uri}`)
  const response = hash(qop ? `${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}` : `${a1}:${nonce}:${a2}`)
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
  return [
    `Digest username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `algorithm=${algorithm}`,
    `response="${response}"`,
    ...(qop ? [`qop=${qop}`, `nc=${nc}`, `cnonce="${cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
  ].join(', ')
}
