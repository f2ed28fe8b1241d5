/** The demo is what people see first: it must work, and go without a trace. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './source-tree.ts'

interface Shown {
  readonly child: ChildProcess
  readonly text: () => string
  readonly ended: Promise<unknown[]>
}

function demo(args: readonly string[]): Shown {
  const child = spawn(process.execPath, [join(root, 'scripts/demo.ts'), '--device', 'replay', ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
  }
  return { child, text: () => text, ended: once(child, 'close') }
}

async function shows({ text, child, ended }: Shown, what: string): Promise<void> {
  while (!text().includes(what)) {
    if (child.exitCode !== null) throw new Error(`the demo ended before it said ${what}:\n${text()}`)
    await Promise.race([once(child.stdout ?? child, 'data'), ended])
  }
}

/** Command lines of running processes that have to do with the demo's folder. */
function running(folder: string): string[] {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => (existsSync(`/proc/${pid}/cmdline`) ? commandLineOf(pid) : ''))
  return lines.filter((line) => line.includes(folder))
}

function commandLineOf(pid: string): string {
  try {
    return ['cmdline', 'environ'].map((part) => readFileSync(`/proc/${pid}/${part}`, 'latin1')).join('\0')
  } catch (error) {
    return `gone: ${error}`
  }
}

const folderOf = (text: string) => /everything is in (\S+)/.exec(text)?.[1] ?? 'no folder was named'

describe('npm run demo', () => {
  it('backs up, finds nothing changed, shows a change, and leaves nothing', async () => {
    const shown = demo([])
    const [status] = await shown.ended
    const text = shown.text()
    expect([status, text]).toEqual([0, expect.stringContaining('Everything has been stopped and removed.')])
    expect(text).toContain('a Cisco IOS switch that the repository plays')
    expect(text).toMatch(
      /1 changed, 0 unchanged, 0 failed[\s\S]*0 changed, 1 unchanged, 0 failed[\s\S]*1 changed, 0 unch/,
    )
    expect(text).toMatch(/sha256 [0-9a-f]{64}, signed by the agent/)
    expect(text).toMatch(/unchanged: [\d,]+ bytes crossed the link/)
    expect(text).toMatch(/-snmp-server location rack 0\n.*\+snmp-server location rack 7/)
    expect(text).toMatch(/snmp-server community <secret:[0-9a-f]{8}>/)
    expect(text).not.toMatch(/replay-password|fleet-community|nre_[A-Za-z0-9]/)
    expect(existsSync(folderOf(text))).toBe(false)
    expect(running(folderOf(text))).toEqual([])
  })

  it('leaves nothing when it is stopped in the middle', async () => {
    const shown = demo([])
    await shows(shown, 'netraven-agent enroll')
    shown.child.kill('SIGINT')
    expect(await shown.ended).toEqual([130, null])
    const folder = folderOf(shown.text())
    expect([existsSync(folder), running(folder)]).toEqual([false, []])
  })

  it('stays up with --keep until it is stopped, and tells how to go on', async () => {
    const shown = demo(['--keep'])
    await shows(shown, 'It stays up until Ctrl-C.')
    const folder = folderOf(shown.text())
    expect(running(folder).length).toBeGreaterThan(2)
    shown.child.kill('SIGTERM')
    expect(await shown.ended).toEqual([0, null])
    expect(shown.text()).toContain(`export XDG_CONFIG_HOME=${folder}`)
    expect([existsSync(folder), running(folder)]).toEqual([false, []])
  })

  it('says what it can be told, exit 2, when it was told something else', async () => {
    const shown = demo(['--device', 'toaster'])
    expect(await shown.ended).toEqual([2, null])
    expect(shown.text()).toMatch(/^usage: npm run demo/)
  })
})
