import { newSigningKey } from '@netraven/protocol/keys.ts'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { HubKeyLearning } from './hub-key-learning.ts'
import { TrustedKeys } from './identity.ts'

const log = pino({ level: 'silent' })
const [old, next] = [newSigningKey(), newSigningKey()]
const both = [old, next].map(({ publicKey }) => ({ publicKey }))

it('an agent trusts a new key at once, keeps it, and only then tells that it has it', async () => {
  const steps: string[] = []
  const trusted = new TrustedKeys([old.publicKey])
  const learning = new HubKeyLearning({
    trusted,
    keep: async (keys) => void steps.push(`kept ${keys.length}`),
    ask: async (ids) => {
      steps.push(`told ${ids.length}`)
      return { keys: both }
    },
    log,
  })
  learning.ask()
  await learning.idle
  expect(steps).toEqual(['told 1', 'kept 2', 'told 2'])
  expect(learning.kept).toEqual([old.id, next.id])
  expect(trusted.find(next.id)?.publicKey).toBe(next.publicKey)
})

it('a key that can’t be written to disk is not told, and the next hello tries again', async () => {
  let isFull = true
  const told: string[][] = []
  const learning = new HubKeyLearning({
    trusted: new TrustedKeys([old.publicKey]),
    keep: async () => {
      if (isFull) throw new Error('ENOSPC')
    },
    ask: async (ids) => {
      told.push(ids)
      return { keys: both }
    },
    log,
  })
  learning.heard(both, true)
  await learning.idle
  expect(told).toEqual([])
  expect(learning.kept).toEqual([old.id])
  isFull = false
  learning.heard(both, true)
  await learning.idle
  expect(told).toEqual([[old.id, next.id]])
})
