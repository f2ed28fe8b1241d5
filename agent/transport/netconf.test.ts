import { Failure, remediesOf } from '@netraven/protocol/failure.ts'
import ssh2, { type ServerChannel } from 'ssh2'
import { afterEach, describe, expect, it } from 'vitest'
import drivers from '../drivers/ietf_netconf.ts'
import { connectNetconf } from './netconf.ts'

const hostKey = ssh2.utils.generateKeyPairSync('ed25519')
const BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0'
const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const LIMITS = { idleMs: 5000, totalMs: 10_000, maxBytes: 1024 * 1024 }
const helloOf = (...versions: string[]) =>
  `<hello xmlns="${BASE}"><capabilities>${versions
    .map((one) => `<capability>urn:ietf:params:netconf:base:${one}</capability>`)
    .join('')}</capabilities><session-id>4</session-id></hello>`
const dataOf = (inner: string, id = '1') =>
  `<rpc-reply xmlns="${BASE}" message-id="${id}" time="now"><data>${inner}</data></rpc-reply>`
const chunked = (text: string) => `\n#${Buffer.byteLength(text)}\n${text}\n##\n`

/** A server whose subsystem says what a test makes it say. */
async function serve(talk: (channel: ServerChannel, heard: () => string) => void): Promise<number> {
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (peer) => {
    peer.on('error', () => undefined)
    peer.on('authentication', (context) => context.accept())
    peer.on('session', (accept) =>
      accept().on('subsystem', (acceptChannel, _reject, { name }) => {
        expect(name).toBe('netconf')
        const channel = acceptChannel()
        let heard = ''
        channel.on('error', () => undefined)
        channel.on('data', (bytes: Buffer) => {
          heard += bytes.toString()
        })
        talk(channel, () => heard)
      }),
    )
  })
  closing.push(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** Answers the first question that comes behind both hellos. */
function answering(hello: string, answer: string): (channel: ServerChannel, heard: () => string) => void {
  return (channel, heard) => {
    channel.write(`${hello}]]>]]>`)
    channel.on('data', () => {
      if (/<\/rpc>/.test(heard()) && !heard().includes('close-session')) channel.write(answer)
    })
  }
}

async function ask(port: number, request = 'get-config running', limits = LIMITS) {
  const abort = new AbortController()
  const target = { transport: 'netconf' as const, name: 'd', address: '127.0.0.1', port, username: 'u', password: 'p' }
  const connection = await connectNetconf(
    { ...target, options: {}, timeoutMs: 5000, driver: drivers },
    { signal: abort.signal },
  )
  closing.push(() => connection.close())
  if (!connection.exchange) throw new Error('no exchange')
  return connection.exchange(request, limits)
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure instanceof Failure) return failure
  throw failure ?? new Error('it did not fail')
}

