/**
 * Every check of the repository, one after the other: types, style, unit tests, system tests. Started by setup.js under the
 * pinned Node. The very last line says how it went: `412 passed, 0 failed`, with `, 3 skipped` when any were.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countResults, type Tally, VitestResults } from './test-tally.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const cache = join(root, '.cache')

const bin = (path: string) => join(root, 'node_modules', path)
const vitest = (project: string) => [
  bin('vitest/vitest.mjs'),
  ...['run', '--project', project, '--reporter=default', '--reporter=json'],
  `--outputFile.json=${join(cache, `${project}.json`)}`,
]

/** Runs a program with its output in a file. @returns its exit status */
function run(args: readonly string[], logFile: string): Promise<number> {
  return new Promise((resolve) => {
    const output = openSync(logFile, 'w')
    const { FORCE_COLOR: _, ...env } = process.env
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', output, output],
    })
    const pass = (signal: NodeJS.Signals) => child.kill(signal)
    process.on('SIGINT', pass).on('SIGTERM', pass)
    child.on('close', (status) => {
      process.off('SIGINT', pass).off('SIGTERM', pass)
      resolve(status ?? 1)
    })
  })
}

async function checked(
  name: string,
  args: readonly string[],
  count: (status: number, log: string) => Tally,
): Promise<Tally> {
  const startedMs = performance.now()
  const logFile = join(cache, `${name.replaceAll(' ', '-')}.log`)
  if (process.stdout.isTTY) process.stdout.write(`… ${name}`)
  const status = await run(args, logFile)
  const tally = count(status, readFileSync(logFile, 'utf8'))
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''
  const counts = tally.passed + tally.failed > 1 ? `: ${tally.passed} passed, ${tally.failed} failed${skipped}` : ''
  const start = process.stdout.isTTY ? '\r\u001b[K' : ''
  console.log(`${start}${tally.failed === 0 ? '✓' : '✗'} ${name}${counts}, ${seconds} s`)
  for (const line of tally.report) console.log(`    ${line}`)
  return tally
}

const tail = (log: string, lines: number) => log.trimEnd().split('\n').slice(-lines)

/** A check that passes or fails as a whole. */
const whole = (status: number, log: string): Tally =>
  status === 0
    ? { passed: 1, failed: 0, skipped: 0, report: [] }
    : { passed: 0, failed: 1, skipped: 0, report: tail(log, 40) }

const tests =
  (project: string) =>
  (status: number, log: string): Tally => {
    const results = readResults(project)
    return results ? countResults(results, status, tail(log, 30)) : { ...whole(1, log), report: tail(log, 30) }
  }

/** @returns undefined when vitest ended before it could write any */
function readResults(project: string): VitestResults | undefined {
  try {
    return VitestResults.parse(JSON.parse(readFileSync(join(cache, `${project}.json`), 'utf8')))
  } catch (error) {
    console.error(`no results of the ${project} tests: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

mkdirSync(cache, { recursive: true })
for (const project of ['unit', 'system']) rmSync(join(cache, `${project}.json`), { force: true })
const tallies = [
  await checked('types', [bin('typescript/bin/tsc'), '--noEmit'], whole),
  await checked(
    'style',
    [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '--reporter=summary', '.'],
    whole,
  ),
  await checked('unit tests', vitest('unit'), tests('unit')),
  await checked('system tests', vitest('system'), tests('system')),
]
const sum = (part: 'passed' | 'failed' | 'skipped') => tallies.reduce((total, tally) => total + tally[part], 0)
const skipped = sum('skipped')
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
if (sum('failed') > 0) process.exitCode = 1
