/** The file of an own driver, YAML or JSON (which is YAML), read and judged: each problem with the line that it stands on. */
import { createHash } from 'node:crypto'
import { DRIVER_FILE_MAX, DriverFile } from '@netraven/protocol/driver-file.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'

export const SourceProblem = z.object({
  line: z.number().int(),
  column: z.number().int(),
  /** Such as `commands.0.complete`; empty: the whole file. */
  path: z.string(),
  message: z.string(),
})
export type SourceProblem = z.infer<typeof SourceProblem>

type Path = readonly PropertyKey[]

export interface DriverSource {
  readonly file: DriverFile
  /** The file as agents get it: JSON with its fields in one order, so that spaces and comments make no new version. */
  readonly carried: string
  /** sha256 of it, hex. */
  readonly digest: string
  /** A problem at a place of the file. */
  problem(path: Path, message: string): SourceProblem
}

const MAX_PROBLEMS = 50

/** @throws Failure DRIVER_INVALID with `problems`, all of them */
export function readDriverSource(text: string): DriverSource {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const problem = (path: Path, message: string): SourceProblem => ({
    ...at(offsetOf(document, path)),
    path: path.map(String).join('.'),
    message,
  })
  if (text.length > DRIVER_FILE_MAX)
    throw invalid([problem([], `has ${text.length} characters; ${DRIVER_FILE_MAX} are allowed`)])
  if (document.errors.length > 0) {
    throw invalid(
      document.errors.map(({ code, message, pos: [from] }) => ({
        ...at(from),
        path: '',
        message: words(code, message),
      })),
    )
  }
  const parsed = DriverFile.safeParse(plainOf(document, problem))
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap((issue) => problemsOf(issue, problem)))
  const carried = JSON.stringify(parsed.data)
  return { file: parsed.data, carried, digest: createHash('sha256').update(carried, 'utf8').digest('hex'), problem }
}

/** @throws Failure DRIVER_INVALID when aliases would make it endless */
function plainOf(document: Document, problem: DriverSource['problem']): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 })
  } catch (cause) {
    throw invalid([problem([], cause instanceof Error ? cause.message : 'it cannot be read')])
  }
}

function problemsOf(issue: z.core.$ZodIssue, problem: DriverSource['problem']): SourceProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => problem([...issue.path, key], 'is not known here; see: netraven drivers add --help'))
  if (issue.code === 'invalid_type' && issue.path.length === 0)
    return [problem([], 'must be fields and their values, such as name: acme_os')]
  const isMissing = issue.code === 'invalid_type' && 'input' in issue && issue.input === undefined
  return [problem(issue.path, isMissing ? 'is missing' : lower(issue.message))]
}

/** Where a place of the file begins; of one that is missing, where it would stand. */
function offsetOf(document: Document, path: Path): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const key = path[depth - 1]
    const parent = depth < 2 ? document.contents : document.getIn(path.slice(0, depth - 1), true)
    const pair =
      depth > 0 && isMap(parent)
        ? parent.items.find((item) => isNode(item.key) && String(item.key) === String(key))
        : undefined
    if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0]
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

/** Of the parser, with what people do wrong most often. */
function words(code: string, message: string): string {
  const text = lower(message.split('\n')[0] ?? '')
  if (code === 'BAD_DQ_ESCAPE') return `${text}; write patterns in single quotes, where a backslash is a backslash`
  if (code === 'TAB_AS_INDENT') return `${text}; YAML is indented with spaces`
  return text
}

/** @param problems in any order */
export function invalid(problems: readonly SourceProblem[]): Failure {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  return new Failure('DRIVER_INVALID', { problems: sorted.slice(0, MAX_PROBLEMS) })
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
