/** The way out for mail. TLS is required, except to this very machine, and its certificate is checked. */
import { createTransport } from 'nodemailer'

export interface Letter {
  readonly to: string
  readonly subject: string
  /** Plain text. */
  readonly text: string
}

export interface Mail {
  /** @throws Error when the server did not take it */
  send(letter: Letter): Promise<void>
  close(): void
}

/** No step of a delivery takes longer, ms. */
const LIMIT_MS = 15_000

/**
 * @param settings `url` is `smtp://user:password@host:587` (TLS by STARTTLS, RFC 3207) or `smtps://…:465` (TLS from the start,
 * RFC 8314)
 */
export function openMail(settings: { readonly url: string; readonly from: string }): Mail {
  const url = new URL(settings.url)
  const isSecure = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const isHere = ['localhost', '127.0.0.1', '::1'].includes(host)
  const transport = createTransport({
    host,
    port: Number(url.port) || (isSecure ? 465 : 587),
    secure: isSecure,
    requireTLS: !isSecure && !isHere,
    ignoreTLS: !isSecure && isHere,
    ...(url.username !== '' && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
    connectionTimeout: LIMIT_MS,
    greetingTimeout: LIMIT_MS,
    socketTimeout: LIMIT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send({ to, subject, text }) {
      await transport.sendMail({
        from: settings.from,
        to,
        subject,
        text,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
    },
    close: () => transport.close(),
  }
}
