/** SSH, and behind it the login of a system that asks itself, or of the console whose line it is. */
import { Failure } from '@netraven/protocol/failure.ts'
import { rungOfCode } from '@netraven/protocol/ladder.ts'
import type { Connection } from '../channel.ts'
import { logInOnLine } from '../line-login.ts'
import type { ConnectParts, ServerLogin, Target } from '../target.ts'
import { filesOver } from './files.ts'
import { connectSsh } from './ssh.ts'

/**
 * @throws Failure as `connectSsh`; JUMP_HOST_FAILED when a console server with a login of its own refuses that; a login on the line fails
 * when its shell is opened
 */
export async function connectSshLine(target: Target, parts: ConnectParts): Promise<Connection> {
  const open = target.driver.login?.afterSsh ?? false
  const connection = await (target.server
    ? connectServer(target, target.server, parts)
    : connectSsh({ ...target, open }, parts))
  if (!target.options.console && !open) {
    return {
      hostKey: connection.hostKey,
      shell: () => connection.shell(),
      exec: (command) => connection.exec(command),
      exchange: filesOver(connection, target, parts),
      close: () => connection.close(),
    }
  }
  return {
    hostKey: connection.hostKey,
    shell: async () => logInOnLine(await connection.shell(), target, parts),
    exec: async () => {
      throw new Failure('CHANNEL_REFUSED', { reason: 'the line of a console has no exec channel' })
    },
    close: () => connection.close(),
  }
}

/** What the server says to its own login must not count against the credential of the line. */
async function connectServer(target: Target, server: ServerLogin, parts: ConnectParts): Promise<Connection> {
  const { hop, ...login } = server
  try {
    return await connectSsh({ ...target, ...login }, parts)
  } catch (error) {
    if (!(error instanceof Failure) || rungOfCode(error.code) !== 'login') throw error
    const details = { ...error.details, hop, hopCode: error.code, reason: error.message }
    throw new Failure('JUMP_HOST_FAILED', details, { cause: error })
  }
}
