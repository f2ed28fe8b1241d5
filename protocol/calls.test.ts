import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AnswerBody, type CallName, calls } from './calls.ts'
import { ClaimQuestion, SealedSecret } from './claim.ts'
import { MAX_REPORTS } from './report.ts'

type Path = readonly (string | number)[]
type Side = 'question' | 'answer'

/** What a report may lack, wherever it stands in a message. */
const ofReport = (report: string) => ({
  ...{ [`${report}.resolved`]: undefined, [`${report}.login`]: undefined, [`${report}.refused`]: undefined },
  [`${report}.outcome(read).fingerprint`]: undefined,
  [`${report}.outcome(read).reasons`]: undefined,
  [`${report}.outcome(read).hostKey`]: undefined,
  [`${report}.outcome(read).hopKeys`]: undefined,
  [`${report}.outcome(read).artifacts`]: undefined,
  [`${report}.outcome(read).artifacts.*.reasons`]: undefined,
  [`${report}.outcome(artifacts).hostKey`]: undefined,
  [`${report}.outcome(artifacts).hopKeys`]: undefined,
  [`${report}.outcome(artifacts).artifacts.*.reasons`]: undefined,
  [`${report}.outcome(artifacts).artifacts.*.failure.details`]: {},
  [`${report}.outcome(failed).failure.details`]: {},
  [`${report}.outcome(tested).failure`]: undefined,
  [`${report}.outcome(tested).failure.details`]: {},
  [`${report}.outcome(tested).steps.*.detail`]: undefined,
  [`${report}.outcome(tested).steps.*.code`]: undefined,
})

/**
 * Every field that a sender may leave out, and what it then is; all others are mandatory. `*` stands for any index, `(read)` for an
 * object of that kind.
 */
const optional: Readonly<Record<`${CallName} ${Side}`, Readonly<Record<string, unknown>>>> = {
  'hello question': {
    ...{ drivers: {}, 'drivers.cisco_ios': undefined, holding: [], spooled: 0, abilities: [], transports: ['ssh'] },
    trusted: undefined,
  },
  'hello answer': { lost: [], abilities: [], care: undefined },
  'claim question': {},
  'claim answer': {
    ...{ sealKey: undefined, 'tasks.*.driverDigest': undefined, 'tasks.*.box': undefined, 'tasks.*.local': undefined },
    ...{ 'tasks.*.hostKey': undefined, 'tasks.*.lastGoodBytes': undefined, 'tasks.*.options': {} },
    ...{ 'tasks.*.options.legacyAlgorithms': undefined, 'tasks.*.options.connectTimeoutMs': undefined },
    ...{ 'tasks.*.options.commandTimeoutMs': undefined, 'tasks.*.options.idleTimeoutMs': undefined },
    ...{ 'tasks.*.driverFile': undefined, 'tasks.*.patterns': undefined },
    ...{ 'tasks.*.trial': undefined, 'tasks.*.trial.recording': undefined },
    ...{ 'tasks.*.options.maxOutputBytes': undefined, 'tasks.*.purpose': undefined },
    ...{ 'tasks.*.options.console': undefined, 'tasks.*.options.netconfFallback': undefined },
    ...{ 'tasks.*.options.netconfSource': undefined, 'tasks.*.options.tlsCa': undefined },
    ...{ 'tasks.*.options.tlsPin': undefined, 'tasks.*.options.tlsName': undefined },
    ...{ 'tasks.*.credential': undefined, 'tasks.*.others': undefined, 'tasks.*.others.*.credential': undefined },
    ...{ 'tasks.*.others.*.box': undefined, 'tasks.*.others.*.local': undefined },
    ...{ 'tasks.*.via': undefined, 'tasks.*.via.*.box': undefined, 'tasks.*.via.*.local': undefined },
    ...{ 'tasks.*.via.*.hostKey': undefined, 'tasks.*.via.*.legacyAlgorithms': undefined },
  },
  'renew question': {},
  'renew answer': { lost: [] },
  'report question': ofReport('reports.*'),
  'report answer': {
    ...{ 'results.*.failure': undefined, 'results.*.failure.details': {}, 'results.*.artifacts': undefined },
  },
  'content question': { ...ofReport('report'), spans: undefined },
  'artifact question': ofReport('report'),
  'artifact answer': { failure: undefined, 'failure.details': {} },
  'content answer': { failure: undefined, 'failure.details': {} },
  'driver question': {},
  'driver answer': {},
  'tried question': { 'outcome(failed).failure.details': {} },
  'tried answer': {},
  'diagnostic question': {},
  'diagnostic answer': { order: undefined, 'order.port': undefined },
  'diagnosed question': {
    ...{ 'outcome.seen(tcp).line': undefined, 'outcome.seen(tcp).lineMs': undefined },
    ...{ 'outcome.seen(ping).said': undefined, 'outcome.seen(dns).reason': undefined, 'outcome.failure.details': {} },
  },
  'diagnosed answer': {},
  'keys question': {},
  'keys answer': {},
  'climbed question': { 'steps.*.detail': undefined, current: undefined },
  'climbed answer': {},
}

