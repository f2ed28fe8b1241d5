import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import type { Channel, End } from './channel.ts'
import { config, driverOf, failureOf, plain, read, textOf } from './replay/scripted-device.ts'

describe('commands', () => {
  it('are tried in turn until the system knows one', async () => {
    const driver = driverOf({ commands: [{ ...config, run: ['show new', 'show run'] }] })
    const [output] = await read(plain({ 'show run': 'end\r\n' }), { driver })
    expect([output?.run, output?.bytes.toString()]).toEqual(['show run', 'end\n'])
  })

  it('that the system knows none of fail with all of them', async () => {
    const driver = driverOf({ commands: [{ ...config, run: ['show new', 'show old'] }] })
    const failure = await failureOf(read(plain({}), { driver }))
    expect([failure.code, failure.details.command]).toEqual(['COMMAND_REJECTED', 'show new | show old'])
  })

  it('for notes are left out when unknown or denied', async () => {
    const driver = driverOf({ commands: [{ run: 'show new', as: 'note' }, { run: 'show lic', as: 'note' }, config] })
    const device = plain({ 'show run': 'end\r\n', 'show lic': '% Denied\r\n' })
    expect(textOf(await read(device, { driver }))).toBe('end\n')
  })

  it('[DAUTH-2] that the user may not run say so instead of giving a partial backup', async () => {
    const driver = driverOf({ commands: [{ ...config, run: ['show all', 'show run'] }] })
    const device = plain({ 'show all': '% Denied by role\r\n', 'show run': 'end\r\n' })
    expect((await failureOf(read(device, { driver }))).code).toBe('PRIVILEGE_INSUFFICIENT')
    expect(device.written).not.toContain('show run')
  })

  it('are not rejected by the same words further down in a configuration', async () => {
    const lines = ['1', '2', '3', '4', '5', '% Invalid', '% Denied', 'end'].map((line) => `${line}\r\n`).join('')
    expect(textOf(await read(plain({ 'show run': lines })))).toContain('% Denied')
  })

  it('that print nothing are an empty read', async () => {
    const failure = await failureOf(read(plain({ 'show run': '\r\n  \r\n' })))
    expect([failure.code, failure.details.command]).toEqual(['EMPTY_READ', 'show run'])
  })

  it('that prepare the session may be refused', async () => {
    const driver = driverOf({ prepare: ['no such thing'] })
    expect(textOf(await read(plain({ 'show run': 'end\r\n' }), { driver }))).toBe('end\n')
  })
})

describe('a channel for each command', () => {
  const driver = driverOf({
    channel: 'exec',
    commands: [
      { run: 'cat ver', as: 'note' },
      { ...config, run: ['cat a', 'cat b'] },
    ],
  })
  type Answer = { out?: string; err?: string; end?: End; refuse?: true }

  function exec(answers: Record<string, Answer>) {
    return (command: string): Channel => {
      const {
        out = '',
        err = '',
        end = { clean: true, exit: 0 },
        refuse,
      } = answers[command] ?? { end: { clean: true, exit: 127 } }
      if (refuse) throw new Failure('CHANNEL_REFUSED')
      return {
        write: () => undefined,
        onData: (listener) => listener(Buffer.from(out, 'latin1')),
        onErrorData: (listener) => listener(Buffer.from(err)),
        onEnd: (listener) => queueMicrotask(() => listener(end)),
        close: () => undefined,
      }
    }
  }
  const over = (answers: Record<string, Answer>, shell = plain({})) => read(shell, { driver, exec: exec(answers) })

  it('gives its output to the clean end, also without a last line end or a status', async () => {
    const outputs = await over({ 'cat ver': { out: 'v1\n' }, 'cat a': { out: 'a\r\nend', end: { clean: true } } })
    expect(textOf(outputs)).toBe('v1\n---\na\nend\n')
    expect(outputs.some(({ doubt }) => doubt)).toBe(false)
  })

  it('judges what is said beside the output', async () => {
    const outputs = await over({
      'cat a': { err: '% Invalid thing\n', end: { clean: true, exit: 1 } },
      'cat b': { out: 'end\n', err: 'warning: old\n' },
    })
    expect(textOf(outputs)).toBe('end\n')
  })

  it('that fails with output leaves a doubt', async () => {
    const outputs = await over({ 'cat a': { out: 'half\n', end: { clean: true, exit: 2 } } })
    expect(outputs[0]?.doubt).toBe('the command ended with status 2')
    const killed = await over({ 'cat a': { out: 'half\n', end: { clean: true, signal: 'SIGKILL' } } })
    expect(killed[0]?.doubt).toBe('the command was ended by SIGKILL')
  })

  it('that fails without output is a rejection', async () => {
    expect((await failureOf(over({}))).code).toBe('COMMAND_REJECTED')
  })

  it('that succeeds with nothing is an empty read', async () => {
    expect((await failureOf(over({ 'cat a': {}, 'cat b': {} }))).code).toBe('EMPTY_READ')
  })

  it('that breaks off is a lost connection', async () => {
    const failure = await failureOf(over({ 'cat a': { out: 'a\nend\n', end: { clean: false } } }))
    expect(failure.code).toBe('CONNECTION_LOST')
  })

  it('that the device refuses is replaced by a shell', async () => {
    const shell = plain({ 'cat ver': 'v1\r\n', 'cat a': 'end\r\n' })
    expect(textOf(await over({ 'cat ver': { refuse: true } }, shell))).toBe('v1\n---\nend\n')
  })

  it('that never ends is closed at the limit', async () => {
    let closed = false
    const endless = (): Channel => ({
      write: () => undefined,
      onData: (listener) => listener(Buffer.from('x\n')),
      onEnd: () => undefined,
      close: () => {
        closed = true
      },
    })
    const failure = await failureOf(read(plain({}), { driver, exec: endless }))
    expect([failure.code, closed]).toEqual(['DEVICE_COMMAND_TIMEOUT', true])
  })
})
