/** Starts the databases before the first system test and stops them after the last, also when tests failed. */
import type { TestProject } from 'vitest/node'
import { silentLog } from '../hub/log.ts'
import { startServers } from './postgres-servers.ts'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { access, stop } = await startServers(silentLog())
  if (!access.server) {
    const line =
      'PostgreSQL of Debian is not installed (apt-get install postgresql): tests run on the embedded one only'
    if (process.env.CI === 'true') {
      await stop()
      throw new Error(line)
    }
    console.warn(line)
  }
  project.provide('postgres', access)
  return stop
}
