import { describe, expect, it } from 'vitest'
import { ScpError, ScpSource } from './scp-source.ts'

function begin() {
  let sent = 0
  const source = new ScpSource((bytes) => {
    sent += bytes.length
  })
  source.begin()
  return { source, sent: () => sent }
}

const stream = Buffer.from('C0644 11 startup-cfg\nhostname x\n\0')

describe('a file by SCP', () => {
  it('is whole in however small pieces it comes', () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const { source, sent } = begin()
      let file: Buffer | undefined
      for (let at = 0; at < stream.length; at += size) file ??= source.take(stream.subarray(at, at + size))
      expect([file?.toString(), source.isOver, sent()]).toEqual(['hostname x\n', true, 3])
    }
  })

  it('[TMO-5] is not there before its last byte is', () => {
    for (let at = 0; at < stream.length; at += 1) expect(begin().source.take(stream.subarray(0, at))).toBeUndefined()
  })

  it('may be empty, and may hold any bytes', () => {
    expect(begin().source.take(Buffer.from('C0600 0 x\n\0'))?.length).toBe(0)
    const bytes = Buffer.from([0, 1, 2, 10, 255])
    expect(begin().source.take(Buffer.concat([Buffer.from('C0600 5 x y\n'), bytes, Buffer.from([0])]))).toEqual(bytes)
  })

  it.each([
    ['\x01scp: /x: No such file or directory\n', true],
    ['C0644 2 x\nab\x01read failed\n', true],
    ['D0755 0 folder\n', false],
    ['C0644 -1 x\n', false],
    ['C0644 1 ../x\n', false],
    [`C${'0'.repeat(5000)}`, false],
  ])('%j is none', (text, isTold) => {
    let error: unknown
    try {
      begin().source.take(Buffer.from(text))
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(ScpError)
    expect(error).toMatchObject({ isTold })
  })
})
