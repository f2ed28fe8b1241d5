/**
 * From a bare clone to running tests or the demo, with one command. This file must run on Node 18 with nothing installed, so
 * it is plain JavaScript; what it starts in the end runs under the Node that the repository pins.
 *
 *   node scripts/setup.js test            installs what is missing, runs every test
 *   node scripts/setup.js demo [--keep]   installs what is missing, runs the demo
 *
 * One line a step; everything else goes to .cache/setup.log, whose end is shown when a step fails.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const log = join(root, '.cache', 'setup.log')
const modules = join(root, 'node_modules')
const pinnedNode = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
const stamp = join(modules, '.netraven-lock')
const policy = '/usr/sbin/policy-rc.d'
const POLICY_TEXT =
  '#!/bin/sh\n# NetRaven test set-up: nothing is started while packages are installed. Temporary.\nexit 101\n'

const [mode, ...rest] = process.argv.slice(2)
const isTest = mode === 'test'

async function main() {
  if (mode !== 'test' && mode !== 'demo') {
    process.stderr.write('usage: node scripts/setup.js test | demo [--keep]\n')
    return 2
  }
  const major = Number(process.versions.node.split('.')[0])
  if (major < 18) return giveUp(`Node.js 18 or newer is needed to set up; this is ${process.version}.`)
  mkdirSync(dirname(log), { recursive: true })
  writeFileSync(log, '')

  if (lockChanged()) {
    const done = await step('packages from npm', () =>
      npm(process.execPath, ['ci', '--include=dev', '--no-audit', '--no-fund']),
    )
    if (!done) return giveUp('npm ci failed.')
    writeFileSync(stamp, lockHash())
  }
  const pinned = pinnedVersion()
  if (!pinned) return giveUp(`The pinned Node does not run: ${pinnedNode}. Remove node_modules and try again.`)
  if (Number(pinned.split('.')[0]) < 24) return giveUp(`node_modules has Node ${pinned}; 24 is needed.`)
  removeAddOn()
  if (isTest) await debianPackages()

  const script = join(root, 'scripts', isTest ? 'test-all.ts' : 'demo.ts')
  return run(pinnedNode, [script, ...rest], 'inherit')
}

/** Was anything added to the lock file since node_modules was made? */
function lockChanged() {
  const hidden = join(modules, '.package-lock.json')
  if (!existsSync(hidden)) return true
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') !== lockHash()
  return statSync(join(root, 'package-lock.json')).mtimeMs > statSync(hidden).mtimeMs
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

function pinnedVersion() {
  const { status, stdout } = spawnSync(pinnedNode, ['--print', 'process.versions.node'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** npm's own program, run by the given Node: as npm told us, or as it lies beside this Node. */
function npm(node, args, more = {}) {
  // `npm test --silent` would silence this one too, and a failure would have no words.
  const env = { npm_config_loglevel: 'warn', ...more }
  const beside = join(dirname(realpathSync(process.execPath)), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')
  const told = process.env.npm_execpath ?? ''
  const program = [told, beside].find((path) => path.endsWith('.js') && existsSync(path))
  return program ? run(node, [program, ...args], 'log', env) : run('npm', args, 'log', env)
}

/**
 * Takes away ssh2's optional native part where npm has compiled it: on Node 24.19 and later it ends the process when the garbage
 * collector clears one of its ciphers (nodejs/node#65446, mscdex/ssh2#1511). Without it ssh2 uses node:crypto.
 */
function removeAddOn() {
  rmSync(join(modules, 'ssh2', 'lib', 'protocol', 'crypto', 'build'), { recursive: true, force: true })
}

async function debianPackages() {
  const list = readFileSync(join(root, 'scripts', 'debian-packages.txt'), 'utf8')
  const wanted = list
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter(Boolean)
  const without = process.env.CI ? 'fail' : 'are skipped'
  const debian =
    existsSync('/etc/debian_version') && spawnSync('dpkg-query', ['--version'], { stdio: 'ignore' }).status === 0
  if (!debian) return say(`· not a Debian: tests that need ${wanted.join(', ')} ${without} where these are missing`)
  const missing = wanted.filter((name) => !installed(name))
  if (missing.length === 0) return undefined
  if (process.getuid?.() !== 0) return say(`· not root: tests that need ${missing.join(', ')} ${without}`)
  const done = await step(`Debian packages ${missing.join(', ')}`, () => aptInstall(missing))
  return done ? undefined : say(`· could not install ${missing.join(', ')}: tests that need them ${without}`)
}

function installed(name) {
  const query = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' })
  return query.status === 0 && /^Status: .* ok installed$/m.test(query.stdout)
}

/** Installs without starting any service: policy-rc.d says no meanwhile, unless the machine has one of its own. */
async function aptInstall(names) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' }
  const wait = ['-o', 'DPkg::Lock::Timeout=120']
  if (oldLists()) await run('apt-get', [...wait, 'update', '-q'], 'log', env)
  const left = existsSync(policy) && readFileSync(policy, 'utf8') === POLICY_TEXT
  const ours = left || !existsSync(policy)
  if (ours) writeFileSync(policy, POLICY_TEXT, { mode: 0o755 })
  const forget = () => ours && rmSync(policy, { force: true })
  process.once('exit', forget)
  try {
    return await run('apt-get', [...wait, 'install', '-y', '-q', '--no-install-recommends', ...names], 'log', env)
  } finally {
    forget()
    process.off('exit', forget)
  }
}

/** Are apt's package lists missing, or older than a day? */
function oldLists() {
  const folder = '/var/lib/apt/lists'
  const lists = existsSync(folder) ? readdirSync(folder).filter((name) => /_(?:Packages|InRelease)/.test(name)) : []
  if (!lists.some((name) => name.includes('_Packages'))) return true
  return Date.now() - Math.max(...lists.map((name) => statSync(join(folder, name)).ctimeMs)) > 24 * 3600 * 1000
}

/**
 * Runs one step.
 * @param {string} [without] what is missing if it fails; absent: the step must succeed
 * @returns whether it went well; if it had to and did not, the end of its log was shown
 */
async function step(name, work, without) {
  const startedMs = Date.now()
  if (process.stdout.isTTY) process.stdout.write(`… ${name}`)
  appendFileSync(log, `\n== ${name}\n`)
  const from = statSync(log).size
  const status = await work()
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0)
  if (status === 0) say(`✓ ${name}, ${seconds} s`)
  else if (without) say(`· no ${name}: ${without}`)
  else {
    const tail = readFileSync(log).subarray(from).toString().trimEnd().split('\n').slice(-25)
    say([`✗ ${name}, ${seconds} s`, ...tail].join('\n    '))
  }
  return status === 0
}

/**
 * Runs a program to its end; a signal that ends us ends it first.
 * @param {'log' | 'inherit'} output into the log, or to our own terminal
 * @returns {Promise<number>} its exit status; 127 when it can't be started
 */
function run(command, args, output, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: output === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    })
    const keep = (bytes) => appendFileSync(log, bytes)
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    const pass = (signal) => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, pass)
    const end = (status) => {
      for (const signal of signals) process.off(signal, pass)
      resolve(status)
    }
    child.on('error', (error) => {
      keep(`${command}: ${error.message}\n`)
      end(127)
    })
    child.on('close', (status, signal) => end(status ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15)))
  })
}

function say(text) {
  process.stdout.write(`${text}\n`)
}

function giveUp(text) {
  process.stderr.write(`${text}\n`)
  if (isTest) say('0 passed, 1 failed')
  return 1
}

process.exitCode = await main()
