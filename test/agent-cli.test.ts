/** The `netraven-agent` command as a person or a script meets it, mistakes first. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Environment, netravenAgent } from './processes.ts'

const TOKEN = `nre_${'a'.repeat(43)}.${'b'.repeat(43)}`
/** The discard port of the loopback: nothing listens there. */
const NOBODY = 'http://127.0.0.1:9'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netraven-agent-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const enroll = (...args: string[]) => ['enroll', '--dir', join(folder, 'none'), ...args]

interface Mistake {
  readonly what: string
  readonly args: () => readonly string[]
  readonly code: number
  readonly says: string
  readonly env?: Environment
}

const mistakes: readonly Mistake[] = [
  { what: 'no command', args: () => [], code: 2, says: 'Usage: netraven-agent' },
  { what: 'an unknown command', args: () => ['dance'], code: 2, says: 'dance' },
  { what: 'an unknown option', args: () => ['run', '--fast'], code: 2, says: '--fast' },
  { what: 'enrolment without a token', args: () => enroll('--hub', NOBODY), code: 2, says: '--token' },
  { what: 'a hub that is no URL', args: () => enroll('--hub', 'hub', '--token', TOKEN), code: 2, says: '[USAGE]' },
  {
    what: 'a hub in the clear',
    args: () => enroll('--hub', 'http://192.0.2.1', '--token', TOKEN),
    code: 1,
    says: '[HUB_PLAINTEXT]',
  },
  {
    what: 'a token that was cut',
    args: () => enroll('--hub', NOBODY, '--token', TOKEN.slice(0, 50)),
    code: 1,
    says: '[ENROLLMENT_TOKEN_INVALID]',
  },
  { what: 'a hub that is away', args: () => enroll('--hub', NOBODY, '--token', TOKEN), code: 75, says: '[LINK_DOWN]' },
  {
    what: 'a start without enrolment',
    args: () => ['run', '--dir', join(folder, 'none')],
    code: 78,
    says: '[AGENT_NOT_ENROLLED]',
  },
  {
    what: 'a damaged identity',
    args: () => ['run', '--dir', join(folder, 'damaged')],
    code: 78,
    says: '[IDENTITY_DAMAGED]',
  },
  {
    what: 'a wrong variable',
    args: () => ['run'],
    code: 78,
    says: 'NETRAVEN_CONCURRENCY is "many"',
    env: { NETRAVEN_CONCURRENCY: 'many' },
  },
]

describe('netraven-agent', () => {
  beforeAll(() => {
    mkdirSync(join(folder, 'damaged'))
    writeFileSync(join(folder, 'damaged/identity.json'), '{ "agent": ', { mode: 0o600 })
  })

  it.each(mistakes)('$what: says what is wrong and what to do, without a stack', async ({ args, code, says, env }) => {
    const ran = await netravenAgent(args(), { NETRAVEN_AGENT_DIR: join(folder, 'none'), ...env })
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([code, '', expect.stringContaining(says)])
    expect(ran.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m)
    expect(ran.stderr).not.toContain(TOKEN)
    if (/\[[A-Z_]+\]/.test(ran.stderr) && code !== 2) expect(ran.stderr).toMatch(/^ {2}→ /m)
  })

  it('[DIAG-9] doctor says what is not right yet, exit 1, and the same as JSON', async () => {
    const words = await netravenAgent(['doctor', '--dir', join(folder, 'none')])
    expect([words.code, words.stdout]).toEqual([1, expect.stringMatching(/FAIL {2}identity: Agent is not enrolled/)])
    const json = await netravenAgent(['doctor', '--json', '--dir', join(folder, 'damaged')])
    expect(json.code).toBe(1)
    const { findings } = JSON.parse(json.stdout)
    expect(findings).toContainEqual(expect.objectContaining({ check: 'identity', ok: false }))
  })

  it('prints its version and its help on stdout, exit 0', async () => {
    expect(await netravenAgent(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
    expect(await netravenAgent(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('enroll') })
  })
})

it('loads no native add-on: the one of ssh2 would end the process', async () => {
  const preload = `process.on('exit', () => {
    try { process.dlopen({ exports: {} }, 'none.node') } catch (error) { process.stderr.write(error.message) }
  })`
  const { stderr } = await netravenAgent(['--help'], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
  })
  expect(stderr).toContain('netraven-agent loads no native add-ons')
})
