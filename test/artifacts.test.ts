/** Files that devices save of themselves, kept byte for byte: a real OpenSSH as the device, hub and agent as processes. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Artifact, ArtifactVerification } from '../hub/api/artifact.ts'
import type { Database } from '../hub/db/connect.ts'
import { artifactStatementBytes } from '../protocol/artifact.ts'
import { verifyKey } from '../protocol/keys.ts'
import { Field } from './field.ts'
import { type OpenSshPeer, startOpenSsh } from './peers/openssh.ts'
import { run, whyNot } from './peers/programs.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must, type Running } from './processes.ts'

interface RunReport {
  readonly succeeded: number
  readonly changed: number
  readonly unchanged: number
  readonly suspect: number
  readonly failures: readonly { device: string; code: string }[]
}

const reason = await whyNot(['openssh'], process.env.CI)
const patient = { timeout: 60_000, interval: 100 }
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe.skipIf(reason !== undefined)('a device with files', () => {
  let test: TestDatabase
  let database: Database
  let field: Field
  let peer: OpenSshPeer
  let agent: Running | undefined

  const driver = (name: string, commands: string[]) => `
name: ${name}
title: Test files
comment: '# '
channel: exec
prompt: '^[^$]*[$] $'
rejected: ['No such file or directory$']
secrets: ['^password (?<secret>\\S+)$']
commands:
${commands.map((one) => `  - ${one}`).join('\n')}
`
  const path = (name: string) => join(peer.folder, name)

  beforeAll(async () => {
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    database = test.open()
    peer = await startOpenSsh({ config: ['Subsystem sftp internal-sftp'] })
    field = await Field.open({
      ...{ databaseUrl: test.url, devices: 1, agents: 1 },
      hubEnv: { LEASE_MS: '2000', RENEW_EVERY_MS: '500' },
    })
    await mkdir(path('backups'))
    await writeFile(path('running.cfg'), 'hostname lb1\npassword canary-in-text\nend\n')
    const config = `{ run: 'cat ${path('running.cfg')}', as: config, complete: '^end$' }`
    const sources = {
      lb_os: [config, `{ run: 'get ${path('full.tar.gz')}', as: artifact, complete: '^\\x1f\\x8b' }`],
      files_os: [`{ run: 'newest ${path('backups')}/*.ucs', as: artifact }`],
    }
    const key = path('key-of-the-test')
    await writeFile(key, peer.privateKey, { mode: 0o600 })
    await must(field.cli(['credentials', 'add', 'peer', '--username', peer.user.name, '--key', key]))
    for (const [name, commands] of Object.entries(sources)) {
      const file = join(field.folder, `${name}.yaml`)
      await writeFile(file, driver(name, commands))
      await must(field.cli(['drivers', 'add', file, '--untried']))
    }
    for (const [device, name] of [
      ['lb1', 'lb_os'],
      ['box1', 'files_os'],
    ] as const) {
      const place = ['--site', 'lab', '--address', peer.address, '--port', String(peer.port)]
      await must(field.cli(['devices', 'add', device, '--driver', name, '--credential', 'peer', ...place]))
    }
    agent = await field.agent(1)
  }, 120_000)
  afterAll(async () => {
    await field?.close()
    await peer?.stop()
    await test?.drop()
  })

  const backUp = async (device: string) =>
    JSON.parse((await field.cli(['backup', 'run', '--device', device, '--wait', '--json'])).stdout) as RunReport
  const artifacts = (device: string) => field.json<Artifact[]>(['backup', 'artifacts', '--device', device])
  const versions = (device: string) => field.json<{ id: string }[]>(['backup', 'list', '--device', device])
  /** A tar.gz as tar writes it. */
  const archive = async (name: string, content: Uint8Array): Promise<Buffer> => {
    const folder = path(`of-${name}`)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'content'), content)
    await run('tar', ['-czf', path(name), '-C', folder, 'content'])
    return readFile(path(name))
  }

  it('[DEV-6] keeps an archive byte for byte beside the text, encrypted at rest', async () => {
    const bytes = await archive('full.tar.gz', Buffer.from('canary-in-archive\n'.repeat(500)))
    expect(await backUp('lb1')).toMatchObject({ succeeded: 1, changed: 1, failures: [] })
    const [one, ...more] = await artifacts('lb1')
    expect(more).toEqual([])
    expect(one).toMatchObject({
      ...{ kind: 'artifact', name: 'full.tar.gz', state: 'complete', latest: true, seenCount: 1, failure: null },
      ...{ sizeBytes: bytes.length, contentHash: sha256(bytes) },
    })
    const saved = join(field.folder, 'saved', 'full.tar.gz')
    expect(await must(field.cli(['backup', 'artifact', one?.id ?? '', '--output', saved]))).toContain('saved to')
    expect((await readFile(saved)).equals(bytes)).toBe(true)
    expect(await versions('lb1')).toHaveLength(1)
    const blobs = join(field.folder, 'hub', 'blobs', 'sha256')
    for (const name of await readdir(blobs, { recursive: true })) {
      if (!/[0-9a-f]{64}$/.test(name)) continue
      expect((await readFile(join(blobs, name))).includes(bytes.subarray(0, 32))).toBe(false)
    }
    expect(await readdir(join(field.agentFolders[0] ?? '', 'spool', 'artifacts'))).toEqual([])
  })

  it('[HASH-6] anybody can check it by the agent’s signature', async () => {
    const [one] = await artifacts('lb1')
    expect(await must(field.cli(['backup', 'artifact', one?.id ?? '', '--verify']))).toMatch(
      /^ok .* signed by agent agent1/,
    )
    const response = await field.api(`/artifacts/${one?.id}/verify`, { method: 'POST' })
    const found = (await response.json()) as ArtifactVerification
    expect(found).toMatchObject({ verified: true, signatureValid: true, actualHash: one?.contentHash })
    if (!one || one.contentHash === null || one.sizeBytes === null) throw new Error('there is none')
    const { deviceId: device, task, attempt, name, contentHash, sizeBytes } = one
    const statement = { device, task, attempt, name, contentHash, sizeBytes, capturedAtMs: Date.parse(one.firstSeenAt) }
    const signature = Buffer.from(one.signature ?? '', 'base64url')
    const key = verifyKey(found.signPublicKey)
    expect(key.verify(artifactStatementBytes({ ...statement, verdict: 'complete' }), signature)).toBe(true)
    expect(key.verify(artifactStatementBytes({ ...statement, verdict: 'suspect' }), signature)).toBe(false)

    await database.db.updateTable('artifacts').set({ name: 'other.tar.gz' }).where('id', '=', one.id).execute()
    const forged = await field.cli(['backup', 'artifact', one.id, '--verify'])
    expect([forged.code, forged.stderr]).toEqual([1, expect.stringContaining('STATEMENT_INVALID')])
    await database.db.updateTable('artifacts').set({ name }).where('id', '=', one.id).execute()
  })

  it('the same file again makes nothing new; another one makes a new artifact, and no version of the text', async () => {
    expect(await backUp('lb1')).toMatchObject({ succeeded: 1, unchanged: 1, changed: 0, suspect: 0 })
    expect(await artifacts('lb1')).toMatchObject([{ seenCount: 2 }])
    const bytes = await archive('full.tar.gz', Buffer.from('another content\n'))
    expect(await backUp('lb1')).toMatchObject({ succeeded: 1, unchanged: 1, changed: 0, suspect: 0 })
    expect(await artifacts('lb1')).toMatchObject([
      { contentHash: sha256(bytes), latest: true, seenCount: 1 },
      { latest: false, seenCount: 2 },
    ])
    expect(await versions('lb1')).toMatchObject([{ seenCount: 3 }])
  })

  it('is never shown or compared as text: the refusal says so', async () => {
    const [newer, older] = await artifacts('lb1')
    for (const args of [
      ['diff', older?.id ?? '', newer?.id ?? ''],
      ['show', newer?.id ?? ''],
    ]) {
      const { code, stderr } = await field.cli(['backup', ...args])
      expect([code, stderr]).toEqual([1, expect.stringMatching(/An artifact has no text.*ARTIFACT_NO_TEXT/s)])
    }
    const refused = await field.api(`/backups/${older?.id}/diff/${newer?.id}`)
    expect(refused.status).toBe(409)
  })

  it('is exported beside the text when asked for', async () => {
    const dir = join(field.folder, 'export')
    await must(field.cli(['backup', 'export', '--dir', dir, '--device', 'lb1']))
    expect(await readdir(dir)).toEqual(['lb1.cfg'])
    await must(field.cli(['backup', 'export', '--dir', dir, '--device', 'lb1', '--artifacts']))
    const exported = await readFile(join(dir, 'lb1.artifacts', 'full.tar.gz'))
    expect(exported.equals(await readFile(path('full.tar.gz')))).toBe(true)
  })

  it('half an archive is suspect, and never the newest good one; the text counts all the same', async () => {
    const whole = await archive('full.tar.gz', randomBytes(300_000))
    await backUp('lb1')
    await writeFile(path('full.tar.gz'), whole.subarray(0, 200_000))
    expect(await backUp('lb1')).toMatchObject({ succeeded: 1, suspect: 1, failures: [] })
    const [half, good] = await artifacts('lb1')
    expect(half).toMatchObject({ state: 'suspect', latest: false, sizeBytes: 200_000 })
    expect(half?.reasons.join()).toMatch(/it is no whole gzip file.*a second read brought the same/)
    expect(good).toMatchObject({ state: 'complete', latest: true, contentHash: sha256(whole) })
    await backUp('lb1')
    expect(await artifacts('lb1')).toMatchObject([{ state: 'suspect', seenCount: 2 }, { latest: true }, {}, {}])
    // Cut between two files, packed well: only the archive inside tells.
    await writeFile(path('full.tar.gz'), gzipSync(Buffer.concat([tarHead('a', 1000), Buffer.alloc(1024, 1)])))
    await backUp('lb1')
    expect((await artifacts('lb1'))[0]?.reasons.join()).toContain('unpacked, the tar archive has no end')
    await writeFile(path('full.tar.gz'), whole)
    expect(await backUp('lb1')).toMatchObject({ succeeded: 1, suspect: 0, unchanged: 1 })
  })

  it('a file that is not there is told beside the text, and the list says why', async () => {
    await run('mv', [path('full.tar.gz'), path('aside.tar.gz')])
    expect(await backUp('lb1')).toMatchObject({ succeeded: 1, suspect: 1, failures: [] })
    await run('mv', [path('aside.tar.gz'), path('full.tar.gz')])
    const [absent] = await artifacts('lb1')
    expect(absent).toMatchObject({ state: 'absent', contentHash: null, failure: { code: 'COMMAND_REJECTED' } })
    const download = await field.cli(['backup', 'artifact', absent?.id ?? '', '--output', join(field.folder, 'x')])
    expect([download.code, download.stderr]).toEqual([1, expect.stringContaining('ARTIFACT_NOT_FOUND')])
  })

  it('where secrets must not leave the site it is not read at all, and the list says why', async () => {
    await must(field.cli(['devices', 'set', 'lb1', '--secrets', 'strip']))
    const before = peer.log().split('subsystem request for sftp').length
    expect(await backUp('lb1')).toMatchObject({ succeeded: 1, suspect: 0, failures: [] })
    expect(peer.log().split('subsystem request for sftp').length).toBe(before)
    expect((await artifacts('lb1'))[0]).toMatchObject({ state: 'absent', failure: { code: 'ARTIFACT_UNMASKABLE' } })
    expect(await must(field.cli(['backup', 'artifacts', '--device', 'lb1']))).toMatch(/ARTIFACT_UNMASKABLE/)
    await must(field.cli(['devices', 'set', 'box1', '--secrets', 'strip']))
    expect(await backUp('box1')).toMatchObject({ failures: [{ device: 'box1', code: 'ARTIFACT_UNMASKABLE' }] })
    await must(field.cli(['devices', 'set', 'box1', '--secrets', 'keep']))
  })

  it('a device of files alone: 20 MB in parts, the newest of a folder, no text', async () => {
    const bytes = randomBytes(20 * 1024 * 1024 + 7)
    await writeFile(path('backups/first.ucs'), bytes)
    expect(await backUp('box1')).toMatchObject({ succeeded: 1, changed: 1, failures: [] })
    expect(await artifacts('box1')).toMatchObject([{ name: 'first.ucs', sizeBytes: bytes.length }])
    expect(await versions('box1')).toEqual([])
    const [one] = await artifacts('box1')
    const response = await field.api(`/artifacts/${one?.id}/content`)
    expect(response.headers.get('x-content-sha256')).toBe(sha256(bytes))
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
    expect(await backUp('box1')).toMatchObject({ succeeded: 1, unchanged: 1 })
    const tested = await field.cli(['devices', 'test', 'box1'])
    expect([tested.code, tested.stdout]).toEqual([0, expect.stringContaining('completeness')])
  }, 60_000)

  it('[STK-3] a hub that was killed with all bytes stored and no row: the agent brings it again, nothing is lost', async () => {
    const bytes = randomBytes(5 * 1024 * 1024)
    await run('touch', ['-d', '@1700000000', path('backups/first.ucs')])
    await writeFile(path('backups/second.ucs'), bytes)
    const lastPart = sha256(bytes.subarray(4 * 1024 * 1024))
    const blob = join(field.folder, 'hub', 'blobs', 'sha256', lastPart.slice(0, 2), lastPart.slice(2, 4))
    const logins = peer.attempts()
    // While this lock is held rows can be read but none can be added: the hub has put every part and waits.
    const runId = await database.db.transaction().execute(async (trx) => {
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx)
      await sql`lock table artifacts in share mode`.execute(trx)
      const begun = await field.json<{ runId: string }>(['backup', 'run', '--device', 'box1'])
      await vi.waitFor(async () => expect(await readdir(blob).catch(() => [])).toContain(lastPart), patient)
      await field.hub.kill('SIGKILL')
      return begun.runId
    })
    expect(await database.db.selectFrom('artifacts').select('id').where('name', '=', 'second.ucs').execute()).toEqual(
      [],
    )
    await field.hubAgain()
    await vi.waitFor(async () => {
      const one = await database.db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirstOrThrow()
      expect(one.finished_at).not.toBeNull()
    }, patient)
    const [newest] = await artifacts('box1')
    expect(newest).toMatchObject({ name: 'second.ucs', state: 'complete', contentHash: sha256(bytes), seenCount: 1 })
    expect(await must(field.cli(['backup', 'artifact', newest?.id ?? '', '--verify']))).toMatch(/^ok /)
    await peer.quiet()
    expect(peer.attempts()).toBe(logins + 1)
  }, 90_000)

  it('an agent that was killed with a result on disk brings the file after its start', async () => {
    await run('touch', ['-d', '@1700000001', path('backups/second.ucs')])
    const bytes = randomBytes(3 * 1024 * 1024)
    await writeFile(path('backups/third.ucs'), bytes)
    const spooled = join(field.agentFolders[0] ?? '', 'spool', 'artifacts')
    await database.db.transaction().execute(async (trx) => {
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx)
      await sql`lock table artifacts in share mode`.execute(trx)
      await field.json(['backup', 'run', '--device', 'box1'])
      await vi.waitFor(async () => expect(await readdir(spooled)).toHaveLength(1), patient)
      await vi.waitFor(async () => {
        const { rows } = await sql`select from pg_locks where relation = 'artifacts'::regclass and not granted`.execute(
          trx,
        )
        expect(rows).toHaveLength(1)
      }, patient)
      await agent?.kill('SIGKILL')
    })
    agent = await field.agent(1)
    await vi.waitFor(async () => expect((await artifacts('box1'))[0]).toMatchObject({ name: 'third.ucs' }), patient)
    await vi.waitFor(async () => expect(await readdir(spooled)).toEqual([]), patient)
    const [newest] = await artifacts('box1')
    expect(newest).toMatchObject({ contentHash: sha256(bytes), seenCount: 1 })
    expect(field.output).not.toContain('canary-in-archive')
  }, 90_000)
})

/** Header of one file in a tar archive (POSIX ustar), checksum left out: it is not looked at. */
function tarHead(name: string, size: number): Buffer {
  const head = Buffer.alloc(512)
  head.write(name)
  head.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  head.write('ustar\0', 257)
  return head
}
