import { describe, expect, it } from 'vitest'
import { factsOf } from './failure-facts.ts'

describe('the facts beside a message', () => {
  it('[DEV-7] show both sides of what has nothing in common', () => {
    const details = {
      missing: ['kex', 'serverHostKey'],
      offered: { kex: ['diffie-hellman-group1-sha1'], serverHostKey: ['ssh-rsa', 'ssh-dss'], cipher: ['aes128-ctr'] },
      ours: { kex: ['curve25519-sha256'], serverHostKey: ['ssh-ed25519'], cipher: ['aes128-ctr'] },
    }
    expect(factsOf({ code: 'SSH_LEGACY_ALGOS', details })).toEqual([
      'key exchange: device offers: diffie-hellman-group1-sha1; we offer: curve25519-sha256',
      'host key: device offers: ssh-rsa, ssh-dss; we offer: ssh-ed25519',
    ])
  })

  it('[TMO-1] [TMO-4] tell a device that fell silent from one that was slow', () => {
    const facts = { command: 'show run', bytes: 2048, elapsedMs: 60_000 }
    const of = (more: object) => factsOf({ code: 'DEVICE_COMMAND_TIMEOUT', details: { ...facts, ...more } })
    expect(of({ kind: 'stalled', lastByteAgeMs: 40_000, limitMs: 40_000 })).toEqual([
      'show run: no bytes for 40 s of 60 s, limit 40 s; 2048 bytes came',
    ])
    expect(of({ kind: 'slow', lastByteAgeMs: 20, limitMs: 60_000 })).toEqual([
      'show run: still flowing at the limit of 60 s; 2048 bytes came',
    ])
  })

  it('[DEV-5] say how other ports of a device answered, when its own did not', () => {
    const details = { address: '192.0.2.1', port: 2222, ports: { 22: 'open', 830: 'silent' } }
    expect(factsOf({ code: 'PORT_REFUSED', details })).toEqual(['other ports: 22 open, 830 silent'])
  })

  it('are missing without a word where an older agent did not send them, and where the message says it all', () => {
    expect(factsOf({ code: 'SSH_LEGACY_ALGOS', details: {} })).toEqual([])
    expect(factsOf({ code: 'SSH_LEGACY_ALGOS', details: { missing: ['mac'] } })).toEqual([
      'MAC: device offers: nothing; we offer: nothing',
    ])
    expect(factsOf({ code: 'TCP_TIMEOUT', details: { address: '192.0.2.1' } })).toEqual([])
  })
})
