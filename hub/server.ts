/**
 * The hub's one listening socket: the API and the agents' door share it. Whoever sends too much, too slowly, or does not read what they
 * asked for, is cut off; others notice nothing.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Hono } from 'hono'
import type { ServerCertificate } from './certificate.ts'
import { envelopeOf } from './error-envelope.ts'

export interface HttpServer {
  readonly server: Server
  /** Where it really listens, such as http://127.0.0.1:8000. */
  readonly url: string
  /** New connections get this certificate; those that exist keep theirs. Does nothing without TLS. */
  present(certificate: ServerCertificate): void
  close(): Promise<void>
}

export interface ServerLimits {
  /** Address and headers of one request, bytes. */
  readonly headerBytes: number
  /** Until the headers are complete, ms. */
  readonly headersMs: number
  /** Until the whole request is there, ms. */
  readonly requestMs: number
  /** How often slow ones are looked for, ms. */
  readonly checkEveryMs: number
  /** An answer of which nothing more is taken is given up after, ms. */
  readonly stalledMs: number
}

export const defaultServerLimits: ServerLimits = {
  headerBytes: 16_384,
  headersMs: 15_000,
  // 10 MB over 1 Mbit/s take 84 s.
  requestMs: 120_000,
  checkEveryMs: 2_000,
  stalledMs: 30_000,
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** Absent: plain HTTP. */
  readonly certificate?: ServerCertificate | undefined
  readonly limits?: ServerLimits
}

/**
 * Begins to listen.
 * @throws Failure PORT_IN_USE; CONFIG_INVALID when the address is not one of this machine, or the port needs more rights
 */
export async function listenHttp(app: Pick<Hono, 'fetch'>, options: ListenOptions): Promise<HttpServer> {
  const { host, port, certificate, limits = defaultServerLimits } = options
  const listener = getRequestListener(app.fetch, {
    errorHandler: (error) =>
      answerOf(error instanceof RequestError ? malformed('not a request that HTTP knows') : new Failure('INTERNAL')),
  })
  const settings: ServerOptions = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    keepAliveTimeout: 75_000,
  }
  const server: Server = certificate
    ? createTlsServer({ ...settings, ...certificate }, listener)
    : createServer(settings, listener)
  server.maxHeadersCount = 200
  server.timeout = limits.stalledMs
  /** Answers that have begun: nothing of ours may be written into them. */
  const underWay = new WeakMap<Duplex, ServerResponse>()
  server.on('request', (request, response) => {
    underWay.set(request.socket, response)
    // With a listener here, silence alone cuts nobody off: a run that somebody waits for may take an hour.
    response.on('timeout', (socket) => {
      if (socket.writableLength > 0) socket.destroy()
    })
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const response = underWay.get(socket)
    const isAnswering = response?.headersSent === true && !response.writableFinished
    if (isAnswering || !socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else socket.end(rawAnswer(refusalOf(error, limits)), () => socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFailure(error, host, port)))
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return {
    server,
    url: `http${certificate ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    present: (next) => {
      if ('setSecureContext' in server && typeof server.setSecureContext === 'function') server.setSecureContext(next)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

function malformed(message: string): Failure {
  return new Failure('REQUEST_INVALID', { issues: [{ where: 'request', path: '', message }] })
}

/** What the parser of HTTP says, as ours. */
function refusalOf({ code }: NodeJS.ErrnoException, limits: ServerLimits): Failure {
  if (code === 'HPE_HEADER_OVERFLOW') return new Failure('HEADERS_TOO_LARGE', { limitBytes: limits.headerBytes })
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Failure('REQUEST_TIMEOUT', {
      headersSeconds: limits.headersMs / 1000,
      requestSeconds: limits.requestMs / 1000,
    })
  }
  return malformed('not a request that HTTP knows')
}

const bare = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  connection: 'close',
}

function answerOf(failure: Failure): Response {
  const requestId = randomBytes(12).toString('base64url')
  return new Response(JSON.stringify(envelopeOf(failure, requestId)), {
    status: failure.entry.status,
    headers: { ...bare, 'x-request-id': requestId },
  })
}

/** An answer to what never became a request. */
function rawAnswer(failure: Failure): string {
  const requestId = randomBytes(12).toString('base64url')
  const body = JSON.stringify(envelopeOf(failure, requestId))
  const headers = { ...bare, 'x-request-id': requestId, 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${failure.entry.status} ${failure.message}`, ...lines, '', body].join('\r\n')
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new Failure('PORT_IN_USE', { port, host, variable: 'HUB_PORT' }, { cause: error })
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EACCES'].includes(error.code ?? '')) {
    const problems = [
      {
        variable: error.code === 'EACCES' ? 'HUB_PORT' : 'HUB_HOST',
        read: `${host}:${port}`,
        expected: `usable here (${error.code})`,
      },
    ]
    return new Failure('CONFIG_INVALID', { problems }, { cause: error })
  }
  return error
}
