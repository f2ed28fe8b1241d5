import type { Task } from '@netraven/protocol/claim.ts'
import { Failure, type FailureCode } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { type BackupParts, backup } from './backup.ts'
import type { Driver } from './driver.ts'
import { defaultPolicy, parsePolicy } from './policy.ts'
import { driverOf } from './replay/scripted-device.ts'

const CONFIG = '<config>\n  <a/>\n</config>\n'
const driver = driverOf({
  transports: ['ssh', 'netconf'],
  over: {
    netconf: {
      channel: 'exchange',
      commands: [{ run: 'get-config running', as: 'config', complete: /<\/config>\n?(?![\s\S])/ }],
    },
  },
})

const taskWith = (more: Partial<Task>): Task => ({
  id: '0192f0c1-2b3c-7d4e-8f50-1a2b3c4d5e6f',
  attempt: 1,
  device: { id: '0192f0c1-2b3c-7d4e-8f50-1a2b3c4d5e70', name: 'r1', address: '192.0.2.1', port: 2222 },
  driver: 'test_system',
  transport: 'ssh',
  secrets: 'keep',
  options: { netconfFallback: true },
  deadlineMs: 0,
  ...more,
})

/** Reads a device whose SSH fails so. @returns the ways that were tried, and the text or the failure's code */
async function read(code: FailureCode, task: Partial<Task> = {}, one: Driver = driver, policy = defaultPolicy()) {
  const tried: string[] = []
  const parts: BackupParts = {
    driver: one,
    secret: { task: taskWith({}).id, username: 'u', password: 'p' },
    policy,
    connect: async ({ transport, port }) => {
      tried.push(`${transport} ${port}`)
      if (transport === 'ssh') throw new Failure(code)
      return {
        shell: async () => Promise.reject(new Failure('CHANNEL_REFUSED')),
        exec: async () => Promise.reject(new Failure('CHANNEL_REFUSED')),
        exchange: async () => ({ bytes: Buffer.from(CONFIG) }),
        close: () => undefined,
      }
    },
    signal: new AbortController().signal,
    nowMs: () => 1,
    log: { debug: () => undefined },
  }
  const outcome = await backup(taskWith(task), parts).then(
    ({ text }) => text,
    (error: unknown) => (error instanceof Failure ? error.code : Promise.reject(error)),
  )
  return { tried, outcome }
}

describe('[DEV-6] falling back from SSH to NETCONF', () => {
  it.each(['PORT_REFUSED', 'CHANNEL_REFUSED', 'PROMPT_NOT_FOUND'] as const)(
    'goes on where the device asks for it: %s',
    async (code) => {
      expect(await read(code)).toEqual({ tried: ['ssh 2222', 'netconf 830'], outcome: CONFIG })
    },
  )

  it.each(['PASSWORD_REJECTED', 'HOST_KEY_CHANGED', 'TCP_TIMEOUT', 'DEVICE_COMMAND_TIMEOUT'] as const)(
    'does not follow another failure: %s',
    async (code) => {
      expect(await read(code)).toEqual({ tried: ['ssh 2222'], outcome: code })
    },
  )

  it('is not done unless the device asks for it', async () => {
    expect((await read('PORT_REFUSED', { options: {} })).tried).toEqual(['ssh 2222'])
  })

  it('is not done for a system without NETCONF', async () => {
    expect((await read('PORT_REFUSED', {}, driverOf())).tried).toEqual(['ssh 2222'])
  })

  it('is not done against the policy', async () => {
    const policy = parsePolicy('{"transports": ["ssh"]}', 'policy.json')
    expect(await read('PORT_REFUSED', {}, driver, policy)).toEqual({ tried: ['ssh 2222'], outcome: 'POLICY_TRANSPORT' })
  })
})
