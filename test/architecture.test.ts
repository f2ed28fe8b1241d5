/** The rules of the house, held on the real tree. Why they are there stands in CONTRIBUTING.md. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { transformSync } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { doors, everywhere, raisedCeilings } from './house-rules.ts'
import { allFiles, allSources, importsOf, root, type Source } from './source-tree.ts'

const sources = allSources()
const shipped = sources.filter((source) => /^(?:protocol|agent|hub)\//.test(source.path) && !source.isTest)
const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** `path: why` of every import that breaks a rule. */
function breaches(chosen: readonly Source[], rule: (file: string, source: Source) => string | undefined): string[] {
  return chosen.flatMap((source) =>
    source.imports.flatMap(({ file }) => {
      const why = file === undefined ? undefined : rule(file, source)
      return why ? [`${source.path} imports ${file}: ${why}`] : []
    }),
  )
}

/** Code alone: no comment, no type. */
const codeOf = (source: Source) =>
  transformSync(source.text, { loader: source.path.endsWith('x') ? 'tsx' : 'ts', legalComments: 'none' }).code

describe('who may import whom', () => {
  const within = (folder: string) => sources.filter(({ path }) => path.startsWith(`${folder}/`))

  it('finds the imports that the rules below are about', () => {
    const text = [
      `import { a, type B } from './a.ts'`,
      `import type { C } from '@netraven/protocol/c.ts'`,
      `import {\n  d,\n} from '@scope/pkg/deep'`,
      `export * from '../e.ts'`,
      `import 'ssh2'`,
      `const later = import${"('./f.ts')"}`,
    ].join('\n')
    expect(importsOf('agent/x.ts', text).map(({ kind, file, library }) => `${kind} ${file ?? library}`)).toEqual([
      'static agent/a.ts',
      'type protocol/c.ts',
      'static @scope/pkg',
      'static e.ts',
      'effect ssh2',
      'dynamic agent/f.ts',
    ])
    expect(shipped.length).toBeGreaterThan(20)
  })

  it('protocol imports nothing of ours', () => {
    expect(
      breaches(within('protocol'), (file) => (file.startsWith('protocol/') ? undefined : 'outside protocol')),
    ).toEqual([])
  })

  it('agent and hub import protocol, never each other', () => {
    const rule = (file: string, { path, isTest }: Source) =>
      file.startsWith('protocol/') ||
      (isTest && file.startsWith('test/')) ||
      dirname(file).split('/')[0] === path.split('/')[0]
        ? undefined
        : 'across the wire'
    expect(breaches([...within('agent'), ...within('hub')], rule)).toEqual([])
  })

  it('a driver imports driver.ts and shared lists alone, so it stays data', () => {
    const drivers = within('agent/drivers').filter(({ path, isTest }) => !isTest && basename(path) !== 'index.ts')
    const lists = /^agent\/(?:driver|drivers\/shared\/[\w-]+)\.ts$/
    expect(breaches(drivers, (file) => (lists.test(file) ? undefined : 'a driver is data'))).toEqual([])
    expect(
      drivers.flatMap(({ path, imports }) => imports.flatMap(({ library }) => library ?? []).map((l) => path + l)),
    ).toEqual([])
  })

  it('a driver is loaded when a task names it: nothing that ships brings one along', () => {
    const isDriver = /^agent\/drivers\/(?!index\.ts$)\w+\.ts$/
    const early = shipped.flatMap(({ path, imports }) =>
      imports.filter(({ file, kind }) => kind !== 'dynamic' && isDriver.test(file ?? '')).map(() => path),
    )
    expect(early).toEqual([])
    expect(shipped.filter(({ path }) => isDriver.test(path)).length).toBeGreaterThan(100)
  })

  it('the session engine talks over any byte stream: backup.ts and run.ts alone know transports', () => {
    const rule = (file: string, { path, isTest }: Source) =>
      file.startsWith('agent/transport/') &&
      !path.startsWith('agent/transport/') &&
      !isTest &&
      !['agent/run.ts', 'agent/backup.ts'].includes(path)
        ? 'the engine knows no transport'
        : undefined
    expect(breaches(within('agent'), rule)).toEqual([])
  })

  it('routes are imported by app.ts alone; what they share is route.ts', () => {
    const rule = (file: string, { path, isTest }: Source) =>
      file.startsWith('hub/routes/') &&
      !isTest &&
      path !== 'hub/app.ts' &&
      !(path.startsWith('hub/routes/') && file === 'hub/routes/route.ts')
        ? 'only app.ts mounts routes'
        : undefined
    expect(breaches(sources, rule)).toEqual([])
  })

  it('main.ts is the wiring diagram and nothing stands on it; only the command that starts it loads it', () => {
    const starters = [
      'hub/cli/hub.ts',
      'agent/cli.ts',
      'agent/cli/run.ts',
      'hub/netraven.js',
      'agent/netraven-agent.js',
    ]
    const loaders = sources.filter(({ imports }) => imports.some(({ file }) => file && /^\w+\/main\.ts$/.test(file)))
    for (const { path, imports } of loaders) {
      const kinds = imports.filter(({ file }) => file && /^\w+\/main\.ts$/.test(file)).map(({ kind }) => kind)
      expect([path, ...kinds]).toEqual([starters.find((starter) => starter === path), 'dynamic'])
    }
  })

  it('every relative import names a file that exists', () => {
    const known = new Set(allFiles())
    expect(breaches(sources, (file) => (known.has(file) ? undefined : 'no such file'))).toEqual([])
  })
})

