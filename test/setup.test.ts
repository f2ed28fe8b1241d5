/** `npm test` and `npm run demo` before anything is installed: the set-up on small repositories of its own. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { root } from './source-tree.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A folder with the set-up script and what it needs to see. */
function repository(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'netraven-setup-'))
  folders.push(folder)
  mkdirSync(join(folder, 'scripts'))
  cpSync(join(root, 'scripts/setup.js'), join(folder, 'scripts/setup.js'))
  const all = {
    'package.json': '{ "name": "x", "type": "module" }',
    'scripts/debian-packages.txt': '# none\n',
    ...files,
  }
  for (const [path, text] of Object.entries(all)) writeFileSync(join(folder, path), text)
  return folder
}

/** One where npm ci has been through: the pinned Node is the one that runs this test. */
function installed(files: Readonly<Record<string, string>>): string {
  const folder = repository({ 'package-lock.json': '{}', ...files })
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
  symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'))
  const addOn = join(folder, 'node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node')
  mkdirSync(addOn, { recursive: true })
  writeFileSync(join(addOn, 'index.js'), '')
  writeFileSync(join(folder, 'node_modules/.package-lock.json'), '{}')
  return folder
}

function setUp(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'scripts/setup.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) }
}

const SAYS_ALL_IS_WELL = "console.log('a test ran'); console.log('3 passed, 0 failed')"

describe('the set-up', () => {
  it('starts the tests at once when all is there, and hands on their last line and status', () => {
    const well = installed({ 'scripts/test-all.ts': SAYS_ALL_IS_WELL })
    expect(setUp(well, ['test'])).toEqual({
      status: 0,
      stdout: 'a test ran\n3 passed, 0 failed\n',
      stderr: '',
      lastLine: '3 passed, 0 failed',
    })
    const badly = installed({ 'scripts/test-all.ts': "console.log('2 passed, 1 failed'); process.exitCode = 1" })
    expect(setUp(badly, ['test'])).toMatchObject({ status: 1, lastLine: '2 passed, 1 failed' })
  })

  it('hands the demo its options', () => {
    const folder = installed({
      'scripts/demo.ts': 'const words: string[] = process.argv.slice(2); console.log(words.join())',
    })
    expect(setUp(folder, ['demo', '--keep'])).toMatchObject({ status: 0, stdout: '--keep\n' })
  })

  it('says in one line what to type when it is asked for something else', () => {
    expect(setUp(repository({}), ['deploy'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^usage: /),
    })
  })

  it('installs again when the lock file changed, shows the end of npm’s words when that fails, and counts a failure', () => {
    const folder = installed({ 'scripts/test-all.ts': SAYS_ALL_IS_WELL })
    expect(setUp(folder, ['test']).status).toBe(0)
    writeFileSync(join(folder, 'node_modules/.netraven-lock'), 'of another lock file')
    writeFileSync(join(folder, 'package-lock.json'), 'this is not JSON')
    const { status, stdout, stderr, lastLine } = setUp(folder, ['test'])
    expect([status, lastLine, stderr]).toEqual([1, '0 passed, 1 failed', 'npm ci failed.\n'])
    expect(stdout).toMatch(/^✗ packages from npm, \d+ s\n {4}npm error/)
    expect(stdout).not.toContain('a test ran')
  })

  it('says so when the pinned Node does not run', () => {
    const folder = installed({ 'scripts/test-all.ts': SAYS_ALL_IS_WELL })
    rmSync(join(folder, 'node_modules/.bin/node'))
    writeFileSync(join(folder, 'node_modules/.bin/node'), '#!/bin/sh\nexit 1\n')
    chmodSync(join(folder, 'node_modules/.bin/node'), 0o755)
    expect(setUp(folder, ['test'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^The pinned Node does not run: /),
      lastLine: '0 passed, 1 failed',
    })
  })

  it('[TST-1] goes on without a Debian package that cannot be had, and says what that means', () => {
    const files = { 'scripts/test-all.ts': SAYS_ALL_IS_WELL, 'scripts/debian-packages.txt': 'no-such-package-x\n' }
    // Without apt-get in the path nothing is asked of the network.
    const folder = installed(files)
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    for (const [name, script] of [
      ['dpkg-query', 'exit 1'],
      ['apt-get', 'echo "E: Unable to locate package no-such-package-x"; exit 100'],
    ] as const) {
      writeFileSync(join(bin, name), `#!/bin/sh\ncase "$1" in --version) exit 0 ;; esac\n${script}\n`)
      chmodSync(join(bin, name), 0o755)
    }
    const hadPolicy = existsSync('/usr/sbin/policy-rc.d')
    const path = { PATH: `${bin}:${process.env.PATH}` }
    const { status, stdout } = setUp(folder, ['test'], { ...path, CI: '' })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^· .*no-such-package-x.* are skipped/m)
    expect(setUp(folder, ['test'], { ...path, CI: 'true' }).stdout).toMatch(/^· .*no-such-package-x.* fail/m)
    expect(existsSync('/usr/sbin/policy-rc.d')).toBe(hadPolicy)
  })
})
