import { describe, expect, it } from 'vitest'
import { clientAddress } from './client-address.ts'

describe('where a request comes from', () => {
  it.each([
    ['no proxy', '198.51.100.7', undefined, 0, '198.51.100.7'],
    ['no proxy, so a header is forged', '198.51.100.7', '203.0.113.9', 0, '198.51.100.7'],
    ['one proxy', '10.0.0.1', '203.0.113.9', 1, '203.0.113.9'],
    ['one proxy, forged entries before its own', '10.0.0.1', '1.1.1.1, 2.2.2.2,203.0.113.9', 1, '203.0.113.9'],
    ['two proxies', '10.0.0.1', '203.0.113.9, 10.0.0.2', 2, '203.0.113.9'],
    ['two proxies, a forged entry', '10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2', 2, '203.0.113.9'],
    ['past the proxies, without a header', '198.51.100.7', undefined, 1, '198.51.100.7'],
    ['past one of two proxies', '198.51.100.7', '1.1.1.1', 2, '198.51.100.7'],
    ['empty entries', '10.0.0.1', ' , 203.0.113.9 , ', 1, '203.0.113.9'],
    ['an empty header', '198.51.100.7', '', 1, '198.51.100.7'],
    ['an entry that is no address', '10.0.0.1', 'unknown', 1, '10.0.0.1'],
    ['an entry with a port', '10.0.0.1', '203.0.113.9:51234', 1, '203.0.113.9'],
    ['an IPv6 entry with a port', '10.0.0.1', '[2001:db8::9]:51234', 1, '2001:db8::9'],
    ['an IPv6 entry in brackets', '10.0.0.1', '[2001:db8::9]', 1, '2001:db8::9'],
    ['a zone', 'fe80::1%eth0', undefined, 0, 'fe80::1'],
    ['IPv4 on a socket for both', '::ffff:198.51.100.7', undefined, 0, '198.51.100.7'],
    ['no connection', undefined, undefined, 0, null],
    ['no connection, and a header past the proxies', undefined, '1.1.1.1', 2, null],
    ['a header as long as it may be', '10.0.0.1', `${'1.1.1.1,'.repeat(1000)}203.0.113.9`, 1, '203.0.113.9'],
  ])('[RL-6] %s', (_, peer, forwardedFor, hops, expected) => {
    expect(clientAddress(peer, forwardedFor, hops)).toBe(expected)
  })
})
