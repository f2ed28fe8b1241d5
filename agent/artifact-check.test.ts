import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { doubtsAbout } from './artifact-check.ts'

let folder: string
let tar: Buffer

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netraven-check-'))
  writeFileSync(join(folder, 'one'), randomBytes(5000))
  writeFileSync(join(folder, 'zeros'), Buffer.alloc(20_000))
  execFileSync('tar', ['-cf', join(folder, 'all.tar'), '-C', folder, 'one', 'zeros'])
  tar = readFileSync(join(folder, 'all.tar'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const doubts = (bytes: Buffer, begins?: RegExp) => doubtsAbout(inPieces(bytes, 777), begins)

/** One stored file, made by hand after PKWARE's APPNOTE 4.3. */
function zip(comment = ''): Buffer {
  const body = Buffer.from('content')
  const local = Buffer.alloc(31)
  local.write('PK\x03\x04', 'latin1')
  local.writeUInt16LE(1, 26)
  local.write('a', 30)
  const entry = Buffer.alloc(47)
  entry.write('PK\x01\x02', 'latin1')
  entry.writeUInt16LE(1, 28)
  entry.write('a', 46)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt32LE(entry.length, 12)
  end.writeUInt32LE(local.length + body.length, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([local, body, entry, end, Buffer.from(comment)])
}

describe('a file', () => {
  it('that is whole raises no doubt, whatever it is', async () => {
    for (const whole of [
      tar,
      gzipSync(tar),
      gzipSync('text'),
      zip(),
      zip('a comment'),
      randomBytes(2000),
      Buffer.from('x'),
    ])
      expect(await doubts(whole)).toEqual([])
    expect(await doubts(Buffer.concat([gzipSync('one'), gzipSync('two')]))).toEqual([])
  })

  it('that is cut anywhere is never whole', async () => {
    const whole: Record<string, Buffer> = { tar, gzip: gzipSync(tar), zip: zip() }
    for (const [kind, bytes] of Object.entries(whole)) {
      // Behind the first block of zeros a tar archive only pads.
      const end = kind === 'tar' ? 3 * 512 + 5120 + 20_480 : bytes.length
      for (let times = 0; times < 60; times += 1) {
        const at = 512 + Math.floor(((Math.min(end, bytes.length) - 513) * times) / 60)
        if (at >= bytes.length) continue
        expect(await doubts(bytes.subarray(0, at)), `${kind} cut at ${at}`).not.toEqual([])
      }
    }
  })

  it('that is whole outside and cut inside tells, too', async () => {
    const cut = gzipSync(tar.subarray(0, 4000))
    expect(gunzipSync(cut)).toHaveLength(4000)
    expect(await doubts(cut)).toEqual(['unpacked, the tar archive has no end'])
  })

  it('with a wrong byte in it tells', async () => {
    const packed = gzipSync(tar)
    packed.writeUInt8(packed.readUInt8(3000) ^ 1, 3000)
    expect((await doubts(packed)).join()).toMatch(/^it is no whole gzip file: /)
  })

  it('that begins with something else than the driver says is doubtful', async () => {
    expect(await doubts(Buffer.from('<html>Not found</html>'), /^\x1f\x8b/)).toEqual([
      'it does not begin as such a file does',
    ])
    expect(await doubts(gzipSync(tar), /^\x1f\x8b/)).toEqual([])
  })
})
