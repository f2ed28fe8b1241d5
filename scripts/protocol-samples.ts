/**
 * Writes the golden samples of the protocol: messages as today's code makes them, which every later release must still
 * read. Only adds: a sample that is there is left alone. Run after adding a conversation or a field:
 * `node scripts/protocol-samples.ts`.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { artifactStatementBytes } from '@netraven/protocol/artifact.ts'
import { AnswerBody, calls } from '@netraven/protocol/calls.ts'
import { bodyDictionary } from '@netraven/protocol/dictionary.ts'
import { EnrollQuestion, enrollProof } from '@netraven/protocol/enroll.ts'
import { type Seal, seal } from '@netraven/protocol/envelope.ts'
import { Challenge, Handshake, Refusal } from '@netraven/protocol/hello.ts'
import { keyFingerprint, signingKey } from '@netraven/protocol/keys.ts'
import { nudges } from '@netraven/protocol/nudges.ts'
import { newBoxKeys, sealTo } from '@netraven/protocol/sealed-box.ts'
import { type Statement, statementBytes } from '@netraven/protocol/statement.ts'
import { PROTOCOL_VERSION } from '@netraven/protocol/version.ts'
import { fieldSamples, keySecret } from './protocol-sample-fields.ts'

const seedOf = (fill: number) => Buffer.alloc(32, fill).toString('base64url')
const idOf = (tail: number) => `01936c1e-7b2a-7c3d-8e4f-${String(tail).padStart(12, '0')}`
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const printOf = (text: string) => `SHA256:${createHash('sha256').update(text).digest('base64').slice(0, 43)}`
const hub = signingKey(seedOf(1))
const agent = signingKey(seedOf(2))
const [hubId, agentId] = [idOf(1), idOf(2)]
const [hubChallenge, agentChallenge] = ['1f'.repeat(16), '2e'.repeat(16)]
const NOW = Date.UTC(2026, 10, 24, 12)

const statement: Statement = {
  ...{ device: idOf(20), task: idOf(10), attempt: 1, contentHash: hashOf('text'), fingerprint: hashOf('fingerprint') },
  ...{ sizeBytes: 11_925, verdict: 'complete', capturedAtMs: NOW + 1234 },
}
const signature = Buffer.from(agent.sign(statementBytes(statement))).toString('base64url')
const { contentHash, fingerprint, sizeBytes } = statement
const report = {
  ...{ task: idOf(10), attempt: 1, device: idOf(20), capturedAtMs: NOW + 1234, durationMs: 812 },
  outcome: { kind: 'read', contentHash, fingerprint, sizeBytes, verdict: 'complete', signature },
}
const suspect = {
  ...{ ...report, task: idOf(11), device: idOf(21) },
  outcome: {
    ...{
      kind: 'read',
      contentHash,
      sizeBytes: 17,
      verdict: 'suspect',
      reasons: ['no end marker', 'half the size of the last'],
    },
    ...{ hostKey: printOf('host key'), signature },
  },
}
const failed = {
  ...{ task: idOf(12), attempt: 2, device: idOf(22), capturedAtMs: NOW + 2000, durationMs: 30_001 },
  outcome: {
    kind: 'failed',
    failure: { code: 'TCP_TIMEOUT', details: { address: '127.0.0.9', port: 22, elapsedMs: 30_000 } },
  },
}
const tested = {
  ...{ task: idOf(13), attempt: 1, device: idOf(23), capturedAtMs: NOW + 3000, durationMs: 54 },
  outcome: {
    kind: 'tested',
    steps: [
      { rung: 'dns', state: 'skipped', ms: 0 },
      { rung: 'tcp', state: 'passed', ms: 3, detail: '127.0.0.9 port 22' },
      { rung: 'banner', state: 'failed', ms: 51, code: 'BANNER_TIMEOUT' },
    ],
  },
}
const archive = {
  ...{ name: 'full.ucs', contentHash: hashOf('archive'), sizeBytes: 20_971_520, verdict: 'complete' as const },
}
const archived = {
  ...{ task: idOf(14), attempt: 1, device: idOf(24), capturedAtMs: NOW + 4000, durationMs: 9000 },
  outcome: {
    kind: 'artifacts',
    artifacts: [
      {
        ...{ source: 'newest /var/local/ucs/*.ucs', ...archive },
        signature: Buffer.from(
          agent.sign(
            artifactStatementBytes({
              device: idOf(24),
              task: idOf(14),
              attempt: 1,
              capturedAtMs: NOW + 4000,
              ...archive,
            }),
          ),
        ).toString('base64url'),
      },
      {
        source: 'get /config/license',
        failure: { code: 'COMMAND_REJECTED', details: { command: 'get /config/license' } },
      },
    ],
  },
}
const secret = { task: idOf(10), username: 'netraven', password: 'p4ss "wörd"', enable: 'en4ble' }
const boxKeys = newBoxKeys()
const sealer = sealTo(boxKeys.publicKey)
const task = {
  ...{
    id: idOf(10),
    attempt: 1,
    driver: 'cisco_ios',
    driverDigest: 'f21e300c545c6c52',
    transport: 'ssh',
    secrets: 'keep',
  },
  ...{ device: { id: idOf(20), name: 'sw-berlin-003', address: '10.20.0.17', port: 22 }, box: sealer.seal(secret) },
  ...{ hostKey: printOf('host key'), lastGoodBytes: 11_873, deadlineMs: NOW + 300_000 },
  options: {
    ...{ legacyAlgorithms: true, connectTimeoutMs: 10_000, commandTimeoutMs: 60_000, idleTimeoutMs: 20_000 },
    maxOutputBytes: 1_048_576,
  },
}
const bareTask = {
  ...{
    id: idOf(11),
    attempt: 3,
    driver: 'linux',
    transport: 'ssh',
    secrets: 'strip',
    local: 'core',
    deadlineMs: NOW + 9,
  },
  device: { id: idOf(21), name: 'gw', address: 'gw.example', port: 2222 },
}
const holding = [{ task: idOf(10), attempt: 1 }]
const agentFacts = { software: '0.1.0', hostname: 'jump-1', node: 'v24.21.0', concurrency: 50 }

const values: Record<string, { call: keyof typeof calls; side: 'question' | 'answer'; value: object }> = {
  'hello-question': {
    ...{ call: 'hello', side: 'question' },
    value: { session: agentChallenge, ...agentFacts, drivers: { cisco_ios: 'f21e300c545c6c52' }, holding, spooled: 3 },
  },
  'hello-question-able': {
    ...{ call: 'hello', side: 'question' },
    value: { session: agentChallenge, ...agentFacts, abilities: ['test'] },
  },
  'hello-question-bare': { call: 'hello', side: 'question', value: { session: agentChallenge, ...agentFacts } },
  'hello-answer': {
    ...{ call: 'hello', side: 'answer' },
    value: {
      ...{
        site: 'berlin',
        name: 'jump-1',
        keys: [{ publicKey: hub.publicKey }, { publicKey: signingKey(seedOf(3)).publicKey }],
      },
      ...{ leaseMs: 45_000, renewEveryMs: 15_000, lost: [idOf(10)] },
    },
  },
  'claim-question': { call: 'claim', side: 'question', value: { credit: 50 } },
  'claim-answer': { call: 'claim', side: 'answer', value: { sealKey: sealer.publicKey, tasks: [task, bareTask] } },
  'claim-answer-test': { call: 'claim', side: 'answer', value: { tasks: [{ ...bareTask, purpose: 'test' }] } },
  'claim-answer-none': { call: 'claim', side: 'answer', value: { tasks: [] } },
  'claim-answer-own-driver': {
    ...{ call: 'claim', side: 'answer' },
    value: {
      tasks: [
        {
          ...{ ...bareTask, driver: 'acme_os', driverFile: hashOf('acme_os') },
          patterns: { ignore: ['^ntp clock-period '], remove: ['^! generated at '] },
        },
        { ...bareTask, driver: 'acme_os', driverFile: hashOf('acme_os 2'), trial: { recording: '@@ driver: acme_os' } },
      ],
    },
  },
  'driver-question': { call: 'driver', side: 'question', value: { digest: hashOf('acme_os') } },
  'driver-answer': { call: 'driver', side: 'answer', value: { file: '{"name":"acme_os"}' } },
  'tried-question': {
    ...{ call: 'tried', side: 'question' },
    value: {
      trial: idOf(13),
      outcome: {
        ...{ kind: 'read', verdict: 'suspect', reasons: ['the end mark of the configuration is missing'] },
        ...{ sizeBytes: 812, lines: 40, secrets: 2, preview: 'enable secret <secret:1a2b3c4d>' },
      },
    },
  },
  'tried-answer': { call: 'tried', side: 'answer', value: {} },
  'diagnostic-question': { call: 'diagnostic', side: 'question', value: {} },
  'diagnostic-answer': {
    ...{ call: 'diagnostic', side: 'answer' },
    value: { order: { id: idOf(15), kind: 'tcp', target: 'gw.example', port: 22, deadlineMs: NOW + 15_000 } },
  },
  'diagnosed-question': {
    ...{ call: 'diagnosed', side: 'question' },
    value: {
      diagnostic: idOf(15),
      outcome: {
        seen: {
          ...{ kind: 'tcp', address: '127.0.0.9', port: 22, state: 'connected', ms: 3 },
          ...{ line: 'SSH-2.0-Example', lineMs: 12 },
        },
      },
    },
  },
  'diagnosed-answer': { call: 'diagnosed', side: 'answer', value: {} },
  'keys-question': { call: 'keys', side: 'question', value: { trusted: [hub.id] } },
  'keys-answer': { call: 'keys', side: 'answer', value: { keys: [{ publicKey: hub.publicKey }] } },
  'climbed-question': {
    ...{ call: 'climbed', side: 'question' },
    value: {
      ...{ task: idOf(13), attempt: 1, steps: tested.outcome.steps.slice(0, 2) },
      current: { rung: 'banner', ms: 3000 },
    },
  },
  'climbed-answer': { call: 'climbed', side: 'answer', value: {} },
  'renew-question': {
    ...{ call: 'renew', side: 'question' },
    value: { holding, health: { rssBytes: 98_000_000, spooled: 0, active: 7 } },
  },
  'renew-answer': { call: 'renew', side: 'answer', value: { lost: [idOf(10)] } },
  'report-question': { call: 'report', side: 'question', value: { reports: [report, suspect, failed] } },
  'report-question-tested': { call: 'report', side: 'question', value: { reports: [tested] } },
  'report-question-artifacts': { call: 'report', side: 'question', value: { reports: [archived] } },
  'report-answer-artifacts': {
    ...{ call: 'report', side: 'answer' },
    value: { results: [{ task: idOf(14), state: 'need', artifacts: [0] }] },
  },
  'artifact-question': {
    ...{ call: 'artifact', side: 'question' },
    value: { report: archived, artifact: 0, encoding: 'zstd', part: 0, parts: 20 },
  },
  'artifact-answer': { call: 'artifact', side: 'answer', value: { state: 'more' } },
  'hello-answer-able': {
    ...{ call: 'hello', side: 'answer' },
    value: {
      ...{
        site: 'berlin',
        name: 'jump-1',
        keys: [{ publicKey: hub.publicKey }],
        leaseMs: 45_000,
        renewEveryMs: 15_000,
      },
      abilities: ['artifacts'],
    },
  },
  'report-answer': {
    ...{ call: 'report', side: 'answer' },
    value: {
      results: [
        { task: idOf(10), state: 'recorded' },
        { task: idOf(11), state: 'need' },
        {
          task: idOf(12),
          state: 'refused',
          failure: { code: 'TASK_NOT_HELD', details: { task: idOf(12), attempt: 2 } },
        },
        { task: idOf(13), state: 'later', failure: { code: 'STORAGE_FULL' } },
      ],
    },
  },
  'content-question': {
    ...{ call: 'content', side: 'question' },
    value: { report, encoding: 'zstd', part: 0, parts: 2, spans: [14, 8, 200, 12] },
  },
  'content-answer': { call: 'content', side: 'answer', value: { state: 'more' } },
  'content-answer-refused': {
    ...{ call: 'content', side: 'answer' },
    value: { state: 'refused', failure: { code: 'TRANSMISSION_CORRUPT', details: { task: idOf(10) } } },
  },
  ...fieldSamples({ agent, hub, sealer, nowMs: NOW, idOf }),
}

function envelopeOf(name: string, bytes: Uint8Array): object {
  const entry = values[name]
  if (!entry) throw new RangeError(`no value ${name}`)
  const asks = entry.side === 'question'
  const fields: Omit<Seal, 'key' | 'value'> = {
    ...{
      to: asks ? hubId : agentId,
      session: asks ? hubChallenge : agentChallenge,
      sequence: 7,
      inReplyTo: asks ? 0 : 7,
    },
    ...{ subject: `${entry.call}${asks ? '?' : '!'}`, issuedAtMs: NOW, lifetimeMs: 120_000 },
  }
  const value = asks ? entry.value : { ok: entry.value }
  const envelope = seal({ key: asks ? agent : hub, ...fields, value, bytes }).toString('base64url')
  const along = Buffer.from(bytes).toString('base64url')
  return { kind: 'envelope', publicKey: (asks ? agent : hub).publicKey, ...fields, value, bytes: along, envelope }
}

const token = `nre_${seedOf(4)}.${keyFingerprint(hub.publicKey)}`
const asked = {
  ...{
    token,
    signPublicKey: agent.publicKey,
    boxPublicKey: boxKeys.publicKey,
    session: agentChallenge,
    name: 'jump-1',
  },
  software: '0.1.0',
}
const enrolled = { agent: agentId, hub: hubId, site: 'berlin', name: 'jump-1', keys: [{ publicKey: hub.publicKey }] }
const welcome = seal({
  ...{ key: hub, to: agentId, session: agentChallenge, sequence: 1, inReplyTo: 0, subject: 'enroll!', issuedAtMs: NOW },
  ...{ lifetimeMs: 120_000, value: enrolled },
}).toString('base64url')
const proof = Buffer.from(agent.sign(enrollProof(asked))).toString('base64url')
const challenge = { session: hubChallenge, hub: hubId, newest: PROTOCOL_VERSION, oldest: PROTOCOL_VERSION }
const plain = (schema: string, read: { parse(value: unknown): unknown }, value: unknown) => ({
  ...{ kind: 'plain', schema, value, reads: read.parse(value) },
})

const samples: Record<string, object> = {
  ...Object.fromEntries(
    Object.entries(values).map(([name, { call, side, value }]) => {
      return [name, { kind: 'call', call, side, value, reads: calls[call][side].parse(value) }]
    }),
  ),
  ...Object.fromEntries(
    Object.keys(values).map((name) => [
      `envelope-${name}`,
      envelopeOf(name, Buffer.from(name === 'content-question' ? 'part' : '')),
    ]),
  ),
  challenge: plain('Challenge', Challenge, challenge),
  handshake: plain('Handshake', Handshake, { agent: agentId, protocol: PROTOCOL_VERSION }),
  refusal: plain('Refusal', Refusal, { refused: { code: 'AGENT_REVOKED', details: { agent: 'jump-1' } } }),
  'nudge-work': plain('work', nudges.work, {}),
  'nudge-keys': plain('keys', nudges.keys, {}),
  'nudge-look': plain('look', nudges.look, {}),
  'nudge-goodbye': plain('goodbye', nudges.goodbye, { code: 'SHUTTING_DOWN', waitMs: 1500 }),
  'enroll-question': plain('EnrollQuestion', EnrollQuestion, { ...asked, proof }),
  'enroll-response': {
    ...{ kind: 'enrolled', token, session: agentChallenge },
    ...{ response: { publicKey: hub.publicKey, agent: agentId, envelope: welcome }, reads: enrolled },
  },
  'answer-ok': plain('AnswerBody', AnswerBody, { ok: { tasks: [] } }),
  'answer-failure': plain('AnswerBody', AnswerBody, { failure: { code: 'TASK_NOT_HELD', details: { attempt: 2 } } }),
  box: { kind: 'box', sealKey: sealer.publicKey, secretKey: boxKeys.secretKey, box: task.box, value: secret },
  'box-key': {
    ...{ kind: 'box', sealKey: sealer.publicKey, secretKey: boxKeys.secretKey },
    ...{ box: sealer.seal(keySecret({ idOf })), value: keySecret({ idOf }) },
  },
  statement: {
    kind: 'statement',
    publicKey: agent.publicKey,
    statement,
    bytes: statementBytes(statement).toString(),
    signature,
  },
  dictionary: { kind: 'dictionary', sha256: createHash('sha256').update(bodyDictionary).digest('hex') },
}

const folder = new URL(`../protocol/samples/v${PROTOCOL_VERSION}/`, import.meta.url)
const list = new URL('SHA256SUMS', folder)
mkdirSync(folder, { recursive: true })
const sums = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : []
for (const [name, sample] of Object.entries(samples)) {
  const file = new URL(`${name}.json`, folder)
  if (existsSync(file)) continue
  const text = `${JSON.stringify(sample, null, 2)}\n`
  writeFileSync(file, text)
  sums.push(`${createHash('sha256').update(text).digest('hex')}  ${name}.json`)
}
writeFileSync(list, `${sums.toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join('\n')}\n`)
