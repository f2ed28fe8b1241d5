import type { SealedSecret, Task } from '@netraven/protocol/claim.ts'
import { DriverFile, PASSPHRASE_PLACE } from '@netraven/protocol/driver-file.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { type BackupParts, backup } from './backup.ts'
import type { Channel, Connection } from './channel.ts'
import { Guard } from './guard.ts'
import { Ladder } from './ladder.ts'
import { Logins } from './logins.ts'
import { Passphrase } from './passphrase.ts'
import { defaultPolicy } from './policy.ts'
import { VirtualClock } from './replay/reading.ts'
import { config, type Device, driverOf, failureOf, plain, read, textOf } from './replay/scripted-device.ts'

const WORD = 'Tr1cky-Word.77'
const RUN = `show config -p ${PASSPHRASE_PLACE}`
const TYPED = `show config -p ${WORD}`
const driver = driverOf({ commands: [{ ...config, run: RUN }] })
const execDriver = driverOf({ channel: 'exec', commands: [{ ...config, run: RUN }] })
const secret = { password: 'login-pw', enable: WORD }

function exec(out: string, err = ''): (command: string) => Channel {
  return (command) => ({
    write: () => undefined,
    onData: (listener) => listener(Buffer.from(command === TYPED ? out : '% Invalid\n')),
    onErrorData: (listener) => listener(Buffer.from(err)),
    onEnd: (listener) => queueMicrotask(() => listener({ clean: true, exit: 0 })),
    close: () => undefined,
  })
}

