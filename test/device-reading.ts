/** Reads a device with the agent's own `backup()`, without hub, agent process or task queue. */
import { randomUUID } from 'node:crypto'
import type { Transport } from '@netraven/protocol/transport.ts'
import { backup, type Read } from '../agent/backup.ts'
import type { Driver } from '../agent/driver.ts'
import { loadAll } from '../agent/loaded-drivers.ts'
import { defaultPolicy, parsePolicy } from '../agent/policy.ts'
import { connect } from '../agent/transport/connect.ts'
import { wayThrough } from '../agent/transport/hops.ts'
import type { DeviceOptions, Hop, SealedSecret } from '../protocol/claim.ts'
import { Failure } from '../protocol/failure.ts'

export interface Reading {
  readonly address: string
  readonly port: number
  /** A name, or a driver that a test made. */
  readonly driver: string | Driver
  readonly username: string
  readonly secret: Omit<SealedSecret, 'task' | 'username'>
  readonly hostKey?: string
  readonly options?: DeviceOptions
  readonly signal?: AbortSignal
  /** Absent: ssh. */
  readonly transport?: Transport
  /** Devices to be passed on the way. */
  readonly hops?: readonly { readonly hop: Omit<Hop, 'device'>; readonly secret: Omit<SealedSecret, 'task'> }[]
  /** Policy file of the agent; absent: the default. */
  readonly policy?: string
}

export async function readDevice(reading: Reading): Promise<Read> {
  const drivers = await loadAll()
  const driver = typeof reading.driver === 'string' ? drivers.find(reading.driver) : reading.driver
  if (!driver) throw new RangeError(`there is no driver ${reading.driver}`)
  const id = randomUUID()
  const { hops = [] } = reading
  const task = {
    id,
    attempt: 1,
    device: { id: randomUUID(), name: 'device', address: reading.address, port: reading.port },
    driver: driver.name,
    transport: reading.transport ?? 'ssh',
    secrets: 'keep' as const,
    options: reading.options ?? {},
    deadlineMs: Date.now() + 300_000,
    ...(reading.hostKey === undefined ? {} : { hostKey: reading.hostKey }),
    ...(hops.length > 0 ? { via: hops.map(({ hop }) => ({ ...hop, device: randomUUID() })) } : {}),
  }
  return backup(task, {
    driver,
    secret: { task: id, username: reading.username, ...reading.secret },
    policy: reading.policy === undefined ? defaultPolicy() : parsePolicy(reading.policy, 'policy.json'),
    connect,
    through: wayThrough,
    hopSecret: async ({ name }) => {
      const found = hops.find(({ hop }) => hop.name === name)
      if (!found) throw new Failure('NO_CREDENTIAL')
      return { task: id, ...found.secret }
    },
    signal: reading.signal ?? new AbortController().signal,
    nowMs: Date.now,
    log: { debug: () => undefined },
  })
}

/** @returns the failure of a reading. @throws Error when it succeeded, and what is no Failure */
export async function failureOf(reading: Promise<unknown>): Promise<Failure> {
  try {
    await reading
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it should have failed')
}
