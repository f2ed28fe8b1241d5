import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TelnetProtocol } from './telnet-protocol.ts'

const [IAC, DONT, DO, WONT, WILL, SB, SE] = [255, 254, 253, 252, 251, 250, 240]
const window = { term: 'vt100', columns: 511, rows: 1000 }

function begin() {
  const sent: number[][] = []
  const protocol = new TelnetProtocol(window, (bytes) => sent.push([...bytes]))
  const take = (...bytes: number[]) => protocol.take(Uint8Array.from(bytes)).toString('latin1')
  return { protocol, sent, take }
}

describe('negotiation', () => {
  it('agrees to echo, no go-ahead, terminal type and window size, each once (RFC 857, 858, 1091, 1073)', () => {
    const { sent, take } = begin()
    take(IAC, WILL, 1, IAC, WILL, 3, IAC, DO, 3, IAC, DO, 24, IAC, DO, 31)
    take(IAC, WILL, 1, IAC, DO, 31)
    expect(sent).toEqual([
      [IAC, DO, 1],
      [IAC, DO, 3],
      [IAC, WILL, 3],
      [IAC, WILL, 24],
      [IAC, WILL, 31],
      // 511 is 1, 255: the 255 is doubled.
      [IAC, SB, 31, 1, IAC, IAC, 3, 232, IAC, SE],
    ])
  })

  it('tells its kind when it is asked', () => {
    const { sent, take } = begin()
    take(IAC, DO, 24, IAC, SB, 24, 1, IAC, SE)
    expect(Buffer.from(sent[1] ?? []).toString('latin1')).toBe('\xff\xfa\x18\x00VT100\xff\xf0')
  })

  it('refuses everything else, once, and never offers anything', () => {
    const { sent, take } = begin()
    for (let times = 0; times < 3; times += 1) take(IAC, WILL, 5, IAC, DO, 1, IAC, DO, 39, IAC, WONT, 5, IAC, DONT, 1)
    expect(sent).toEqual([
      [IAC, DONT, 5],
      [IAC, WONT, 1],
      [IAC, WONT, 39],
    ])
  })

  it('gives up what it had agreed to when it is told to', () => {
    const { sent, take } = begin()
    take(IAC, WILL, 1, IAC, WONT, 1, IAC, WONT, 1)
    expect(sent).toEqual([
      [IAC, DO, 1],
      [IAC, DONT, 1],
    ])
  })

  it('comes to rest whatever the other side says: no two peers keep each other busy (RFC 1143)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(DO, DONT, WILL, WONT), fc.nat(255)), { maxLength: 50 }),
        (offers) => {
          const toA: number[][] = []
          const toB: number[][] = []
          const a = new TelnetProtocol(window, (bytes) => toB.push([...bytes]))
          const b = new TelnetProtocol(window, (bytes) => toA.push([...bytes]))
          for (const [verb, option] of offers) a.take(Uint8Array.from([IAC, verb, option]))
          let messages = 0
          while (toA.length + toB.length > 0 && messages < 5000) {
            messages += 1
            const forB = toB.shift()
            if (forB) b.take(Uint8Array.from(forB))
            const forA = toA.shift()
            if (forA) a.take(Uint8Array.from(forA))
          }
          expect(messages).toBeLessThan(5000)
        },
      ),
    )
  })
})

describe('data', () => {
  it('comes out whole in however small pieces, with negotiation in between', () => {
    const stream = [72, 105, IAC, IAC, 13, 0, 13, 10, IAC, WILL, 1, 33, IAC, SB, 24, 1, IAC, SE, 13, IAC, 241, 10, 46]
    const expected = 'Hi\xff\r\0\r\n!\r\n.'
    for (let size = 1; size <= stream.length; size += 1) {
      const { take } = begin()
      let data = ''
      for (let at = 0; at < stream.length; at += size) data += take(...stream.slice(at, at + size))
      expect(data).toBe(expected)
    }
  })

  it('is not lost behind a subnegotiation that never ends well', () => {
    const { take } = begin()
    expect(take(IAC, SB, ...Array(5000).fill(7), IAC, 246, 65)).toBe('A')
  })

  it('goes out with IAC doubled, and a CR with NUL where Telnet is spoken', () => {
    const { protocol, take } = begin()
    expect([...protocol.encode('a\r')]).toEqual([97, 13])
    expect([...protocol.encode(Uint8Array.from([255, 13]))]).toEqual([255, 255, 13])
    take(IAC, WILL, 1)
    expect([...protocol.encode('a\r')]).toEqual([97, 13, 0])
  })
})
