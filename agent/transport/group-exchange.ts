/**
 * Diffie-Hellman in a group that the device chose (RFC 4419), without a proof that its prime is one.
 *
 * ssh2 asks node:crypto for a `DiffieHellman`, whose making proves the prime: 0.24 s with 2048 bits, 1.6 s with 3072, 3.6 s with 4096,
 * 30 s with 8192, and the event loop, so every other device, stands still meanwhile. Nobody asks for the outcome. A key in the same
 * group, also of OpenSSL, needs none. So the one exchange that is under way in a client of ssh2 gets other hands; no module is
 * changed. Where ssh2 looks different some day it works as before, slowly, and a test tells.
 */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from 'node:crypto'

/** Twice as long as the longest key that is agreed upon, as RFC 4419 section 6.2 asks. */
const EXPONENT_BYTES = 64
/** dhKeyAgreement of PKCS #3, 1.2.840.113549.1.3.1, as DER. */
const DH_KEY_AGREEMENT = Buffer.from('06092a864886f70d010301', 'hex')
const SEQUENCE = 0x30
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const ZERO = Buffer.from([0])

/** What ssh2's exchange asks of a `DiffieHellman`. */
export class GivenGroup {
  readonly #prime: Buffer
  readonly #generator: Buffer
  readonly #algorithm: Buffer
  readonly #privateKey: KeyObject
  readonly #publicValue: Buffer

  /** @throws Error when OpenSSL does not take the group */
  constructor(prime: Buffer, generator: Buffer) {
    this.#prime = prime
    this.#generator = generator
    this.#algorithm = sequence(DH_KEY_AGREEMENT, sequence(integer(prime), integer(generator)))
    // PrivateKeyInfo of RFC 5208 section 5
    const secret = der(OCTET_STRING, integer(randomBytes(EXPONENT_BYTES)))
    const key = sequence(integer(ZERO), this.#algorithm, secret)
    this.#privateKey = createPrivateKey({ key, type: 'pkcs8', format: 'der' })
    // SubjectPublicKeyInfo of RFC 5280 section 4.1: SEQUENCE { algorithm, BIT STRING { INTEGER y } }
    const { content } = readDer(createPublicKey(this.#privateKey).export({ type: 'spki', format: 'der' }))
    const { length } = readDer(content)
    this.#publicValue = readDer(readDer(content.subarray(length)).content.subarray(1)).content
  }

  getPrime(): Buffer {
    return this.#prime
  }

  getGenerator(): Buffer {
    return this.#generator
  }

  /** @returns the own public value, big-endian */
  generateKeys(): Buffer {
    return this.#publicValue
  }

  /** @throws Error when the other's value is none of the group */
  computeSecret(other: Buffer): Buffer {
    const value = der(BIT_STRING, Buffer.concat([ZERO, integer(other)]))
    const publicKey = createPublicKey({ key: sequence(this.#algorithm, value), type: 'spki', format: 'der' })
    return diffieHellman({ privateKey: this.#privateKey, publicKey })
  }
}

/**
 * To be called once the device has told its algorithms, before its next packet.
 * @param client of ssh2
 * @returns whether a group exchange is under way and goes the quick way
 */
export function quickenGroupExchange(client: object): boolean {
  const exchange: unknown = field(field(client, '_protocol'), '_kex')
  if (!isGroupExchange(exchange)) return false
  exchange.generateKeys = () => {
    const { _dh, _prime, _generator } = exchange
    if (_dh || !_prime || !_generator) return
    exchange._dh = new GivenGroup(_prime, _generator)
    exchange._public = exchange._dh.generateKeys()
  }
  return true
}

interface GroupExchange {
  generateKeys: () => void
  _dh?: GivenGroup | undefined
  _public?: Buffer | undefined
  readonly _prime: Buffer | null
  readonly _generator: Buffer | null
}

function isGroupExchange(value: unknown): value is GroupExchange {
  return (
    field(value, 'type') === 'groupex' &&
    field(value, '_prime') === null &&
    typeof field(value, 'generateKeys') === 'function'
  )
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(SEQUENCE, Buffer.concat(parts))
}

/** Signed, in as few bytes as can be (X.690 section 8.3). */
function integer(value: Buffer): Buffer {
  const first = value.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? ZERO : value.subarray(first)
  return der(INTEGER, (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([ZERO, digits]))
}

function der(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const size = Buffer.from([content.length >> 16, (content.length >> 8) & 0xff, content.length & 0xff])
  return Buffer.concat([Buffer.from([tag, 0x83]), size, content])
}

/** @returns the content of the first element, and how long the element is altogether */
function readDer(bytes: Buffer): { content: Buffer; length: number } {
  const first = bytes[1] ?? 0
  const more = first < 0x80 ? 0 : first & 0x7f
  const size = more === 0 ? first : bytes.readUIntBE(2, more)
  return { content: bytes.subarray(2 + more, 2 + more + size), length: 2 + more + size }
}
