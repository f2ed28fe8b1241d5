/** Files that are whole or absent after a crash: a temp file, fsync, then its name, then fsync of the folder. */
import { randomBytes } from 'node:crypto'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface DurableFileOptions {
  /** Permission bits of the file. */
  readonly mode?: number
  /** Makes the folder's entry durable; given when many files share one fsync. */
  readonly syncFolder?: (folder: string) => Promise<void>
  /** Where the temp file goes, on the same file system; beside the file when absent. */
  readonly tempFolder?: string
}

/** Pieces are written as they come. */
type Bytes = Uint8Array | string | AsyncIterable<Uint8Array>

/** Ending of files that a crash may leave behind and that may be deleted at the next start. */
export const TEMP_ENDING = '.part'

/** Writes a file, replacing an older one in one step. Nothing is left behind when it fails. */
export async function writeDurably(path: string, bytes: Bytes, options: DurableFileOptions = {}) {
  await withTemp(path, bytes, options, (temp) => rename(temp, path))
}

/**
 * Writes a file that must not exist yet.
 * @returns false when somebody else wrote it first; theirs stays
 */
export async function writeOnce(path: string, bytes: Uint8Array | string, options: DurableFileOptions = {}) {
  let isOurs = true
  await withTemp(path, bytes, { mode: 0o600, ...options }, async (temp) => {
    try {
      await link(temp, path)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      isOurs = false
    } finally {
      await rm(temp, { force: true })
    }
  })
  return isOurs
}

/** fsync of a folder, so that a new name in it survives a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function withTemp(
  path: string,
  bytes: Bytes,
  options: DurableFileOptions,
  name: (temp: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path)
  const temp = `${options.tempFolder ?? folder}/${randomBytes(8).toString('hex')}${TEMP_ENDING}`
  try {
    const handle = await open(temp, 'wx', options.mode ?? 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await name(temp)
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
  await (options.syncFolder ?? syncFolder)(folder)
}
