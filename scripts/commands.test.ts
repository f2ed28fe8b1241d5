/** What the pages and the remedies tell people to type must exist: they are read when something is wrong already. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { commandLine } from '../hub/cli/command-line.ts'
import { type FailureEntry, failures } from '../protocol/failure.ts'
import { allFiles, root } from '../test/source-tree.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const remedies = Object.entries<FailureEntry>(failures).flatMap(([code, { remedies }]) =>
  remedies.map((text) => ({ where: code, text })),
)
const pages = allFiles()
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ where: path, text: read(path) }))
/** Code in a page: spans and fenced blocks. */
const code = [...remedies, ...pages].flatMap(({ where, text }) =>
  [...text.matchAll(/```\w*\n([\s\S]*?)```|`([^`\n]+)`/g)].flatMap(([, block, span]) =>
    (block ?? span ?? '').split('\n').map((line) => ({ where, line: line.replace(/(?:^|\s)#.*/, '') })),
  ),
)

/** `netraven devices set {device} --port PORT` → words `devices set`, options `--port`. */
function typed(program: string): { where: string; line: string; words: string[]; options: string[] }[] {
  const call = new RegExp(`(?:^\\s*(?:[A-Z_]+=\\S+ )*|\\$\\()${program} ([^;|<)"]+)`, 'g')
  return code.flatMap(({ where, line }) =>
    [...line.matchAll(call)].map(([, rest = '']) => {
      const parts = rest.trim().split(/\s+/)
      const verbs = parts.findIndex((part) => !/^[a-z][a-z-]+$/.test(part))
      const words = parts.slice(0, Math.min(verbs < 0 ? parts.length : verbs, 2))
      return { where, line, words, options: parts.filter((part) => /^--[a-z]/.test(part)) }
    }),
  )
}

describe('[GEN-3] what people are told to type', () => {
  const cli = commandLine({ fetch: async () => Response.error() })
  afterAll(() => rmSync(cli.folder, { recursive: true, force: true }))
  const helps = new Map<string, string>()
  const help = async (words: readonly string[]) => {
    const name = words.join(' ')
    const known = helps.get(name)
    if (known !== undefined) return known
    const { code, out } = await cli.run([...words, '--help'])
    helps.set(name, code === 0 ? out : '')
    return helps.get(name) ?? ''
  }

  it('netraven: every command and option exists', async () => {
    const calls = typed('netraven')
    expect(calls.length).toBeGreaterThan(60)
    for (const { where, line, words, options } of calls) {
      const text = await help(words)
      // The help of a noun is printed also for a verb that it does not have.
      const known = text.includes(words.length > 0 ? `Usage: netraven ${words.join(' ')} ` : 'Usage: netraven ')
      const lost = options.filter((option) => !text.includes(option))
      expect({ where, line, known, lost }).toEqual({ where, line, known: true, lost: [] })
    }
  })

  it('netraven-agent: every command and option exists', () => {
    const source = read('agent/main.ts')
    const calls = typed('netraven-agent')
    expect(calls.length).toBeGreaterThan(4)
    for (const { where, line, words, options } of calls) {
      const lost = [
        ...words.slice(0, 1).filter((word) => !source.includes(`.command('${word}')`)),
        ...options.filter((option) => !source.includes(`'${option} `) && !source.includes(`'${option}'`)),
      ]
      expect({ where, line, lost }).toEqual({ where, line, lost: [] })
    }
  })

  it('npm run: every script exists', () => {
    const { scripts } = JSON.parse(read('package.json'))
    for (const { where, line } of code) {
      for (const [, name = ''] of line.matchAll(/npm run ([\w:]+)/g)) {
        expect(Object.keys(scripts), `${where}: ${line}`).toContain(name)
      }
    }
  })

  it('node and npx: every file exists', () => {
    for (const { where, line } of code) {
      for (const [, path = ''] of line.matchAll(
        /(?:^|\s)(?:node|bash) (?:--\S+ )?((?:hub|agent|scripts|test|\.ci)\/\S+)/g,
      )) {
        expect(existsSync(join(root, path)), `${where}: ${line}`).toBe(true)
      }
    }
  })

  it('npx is never asked for a name that a stranger could register', () => {
    const ours = ['vitest', 'tsc', 'biome', 'node']
    for (const { where, line } of code) {
      for (const [, name = ''] of line.matchAll(/(?:^|\s)npx ([\w@/-]+)/g)) expect(ours, where).toContain(name)
    }
  })

  it('an endpoint that a remedy names is mounted', () => {
    const routes = ['hub/app.ts', ...allFiles().filter((path) => path.startsWith('hub/routes/'))].map(read).join('\n')
    for (const { where, text } of remedies) {
      for (const [, path = ''] of text.matchAll(/\/api(\/[\w/.-]*\w)/g)) {
        expect([where, text, new RegExp(`'(?:/api)?${path.replaceAll('.', '[.]')}'`).test(routes)]).toEqual([
          where,
          text,
          true,
        ])
      }
    }
  })
})