describe('a pass phrase', () => {
  it('is typed into the shell, and what is kept knows the driver’s words alone', async () => {
    const device = plain({ [TYPED]: 'a = 1\r\nend\r\n' })
    const [output] = await read(device, { driver, secret })
    expect(device.written).toContain(`${TYPED}\r`)
    expect([output?.run, output?.bytes.toString(), output?.doubt]).toEqual([RUN, 'a = 1\nend\n', undefined])
  })

  it('is given to a channel of its own', async () => {
    const [output] = await read(plain({}), { driver: execDriver, secret, exec: exec('end\n') })
    expect([output?.run, output?.bytes.toString(), output?.doubt]).toEqual([RUN, 'end\n', undefined])
  })

  it('is typed into a shell where the device has no such channel', async () => {
    const device = plain({ [TYPED]: 'end\r\n' })
    expect(textOf(await read(device, { driver: execDriver, secret }))).toBe('end\n')
    expect(device.written).toContain(TYPED)
  })

  it.each([
    ['says it', `a = ${WORD}\r\nb=${WORD}\r\nend\r\n`, `a = ${PASSPHRASE_PLACE}\nb=${PASSPHRASE_PLACE}\nend\n`],
    ['breaks it over two lines', `a = Tr1cky-\r\n  Word.77\r\nend\r\n`, `a = ${PASSPHRASE_PLACE}\nend\n`],
  ])('is not kept when the device %s, and the read is doubtful', async (_, said, kept) => {
    const [output] = await read(plain({ [TYPED]: said }), { driver, secret })
    expect(output?.bytes.toString()).toBe(kept)
    expect(output?.doubt).toContain('pass phrase')
    const [other] = await read(plain({}), { driver: execDriver, secret, exec: exec(said.replaceAll('\r', '')) })
    expect([other?.bytes.toString(), other?.doubt]).toEqual([kept, output?.doubt])
  })

  it('leaves characters of several bytes as they are', async () => {
    const [output] = await read(plain({}), { driver: execDriver, secret, exec: exec(`Büro ${WORD}\nend\n`) })
    expect(output?.bytes.toString()).toBe(`Büro ${PASSPHRASE_PLACE}\nend\n`)
  })

  it('stays in the text of a system that is not given it', async () => {
    const device = plain({ 'show run': `enable secret ${WORD}\r\nend\r\n` })
    const [output] = await read(device, { secret })
    expect([output?.bytes.toString(), output?.doubt]).toEqual([`enable secret ${WORD}\nend\n`, undefined])
  })

  it('is in no failure: not of a refusal that repeats the line, of a stall, of a transport or of a bug', async () => {
    const refusing = plain({ [TYPED]: `% Invalid input: ${TYPED}\r\n` })
    const refused = await failureOf(read(refusing, { driver, secret }))
    expect([refused.code, refused.details.command]).toEqual(['COMMAND_REJECTED', RUN])

    const silent = { ...exec(''), onData: () => undefined, onEnd: () => undefined }
    const hanging = () => ({ ...silent, write: () => undefined, close: () => undefined })
    const stalled = await failureOf(read(plain({}), { driver: execDriver, secret, exec: hanging }))
    expect([stalled.code, stalled.details.command]).toEqual(['DEVICE_COMMAND_TIMEOUT', RUN])

    const lost = (command: string): Channel => {
      const details = { stage: 'x', said: { lines: [`cannot ${command}`] } }
      throw new Failure('CONNECTION_LOST', details, { cause: new Error(`broke at ${command}`) })
    }
    const failure = await failureOf(read(plain({}), { driver: execDriver, secret, exec: lost }))
    expect(failure.details.said).toEqual({ lines: [`cannot ${RUN}`] })
    expect(String(failure.cause)).toBe(`Error: broke at ${RUN}`)

    const broken = (command: string): Channel => {
      throw new TypeError(`no channel for ${command}`)
    }
    const bug = await read(plain({}), { driver: execDriver, secret, exec: broken }).catch((error: unknown) => error)
    expect(bug).toBeInstanceOf(Error)
    expect(bug instanceof Error && `${bug.message} ${bug.stack}`).toContain(`no channel for ${RUN}`)
    for (const one of [refused, stalled, failure, bug]) {
      const { message, stack, cause } = one instanceof Error ? one : new Error('none')
      const shown = one instanceof Failure ? JSON.stringify(one) + one.line : ''
      const because = cause instanceof Error ? `${cause.message} ${cause.stack}` : ''
      expect(`${message} ${stack} ${shown} ${because}`).not.toContain(WORD)
    }
  })

  it('is never sent as the words that stand for it', () => {
    expect(() => new Guard(driver).command(RUN)).toThrowError(expect.objectContaining({ code: 'POLICY_COMMAND' }))
    expect(new Guard(driver, secret).command(RUN)).toBe(TYPED)
    expect(() => new Guard(driver, secret).command(TYPED)).toThrowError(
      expect.objectContaining({ code: 'POLICY_COMMAND' }),
    )
  })

  it.each([
    'two words1',
    'a;reboot12',
    'quote"1234',
    "quote'1234",
    'dollar$HOME1',
    'back`tick`1',
    'pipe|more1',
    '-option123',
  ])('must be one safe word: %s is not', (enable) => {
    const taken = () => Passphrase.of(driver, { enable })
    expect(taken).toThrowError(expect.objectContaining({ code: 'PASSPHRASE_UNSAFE' }))
    expect(taken).not.toThrowError(expect.objectContaining({ details: expect.objectContaining({ enable }) }))
  })

  it.each([
    'line\rend12',
    'esc\u001b[2J123',
    'sh0rt',
    `1${'x'.repeat(128)}`,
    'password',
    '12345678',
    'Umläut123',
    '{enable}1',
  ])('must be one that is typed as it is and stands nowhere by chance: %j is not', (enable) => {
    expect(() => Passphrase.of(driver, { enable })).toThrowError(expect.objectContaining({ code: 'PASSPHRASE_UNSAFE' }))
  })

  it('goes into no command of a driver that somebody wrote himself', () => {
    const file = {
      name: 'acme_os',
      title: 'Acme',
      comment: '! ',
      channel: 'shell',
      prompt: '^\\w+# ?$',
      rejected: ['^% '],
      secrets: ['key (?<secret>\\S+)$'],
      commands: [{ run: 'show run', as: 'config', complete: '^end$' }],
    }
    expect(DriverFile.safeParse(file).success).toBe(true)
    const show = `show key ${PASSPHRASE_PLACE}`
    for (const more of [{ commands: [{ ...file.commands[0], run: ['show run', show] }] }, { prepare: [show] }]) {
      const { error } = DriverFile.safeParse({ ...file, ...more })
      expect(error?.issues.map(({ message }) => message).join()).toContain('only a built-in driver may')
    }
  })
})

