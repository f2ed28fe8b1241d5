/** A file that a device gives by HTTP: what it is called, and whether half of it could be told from the whole. */
import type { IncomingMessage } from 'node:http'
import { tellsItsEnd } from '../artifact-check.ts'
import type { ExchangeReply } from '../channel.ts'

type Message = Pick<IncomingMessage, 'headers'>

/**
 * @param head how the file begins
 * @param path that was asked for; the name where the device says none
 */
export function fileIn(message: Message, head: Buffer, path: string): Pick<ExchangeReply, 'file' | 'doubt'> {
  const file = nameIn(message) ?? path.replace(/[?#].*$/s, '')
  if (hasLength(message) || tellsItsEnd(head)) return { file }
  return { file, doubt: 'the device did not say how long it is, so a cut could not be seen' }
}

/** Otherwise an answer ends with its connection, and half of one looks whole (RFC 9112 section 6.3). */
function hasLength({ headers }: Message): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

const FILE_NAME = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.){1,300})"|([^\s";]{1,300}))/i

/** RFC 6266 section 4.1. */
function nameIn({ headers }: Message): string | undefined {
  const [, quoted, word] = FILE_NAME.exec(headers['content-disposition'] ?? '') ?? []
  return quoted?.replace(/\\(.)/g, '$1') ?? word
}
