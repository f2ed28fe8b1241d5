/**
 * Golden messages that have every field which may be left out: a test of `protocol/samples` names the field that is in none. A new field
 * of an old conversation gets a new message here; one that is written down is never changed.
 */
import { createHash } from 'node:crypto'
import { artifactStatementBytes } from '@netraven/protocol/artifact.ts'
import type { Answered, Asked, CallName } from '@netraven/protocol/calls.ts'
import type { SealedSecret } from '@netraven/protocol/claim.ts'
import type { SigningKey } from '@netraven/protocol/keys.ts'
import { statementBytes } from '@netraven/protocol/statement.ts'

export interface SampleParts {
  /** Agent that signs. */
  readonly agent: SigningKey
  readonly hub: SigningKey
  /** Seals a secret for the agent of the samples. */
  readonly sealer: { readonly publicKey: string; seal(value: object): string }
  /** Ms since 1970. */
  readonly nowMs: number
  /** A uuid that ends in this number. */
  readonly idOf: (tail: number) => string
}

type Asking = { [Name in CallName]: { call: Name; side: 'question'; value: Asked<Name> } }[CallName]
type Answering = { [Name in CallName]: { call: Name; side: 'answer'; value: Answered<Name> } }[CallName]

/** Secret of a login by key, as it lies in a task's box. */
export function keySecret({ idOf }: Pick<SampleParts, 'idOf'>): SealedSecret {
  return {
    ...{ task: idOf(30), username: 'netraven', password: 'p4ss', enable: 'en4ble', passphrase: 'p4ssphrase' },
    privateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----\n',
    maskKey: Buffer.alloc(32, 5).toString('base64url'),
  }
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const printOf = (text: string) => `SHA256:${createHash('sha256').update(text).digest('base64').slice(0, 43)}`
const pinOf = (text: string) => `sha256/${createHash('sha256').update(text).digest('base64')}`

export function fieldSamples(parts: SampleParts): Record<string, Asking | Answering> {
  const { hub, idOf, nowMs } = parts
  const read = readReport(parts)
  return {
    'hello-question-ways': {
      ...{ call: 'hello', side: 'question' },
      value: {
        ...{ session: '2e'.repeat(16), software: '0.1.0', hostname: 'jump-1', node: 'v24.21.0', concurrency: 50 },
        ...{ transports: ['ssh', 'telnet', 'netconf', 'https', 'http', 'sftp', 'scp'], abilities: ['test', 'via'] },
      },
    },
    'hello-question-trusted': {
      ...{ call: 'hello', side: 'question' },
      value: {
        ...{ session: '2f'.repeat(16), software: '0.1.0', hostname: 'jump-1', node: 'v24.21.0', concurrency: 50 },
        trusted: [hub.id],
      },
    },
    'hello-answer-care': {
      ...{ call: 'hello', side: 'answer' },
      value: {
        ...{ site: 'berlin', name: 'jump-1', keys: [{ publicKey: hub.publicKey }], leaseMs: 45_000 },
        ...{ renewEveryMs: 15_000, care: { atOnce: 5, refusals: 4, heldBackMs: 600_000 } },
      },
    },
    'claim-answer-fields': {
      ...{ call: 'claim', side: 'answer' },
      value: { sealKey: parts.sealer.publicKey, tasks: [fullTask(parts), tlsTask(parts)] },
    },
    'report-question-fields': {
      ...{ call: 'report', side: 'question' },
      value: { reports: [read, filesReport(parts), testedReport(parts)] },
    },
    'content-question-fields': {
      ...{ call: 'content', side: 'question' },
      value: { report: read, encoding: 'zstd', part: 1, parts: 2 },
    },
    'artifact-question-fields': {
      ...{ call: 'artifact', side: 'question' },
      value: { report: read, artifact: 0, encoding: 'zstd', part: 19, parts: 20 },
    },
    'artifact-answer-later': {
      ...{ call: 'artifact', side: 'answer' },
      value: { state: 'later', failure: { code: 'STORAGE_FULL', details: { freeBytes: 0 } } },
    },
    'tried-question-failed': {
      ...{ call: 'tried', side: 'question' },
      value: {
        trial: idOf(33),
        outcome: { kind: 'failed', failure: { code: 'POLICY_DRIVER', details: { driver: 'acme_os' } } },
      },
    },
    'diagnosed-question-dns': {
      ...{ call: 'diagnosed', side: 'question' },
      value: {
        diagnostic: idOf(34),
        outcome: {
          seen: {
            ...{ kind: 'dns', addresses: [{ address: '192.0.2.7', admitted: true }], ms: 4 },
            reason: 'EAI_AGAIN',
          },
        },
      },
    },
    'diagnosed-question-ping': {
      ...{ call: 'diagnosed', side: 'question' },
      value: {
        diagnostic: idOf(35),
        outcome: {
          seen: {
            ...{ kind: 'ping', address: '192.0.2.7', sent: 4, received: 2, timesMs: [0.42, 0.39] },
            said: 'Destination Host Unreachable',
          },
        },
      },
    },
    'diagnosed-question-failed': {
      ...{ call: 'diagnosed', side: 'question' },
      value: {
        diagnostic: idOf(36),
        outcome: { failure: { code: 'POLICY_NETWORK', details: { address: '192.0.2.7', issuedAtMs: nowMs } } },
      },
    },
  }
}

function fullTask(parts: SampleParts): Answered<'claim'>['tasks'][number] {
  const { sealer, idOf, nowMs } = parts
  return {
    ...{ id: idOf(30), attempt: 2, purpose: 'test', driver: 'acme_os', driverDigest: 'f21e300c545c6c52' },
    device: { id: idOf(40), name: 'sw-berlin-040', address: 'sw40.example', port: 2022 },
    ...{ driverFile: hashOf('acme_os'), patterns: { ignore: ['^ntp clock-period '], remove: ['^! generated at '] } },
    ...{ trial: {}, transport: 'ssh', box: sealer.seal(keySecret(parts)), credential: idOf(50) },
    others: [{ credential: idOf(51), box: sealer.seal(keySecret(parts)) }],
    via: [
      {
        ...{ device: idOf(41), name: 'jump-a', address: '192.0.2.1', port: 22, hostKey: printOf('jump-a') },
        ...{ box: sealer.seal(keySecret(parts)), legacyAlgorithms: true },
      },
      { device: idOf(42), name: 'jump-b', address: 'jump-b.example', port: 2222, local: 'core' },
    ],
    ...{ hostKey: printOf('device'), lastGoodBytes: 11_873, secrets: 'strip', deadlineMs: nowMs + 300_000 },
    options: {
      ...{ legacyAlgorithms: false, connectTimeoutMs: 10_000, commandTimeoutMs: 60_000, idleTimeoutMs: 20_000 },
      ...{ maxOutputBytes: 1_048_576, console: true, netconfFallback: true, netconfSource: 'candidate' },
    },
  }
}

function tlsTask({ idOf, nowMs }: SampleParts): Answered<'claim'>['tasks'][number] {
  return {
    ...{ id: idOf(31), attempt: 1, driver: 'paloalto_panos', transport: 'https', secrets: 'keep', local: 'core' },
    device: { id: idOf(43), name: 'fw', address: 'fw.example', port: 443 },
    others: [{ local: 'spare' }],
    options: {
      tlsCa: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      ...{ tlsPin: pinOf('fw'), tlsName: 'fw.internal.example' },
    },
    ...{ trial: { recording: '@@ driver: acme_os\n' }, deadlineMs: nowMs + 9 },
  }
}

type SampleReport = Asked<'report'>['reports'][number]

function readReport({ agent, idOf, nowMs }: SampleParts): SampleReport {
  const head = { task: idOf(30), attempt: 2, device: idOf(40), capturedAtMs: nowMs + 1234 }
  const facts = {
    ...{ contentHash: hashOf('text'), fingerprint: hashOf('fingerprint'), sizeBytes: 11_925 },
    verdict: 'suspect' as const,
  }
  return {
    ...{ ...head, durationMs: 812, resolved: { name: 'sw40.example', address: '192.0.2.40' } },
    ...{ login: 1, refused: [0] },
    outcome: {
      ...{ kind: 'read', ...facts, reasons: ['no end marker'], hostKey: printOf('device') },
      hopKeys: [{ device: idOf(41), hostKey: printOf('jump-a') }],
      signature: signed(agent, statementBytes({ ...head, ...facts })),
      artifacts: [archive(agent, head, 'complete')],
    },
  }
}

function filesReport({ agent, idOf, nowMs }: SampleParts): SampleReport {
  const head = { task: idOf(31), attempt: 1, device: idOf(43), capturedAtMs: nowMs + 4000 }
  return {
    ...{ ...head, durationMs: 9000 },
    outcome: {
      ...{ kind: 'artifacts', hostKey: printOf('device') },
      hopKeys: [{ device: idOf(42), hostKey: printOf('jump-b') }],
      artifacts: [
        { ...archive(agent, head, 'suspect'), reasons: ['it is no whole gzip file: unexpected end of file'] },
      ],
    },
  }
}

function testedReport({ idOf, nowMs }: SampleParts): SampleReport {
  return {
    ...{ task: idOf(32), attempt: 1, device: idOf(44), capturedAtMs: nowMs + 3000, durationMs: 54 },
    outcome: {
      kind: 'tested',
      steps: [
        { rung: 'tcp', state: 'passed', ms: 3, detail: '192.0.2.44 port 22' },
        { rung: 'banner', state: 'failed', ms: 51, code: 'BANNER_TIMEOUT' },
      ],
      failure: { code: 'BANNER_TIMEOUT', details: { address: '192.0.2.44', port: 22, rung: 'banner' } },
    },
  }
}

type Head = { task: string; attempt: number; device: string; capturedAtMs: number }

function archive(agent: SigningKey, head: Head, verdict: 'complete' | 'suspect') {
  const facts = { name: 'full.ucs', contentHash: hashOf('archive'), sizeBytes: 20_971_520, verdict }
  return {
    ...{ source: 'newest /var/local/ucs/*.ucs', ...facts },
    signature: signed(agent, artifactStatementBytes({ ...head, ...facts })),
  }
}

function signed(agent: SigningKey, bytes: Uint8Array): string {
  return Buffer.from(agent.sign(bytes)).toString('base64url')
}
