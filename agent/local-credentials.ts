/**
 * Credentials that only the jump host has: `credentials.json` in the agent's folder, mode 0600, an object of names. A device
 * whose credential is `local:NAME` is opened with one of them, so that the hub never has it.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SealedSecret } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { z } from 'zod'

const LocalCredentials = z.record(z.string(), SealedSecret.omit({ task: true, maskKey: true }))

/**
 * Finds a credential. The file is read each time, so a change needs no restart.
 * @throws Failure LOCAL_CREDENTIAL_UNKNOWN with the reason
 */
export async function localSecret(dir: string, name: string, task: string): Promise<SealedSecret> {
  const path = join(dir, 'credentials.json')
  const problem = (reason: string) => new Failure('LOCAL_CREDENTIAL_UNKNOWN', { name, path, reason })
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw problem(error.code === 'ENOENT' ? 'there is no such file' : `it can’t be read (${error.code})`)
  })
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) throw problem('others may read it: chmod 600')
  const parsed = LocalCredentials.safeParse(jsonOf(text))
  if (!parsed.success) throw problem('it is not an object of credentials')
  if (!Object.hasOwn(parsed.data, name)) throw problem('it has no credential of that name')
  const found = parsed.data[name]
  return { task, username: '', ...found }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