describe('libraries', () => {
  it('each has one door', () => {
    const builtins = new Set(builtinModules)
    const wrong = shipped.flatMap(({ path, imports }) =>
      imports.flatMap(({ library }) => {
        if (!library || library.startsWith('node:') || everywhere.has(library)) return []
        if (builtins.has(library)) return [`${path} imports ${library} without node:`]
        const door = doors[library]
        return door?.test(path) ? [] : [`${path} imports ${library}; its door is ${door ?? 'not in house-rules.ts'}`]
      }),
    )
    expect(wrong).toEqual([])
  })

  it('protocol stays pure: no socket, no file, no process', () => {
    const pure = new Set(['zod', 'tweetnacl', 'node:buffer', 'node:crypto', 'node:util', 'node:zlib'])
    const used = shipped.filter(({ path }) => path.startsWith('protocol/')).flatMap(({ imports }) => imports)
    expect(used.flatMap(({ library }) => (library && !pure.has(library) ? [library] : []))).toEqual([])
  })

  it.each(['protocol', 'agent', 'hub'])('%s declares what it imports', (workspace) => {
    const declared = Object.keys(json(`${workspace}/package.json`).dependencies)
    const used = shipped.filter(({ path }) => path.startsWith(`${workspace}/`)).flatMap(({ imports }) => imports)
    const libraries = new Set(used.flatMap(({ library }) => (library && !library.startsWith('node:') ? [library] : [])))
    expect([...libraries].filter((library) => !declared.includes(library))).toEqual([])
  })
})

describe('effects', () => {
  it('the environment is read in config.ts alone', () => {
    const readers = shipped.filter((source) => /\bprocess\.env\b/.test(codeOf(source))).map(({ path }) => path)
    expect(readers.filter((path) => basename(path) !== 'config.ts' && !path.endsWith('.js'))).toEqual([])
  })

  it('nothing is imported for its effect', () => {
    const effects = shipped.flatMap(({ path, imports }) =>
      imports.filter(({ kind }) => kind === 'effect').map(() => path),
    )
    expect(effects).toEqual([])
  })

  it('loading every module prints nothing, changes nothing and leaves nothing open', () => {
    const modules = shipped.filter(({ path }) => path.endsWith('.ts') && basename(path) !== 'main.ts')
    const program = `
      const state = () => JSON.stringify([process.eventNames(), process.cwd(), process.env, process.exitCode])
      const before = state()
      for (const path of process.argv.slice(1)) await import(path)
      const open = process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap')
      process.stdout.write(JSON.stringify({ same: before === state(), open }))`
    const paths = modules.map(({ path }) => join(root, path))
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program, ...paths], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect({ stdout, stderr }).toEqual({ stdout: '{"same":true,"open":[]}', stderr: '' })
  }, 90_000)
})

