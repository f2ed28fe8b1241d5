/** The login between two commands: one file, for its owner's eyes only. */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { z } from 'zod'
import { writeDurably } from '../durable-file.ts'

export const StoredLogin = z.object({ hub: z.url(), user: z.string(), token: z.string(), expiresAt: z.iso.datetime() })
export type StoredLogin = z.infer<typeof StoredLogin>

const FILE = 'login.json'

/**
 * @returns undefined when nobody logged in
 * @throws Failure NOT_LOGGED_IN when the file is there and can't be used
 */
export async function readLogin(folder: string): Promise<StoredLogin | undefined> {
  const path = join(folder, FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined
    throw new Failure('NOT_LOGGED_IN', { path, reason: 'the file of the login cannot be read' }, { cause })
  }
  try {
    return StoredLogin.parse(JSON.parse(text))
  } catch (cause) {
    throw new Failure('NOT_LOGGED_IN', { path, reason: 'the file of the login is damaged' }, { cause })
  }
}

/** @throws Failure EXPORT_FAILED when the folder can't be written */
export async function writeLogin(folder: string, login: StoredLogin): Promise<string> {
  const path = join(folder, FILE)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeDurably(path, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 })
  } catch (cause) {
    const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new Failure('EXPORT_FAILED', { path, errno }, { cause })
  }
  return path
}

export async function forgetLogin(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true })
}
