/** Files that a command writes: whole or not at all, and a folder that can't be written is named. */
import { mkdir } from 'node:fs/promises'
import { Failure } from '@netraven/protocol/failure.ts'
import { writeDurably } from '../durable-file.ts'

/** @throws Failure EXPORT_FAILED */
export async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true })
  } catch (cause) {
    throw unwritable(dir, cause)
  }
}

/** @throws Failure EXPORT_FAILED */
export async function writeFile(
  file: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  mode: number,
): Promise<void> {
  try {
    await writeDurably(file, content, { mode })
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw unwritable(file, cause)
  }
}

function unwritable(path: string, cause: unknown): Failure {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  return new Failure('EXPORT_FAILED', { path, errno }, { cause })
}

/**
 * A name for each that a file system takes: what it could misread becomes `_`, and two that would then be the same, also where case does
 * not count, are told apart by a number.
 */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((one) => {
    const plain = one.replaceAll(/[^\p{L}\p{N} ._@+=,-]/gu, '_').replace(/^[.\s]+|[.\s]+$/g, '_')
    const base = plain.slice(0, 100)
    let name = base
    for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${base}-${number}`
    taken.add(name.toLowerCase())
    return name
  })
}
