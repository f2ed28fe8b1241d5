import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServerHello } from './server-hello.ts'

/** A KEXINIT packet as RFC 4253 sections 6 and 7.1 lay it out. */
function kexInit(lists: readonly string[]): Buffer {
  const names = lists.map((list) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(list.length)
    return Buffer.concat([length, Buffer.from(list)])
  })
  const payload = Buffer.concat([Buffer.from([20]), Buffer.alloc(16), ...names, Buffer.alloc(5)])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(1 + payload.length + 4)
  head[4] = 4
  return Buffer.concat([head, payload, Buffer.alloc(4)])
}

const lists = ['kex-a,kex-b', 'key-a', 'c1,c2', 'c2,c3', 'm1', 'm1,m2', 'none', 'none', '', '']
const hello = Buffer.concat([
  Buffer.from('Welcome\r\nto R1\r\nSSH-2.0-Test_1 x\r\n'),
  kexInit(lists),
  Buffer.from('more'),
])

function take(bytes: Buffer, size: number): ServerHello {
  const heard = new ServerHello()
  for (let at = 0; at < bytes.length; at += size) heard.take(bytes.subarray(at, at + size))
  return heard
}

describe('ServerHello', () => {
  it.each([1, 7, 5000])('learns version and algorithms, %d bytes at a time', (size) => {
    const { version, offered, over } = take(hello, size)
    expect({ version, offered, over }).toEqual({
      version: 'SSH-2.0-Test_1 x',
      offered: { kex: ['kex-a', 'kex-b'], serverHostKey: ['key-a'], cipher: ['c2'], mac: ['m1'] },
      over: true,
    })
  })

  it('learns no algorithms from what is cut off or wrong', () => {
    const start = hello.indexOf('SSH-2.0')
    const line = 'SSH-2.0-Test\r\n'
    expect(take(hello.subarray(0, hello.length - 30), 9).offered).toBeUndefined()
    expect(take(Buffer.concat([Buffer.from(line), Buffer.alloc(64, 0xff)]), 9)).toMatchObject({
      over: true,
      offered: undefined,
    })
    const liar = Buffer.from(hello.subarray(start))
    liar.writeUInt32BE(9999, liar.indexOf('kex-a') - 4)
    expect(take(liar, 9)).toMatchObject({ over: true, offered: undefined })
  })

  it('stops listening to one who talks on without a word of SSH', () => {
    expect(take(Buffer.alloc(200_000, 'x\n'), 4096)).toMatchObject({ over: true, version: undefined })
  })

  it('bears any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((more) => Buffer.concat([Buffer.from('SSH-2.0-x\n'), more]))
    fc.assert(fc.property(bytes, fc.integer({ min: 1, max: 40 }), (all, size) => void take(all, size)))
  })
})