describe('files', () => {
  it('every link of a page leads to a file', () => {
    const broken = allFiles()
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...readFileSync(join(root, path), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
          .filter(([, target = '']) => !existsSync(join(root, dirname(path), target)))
          .map(([, target]) => `${path} links to ${target}`),
      )
    expect(broken).toEqual([])
  })

  it('no drawer for odds and ends', () => {
    const drawers =
      /(?:^|\/)(?:utils?|helpers?|common|misc|lib|types|services|repositories|controllers|constants)(?:\/|\.\w+$)/
    expect(allFiles().filter((path) => drawers.test(path))).toEqual([])
  })

  it('is called by a kebab-case noun, a driver vendor_os', () => {
    const driver = /^agent\/drivers\/[a-z][a-z0-9]*(?:_[a-z0-9]+)*\.ts$/
    const kebab = /^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.config)?\.(?:ts|tsx|js)$/
    expect(sources.map(({ path }) => path).filter((path) => !kebab.test(path) && !driver.test(path))).toEqual([])
    const drivers = sources.filter(({ path }) => driver.test(path)).map(({ path }) => basename(path, '.ts'))
    const oneWord = drivers.filter((name) => !name.includes('_') && name !== 'index')
    expect(
      oneWord.filter(
        (name) =>
          ![
            'bird',
            'frr',
            'linux',
            'openbgpd',
            'openbsd',
            'openvswitch',
            'openwrt',
            'opnsense',
            'sonic',
            'vyos',
          ].includes(name),
      ),
    ).toEqual([])
  })

  it('fits on a few screens: 300 lines, a driver 80', () => {
    const ceiling = (path: string) =>
      raisedCeilings[path]?.lines ?? (/^agent\/drivers\/(?!.*\.test\.ts$)/.test(path) ? 80 : 300)
    const high = sources.filter(({ path, lines }) => lines > ceiling(path))
    expect(high.map(({ path, lines }) => `${path} has ${lines} lines of ${ceiling(path)}`)).toEqual([])
    const idle = Object.keys(raisedCeilings).filter((path) => (sources.find((s) => s.path === path)?.lines ?? 0) <= 300)
    expect(
      idle.filter((path) => !path.startsWith('agent/drivers/')),
      'a raised ceiling that is no longer needed',
    ).toEqual([])
  })
})

describe('what is never written', () => {
  const marks: readonly (readonly [string, RegExp])[] = [
    ['a check switched off', /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|eslint-disable/],
    ['a test switched off or preferred', /\b(?:it|test|describe|suite)\.(?:skip|only|todo|fails)\b/],
    ['a note to self', /\b(?:TO\DO|FIXME|XXX|HACK)\b/],
  ]

  it.each(marks)('%s', (_, mark) => {
    const self = 'test/architecture.test.ts'
    expect(sources.filter(({ path, text }) => path !== self && mark.test(text)).map(({ path }) => path)).toEqual([])
  })

  it('an empty catch', () => {
    const empty = /catch\s*(?:\(\w+\)\s*)?\{\s*\}|\.catch\(\s*(?:async\s*)?\(?\w*\)?\s*=>\s*\{\s*\}\s*\)/
    const silent = sources.filter((source) => empty.test(codeOf(source)))
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  it('any, an assertion, an unused import: Biome and the compiler hold these, and nobody has told them not to', () => {
    const { linter, overrides } = json('biome.json')
    const { suspicious, style, correctness } = linter.rules
    expect([suspicious.noExplicitAny, style.noNonNullAssertion, correctness.noUnusedImports, overrides]).toEqual([
      'error',
      'error',
      'error',
      undefined,
    ])
    expect(json('tsconfig.json').compilerOptions).toMatchObject({ strict: true, erasableSyntaxOnly: true })
  })
})