describe('a backup that needs a pass phrase', () => {
  const task: Task = {
    id: '0192f0c1-2b3c-7d4e-8f50-1a2b3c4d5e6f',
    attempt: 1,
    device: { id: '0192f0c1-2b3c-7d4e-8f50-1a2b3c4d5e70', name: 'ups1', address: 'ups1.example', port: 22 },
    driver: 'test_system',
    transport: 'ssh',
    secrets: 'keep',
    options: {},
    deadlineMs: 0,
  }
  const stored: SealedSecret = { task: task.id, username: 'u', password: 'login-pw' }

  function begin(device: Device, given: SealedSecret, more: Partial<BackupParts> = {}) {
    const clock = new VirtualClock()
    const ladder = new Ladder(() => clock.nowMs())
    const seen = { resolved: 0, connected: 0, logged: '' }
    const connect = async (): Promise<Connection> => {
      seen.connected += 1
      return {
        shell: async () => device,
        exec: () => Promise.reject(new Failure('CHANNEL_REFUSED')),
        close: () => undefined,
      }
    }
    const parts: BackupParts = {
      driver,
      secret: given,
      policy: defaultPolicy(),
      connect,
      signal: new AbortController().signal,
      nowMs: () => 0,
      log: { debug: (facts, message) => (seen.logged += JSON.stringify(facts) + message) },
      clock,
      ladder,
      resolve: async () => {
        seen.resolved += 1
        return ['192.0.2.1']
      },
      ...more,
    }
    return { seen, ladder, read: () => clock.drive(backup(task, parts)) }
  }

  it('shows it in no text, reason, step or log', async () => {
    const { seen, ladder, read } = begin(plain({ [TYPED]: `note ${WORD}\r\nend\r\n` }), { ...stored, enable: WORD })
    const done = await read()
    expect([done.text, done.verdict]).toEqual([`note ${PASSPHRASE_PLACE}\nend\n`, 'suspect'])
    expect(ladder.steps.find(({ rung }) => rung === 'command')?.detail).toBe(RUN)
    expect(JSON.stringify([done, ladder.steps]) + seen.logged).not.toContain(WORD)
  })

  it.each([
    ['has none', stored, 'PASSPHRASE_MISSING'],
    ['has an empty one', { ...stored, enable: '' }, 'PASSPHRASE_MISSING'],
    ['has one that can’t be typed', { ...stored, enable: 'no; good 1' }, 'PASSPHRASE_UNSAFE'],
  ])('fails before anything is connected to when the credential %s', async (_, given, code) => {
    const { seen, read } = begin(plain({}), given)
    const failure = await failureOf(read())
    expect([failure.code, failure.details.rung]).toEqual([code, 'login'])
    expect(seen).toMatchObject({ resolved: 0, connected: 0 })
    expect(JSON.stringify(failure)).not.toContain('no; good')
  })

  it('does not take the password for it when a further credential of the same user has none', async () => {
    const device = plain({ [TYPED]: 'end\r\n' })
    const refuse = () => Promise.reject(new Failure('KEY_REJECTED'))
    const logins = new Logins([
      { secret: async () => ({ ...stored, enable: WORD }) },
      { secret: async () => ({ ...stored, privateKey: 'PEM' }) },
    ])
    const { read } = begin(device, { ...stored, enable: WORD }, { logins, connect: refuse })
    expect((await failureOf(read())).code).toBe('PASSPHRASE_MISSING')
  })
})
