/** SFTP's reading part, with promises. */
import type { SFTPWrapper } from 'ssh2'
import type { Files } from '../channel.ts'

/** RFC 4251 has no such number; this is what servers take at least (SFTP draft 02, section 3). */
const PIECE_BYTES = 32_768

/** @param sftp an open session; the caller has listened for its end */
export function sftpFiles(sftp: SFTPWrapper): Files {
  const asked = <T>(ask: (done: (error: Error | undefined | null, value: T) => void) => void) =>
    new Promise<T>((resolve, reject) => {
      const gone = () => reject(new Error('the session ended'))
      sftp.once('close', gone)
      ask((error, value) => {
        sftp.off('close', gone)
        if (error) reject(error)
        else resolve(value)
      })
    })
  return {
    list: async (folder) => {
      const entries = await asked<Parameters<Parameters<SFTPWrapper['readdir']>[1]>[1]>((done) =>
        sftp.readdir(folder, done),
      )
      return entries.map(({ filename, attrs }) => ({ name: filename, changed: attrs.mtime, isFile: attrs.isFile() }))
    },
    size: async (path) => (await asked<{ size: number }>((done) => sftp.stat(path, done))).size,
    read: async (path, heard) => {
      const handle = await asked<Buffer>((done) => sftp.open(path, 'r', done))
      try {
        for (let at = 0; ; ) {
          const piece = Buffer.allocUnsafe(PIECE_BYTES)
          const count = await pieceAt(asked, sftp, handle, piece, at)
          if (count === 0 || !heard(piece.subarray(0, count))) return
          at += count
        }
      } finally {
        sftp.close(handle, () => undefined)
      }
    },
    close: () => sftp.end(),
  }
}

/** Status 1 is the end of the file. */
const END_OF_FILE = 1

async function pieceAt(
  asked: <T>(ask: (done: (error: Error | undefined | null, value: T) => void) => void) => Promise<T>,
  sftp: SFTPWrapper,
  handle: Buffer,
  piece: Buffer,
  at: number,
): Promise<number> {
  try {
    return await asked<number>((done) => sftp.read(handle, piece, 0, piece.length, at, done))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === END_OF_FILE) return 0
    throw error
  }
}
