/**
 * Private keys for SSH, read when they are saved, so that a wrong one is refused then and not at night. What can be opened is
 * kept opened (it lies encrypted under the master key): PKCS#1, SEC 1 and OpenSSH's own format (PROTOCOL.key in OpenSSH's
 * source), which every SSH library reads; PKCS#8, which few do, is rewritten into these.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { SshReader, sshMpint, sshString, sshUint32 } from './ssh-wire.ts'

export interface SshKey {
  /** As to be kept. */
  readonly privateKey: string
  /** Still needed to open it; absent: it is open. */
  readonly passphrase?: string
  /** `SHA256:` and base64 of the public half, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string
  /** The line for `authorized_keys`. */
  readonly publicLine: string
}

const OPENSSH_BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----'
const OPENSSH_END = '-----END OPENSSH PRIVATE KEY-----'
const OPENSSH_MAGIC = 'openssh-key-v1\0'

/** Curves by their name in a JSON Web Key (RFC 7518, 6.2.1.1) and in SSH (RFC 5656, 10.1). */
const CURVES: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' }

/**
 * Reads a private key.
 * @throws Failure CREDENTIAL_INVALID with the reason; never with a byte of the key
 */
export function readSshKey(text: string, passphrase: string | undefined): SshKey {
  const tidy = `${text
    .replaceAll('\r', '')
    .replace(/^\uFEFF/, '')
    .trim()}\n`
  if (tidy.startsWith('PuTTY-User-Key-File-')) {
    throw invalid('a PuTTY key; convert it: puttygen KEY.ppk -O private-openssh -o KEY')
  }
  if (
    /^(?:ssh-|ecdsa-)/.test(tidy) ||
    tidy.startsWith('-----BEGIN PUBLIC') ||
    tidy.startsWith('---- BEGIN SSH2 PUBLIC')
  ) {
    throw invalid('this is the public half; the private one is needed')
  }
  if (!tidy.startsWith('-----BEGIN ')) throw invalid('it is not a private key in PEM or OpenSSH format')
  return tidy.startsWith(OPENSSH_BEGIN) ? readOpenSsh(tidy, passphrase) : readPem(tidy, passphrase)
}

function readPem(text: string, passphrase: string | undefined): SshKey {
  const isEncrypted = /ENCRYPTED/.test(text)
  if (isEncrypted && passphrase === undefined) throw invalid('it is encrypted: its passphrase is needed')
  let key: KeyObject
  try {
    key = createPrivateKey({ key: text, format: 'pem', ...(passphrase !== undefined && { passphrase }) })
  } catch (cause) {
    throw invalid(isEncrypted ? 'it is damaged, or the passphrase is wrong' : 'it is damaged', cause)
  }
  const blob = publicBlob(key)
  return { privateKey: portable(key, blob), ...shown(blob) }
}

function readOpenSsh(text: string, passphrase: string | undefined): SshKey {
  try {
    const body = text.slice(OPENSSH_BEGIN.length, text.indexOf(OPENSSH_END))
    const reader = new SshReader(Buffer.from(body, 'base64'))
    if (reader.take(OPENSSH_MAGIC.length).toString('latin1') !== OPENSSH_MAGIC) throw new RangeError('another format')
    const cipher = reader.string().toString('latin1')
    reader.string()
    reader.string()
    if (reader.uint32() !== 1) throw new RangeError('not one key')
    const blob = reader.string()
    const secret = new SshReader(reader.string())
    const kind = new SshReader(blob).string().toString('latin1')
    if (!/^(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp(?:256|384|521))$/.test(kind)) {
      throw invalid(`keys of type ${kind.replaceAll(/[^\w@.-]/g, '?').slice(0, 60)} cannot be used`)
    }
    if (cipher !== 'none') {
      if (passphrase === undefined) throw invalid('it is encrypted: its passphrase is needed')
      return { privateKey: text, passphrase, ...shown(blob) }
    }
    const check = secret.uint32()
    if (check !== secret.uint32()) throw new RangeError('check numbers differ')
    if (secret.string().toString('latin1') !== kind) throw new RangeError('the halves are of different types')
    return { privateKey: text, ...shown(blob) }
  } catch (cause) {
    throw cause instanceof Failure ? cause : invalid('it is damaged', cause)
  }
}

/** The public half as SSH writes it (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4). */
function publicBlob(key: KeyObject): Buffer {
  const jwk = jwkOf(key)
  if (jwk.kty === 'RSA') {
    return Buffer.concat([sshString('ssh-rsa'), sshMpint(bytesOf(jwk.e)), sshMpint(bytesOf(jwk.n))])
  }
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    return Buffer.concat([sshString('ssh-ed25519'), sshString(bytesOf(jwk.x))])
  }
  const curve = CURVES[jwk.crv ?? '']
  if (jwk.kty === 'EC' && curve) {
    const point = Buffer.concat([Buffer.of(4), bytesOf(jwk.x), bytesOf(jwk.y)])
    return Buffer.concat([sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point)])
  }
  throw invalid(`keys of type ${jwk.crv ?? jwk.kty ?? 'unknown'} cannot be used with SSH`)
}

function jwkOf(key: KeyObject): JsonWebKey {
  try {
    return createPublicKey(key).export({ format: 'jwk' })
  } catch (cause) {
    throw invalid(`keys of type ${key.asymmetricKeyType ?? 'unknown'} cannot be used`, cause)
  }
}

function portable(key: KeyObject, blob: Buffer): string {
  if (key.asymmetricKeyType === 'rsa') return key.export({ format: 'pem', type: 'pkcs1' }).toString()
  if (key.asymmetricKeyType === 'ec') return key.export({ format: 'pem', type: 'sec1' }).toString()
  const seed = bytesOf(key.export({ format: 'jwk' }).d)
  return openSshEd25519(seed, blob)
}

/** An unencrypted key in OpenSSH's format. */
function openSshEd25519(seed: Buffer, blob: Buffer): string {
  const check = randomBytes(4)
  const publicHalf = blob.subarray(blob.length - 32)
  const fields = [sshString('ssh-ed25519'), sshString(publicHalf), sshString(Buffer.concat([seed, publicHalf]))]
  const secret = Buffer.concat([check, check, ...fields, sshString('')])
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1))
  const bytes = Buffer.concat([
    Buffer.from(OPENSSH_MAGIC, 'latin1'),
    ...[sshString('none'), sshString('none'), sshString('')],
    sshUint32(1),
    sshString(blob),
    sshString(Buffer.concat([secret, padding])),
  ])
  const lines = bytes.toString('base64').match(/.{1,70}/g) ?? []
  return [OPENSSH_BEGIN, ...lines, OPENSSH_END, ''].join('\n')
}

function shown(blob: Buffer): Pick<SshKey, 'fingerprint' | 'publicLine'> {
  const digest = createHash('sha256').update(blob).digest('base64').replaceAll('=', '')
  const kind = new SshReader(blob).string().toString('latin1')
  return { fingerprint: `SHA256:${digest}`, publicLine: `${kind} ${blob.toString('base64')}` }
}

function bytesOf(value: string | undefined): Buffer {
  return Buffer.from(value ?? '', 'base64url')
}

function invalid(reason: string, cause?: unknown): Failure {
  return new Failure('CREDENTIAL_INVALID', { reason }, { cause })
}
