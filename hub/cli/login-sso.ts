/** Single sign-on of the command line: the browser signs on, and comes back to a port of this machine (RFC 8252, 7.3). */
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { Failure, FailureWire } from '@netraven/protocol/failure.ts'
import { Login, Me } from '../api/session.ts'
import type { Cli } from './command.ts'
import { fixedToken } from './stored-session.ts'

/** How long the browser may take: as long as the hub waits, ms. */
const LIMIT_MS = 10 * 60_000

/** @returns the tokens, and whose they are @throws Failure SSO_… */
export async function signedOn(cli: Cli, hub: string): Promise<{ login: Login; user: string }> {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const code = await codeFrom((port) => {
    const url = new URL('/api/auth/oidc/start', hub)
    url.searchParams.set('redirect', `http://127.0.0.1:${port}/`)
    url.searchParams.set('challenge', challenge)
    cli.terminal.err(`Open this in a browser on this machine:\n  ${url.href}`)
  })
  const login = await cli.clientOf(hub).send('POST', '/api/auth/oidc/token', { code, verifier }, Login)
  const me = await cli.clientOf(hub, fixedToken(login.access_token)).get('/api/auth/me', Me)
  return { login, user: me.username }
}

function codeFrom(listening: (port: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(late)
      server.close()
      server.closeAllConnections()
      settle()
    }
    const late = setTimeout(
      () => end(() => reject(new Failure('SSO_FAILED', { reason: 'nobody came back from the browser' }))),
      LIMIT_MS,
    )
    const server = createServer((request, response) => {
      const { searchParams, pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
      const [code, error] = [searchParams.get('code'), searchParams.get('error')]
      // Such as a browser that asks for an icon.
      if (pathname !== '/' || (code === null && error === null)) return void response.writeHead(404).end()
      const told = error === null ? 'You are logged in.' : 'That failed.'
      response.setHeader('connection', 'close')
      response.end(`${told} Go back to the command line.\n`, () =>
        end(() => (code === null ? reject(failureOf(error, searchParams.get('details'))) : resolve(code))),
      )
    })
    server.on('error', (error) => end(() => reject(error)))
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address) listening(address.port)
    })
  })
}

function failureOf(code: string | null, details: string | null): Failure {
  try {
    return Failure.fromWire(FailureWire.parse({ code, details: JSON.parse(details ?? '{}') }))
  } catch (cause) {
    return new Failure('SSO_FAILED', { reason: 'the hub told nothing' }, { cause })
  }
}
