/** The process of `oidc.ts`: npm's oidc-provider on a port of this machine. Its parent says who is who, and when to alter id tokens. */
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const [redirectUri] = process.argv.slice(2)
const people = new Map()
let isTampering = false

const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'netraven', client_secret: 'canary-client-secret', redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    cookies: { keys: ['only for tests'] },
    pkce: { required: () => true },
  })
  provider.use(async (context, next) => {
    await next()
    const token = isTampering && context.path === '/token' ? context.body?.id_token : undefined
    if (!token) return
    const [head, claims, signature] = token.split('.')
    const read = JSON.parse(Buffer.from(claims, 'base64url').toString())
    const altered = Buffer.from(JSON.stringify({ ...read, sub: 'somebody-else' })).toString('base64url')
    context.body = { ...context.body, id_token: [head, altered, signature].join('.') }
  })
  server.on('request', provider.callback())
  process.send({ issuer })
})

process.on('message', ({ person, claims, tamper }) => {
  if (person) people.set(person, claims)
  if (tamper !== undefined) isTampering = tamper
  process.send({ done: true })
})
process.on('disconnect', () => process.exit())
