/** Files of devices over SCP, from a real OpenSSH. What breaks off is not kept. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Command } from '../agent/driver.ts'
import { parsePolicy } from '../agent/policy.ts'
import { ARCHIVE, ArtifactReading, artifact, type Place, sha256 } from './artifact-reading.ts'
import { failureOf } from './device-reading.ts'
import { type OpenSshPeer, startOpenSsh } from './peers/openssh.ts'
import { whyNot } from './peers/programs.ts'

const reason = await whyNot(['openssh'], process.env.CI)

let reading: ArtifactReading
beforeAll(async () => {
  reading = await ArtifactReading.open()
})
afterAll(() => reading?.close())
beforeEach(() => reading.anew())

describe.skipIf(reason !== undefined)('a file over SCP, from a real OpenSSH', () => {
  let peer: OpenSshPeer
  let broken: OpenSshPeer
  const path = (name: string) => join(peer.folder, name)

  beforeAll(async () => {
    peer = await startOpenSsh()
    await writeFile(path('full.tar.gz'), ARCHIVE)
    await writeFile(path('half.tar.gz'), ARCHIVE.subarray(0, 100_000))
    const script = join(reading.folder, 'broken-scp')
    // What a device does whose scp gives up: the name of the file tells which way.
    await writeFile(
      script,
      `#!/bin/sh
file='${path('full.tar.gz')}'
case "$SSH_ORIGINAL_COMMAND" in
  *whole*) exec cat "$file.scp" ;;
  *short*) head -c 100000 "$file.scp" ;;
  *killed*) head -c 100000 "$file.scp"; kill -9 $PPID ;;
  *error*) head -c ${String(Buffer.byteLength(`C0644 ${ARCHIVE.length} full.tar.gz\n`) + ARCHIVE.length)} "$file.scp"
    printf '\\001scp: %s: Input/output error\\n' "$file" ;;
esac
`,
    )
    await chmod(script, 0o755)
    await chmod(reading.folder, 0o755)
    const head = Buffer.from(`C0644 ${ARCHIVE.length} full.tar.gz\n`)
    await writeFile(path('full.tar.gz.scp'), Buffer.concat([head, ARCHIVE, Buffer.from([0])]))
    broken = await startOpenSsh({ config: [`ForceCommand ${script}`] })
  }, 60_000)
  afterAll(async () => {
    await peer?.stop()
    await broken?.stop()
  })

  const place = (command: Command, from = peer, options: object = {}): Place => ({
    ...{ commands: [command], port: from.port, transport: 'scp' as const, options },
    secret: { username: from.user.name, privateKey: from.privateKey },
  })

  it('[DEV-6] comes byte for byte', async () => {
    const { artifacts, hostKey } = await reading.read(place(artifact(`get ${path('full.tar.gz')}`)))
    const facts = { name: 'full.tar.gz', contentHash: sha256(ARCHIVE), verdict: 'complete', reasons: [] }
    expect([artifacts, hostKey]).toMatchObject([[facts], peer.hostKey])
  })

  it('that is half already on the device is suspect', async () => {
    const { artifacts } = await reading.read(place(artifact(`get ${path('half.tar.gz')}`)))
    expect(artifacts).toMatchObject([{ verdict: 'suspect', sizeBytes: 100_000 }])
    expect(JSON.stringify(artifacts)).toContain('it is no whole gzip file')
  })

  it('larger than may be is cut off in time, and not kept', async () => {
    const large = place(artifact(`get ${path('full.tar.gz')}`), peer, { maxOutputBytes: 100_000 })
    expect((await failureOf(reading.read(large))).code).toBe('OUTPUT_TOO_LARGE')
    expect(await reading.kept()).toEqual([])
  })

  it('is whole from the stand-in too, when that does not break off', async () => {
    const { artifacts } = await reading.read(place(artifact('get /whole'), broken))
    expect(artifacts).toMatchObject([{ contentHash: sha256(ARCHIVE), verdict: 'complete' }])
  })

  it.each([
    ['whose scp ends early', 'short', /ended the transfer/],
    ['whose session is killed', 'killed', /ended the transfer/],
    ['that the device could not read to its end', 'error', /Input\/output error/],
  ])('[TMO-5] %s is lost and not kept', async (_, name, why) => {
    const { code, details } = await failureOf(reading.read(place(artifact(`get /${name}`), broken)))
    expect([code, details.rung]).toEqual(['CONNECTION_LOST', 'command'])
    expect(details.reason).toMatch(why)
    expect(await reading.kept()).toEqual([])
  })

  it('[TMO-5] of which half came is not gone on with by the driver’s other way to ask for it', async () => {
    const failure = await failureOf(
      reading.read(place(artifact(['get /error', 'get /whole'], { complete: undefined }), broken)),
    )
    expect([failure.code, await reading.kept()]).toEqual(['CONNECTION_LOST', []])
  })

  it('that is not there is asked for in the driver’s other way', async () => {
    const { artifacts } = await reading.read(place(artifact([`get ${path('none')}`, `get ${path('full.tar.gz')}`])))
    expect(artifacts).toMatchObject([{ name: 'full.tar.gz', verdict: 'complete' }])
  })

  it('is not fetched where the policy of the jump host does not allow that way in', async () => {
    const policy = parsePolicy('{"transports": ["ssh"]}', 'policy.json')
    const failure = await failureOf(reading.read(place(artifact(`get ${path('full.tar.gz')}`)), { policy }))
    expect([failure.code, await reading.kept()]).toEqual(['POLICY_TRANSPORT', []])
  })
})