describe('[DEV-6] a NETCONF server', () => {
  it('of base 1.0 is read up to its end mark', async () => {
    const port = await serve(answering(helloOf('1.0'), `${dataOf('<a><b>1</b></a>')}]]>]]>`))
    expect((await ask(port)).bytes.toString()).toBe(
      `<config xmlns="${BASE}">\n  <a>\n    <b>1</b>\n  </a>\n</config>\n`,
    )
  })

  it('of base 1.1 is read chunk by chunk, a line feed too many before them', async () => {
    const port = await serve(answering(`${helloOf('1.0', '1.1')}\n`, `\n${chunked(dataOf('<a>ä</a>'))}`))
    expect((await ask(port)).bytes.toString()).toContain('  <a>ä</a>\n')
  })

  it('may answer a vendor’s own call with text', async () => {
    const text = 'system {\n    host-name &lt;x&gt;;\n}'
    const reply = `<rpc-reply xmlns="${BASE}" message-id="1"><configuration-text>\n${text}\n</configuration-text></rpc-reply>`
    const port = await serve(answering(helloOf('1.0'), `${reply}]]>]]>`))
    const { bytes } = await ask(port, 'rpc <get-configuration format="text"/>')
    expect(bytes.toString()).toBe('system {\n    host-name <x>;\n}\n')
  })

  it.each([
    ['access-denied', 'denied'],
    ['operation-not-supported', 'unknown'],
  ])('that answers %s has refused', async (tag, refused) => {
    const error = `<rpc-error><error-type>protocol</error-type><error-tag>${tag}</error-tag><error-severity>error</error-severity><error-message>no</error-message></rpc-error>`
    const reply = `<rpc-reply xmlns="${BASE}" message-id="1">${error}</rpc-reply>`
    const port = await serve(answering(helloOf('1.0'), `${reply}]]>]]>`))
    expect(await ask(port)).toMatchObject({ refused, aside: `${tag}: no` })
  })

  it('that warns has not refused', async () => {
    const warning = '<rpc-error><error-severity>warning</error-severity><error-tag>x</error-tag></rpc-error>'
    const reply = `<rpc-reply xmlns="${BASE}" message-id="1">${warning}<data><a/></data></rpc-reply>`
    const port = await serve(answering(helloOf('1.0'), `${reply}]]>]]>`))
    const answer = await ask(port)
    expect([answer.refused, answer.bytes.toString()]).toEqual([
      undefined,
      `<config xmlns="${BASE}">\n  <a/>\n</config>\n`,
    ])
  })

  it.each([
    ['a banner instead of a hello', 'Welcome]]>]]>', ''],
    ['no common version', `${helloOf('2.0')}]]>]]>`, ''],
    ['a document type', `<!DOCTYPE a [<!ENTITY b "c">]>${helloOf('1.0')}]]>]]>`, ''],
    ['something that is not well-formed', `${helloOf('1.0')}]]>]]>`, '<rpc-reply><data>]]>]]>'],
    ['the reply to another question', `${helloOf('1.0')}]]>]]>`, `${dataOf('<a/>', '99')}]]>]]>`],
    ['no chunk', `${helloOf('1.1')}]]>]]>`, 'junk junk junk junk'],
    ['a chunk of no size', `${helloOf('1.1')}]]>]]>`, '\n#0\n\n##\n'],
  ])('that sends %s speaks against the protocol', async (_, hello, answer) => {
    const port = await serve((channel, heard) => {
      channel.write(hello)
      channel.on('data', () => answer !== '' && /<\/rpc>/.test(heard()) && channel.write(answer))
    })
    expect((await failureOf(ask(port))).code).toBe('NETCONF_PROTOCOL')
  })

  it('[TMO-5] that dies in the middle of a reply has given nothing', async () => {
    const port = await serve((channel, heard) => {
      channel.write(`${helloOf('1.0')}]]>]]>`)
      channel.on('data', () => {
        if (/<\/rpc>/.test(heard())) channel.end(dataOf('<a/>').slice(0, 90))
      })
    })
    expect((await failureOf(ask(port))).code).toBe('CONNECTION_LOST')
  })

  it('[TMO-1] [TMO-4] that falls silent has stalled', async () => {
    const port = await serve(answering(helloOf('1.0'), '<rpc-reply>'))
    const failure = await failureOf(ask(port, 'get-config running', { ...LIMITS, idleMs: 50 }))
    expect(failure.code).toBe('DEVICE_COMMAND_TIMEOUT')
    expect(failure.details).toMatchObject({ command: 'get-config running', bytes: 11, limitMs: 50, kind: 'stalled' })
  })

  it('that never ends is cut at the cap', async () => {
    const port = await serve(answering(helloOf('1.0'), 'x'.repeat(200_000)))
    const failure = await failureOf(ask(port, 'get-config running', { ...LIMITS, maxBytes: 100_000 }))
    expect(failure.code).toBe('OUTPUT_TOO_LARGE')
  })

  /** Sends for as long as it may; resolves when the other side has had enough. */
  const flooding = (begins: RegExp) => {
    const piece = Buffer.alloc(64 * 1024, 'x')
    const stopped = Promise.withResolvers<void>()
    const port = serve((channel, heard) => {
      const more = () => {
        while (channel.writable && channel.write(piece));
      }
      channel.write(`${helloOf('1.0')}]]>]]>`)
      channel.on('drain', more)
      channel.on('close', () => stopped.resolve())
      channel.on('data', () => begins.test(heard()) && more())
    })
    return { port, stopped: stopped.promise }
  }

  it('that answers with more than 32 MiB is refused, whatever the device’s own limit: how much and what to do is said', async () => {
    const { port, stopped } = flooding(/<\/rpc>/)
    const failure = await failureOf(ask(await port, 'get-config running', { ...LIMITS, maxBytes: 512 * 1024 * 1024 }))
    await stopped
    expect([failure.code, failure.details.limitBytes]).toEqual(['OUTPUT_TOO_LARGE', 32 * 1024 * 1024])
    const remedies = remediesOf(failure).join()
    expect(remedies).toContain('Over NETCONF it is never more than 32 MiB. Read a larger configuration over SSH')
  }, 30_000)

  it('that talks without end before it was asked is hung up on', async () => {
    const { port, stopped } = flooding(/<hello/)
    const target = { transport: 'netconf' as const, name: 'd', address: '127.0.0.1', username: 'u', password: 'p' }
    const connection = await connectNetconf(
      { ...target, port: await port, options: {}, timeoutMs: 5000, driver: drivers },
      { signal: new AbortController().signal },
    )
    closing.push(() => connection.close())
    await stopped
    const asked = connection.exchange?.('get-config running', LIMITS) ?? Promise.resolve()
    expect((await failureOf(asked)).code).toBe('CONNECTION_LOST')
  }, 30_000)

  it('is never sent anything that changes', async () => {
    const port = await serve(answering(helloOf('1.0'), ''))
    for (const request of ['rpc <edit-config/>', 'rpc <commit/>', 'rpc <get-x/></rpc><rpc><lock/>', 'get-config all'])
      expect((await failureOf(ask(port, request))).code).toBe('POLICY_COMMAND')
  })
})