/** Numbers that may be fractions. */
const fractions = ['timesMs']

/** Texts of a fixed form. */
const fixedForm = [
  ...['id', 'task', 'device', 'session', 'sealKey', 'publicKey', 'contentHash', 'fingerprint', 'signature', 'hostKey'],
  ...['kind', 'verdict', 'state', 'encoding', 'transport', 'secrets', 'purpose', 'rung'],
]

const folder = new URL('samples/v1/', import.meta.url)
const samples = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }))
  .filter(
    (sample): sample is { file: string; kind: 'call'; call: CallName; side: Side; value: object } =>
      sample.kind === 'call',
  )

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const typeOf = (value: unknown) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)
const at = (value: unknown, path: Path): unknown => path.reduce((inner, step) => Object(inner)[step], value)

/** Every place in a value, but none within a failure's details, which are free. */
function places(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || path.at(-1) === 'details') return [path]
  const inner = Object.entries(value).flatMap(([step, next]) =>
    places(next, [...path, Array.isArray(value) ? Number(step) : step]),
  )
  return [path, ...inner]
}

/** The way to a place, as the table has it; a field of an object with a kind depends on the kind, the kind itself does not. */
function nameOf(value: unknown, path: Path): string {
  const steps = path.map((step, index) => {
    const inner = at(value, path.slice(0, index + 1))
    const kind = index < path.length - 1 && isObject(inner) && typeof inner.kind === 'string' ? `(${inner.kind})` : ''
    // An order's kind says what to look at, and all have the same fields.
    return `${typeof step === 'number' ? '*' : step}${step === 'order' ? '' : kind}`
  })
  return steps.join('.')
}

/** A copy that has something else at one place; nothing there when it is undefined. */
function changed(value: unknown, path: Path, to: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return to
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? changed(item, rest, to) : item))
  const copy = { ...Object(value), [step]: changed(Object(value)[step], rest, to) }
  return Object.fromEntries(Object.entries(copy).filter(([, item]) => item !== undefined))
}

describe.each(samples)('$file', ({ call, side, value }) => {
  const schema = calls[call][side]
  const known = schema.parse(value)

  it('[MIG-2] is read the same when a newer side says more, anywhere in it', () => {
    for (const path of places(value)) {
      const there = at(value, path)
      if (!isObject(there) || ['details', 'drivers'].includes(String(path.at(-1)))) continue
      const more = { ...there, zzNew: { deep: ['x'] }, constructor: 1, toString: 'x' }
      expect(schema.parse(changed(value, path, more))).toEqual(known)
    }
  })

  it('[MIG-2] needs exactly what it needs, and takes what is left out for what its description says', () => {
    for (const path of places(value)) {
      if (typeof path.at(-1) !== 'string') continue
      const name = nameOf(value, path)
      const read = schema.safeParse(changed(value, path, undefined))
      expect([name, read.success]).toEqual([name, Object.hasOwn(optional[`${call} ${side}`], name)])
      if (read.success) expect([name, at(read.data, path)]).toEqual([name, optional[`${call} ${side}`][name]])
    }
  })

  it('is refused when anything in it is of another type', () => {
    for (const path of places(value)) {
      const there = at(value, path)
      for (const other of [null, true, 7, 'x', {}, []]) {
        if (typeOf(other) === typeOf(there)) continue
        // Ways in that a hub does not know keep no agent out: what it can't read there is taken for its default.
        if (path[0] === 'transports') {
          expect(at(schema.parse(changed(value, path, other)), ['transports'])).toEqual(['ssh'])
          continue
        }
        expect([path, other, schema.safeParse(changed(value, path, other)).success]).toEqual([path, other, false])
      }
    }
  })

  it('is refused with a number that is negative, a fraction or beyond counting, and with an id or hash of a wrong form', () => {
    for (const path of places(value)) {
      const there = at(value, path)
      const odd = [
        ...(typeof there === 'number' ? [-1, ...(fractions.includes(String(path.at(-2))) ? [] : [0.5]), 2 ** 53] : []),
        ...(typeof there === 'string' && fixedForm.includes(String(path.at(-1)))
          ? ['', `${there}\n`, ` ${there}`, `${there}x`, there.slice(1), there.replace(/.$/, '\u00e9')]
          : []),
      ]
      for (const other of odd) {
        expect([path, other, schema.safeParse(changed(value, path, other)).success]).toEqual([path, other, false])
      }
    }
  })
})

