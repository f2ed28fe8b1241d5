/**
 * TLS to a device. It is always verified: by the certificates that the jump host trusts, by the device's own CA, or by the pin
 * of its public key. Nothing is written before that is done.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { Failure, type FailureDetails } from '@netraven/protocol/failure.ts'
import { systemClock } from '../clock.ts'
import { reasonOf } from '../conversation.ts'
import type { ConnectParts, Target } from '../target.ts'

/** OpenSSL's words for "no common version or cipher". */
const NOTHING_IN_COMMON =
  /^ERR_SSL_(?:.*UNSUPPORTED_PROTOCOL|.*NO_PROTOCOLS_AVAILABLE|.*PROTOCOL_VERSION|.*HANDSHAKE_FAILURE|.*NO_SHARED_CIPHER|.*DH_KEY_TOO_SMALL|.*EE_KEY_TOO_SMALL|.*INSUFFICIENT_SECURITY|.*LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED|.*UNSAFE_LEGACY_RENEGOTIATION_DISABLED)/

type Place = Pick<Target, 'address' | 'port' | 'name' | 'options' | 'timeoutMs'>

/**
 * @param stream connected to the device
 * @throws Failure TLS_UNTRUSTED, TLS_PIN_CHANGED, TLS_LEGACY, TLS_HANDSHAKE, or the reason of the signal
 */
export function connectTls(
  stream: Duplex,
  target: Place,
  { signal, clock = systemClock, ladder }: Pick<ConnectParts, 'signal' | 'clock' | 'ladder'>,
): Promise<TLSSocket> {
  const { address, port, options, timeoutMs } = target
  const name = options.tlsName ?? target.name
  const startedMs = clock.nowMs()
  ladder?.enter('host-key')
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: stream,
      // Its own name must stand in the certificate; an IP address can't be asked for by SNI (RFC 6066 section 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      host: name,
      ...(options.tlsCa === undefined ? {} : { ca: options.tlsCa }),
      // Judged below instead, where the certificate can still be looked at for the failure's facts.
      rejectUnauthorized: false,
      ...(options.legacyAlgorithms ? { minVersion: 'TLSv1' as const, ciphers: 'DEFAULT:@SECLEVEL=0' } : {}),
    })
    const where = (): FailureDetails => ({ address, port, name, elapsedMs: Math.round(clock.nowMs() - startedMs) })
    const fail = (failure: Failure) => {
      cancel()
      signal.removeEventListener('abort', abort)
      socket.destroy()
      stream.destroy()
      reject(failure)
    }
    const abort = () => fail(reasonOf(signal))
    const cancel = clock.after(timeoutMs, () =>
      fail(new Failure('TLS_HANDSHAKE', { ...where(), reason: 'no answer in time' })),
    )
    const broken = (error: NodeJS.ErrnoException) => {
      fail(failureOf(error, where()))
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.once('error', broken)
    socket.once('close', () => fail(new Failure('TLS_HANDSHAKE', { ...where(), reason: 'the device hung up' })))
    socket.once('secureConnect', () => {
      const facts = factsOf(socket)
      const { tlsPin: pinned } = options
      if (pinned === undefined ? !socket.authorized : facts.seen !== pinned) {
        const reason = String(socket.authorizationError)
        fail(
          pinned === undefined
            ? new Failure('TLS_UNTRUSTED', { ...where(), ...facts, reason })
            : new Failure('TLS_PIN_CHANGED', { ...where(), ...facts, pinned }),
        )
        return
      }
      cancel()
      signal.removeEventListener('abort', abort)
      socket.removeAllListeners('close')
      socket.off('error', broken)
      ladder?.pass('host-key', [facts.seen, facts.subject].filter(Boolean).join(', '))
      resolve(socket)
    })
  })
}

function failureOf(error: NodeJS.ErrnoException, details: FailureDetails): Failure {
  const reason = error.code ?? 'unknown'
  const code = NOTHING_IN_COMMON.test(reason) ? 'TLS_LEGACY' : 'TLS_HANDSHAKE'
  return new Failure(code, { ...details, reason }, { cause: error })
}

/** What the device showed; `seen` is its pin (RFC 7469 section 2.4). */
function factsOf(socket: TLSSocket): { seen?: string; subject?: string; validTo?: string } {
  const certificate: Partial<PeerCertificate> | null = socket.getPeerCertificate()
  if (!certificate?.raw) return {}
  const { publicKey, subject, validTo } = new X509Certificate(certificate.raw)
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return { seen: `sha256/${createHash('sha256').update(spki).digest('base64')}`, subject, validTo }
}
