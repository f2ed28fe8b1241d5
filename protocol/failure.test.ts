import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Failure, type FailureEntry, FailureWire, failures, isFailureCode, remediesOf } from './failure.ts'

const table: ReadonlyMap<string, FailureEntry> = new Map(Object.entries(failures))

/** What a remedy may take from the details of the failure at hand. */
const placeholders = new Set([
  ...[
    'agent',
    'site',
    'device',
    'address',
    'port',
    'driver',
    'credential',
    'until',
    'transport',
    'hop',
    'via',
    'name',
    'seen',
    'reason',
  ],
  // `id` stands for itself: the part of a path that the reader fills in.
  ...['certificate', 'key', 'requestSeconds', 'id', 'role', 'run'],
  ...['path', 'contentHash', 'hub', 'oldest', 'newest', 'transport', 'lastSeen', 'seconds', 'idleSeconds', 'request'],
  ...['url', 'retryAfterSeconds', 'limitBytes', 'headersSeconds', 'limit', 'dataKey', 'installation', 'file'],
])

/** Symptoms that the user's troubleshooting guide quotes, as far as what they are about exists, and their exact text here. */
const quotedSymptoms: readonly (readonly [string, string])[] = [
  ['Invalid credentials', 'INVALID_CREDENTIALS'],
  ['Token expired', 'TOKEN_EXPIRED'],
  ['Invalid token', 'TOKEN_MISSING'],
  ['Invalid token', 'TOKEN_BAD_SCHEME'],
  ['Invalid token', 'TOKEN_TRUNCATED'],
  ['Invalid token', 'TOKEN_UNKNOWN'],
  ['Insufficient permissions', 'MISSING_SCOPE'],
  ['Access denied', 'NOT_OWNER'],
  ['Backup content not found', 'BACKUP_NOT_FOUND'],
  ['Backup content not found', 'PATH_MISSING'],
  ['Backup content not found', 'BACKEND_UNAVAILABLE'],
  ['Content hash mismatch', 'CONTENT_HASH_MISMATCH'],
  ['No space left on device', 'STORAGE_FULL'],
  ['Device unreachable', 'DNS_FAILED'],
  ['Device unreachable', 'NO_ROUTE'],
  ['Device unreachable', 'TCP_TIMEOUT'],
  ['Device unreachable', 'PORT_REFUSED'],
  ['Device unreachable', 'BANNER_TIMEOUT'],
  ['Authentication failed', 'PASSWORD_REJECTED'],
  ['Authentication failed', 'KEY_REJECTED'],
  ['Authentication failed', 'METHOD_UNSUPPORTED'],
  ['Authentication failed', 'ENABLE_FAILED'],
  ['Authentication failed', 'NO_CREDENTIAL'],
  ['Command Execution Timeout', 'DEVICE_COMMAND_TIMEOUT'],
  ['Too Many Requests', 'RATE_LIMITED_PRINCIPAL'],
  ['Too Many Requests', 'RATE_LIMITED_IP'],
  ['Too Many Requests', 'RATE_LIMITED_ROUTE'],
  ['Schema version mismatch', 'SCHEMA_MISMATCH'],
  ['Incompatible migrations', 'MIGRATION_FAILED'],
]