describe('numbers of things', () => {
  const sampleOf = (call: CallName, side: Side) =>
    Object(samples.find(({ file }) => file === `${call}-${side}.json`)?.value)
  const isTaken = (call: CallName, side: Side, change: object) =>
    calls[call][side].safeParse({ ...sampleOf(call, side), ...change }).success
  const many = (count: number, one: unknown) => Array.from({ length: count }, () => one)

  it('are bounded, so no message asks for more than a hub gives or an agent can hold', () => {
    const [report] = sampleOf('report', 'question').reports
    const [task] = sampleOf('claim', 'answer').tasks
    const [held] = sampleOf('hello', 'question').holding
    const drivers = (count: number) => Object.fromEntries(many(count, 0).map((_, index) => [`d${index}`, 'x']))
    const limits: [CallName, Side, (count: number) => object, number][] = [
      ['report', 'question', (count) => ({ reports: many(count, report) }), MAX_REPORTS],
      ['claim', 'question', (credit) => ({ credit }), 1000],
      ['claim', 'answer', (count) => ({ tasks: many(count, task) }), 1000],
      ['hello', 'question', (count) => ({ holding: many(count, held) }), 10_000],
      ['hello', 'question', (count) => ({ drivers: drivers(count) }), 2000],
      ['renew', 'question', (count) => ({ holding: many(count, held) }), 10_000],
      ['content', 'question', (parts) => ({ parts }), 256],
      ['content', 'question', (count) => ({ spans: many(count, 1) }), 200_000],
      ['hello', 'answer', (renewEveryMs) => ({ renewEveryMs }), 86_400_000],
    ]
    for (const [call, side, change, most] of limits) {
      expect([call, side, isTaken(call, side, change(most)), isTaken(call, side, change(most + 1))]).toEqual([
        call,
        side,
        true,
        false,
      ])
    }
    expect([isTaken('report', 'question', { reports: [] }), isTaken('hello', 'answer', { keys: [] })]).toEqual([
      false,
      false,
    ])
    expect(ClaimQuestion.safeParse({ credit: 0 }).success).toBe(false)
  })

  it('[JOB-2] one odd word from a device does not hold up the reports that travel with it', () => {
    const [, suspect, failed] = sampleOf('report', 'question').reports
    const reasons = ['prompt \u0000\u001b[2J\ud83d seen', 'x'.repeat(5000)]
    const failure = { code: 'INTERNAL', details: { line: 'a\u0000b' } }
    const reports = [
      { ...suspect, outcome: { ...suspect.outcome, reasons } },
      { ...failed, outcome: { ...failed.outcome, failure } },
    ]
    const read = calls.report.question.parse({ reports })
    expect(read.reports.map(({ outcome }) => outcome)).toMatchObject([
      { reasons: ['prompt   [2J\ufffd seen', 'x'.repeat(300)] },
      { failure: { details: { line: 'a b' } } },
    ])
  })
})

describe('the body of an answer', () => {
  it('is what was asked for or a failure, and never both nor neither', () => {
    expect(AnswerBody.parse({ ok: { tasks: [] } })).toEqual({ ok: { tasks: [] } })
    expect(AnswerBody.parse({ failure: { code: 'INTERNAL' } })).toEqual({ failure: { code: 'INTERNAL', details: {} } })
    for (const odd of [{}, null, [], 'ok', { failure: 'x' }, { failure: {} }]) {
      expect(AnswerBody.safeParse(odd).success).toBe(false)
    }
  })
})

describe('a sealed secret', () => {
  it('names the task that it is for, and may hold whatever a device takes for a password', () => {
    const secret = { task: '01936c1e-0000-7000-8000-000000000001', username: 'netraven' }
    expect(SealedSecret.parse({ ...secret, password: '\u0000\n"é', zzNew: 1 })).toEqual({
      ...secret,
      password: '\u0000\n"é',
    })
    expect(SealedSecret.safeParse({ username: 'netraven' }).success).toBe(false)
    expect(SealedSecret.safeParse({ ...secret, password: 7 }).success).toBe(false)
  })
})
