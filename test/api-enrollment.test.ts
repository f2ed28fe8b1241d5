/** How a jump host joins: the agent's own enrolment against the hub's API, and everything that may not work. */
import { EnrollAnswer, EnrollResponse, enrollProof } from '@netraven/protocol/enroll.ts'
import { open } from '@netraven/protocol/envelope.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey, verifyKey } from '@netraven/protocol/keys.ts'
import { newBoxKeys } from '@netraven/protocol/sealed-box.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enroll } from '../agent/enrollment.ts'
import { REVOKED_CHANNEL } from '../hub/agents.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

describe.each(servers)('enrolment on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(kind)
    await api.call('POST', '/api/sites', { name: 'lab' })
  })
  afterAll(() => api.close())

  const newToken = async (validSeconds?: number) => {
    const made = await api.call('POST', '/api/agents/enrollment-tokens', {
      site: 'LAB',
      ...(validSeconds && { validSeconds }),
    })
    return { id: String(made.body.id), token: String(made.body.token), row: made.body }
  }
  const asAgent = (token: string, name = 'jump1') =>
    enroll(new URL('http://hub.test'), token, name, {
      fetch: (input, init) => api.fetch(new Request(input, init)),
      software: '0.1.0',
      timeoutMs: 10_000,
    })
  const codeOf = async (joining: Promise<unknown>) => {
    const error = await joining.catch((thrown: unknown) => thrown)
    return error instanceof Failure ? error.code : error
  }
  const question = (token: string, key = newSigningKey()) => {
    const unsigned = {
      token,
      signPublicKey: key.publicKey,
      boxPublicKey: newBoxKeys().publicKey,
      session: 'ab'.repeat(16),
      name: 'jump9',
      software: '0.1.0',
    }
    return { ...unsigned, proof: Buffer.from(key.sign(enrollProof(unsigned))).toString('base64url') }
  }
  const agents = async () => (await api.call('GET', '/api/agents')).body.items as { name: string; site: string }[]

  it('a token lets one agent in, bound to its site; the answer is signed by the key that the token names', async () => {
    const { token, row } = await newToken()
    expect(row).toMatchObject({ site: 'lab', state: 'open', usedAt: null })
    const identity = await asAgent(token)
    expect(identity).toMatchObject({ site: 'lab', name: 'jump1', hub: api.installation.id })
    expect(identity.hubKeys).toEqual([api.installation.signingKey.publicKey])
    expect((await api.call('GET', '/api/agents/JUMP1')).body).toMatchObject({
      id: identity.agent,
      site: 'lab',
      state: 'enrolled',
      online: false,
      lastSeenAt: null,
    })
    const used = (await api.call('GET', '/api/agents/enrollment-tokens')).body.items
    expect(used).toEqual([expect.objectContaining({ state: 'used', usedAt: expect.any(String) })])
  })

  it('a token works once, also when two agents try at the same moment', async () => {
    const { token } = await newToken()
    const before = (await agents()).length
    const codes = await Promise.all([asAgent(token, 'a'), asAgent(token, 'b')].map((one) => codeOf(one)))
    expect(codes.filter((code) => code === 'ENROLLMENT_TOKEN_USED')).toHaveLength(1)
    expect(await agents()).toHaveLength(before + 1)
  })

  it('an expired token, one that was taken back, one of another hub: each says which it is', async () => {
    const late = await newToken(60)
    await api.database.db
      .updateTable('enrollment_tokens')
      .set({ expires_at: new Date(0) })
      .where('id', '=', late.id)
      .execute()
    expect(await codeOf(asAgent(late.token))).toBe('ENROLLMENT_TOKEN_EXPIRED')
    const gone = await newToken()
    expect((await api.call('DELETE', `/api/agents/enrollment-tokens/${gone.id}`)).status).toBe(204)
    expect((await api.call('DELETE', `/api/agents/enrollment-tokens/${gone.id}`)).status).toBe(404)
    expect(await codeOf(asAgent(gone.token))).toBe('ENROLLMENT_TOKEN_INVALID')
    const { token } = await newToken()
    expect(await codeOf(asAgent(`${token.slice(0, 48)}${'A'.repeat(43)}`))).toBe('ENROLLMENT_TOKEN_INVALID')
    expect(
      (await api.call('POST', '/api/agents/enroll', { ...question(token), token: token.slice(0, -1) })).error?.code,
    ).toBe('ENROLLMENT_TOKEN_INVALID')
  })

  it('whoever does not hold the key it shows is refused, and the token is not used up', async () => {
    const { token } = await newToken()
    const honest = question(token)
    const before = (await agents()).length
    for (const altered of [
      { ...honest, signPublicKey: newSigningKey().publicKey },
      { ...honest, boxPublicKey: newBoxKeys().publicKey },
      { ...honest, name: 'jump10' },
      { ...honest, session: 'cd'.repeat(16) },
    ]) {
      const refused = await api.call('POST', '/api/agents/enroll', altered)
      expect(refused.error?.code).toBe('ENVELOPE_BAD_SIGNATURE')
    }
    expect(await agents()).toHaveLength(before)
    const { body, status } = await api.call('POST', '/api/agents/enroll', honest)
    const { publicKey, agent, envelope } = EnrollResponse.parse(body)
    const key = verifyKey(publicKey)
    const opened = open(Buffer.from(envelope, 'base64url'), {
      keys: (id) => (id === key.id ? key : undefined),
      me: agent,
      session: honest.session,
      subject: 'enroll!',
      nowMs: Date.now(),
    })
    expect([status, EnrollAnswer.parse(opened.value).name]).toEqual([201, 'jump9'])
  })

  it('a key that is enrolled cannot be enrolled a second time', async () => {
    const key = newSigningKey()
    await api.call('POST', '/api/agents/enroll', question((await newToken()).token, key))
    const { token } = await newToken()
    const refused = await api.call('POST', '/api/agents/enroll', question(token, key))
    expect([refused.status, refused.error?.code]).toEqual([409, 'AGENT_ALREADY_ENROLLED'])
    expect(await codeOf(asAgent(token, 'after'))).toMatchObject({ name: 'after' })
  })

  it('junk is refused with a code', async () => {
    for (const junk of [{}, { token: 1 }, { token: 'x' }]) {
      const { status, error } = await api.call('POST', '/api/agents/enroll', junk)
      expect([status, error?.code]).toEqual([401, 'ENROLLMENT_TOKEN_INVALID'])
    }
    const { token } = await newToken()
    for (const junk of [[], null, 7, { ...question(token), session: 'short' }]) {
      const { status, error } = await api.call('POST', '/api/agents/enroll', junk)
      expect([status, error?.code]).toEqual([400, 'REQUEST_INVALID'])
    }
  })

  it('a second agent of the same name gets a number, so that each can be named', async () => {
    const names = []
    for (const name of ['twin', 'Twin', 'twin']) names.push((await asAgent((await newToken()).token, name)).name)
    expect(names).toEqual(['twin', 'Twin-2', 'twin-3'])
  })

  it('revoking tells every hub at once, and frees the name', async () => {
    const identity = await asAgent((await newToken()).token, 'leaver')
    const heard: string[] = []
    const told = Promise.withResolvers<void>()
    const subscription = await api.database.listen([REVOKED_CHANNEL], (_, payload) => {
      heard.push(payload)
      if (payload === identity.agent) told.resolve()
    })
    const revoked = await api.call('POST', '/api/agents/LEAVER/revoke')
    expect(revoked.body).toMatchObject({ state: 'revoked', revokedAt: expect.any(String) })
    await told.promise
    await subscription.close()
    expect((await asAgent((await newToken()).token, 'leaver')).name).toBe('leaver')
    expect((await api.call('GET', '/api/agents/leaver')).body).toMatchObject({ state: 'enrolled' })
    expect((await api.call('POST', '/api/agents/nobody/revoke')).error?.code).toBe('AGENT_NOT_FOUND')
    const events = await api.database.db
      .selectFrom('events')
      .select(['kind', 'actor'])
      .where('kind', '=', 'agent revoked')
      .execute()
    expect(events).toEqual([{ kind: 'agent revoked', actor: 'admin' }])
  })

  it('no token stands in the database, in the log, or in a list', async () => {
    const { token } = await newToken()
    const secret = token.slice(4, 47)
    const rows = await api.database.db.selectFrom('enrollment_tokens').selectAll().execute()
    const list = await api.call('GET', '/api/agents/enrollment-tokens')
    expect(JSON.stringify(rows) + list.text + api.log.join('\n')).not.toContain(secret)
  })
})
