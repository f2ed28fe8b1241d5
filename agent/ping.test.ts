import { describe, expect, it } from 'vitest'
import { ping, type Ran, runProgram } from './ping.ts'

const { signal } = new AbortController()
const printing = (ran: Partial<Ran>) => async () => ({ stdout: '', stderr: '', ...ran })

const IPUTILS = `PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.
64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.033 ms
64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=12.5 ms

--- 192.0.2.1 ping statistics ---
4 packets transmitted, 2 received, 50% packet loss, time 3058ms
rtt min/avg/max/mdev = 0.033/6.2/12.5/0.1 ms
`
const BUSYBOX = `PING 192.0.2.1 (192.0.2.1): 56 data bytes
64 bytes from 192.0.2.1: seq=0 ttl=64 time=0.050 ms

--- 192.0.2.1 ping statistics ---
4 packets transmitted, 1 packets received, 75% packet loss
round-trip min/avg/max = 0.050/0.050/0.050 ms
`
const UNREACHABLE = `PING 192.0.2.9 (192.0.2.9) 56(84) bytes of data.
From 192.0.2.1 icmp_seq=1 Destination Host Unreachable

--- 192.0.2.9 ping statistics ---
4 packets transmitted, 0 received, +1 errors, 100% packet loss, time 3060ms
`

describe('ping', () => {
  it.each([
    ['iputils', IPUTILS, { sent: 4, received: 2, timesMs: [0.033, 12.5] }],
    ['BusyBox', BUSYBOX, { sent: 4, received: 1, timesMs: [0.05] }],
    ['a router', UNREACHABLE, { sent: 4, received: 0, timesMs: [], said: 'Destination Host Unreachable' }],
  ])('[DEV-4] tells what came back, in the words of %s', async (_, stdout, seen) => {
    expect(await ping('192.0.2.1', signal, printing({ stdout }))).toEqual({
      kind: 'ping',
      address: '192.0.2.1',
      ...seen,
    })
  })

  it('gives the program the address as one word, and bounds it', async () => {
    const typed: unknown[] = []
    await ping('2001:db8::1', signal, async (file, args) => {
      typed.push(file, ...args)
      return { stdout: IPUTILS, stderr: '' }
    })
    expect(typed).toEqual(['ping', '-n', '-c', '4', '-w', '8', '2001:db8::1'])
  })

  it.each([
    ['the program is missing', { missing: 'ENOENT' }, 'PING_UNAVAILABLE', 'ENOENT'],
    [
      'the user is not permitted',
      { stderr: 'ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\n' },
      'PING_UNAVAILABLE',
      'ping: socktype: SOCK_RAW',
    ],
    ['the program says nothing', {}, 'PING_UNAVAILABLE', 'it said nothing'],
    [
      'there is no way',
      { stderr: 'ping: connect: Network is unreachable\n' },
      'NO_ROUTE',
      'ping: connect: Network is unreachable',
    ],
  ])('[DEV-4] says so when %s', async (_, ran, code, reason) => {
    await expect(ping('192.0.2.1', signal, printing(ran))).rejects.toMatchObject({
      code,
      details: { address: '192.0.2.1', reason },
    })
  })

  it('ends with whoever asked', async () => {
    await expect(ping('192.0.2.1', AbortSignal.abort(), printing({ stdout: IPUTILS }))).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})

describe('a program', () => {
  it('that is not there is told from one that fails, and no shell reads its arguments', async () => {
    expect(await runProgram('no-such-program-here', [], signal)).toMatchObject({ missing: 'ENOENT' })
    expect(await runProgram('false', [], signal)).toEqual({ stdout: '', stderr: '' })
    expect(await runProgram('echo', ['$HOME; id'], signal)).toEqual({ stdout: '$HOME; id\n', stderr: '' })
  })

  it('that is called off ends', async () => {
    const abort = new AbortController()
    const ran = runProgram('sleep', ['60'], abort.signal)
    abort.abort()
    expect(await ran).toMatchObject({ stdout: '' })
  })
})