describe('the failure table', () => {
  it.each(quotedSymptoms)('[GEN-2] the guide’s "%s" is the message of %s', (message, code) => {
    expect(table.get(code)?.message).toBe(message)
  })

  it.each([...table])('%s says what is wrong, what causes it and what to do', (code, entry) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
    expect(entry.message).toMatch(/^[A-Z][^{}`]{5,70}[^.{}`\s]$/)
    expect(entry.status).toBeGreaterThanOrEqual(400)
    expect(entry.status).toBeLessThan(600)
    expect(entry.causes.length).toBeGreaterThan(0)
    expect(entry.remedies.length).toBeGreaterThan(0)
    for (const text of [...entry.causes, ...entry.remedies]) {
      for (const [, name = ''] of text.matchAll(/\{(\w+)\}/g)) expect(placeholders).toContain(name)
      expect(text).toMatch(/^\S.{5,255}\S$/)
      expect(text.split('`').length % 2, 'every backtick is closed').toBe(1)
    }
  })

  it('has each code in one room only', async () => {
    const folder = new URL('failures/', import.meta.url)
    const rooms: Record<string, unknown>[] = await Promise.all(
      readdirSync(folder).map((file) => import(new URL(file, folder).href)),
    )
    const codes = rooms.flatMap((room) => Object.values(room).flatMap((entries) => Object.keys(entries ?? {})))
    expect(codes.toSorted()).toEqual([...table.keys()].toSorted())
  })

  it('[GEN-5] a device that cannot be reached names the agent and site that tried', () => {
    for (const code of ['DNS_FAILED', 'NO_ROUTE', 'TCP_TIMEOUT', 'PORT_REFUSED', 'BANNER_TIMEOUT'] as const) {
      expect(failures[code].remedies.join(' ')).toMatch(/\{agent\}.*\{site\}/)
    }
  })

  it('[DAUTH-5] a rejected login, a changed host key or a refusal by policy is never tried again by itself', () => {
    const cautious = [...table].filter(
      ([code, { message }]) => ['Authentication failed', 'Host key changed'].includes(message) || /^POLICY_/.test(code),
    )
    expect(cautious.length).toBeGreaterThan(10)
    for (const [code, entry] of cautious) expect([code, entry.retry]).toEqual([code, 'never'])
  })
})

describe('remediesOf', () => {
  it('fills in the facts of the case', () => {
    const failure = new Failure('PORT_REFUSED', {
      agent: 'jump-1',
      site: 'berlin',
      device: 'sw1',
      address: '127.0.0.9',
      port: 22,
    })
    expect(remediesOf(failure)).toContain('On the jump host of agent jump-1 (site berlin): `nc -vz 127.0.0.9 22`.')
    expect(remediesOf(failure).join(' ')).not.toMatch(/[{}]/)
  })

  it('keeps the name of a fact that is not known, and never prints an object', () => {
    const steps = remediesOf({ code: 'PORT_REFUSED', details: { agent: { id: 1 }, site: 'berlin' } }).join(' ')
    expect(steps).toContain('agent {agent} (site berlin)')
    expect(steps).not.toContain('[object')
  })

  it('takes a fact literally, whatever it holds', () => {
    const steps = remediesOf({ code: 'DEVICE_UNKNOWN', details: {} })
    expect(steps).toEqual([...failures.DEVICE_UNKNOWN.remedies])
    const odd = remediesOf({ code: 'CONNECTION_LOST', details: { device: '$& {agent}', agent: 'a1' } })
    expect(odd[1]).toContain('--device $& {agent} ')
  })
})

describe('Failure', () => {
  it('crosses the wire as code and details, and comes back the same', () => {
    const sent = new Failure('TASK_NOT_HELD', { task: 't1', attempt: 2 })
    const received = Failure.fromWire(FailureWire.parse(JSON.parse(JSON.stringify(sent))))
    expect(received).toBeInstanceOf(Failure)
    expect([received.code, received.message, received.details]).toEqual([
      'TASK_NOT_HELD',
      'Task is not held by this agent',
      { task: 't1', attempt: 2 },
    ])
  })

  it('[MIG-2] a code of a newer side is an internal error that says which code was reported', () => {
    const received = Failure.fromWire({ code: 'FLUX_CAPACITOR_EMPTY', details: { volts: 3 } })
    expect(received.code).toBe('INTERNAL')
    expect(received.details).toEqual({ volts: 3, reported: 'FLUX_CAPACITOR_EMPTY' })
  })

  it.each(['constructor', '__proto__', 'toString', '', 'internal'])('does not take %j for a code', (code) => {
    expect(isFailureCode(code)).toBe(false)
    expect(Failure.fromWire({ code, details: {} }).code).toBe('INTERNAL')
  })

  it('reads details that are missing as none', () => {
    expect(FailureWire.parse({ code: 'INTERNAL' })).toEqual({ code: 'INTERNAL', details: {} })
  })

  it('has one line for a log, with the short facts only', () => {
    const failure = new Failure('TCP_TIMEOUT', { address: '127.0.0.9', port: 22, tried: ['a'], elapsedMs: 30000 })
    expect(failure.line).toBe('Device unreachable [TCP_TIMEOUT]: address 127.0.0.9, port 22, elapsedMs 30000')
    expect(new Failure('INTERNAL').line).toBe('Internal error [INTERNAL]')
  })
})
