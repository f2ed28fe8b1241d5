import { describe, expect, it } from 'vitest'
import { isAddress } from './device.ts'
import { Name } from './fields.ts'

describe('what people give', () => {
  it.each(['sw1', 'core switch, floor 2', 'Zürich', '#1', 'a/b'])('%j is a name', (name) => {
    expect(Name.parse(` ${name} `)).toBe(name)
  })

  it.each([
    '',
    ' ',
    '-rf',
    '.',
    '..',
    'a\nb',
    'a\u0000b',
    'a\u202Eb',
    'x'.repeat(121),
    '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b',
  ])('%j is none', (name) => {
    expect(Name.safeParse(name).success).toBe(false)
  })

  it.each(['192.0.2.1', '::1', '2001:db8::1', 'fe80::1%eth0', 'sw1', 'sw-1.example.net', 'sw_1.example.net.', '3com'])(
    '%j is an address',
    (text) => {
      expect(isAddress(text)).toBe(true)
    },
  )

  it.each([
    '',
    '10.0.0',
    '999.1.1.1',
    'a b',
    '-oProxyCommand=x',
    'a..b',
    'sw1:22',
    '[::1]',
    'http://a',
    'a/24',
    `${'a'.repeat(64)}.b`,
  ])('%j is none, and nobody ever dials it', (text) => {
    expect(isAddress(text)).toBe(false)
  })
})
