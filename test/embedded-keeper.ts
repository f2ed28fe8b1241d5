/**
 * A process that keeps an embedded database and does nothing else, for tests that kill it.
 * `node embedded-keeper.ts DATA_DIR [SYSTEM_DIR [BINARIES]]`: prints `{url, pid, folder}` or `{code, details}` as one line;
 * stops at SIGTERM.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { startEmbedded } from '../hub/db/embedded.ts'
import { silentLog } from '../hub/log.ts'

const [dataDir = '', systemDir, binaries] = process.argv.slice(2)
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)

try {
  const embedded = await startEmbedded({
    dataDir,
    log: silentLog(),
    ...(systemDir && { systemDir }),
    ...(binaries && { binaries }),
  })
  const alive = setInterval(() => undefined, 1_000)
  process.once('SIGTERM', async () => {
    clearInterval(alive)
    await embedded.stop()
  })
  say({ url: embedded.url, pid: embedded.pid(), folder: embedded.folder })
} catch (error) {
  if (!(error instanceof Failure)) throw error
  say(error)
}
