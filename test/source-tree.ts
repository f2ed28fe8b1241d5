/** The repository's own source files and what they import, for tests and scripts that look at the house itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../', import.meta.url))

export interface Import {
  /** As written. */
  readonly from: string
  /** Path from the root when it is a file of ours, through `@netraven/…` too; otherwise undefined. */
  readonly file: string | undefined
  /** Name of the package when it is not ours: `ssh2`, `@hono/node-server`, `node:fs`. */
  readonly library: string | undefined
  readonly kind: 'static' | 'type' | 'dynamic' | 'effect'
}

export interface Source {
  /** From the root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly isTest: boolean
  readonly imports: readonly Import[]
}

const outside = new Set(['node_modules', '.git', '.cache', 'data', 'coverage', 'dist', 'recordings', 'samples'])

/** Paths of all files of the repository, from the root, sorted. */
export function allFiles(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !outside.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? allFiles(path) : [relative(root, path).split(sep).join('/')]
    })
    .toSorted()
}

/** All TypeScript and JavaScript of the repository. */
export function allSources(): Source[] {
  return allFiles()
    .filter((path) => /\.(?:ts|tsx|js|mjs|cjs)$/.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      return {
        path,
        text,
        lines: text.split('\n').length - 1,
        isTest: /\.test\.tsx?$/.test(path) || path.startsWith('test/'),
        imports: importsOf(path, text),
      }
    })
}

/** Imports of one source text: Biome's formatting makes a pattern enough. */
export function importsOf(path: string, text: string): Import[] {
  const statements = /^(?:import|export)\s+(type\s+)?(?:[\w*{][^'"]*?\sfrom\s+)?'([^']+)'/gm
  const dynamic = /\bimport\(\s*'([^']+)'/g
  const found = [...text.matchAll(statements)].map(([whole, type, from = '']) => {
    const effect = /^import\s+'/.test(whole)
    return describe(path, from, effect ? 'effect' : type ? 'type' : 'static')
  })
  return [...found, ...[...text.matchAll(dynamic)].map(([, from = '']) => describe(path, from, 'dynamic'))]
}

function describe(path: string, from: string, kind: Import['kind']): Import {
  if (from.startsWith('.')) return { from, kind, library: undefined, file: posix.join(dirname(path), from) }
  const ours = /^@netraven\/(\w+)\/(.+)$/.exec(from)
  if (ours) return { from, kind, library: undefined, file: `${ours[1]}/${ours[2]}` }
  const library = from.startsWith('node:') ? from : from.split('/', from.startsWith('@') ? 2 : 1).join('/')
  return { from, kind, library, file: undefined }
}
