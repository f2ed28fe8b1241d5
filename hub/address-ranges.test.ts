import { describe, expect, it } from 'vitest'
import { isWithin, parseAddress, parseRange, subscriberOf } from './address-ranges.ts'

const within = (address: string, range: string) => {
  const [parsed, wide] = [parseAddress(address), parseRange(range)]
  return parsed !== undefined && wide !== undefined && isWithin(parsed, wide)
}

describe('ranges of addresses', () => {
  it.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['::ffff:10.1.2.3', '10.0.0.0/8', true],
    ['10.1.2.3', '::ffff:10.0.0.0/104', true],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['10.1.2.3', '::/0', false],
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.8', '203.0.113.7', false],
  ])('%s in %s: %s', (address, range, expected) => {
    expect(within(address, range)).toBe(expected)
  })

  it.each(['', '10', '10.1/16', '10.0.0.0/33', '010.0.0.1', 'localhost', '10.0.0.0/8/8', '2001:db8::/129'])(
    '%j is none',
    (text) => {
      expect(parseRange(text)).toBeUndefined()
    },
  )

  it('[RL-6] an IPv6 subscriber is a /64, so that one can’t come from a new address each time', () => {
    expect(subscriberOf('2001:db8:0:1:aaaa::1')).toBe('2001:db8:0:1::')
    expect(subscriberOf('2001:db8:0:1:bbbb::2')).toBe('2001:db8:0:1::')
    expect(subscriberOf('2001:db8:0:2::1')).toBe('2001:db8:0:2::')
    expect(subscriberOf('203.0.113.7')).toBe('203.0.113.7')
    expect(subscriberOf('::ffff:203.0.113.7')).toBe('203.0.113.7')
    expect(subscriberOf('nobody')).toBeUndefined()
  })
})
