/**
 * The hub's own certificate: two files that somebody else renews. They are looked at again every minute and when asked; connections that
 * exist stay as they are, new ones get the new certificate. What can't be used never replaces what can.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureVersion } from 'node:tls'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Log } from './log.ts'

export interface CertificateFiles {
  /** Path of the chain, PEM, own certificate first. */
  readonly certificate: string
  /** Path of the key, PEM, without a passphrase. */
  readonly key: string
}

/** What a TLS server takes. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
  /** RFC 8996: what is older is broken. */
  readonly minVersion: SecureVersion
}

const DAY_MS = 86_400_000
/** So long ahead the log warns. */
export const WARN_DAYS = 14
const LOOK_EVERY_MS = 60_000

/**
 * Reads the two, and looks whether a client would take them.
 * @throws Failure CERTIFICATE_UNUSABLE
 */
export function readCertificate(files: CertificateFiles, nowMs: number): ServerCertificate & { expiresAt: Date } {
  const unusable = (reason: string, cause?: unknown) =>
    new Failure('CERTIFICATE_UNUSABLE', { reason, ...files }, { cause })
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw unusable(`${path} cannot be read (${String((error as NodeJS.ErrnoException).code)})`, error)
    }
  }
  const parsed = <T>(make: () => T, reason: string): T => {
    try {
      return make()
    } catch (error) {
      throw unusable(reason, error)
    }
  }
  const cert = read(files.certificate)
  const key = read(files.key)
  const own = parsed(() => new X509Certificate(cert), `${files.certificate} has no certificate in PEM`)
  const secret = parsed(() => createPrivateKey(key), `${files.key} has no private key in PEM without a passphrase`)
  if (!own.checkPrivateKey(secret)) throw unusable('the key does not belong to the certificate')
  const expiresAt = own.validToDate
  if (expiresAt.getTime() <= nowMs) throw unusable(`the certificate expired at ${expiresAt.toISOString()}`)
  if (own.validFromDate.getTime() > nowMs)
    throw unusable(`the certificate is not valid before ${own.validFromDate.toISOString()}`)
  parsed(() => createSecureContext({ cert, key }), 'OpenSSL does not take the certificate, such as for a weak key')
  return { cert, key, minVersion: 'TLSv1.2', expiresAt }
}

export interface CertificateKeeper {
  readonly current: ServerCertificate
  /** Reads the files again now, as SIGHUP asks for. */
  look(): void
  close(): void
}

/**
 * Reads the files, and goes on looking at them.
 * @param changed called with each certificate after the first
 * @throws Failure CERTIFICATE_UNUSABLE when the first can't be used
 */
export function keepCertificate(
  files: CertificateFiles,
  parts: { readonly clock: () => number; readonly log: Log; readonly everyMs?: number },
  changed: (certificate: ServerCertificate) => void,
): CertificateKeeper {
  const { clock, log, everyMs = LOOK_EVERY_MS } = parts
  let current = readCertificate(files, clock())
  /** Said last, so that a trouble that stays is told once a day. */
  let said = ''
  const sayOnce = (what: string, say: () => void) => {
    const today = `${Math.floor(clock() / DAY_MS)} ${what}`
    if (today !== said) say()
    said = today
  }
  const look = () => {
    try {
      const next = readCertificate(files, clock())
      if (next.cert !== current.cert || next.key !== current.key) {
        current = next
        changed(next)
        log.info({ expiresAt: next.expiresAt }, 'took the new TLS certificate')
      }
    } catch (error) {
      const reason = error instanceof Failure ? String(error.details.reason) : String(error)
      sayOnce(reason, () => log.error({ err: error }, 'the TLS certificate cannot be used; the one before stays'))
      return
    }
    const { expiresAt } = current
    const days = Math.floor((expiresAt.getTime() - clock()) / DAY_MS)
    if (days < WARN_DAYS) sayOnce(`${days}`, () => log.warn({ expiresAt, days }, 'the TLS certificate expires soon'))
  }
  look()
  const timer = setInterval(look, everyMs)
  timer.unref()
  return {
    get current() {
      return current
    },
    look,
    close: () => clearInterval(timer),
  }
}
