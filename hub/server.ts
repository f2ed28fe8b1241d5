/** The hub's one listening socket: the API and the agents' door share it. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Hono } from 'hono'

export interface HttpServer {
  readonly server: Server
  /** Where it really listens, such as http://127.0.0.1:8000. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Begins to listen.
 * @throws Failure PORT_IN_USE; CONFIG_INVALID when the address is not one of this machine, or the port needs more rights
 */
export async function listenHttp(
  app: Pick<Hono, 'fetch'>,
  { host, port }: { host: string; port: number },
): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.keepAliveTimeout = 75_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFailure(error, host, port)))
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return {
    server,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
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
