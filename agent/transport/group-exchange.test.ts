import { createDiffieHellman, getDiffieHellman } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { GivenGroup, quickenGroupExchange } from './group-exchange.ts'

describe('a group that the device chose', () => {
  const known = getDiffieHellman('modp14')
  const prime = known.getPrime()
  const generator = known.getGenerator()

  it('gives both sides the same secret, whoever computes it', () => {
    const theirs = createDiffieHellman(prime, generator)
    theirs.generateKeys()
    for (const given of [prime, Buffer.concat([Buffer.from([0]), prime])]) {
      const ours = new GivenGroup(given, generator)
      const secret = ours.computeSecret(theirs.getPublicKey())
      expect(BigInt(`0x${secret.toString('hex')}`)).toBe(
        BigInt(`0x${theirs.computeSecret(ours.generateKeys()).toString('hex')}`),
      )
    }
  })

  it('takes a value that begins with a one', () => {
    const ours = new GivenGroup(prime, generator)
    const value = Buffer.from(prime)
    value.writeUInt8(0, value.length - 1)
    expect(ours.computeSecret(Buffer.concat([Buffer.from([0]), value])).length).toBe(prime.length)
  })

  it.each([0n, 1n, BigInt(`0x${prime.toString('hex')}`) - 1n])(
    'refuses a value that would give the secret away',
    (value) => {
      const text = value.toString(16)
      expect(() =>
        new GivenGroup(prime, generator).computeSecret(
          Buffer.from(text.padStart(text.length + (text.length % 2), '0'), 'hex'),
        ),
      ).toThrow()
    },
  )

  it('is nothing that a client without such an exchange knows', () => {
    for (const exchange of [undefined, { type: 'ecdh', generateKeys: () => undefined }]) {
      expect(quickenGroupExchange({ _protocol: { _kex: exchange } })).toBe(false)
    }
  })
})
