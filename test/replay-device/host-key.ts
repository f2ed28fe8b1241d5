/** Host keys made from a seed, so that a device that is started again is still the same one. For tests and demos only. */
import { checkPrimeSync, createHash, createPrivateKey, createPublicKey } from 'node:crypto'

export interface HostKey {
  /** In a format that ssh2 reads. */
  readonly privateKey: string
  /** `SHA256:` and base64 without padding, as OpenSSH prints it. */
  readonly fingerprint: string
}

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An Ed25519 key in OpenSSH's own format (PROTOCOL.key of OpenSSH). */
export function ed25519HostKey(seed: string): HostKey {
  const secret = createHash('sha256').update(`ed25519 ${seed}`).digest()
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, secret]), format: 'der', type: 'pkcs8' })
  const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url')
  const publicKey = Buffer.concat([lengthAnd('ssh-ed25519'), lengthAnd(raw)])
  const check = Buffer.from('6e72766e6e72766e', 'hex')
  const unpadded = Buffer.concat([check, publicKey, lengthAnd(Buffer.concat([secret, raw])), lengthAnd('')])
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (unpadded.length % 8)) % 8))
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    lengthAnd('none'),
    lengthAnd('none'),
    lengthAnd(''),
    Buffer.from([0, 0, 0, 1]),
    lengthAnd(publicKey),
    lengthAnd(Buffer.concat([unpadded, padding])),
  ])
  const base64 = body.toString('base64').replace(/(.{70})(?=.)/g, '$1\n')
  const label = 'OPENSSH PRIVATE KEY'
  return {
    privateKey: `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`,
    fingerprint: fingerprintOf(publicKey),
  }
}

/** A 2048-bit RSA key, what old devices have; takes some tenths of a second to find. */
export function rsaHostKey(seed: string): HostKey {
  const e = 65537n
  const p = prime(`${seed} p`)
  const q = prime(`${seed} q`)
  const n = p * q
  const d = inverse(e, (p - 1n) * (q - 1n))
  const jwk = { kty: 'RSA', n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) }
  const key = createPrivateKey({
    format: 'jwk',
    key: Object.fromEntries(
      Object.entries(jwk).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? bytesOf(value).toString('base64url') : value,
      ]),
    ),
  })
  const publicKey = Buffer.concat([lengthAnd('ssh-rsa'), mpint(e), mpint(n)])
  return {
    privateKey: key.export({ format: 'pem', type: 'pkcs1' }).toString(),
    fingerprint: fingerprintOf(publicKey),
  }
}

function fingerprintOf(publicKey: Buffer): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replace(/=+$/, '')}`
}

function lengthAnd(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** RFC 4251 section 5. */
function mpint(value: bigint): Buffer {
  const bytes = bytesOf(value)
  return lengthAnd(((bytes[0] ?? 0) & 0x80) === 0 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]))
}

function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

/** 1024 bits, the two highest set, so that the product of two has 2048. */
function prime(seed: string): bigint {
  const bytes = Buffer.concat([0, 1].map((part) => createHash('sha512').update(`rsa ${seed} ${part}`).digest()))
  bytes[0] = (bytes[0] ?? 0) | 0xc0
  let candidate = BigInt(`0x${bytes.toString('hex')}`) | 1n
  while (candidate % 65537n === 1n || !checkPrimeSync(candidate)) candidate += 2n
  return candidate
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, next, factor, nextFactor] = [value, modulus, 1n, 0n]
  while (next !== 0n) {
    const quotient = rest / next
    ;[rest, next] = [next, rest - quotient * next]
    ;[factor, nextFactor] = [nextFactor, factor - quotient * nextFactor]
  }
  return ((factor % modulus) + modulus) % modulus
}
