/** What changed between two texts, as a unified diff. Pure, and as slow as the texts are unlike: see `diff-thread.ts`. */
import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff'

export interface TextDiff {
  readonly unified: string
  readonly added: number
  readonly removed: number
}

export interface DiffSide {
  /** Stands in the head of the diff. */
  readonly name: string
  readonly text: string
}

/**
 * @param contextLines unchanged lines shown around each change
 * @returns undefined when the texts are so unlike that it takes longer than `timeoutMs`
 */
export function diffTexts(
  from: DiffSide,
  to: DiffSide,
  { contextLines = 3, timeoutMs = 5_000 }: { contextLines?: number; timeoutMs?: number } = {},
): TextDiff | undefined {
  if (from.text === to.text) return { unified: '', added: 0, removed: 0 }
  const options = { context: contextLines, timeout: timeoutMs }
  const patch = structuredPatch(from.name, to.name, from.text, to.text, undefined, undefined, options)
  if (!patch) return undefined
  const lines = patch.hunks.flatMap((hunk) => hunk.lines)
  return {
    unified: formatPatch(patch, FILE_HEADERS_ONLY),
    added: lines.filter((line) => line.startsWith('+')).length,
    removed: lines.filter((line) => line.startsWith('-')).length,
  }
}
