import type { Command } from 'commander'
import { StorageStatus } from '../api/backup.ts'
import { acting, type Cli, type JsonOption, noun, verb } from './command.ts'
import { EXIT, steps } from './failure-text.ts'
import { bytes, facts } from './table.ts'

export function storageCommands(program: Command, cli: Cli): void {
  const storage = noun(program, 'storage', 'where texts are kept')

  verb(storage, 'status', 'show the store: is it well, how full is it', ['netraven storage status']).action(
    acting(cli, async (options: JsonOption) => {
      const status = await (await cli.client()).get('/api/storage/status', StorageStatus)
      const { totalBytes, freeBytes } = status
      const room =
        totalBytes && freeBytes !== null
          ? `${bytes(freeBytes)} of ${bytes(totalBytes)} (${Math.round((100 * freeBytes) / totalBytes)} %)`
          : null
      cli.show(options, status, () =>
        facts({
          store: status.name,
          location: status.location,
          state: status.healthy
            ? 'well'
            : `${status.failure?.message ?? 'not well'} [${status.failure?.code ?? 'INTERNAL'}]`,
          free: room,
          versions: status.versions,
          texts: `${status.texts}, ${bytes(status.textBytes)}`,
          'on disk': `${bytes(status.storedBytes)}, compressed and encrypted`,
        }),
      )
      if (!status.healthy && !options.json) {
        for (const line of steps(status.failure?.remedies ?? [])) cli.terminal.err(line)
      }
      return status.healthy ? undefined : EXIT.failed
    }),
  )
}
