/** Which versions a command is about. */
import { Failure } from '@netraven/protocol/failure.ts'
import { Backup } from '../api/backup.ts'
import { pageOf } from '../api/page.ts'
import type { Client } from './client.ts'
import { inPath } from './command.ts'

/** The newest versions, all pages that are needed. */
export async function newest(
  client: Client,
  limit: number,
  { device, site, latest }: { device?: string | undefined; site?: string | undefined; latest?: boolean },
): Promise<Backup[]> {
  const query = { device, site, ...(latest && { latest: true }), limit: Math.min(limit, 500) }
  const found: Backup[] = []
  for await (const one of client.items('/api/backups', pageOf(Backup), query)) {
    found.push(one)
    if (found.length >= limit) break
  }
  return found
}

/** A version by id, or the one of a device that was seen last. */
export async function chosen(client: Client, id: string | undefined, device: string | undefined): Promise<Backup> {
  if ((id === undefined) === (device === undefined))
    throw new Failure('USAGE', { reason: 'give either an id or --device' })
  if (id !== undefined) return client.get(`/api/backups/${inPath(id)}`, Backup)
  const found = await newest(client, 20, { device })
  const [last] = found.toSorted((one, other) => Date.parse(other.lastSeenAt) - Date.parse(one.lastSeenAt))
  if (!last) throw new Failure('BACKUP_NOT_FOUND', { device })
  return last
}
