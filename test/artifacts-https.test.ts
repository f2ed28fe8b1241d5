/** Files of devices over HTTPS: a real TLS server, with an authority of its own. What breaks off is not kept. */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ArtifactSpool } from '../agent/artifact-spool.ts'
import type { Command } from '../agent/driver.ts'
import { MAX_ARTIFACT_BYTES } from '../protocol/artifact.ts'
import { ARCHIVE, ArtifactReading, artifact, type Place, sha256 } from './artifact-reading.ts'
import { failureOf } from './device-reading.ts'

let reading: ArtifactReading
beforeAll(async () => {
  reading = await ArtifactReading.open()
})
afterAll(() => reading?.close())
beforeEach(() => reading.anew())

describe('a file over HTTPS', () => {
  let server: Server
  let ca: string
  let answer: RequestListener
  let asked: string[]

  beforeAll(async () => {
    const at = (name: string) => join(reading.folder, name)
    const openssl = (...args: string[]) => promisify(execFile)('openssl', args)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    await openssl(
      'req',
      '-x509',
      ...key,
      '-subj',
      '/CN=Test CA',
      '-days',
      '2',
      '-keyout',
      at('ca.key'),
      '-out',
      at('ca.pem'),
    )
    await openssl('req', ...key, '-subj', '/CN=box1', '-keyout', at('box.key'), '-out', at('box.csr'))
    await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1\n')
    const signer = [
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-extfile',
      at('names'),
      '-days',
      '2',
    ]
    await openssl('x509', '-req', '-in', at('box.csr'), ...signer, '-out', at('box.pem'))
    ca = await readFile(at('ca.pem'), 'utf8')
    const pair = { key: await readFile(at('box.key')), cert: await readFile(at('box.pem')) }
    server = createServer(pair, (request, response) => {
      asked.push(request.url ?? '')
      answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    server?.closeAllConnections()
    server?.close()
  })
  beforeEach(() => {
    asked = []
  })

  const place = (
    commands: readonly Command[] = [artifact('GET /api/backup?type=full')],
    options: object = {},
  ): Place => ({
    ...{ commands, port: (server.address() as AddressInfo).port, transport: 'https' as const },
    ...{ secret: { username: 'backup', password: 'canary-web-password' }, options: { tlsCa: ca, ...options } },
  })

  it('[DEV-6] comes byte for byte, under the name that the device gives it', async () => {
    answer = (_, response) => {
      response.setHeader('content-disposition', 'attachment; filename="box1-full.tar.gz"')
      response.end(ARCHIVE)
    }
    const { artifacts, sizeBytes } = await reading.read(place())
    const facts = { name: 'box1-full.tar.gz', contentHash: sha256(ARCHIVE), sizeBytes: ARCHIVE.length }
    expect([artifacts, sizeBytes]).toMatchObject([[{ ...facts, verdict: 'complete', reasons: [] }], 0])
    expect(await reading.kept()).toHaveLength(1)
  })

  it('without a name of its own is called after the path, without what stands behind it', async () => {
    answer = (_, response) => response.end(ARCHIVE)
    expect((await reading.read(place())).artifacts).toMatchObject([{ name: 'backup', verdict: 'complete' }])
  })

  it('is followed to where the device has it, and the page in between is no part of it', async () => {
    answer = ({ url }, response) => {
      if (url === '/made.tgz') response.end(ARCHIVE)
      else response.writeHead(302, { location: '/made.tgz' }).end('<html>moved</html>')
    }
    expect((await reading.read(place())).artifacts).toMatchObject([
      { contentHash: sha256(ARCHIVE), verdict: 'complete' },
    ])
  })

  it.each<[string, RequestListener]>([
    [
      'less than the device announced',
      (_, response) => {
        response.writeHead(200, { 'content-length': String(ARCHIVE.length) })
        response.write(ARCHIVE.subarray(0, 100_000), () => response.socket?.end())
      },
    ],
    [
      'a connection that is dropped',
      (_, response) => {
        response.writeHead(200, { 'content-length': String(ARCHIVE.length) })
        response.write(ARCHIVE.subarray(0, 100_000), () => response.socket?.destroy())
      },
    ],
    [
      'chunks without their end',
      (_, response) => {
        response.write(ARCHIVE.subarray(0, 100_000), () => response.socket?.end())
      },
    ],
  ])('[TMO-5] that was cut, %s, is lost and not kept', async (_, listener) => {
    answer = listener
    const { code, details } = await failureOf(reading.read(place()))
    expect([code, details.command, details.rung]).toEqual(['CONNECTION_LOST', 'GET /api/backup?type=full', 'command'])
    expect(await reading.kept()).toEqual([])
  })

  it('[TMO-5] that may have been cut, since nothing says how long it is, is doubtful unless it tells its end itself', async () => {
    let bytes = Buffer.from('HEADER of a format that nobody knows')
    answer = (request) => {
      request.socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), bytes]))
    }
    const commands = [artifact('GET /x', { complete: undefined })]
    const doubtful = await reading.read(place(commands))
    expect(doubtful.artifacts).toMatchObject([{ verdict: 'suspect' }])
    expect(JSON.stringify(doubtful.artifacts)).toContain('did not say how long it is')
    bytes = ARCHIVE
    expect((await reading.read(place(commands))).artifacts).toMatchObject([{ verdict: 'complete' }])
    bytes = ARCHIVE.subarray(0, 200_000)
    expect(JSON.stringify((await reading.read(place(commands))).artifacts)).toContain('it is no whole gzip file')
  })

  it('larger than may be is cut off in time, and not kept', async () => {
    answer = (_, response) => {
      const piece = randomBytes(64 * 1024)
      response.on('drain', () => response.write(piece))
      response.writeHead(200, { 'content-length': String(MAX_ARTIFACT_BYTES * 16) })
      while (response.write(piece));
    }
    const { code, details } = await failureOf(reading.read(place(undefined, { maxOutputBytes: 1024 * 1024 })))
    expect([code, details.limitBytes]).toEqual(['OUTPUT_TOO_LARGE', 1024 * 1024])
    expect(await reading.kept()).toEqual([])
  })

  it('goes to the disk as it comes: a large one is never in memory as a whole', async () => {
    const piece = randomBytes(1024 * 1024)
    const hash = createHash('sha256')
    let left = 16
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': String(16 * piece.length) })
      const more = () => {
        if (left-- === 0) response.end()
        else response.write(hash.update(piece) && piece, more)
      }
      more()
    }
    const pieces: number[] = []
    const begin = reading.spool.begin.bind(reading.spool)
    reading.spool.begin = (...args) => {
      const writer = begin(...args)
      const write = writer.write.bind(writer)
      writer.write = (bytes) => {
        pieces.push(bytes.length)
        write(bytes)
      }
      return writer
    }
    const { artifacts } = await reading.read(place([artifact('GET /x', { complete: undefined })]))
    expect(artifacts).toMatchObject([{ sizeBytes: 16 * piece.length, contentHash: hash.digest('hex') }])
    expect(Math.max(...pieces)).toBeLessThanOrEqual(1024 * 1024)
    expect(pieces.length).toBeGreaterThanOrEqual(16)
  }, 60_000)

  it('that is another thing, such as a page that wants a login, is suspect', async () => {
    answer = (_, response) => response.end('<html><form action="/login">')
    const { artifacts } = await reading.read(place())
    expect(artifacts).toMatchObject([{ verdict: 'suspect' }])
    expect(JSON.stringify(artifacts)).toMatch(/does not begin as such a file does.*a second read brought the same/)
    expect(asked).toHaveLength(2)
  })

  it.each([
    [404, 'COMMAND_REJECTED'],
    [403, 'PRIVILEGE_INSUFFICIENT'],
    [401, 'PASSWORD_REJECTED'],
    [500, 'HTTP_STATUS'],
  ] as const)('answered by %i is %s, and the error page is not kept', async (status, code) => {
    answer = (_, response) => response.writeHead(status).end('<html>sorry</html>')
    expect((await failureOf(reading.read(place()))).code).toBe(code)
    expect([await reading.kept(), asked.length]).toEqual([[], 1])
  })

  it('from a device that nobody vouches for is not even asked for', async () => {
    answer = (_, response) => response.end(ARCHIVE)
    const { code, details } = await failureOf(reading.read(place(undefined, { tlsCa: undefined })))
    expect([code, details.rung]).toEqual(['TLS_UNTRUSTED', 'host-key'])
    expect([asked, await reading.kept()]).toEqual([[], []])
  })

  it('for which there is no room on the jump host says so, and the text that was read beside it counts', async () => {
    answer = ({ url }, response) => response.end(url === '/config' ? 'hostname box1\nend\n' : ARCHIVE)
    const text: Command = { run: 'GET /config', as: 'config', complete: /^end$/m }
    const full = await ArtifactSpool.open({ dir: join(reading.folder, 'gone'), key: 'ab'.repeat(32) })
    await rm(join(reading.folder, 'gone'), { recursive: true })
    const done = await reading.read(place([text, artifact('GET /x')]), { artifacts: full })
    expect(done).toMatchObject({ text: 'hostname box1\nend\n', artifacts: [{ failure: { code: 'SPOOL_FULL' } }] })
  })
})
