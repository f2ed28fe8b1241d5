import { Failure, remediesOf } from '@netraven/protocol/failure.ts'
import { sql } from 'kysely'
import { z } from 'zod'
import { Backup, BackupQuery, Diff, StorageStatus, Verification } from '../api/backup.ts'
import { pageOf } from '../api/page.ts'
import { recordEvent } from '../events.ts'
import { reaches } from '../reach.ts'
import { acceptVersion, listVersions, maskedText, rawText, showVersion, verifyVersion } from '../versions.ts'
import { byId, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Backups']

const ContentQuery = z.object({
  raw: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'With secrets, byte for byte; written into the events' }),
})

export function backupRoutes(parts: RouteParts) {
  const { db, differ, needs } = parts
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:backups'),
        method: 'get',
        path: '/backups',
        summary: 'Versions, newest first, each with the time in which it was seen',
        tags,
        request: { query: BackupQuery },
        responses: { 200: json(pageOf(Backup), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listVersions(db, c.req.valid('query'), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('read:backups'),
        method: 'get',
        path: '/backups/{id}',
        summary: 'One version',
        tags,
        request: { params: byId },
        responses: { 200: json(Backup, 'The version'), ...refusal },
      }),
      async (c) => c.json(await showVersion(db, c.req.valid('param').id, c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('read:backups'),
        method: 'get',
        path: '/backups/{id}/content',
        summary: 'The text of a version; secrets show as <secret:1a2b3c4d>',
        tags,
        request: { params: byId, query: ContentQuery },
        responses: {
          200: {
            description: 'The text; raw as application/octet-stream',
            content: { 'text/plain': { schema: z.string() }, 'application/octet-stream': { schema: z.string() } },
          },
          ...refusal,
        },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        if (c.req.valid('query').raw === 'false') {
          const { version, text } = await maskedText(parts, id, c.var.principal)
          return c.text(text, 200, { 'x-content-sha256': version.contentHash })
        }
        const { version, text } = await rawText(parts, id, c.var.principal)
        const details = { backup: version.id, device: version.device }
        await recordEvent(db, { kind: 'raw backup read', actor: c.var.actor, details })
        return c.body(new Uint8Array(text), 200, {
          'content-type': 'application/octet-stream',
          'x-content-sha256': version.contentHash,
        })
      },
    )
    .openapi(
      createRoute({
        ...needs('read:backups'),
        method: 'get',
        path: '/backups/{from}/diff/{to}',
        summary: 'What changed from one version to another, secrets masked',
        tags,
        request: { params: z.object({ from: byId.shape.id, to: byId.shape.id }) },
        responses: { 200: json(Diff, 'The difference'), ...refusal },
      }),
      async (c) => {
        const [from, to] = await Promise.all([
          maskedText(parts, c.req.valid('param').from, c.var.principal),
          maskedText(parts, c.req.valid('param').to, c.var.principal),
        ])
        const side = ({ version, text }: typeof from) => ({ name: `${version.device} ${version.firstSeenAt}`, text })
        const { unified, added, removed } = await differ.diff(side(from), side(to))
        const equal = from.text === to.text
        return c.json({ from: from.version.id, to: to.version.id, equal, added, removed, unified }, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:backups'),
        method: 'post',
        path: '/backups/{id}/accept',
        summary: 'Take a suspect version for good: from now on reads are measured against it',
        tags,
        request: { params: byId },
        responses: { 200: json(Backup, 'The version'), ...refusal },
      }),
      async (c) => c.json(await acceptVersion(db, c.req.valid('param').id, c.var.principal, c.var.actor), 200),
    )
    .openapi(
      createRoute({
        ...needs('exec:backups'),
        method: 'post',
        path: '/backups/{id}/verify',
        summary: 'Check the stored text against its hash and the signature of the agent that read it',
        tags,
        request: { params: byId },
        responses: { 200: json(Verification, 'What was found'), ...refusal },
      }),
      async (c) => c.json(await verifyVersion(parts, c.req.valid('param').id, c.var.principal), 200),
    )
}

export function storageRoutes({ db, blobs, needs }: RouteParts) {
  return new OpenAPIHono().openapi(
    createRoute({
      ...needs('read:storage'),
      method: 'get',
      path: '/storage/status',
      summary: 'Where texts lie, and how much room is left',
      tags: ['Storage'],
      responses: { 200: json(StorageStatus, 'The store'), ...refusal },
    }),
    async (c) => {
      const status = await blobs.status()
      const who = c.var.principal
      const seen = db
        .selectFrom('versions')
        .innerJoin('devices', 'devices.id', 'versions.device_id')
        .where(reaches(who, 'read'))
      const texts = await db
        .selectFrom('blobs')
        .$if(!who.scopes.has('all:devices'), (blobs) =>
          blobs.where('blobs.content_hash', 'in', seen.select('versions.content_hash')),
        )
        .select(sql<number>`count(*)`.as('texts'))
        .select(sql<number>`coalesce(sum(size_bytes), 0)::float8`.as('textBytes'))
        .select(sql<number>`coalesce(sum(stored_bytes), 0)::float8`.as('storedBytes'))
        .select(seen.select(sql<number>`count(*)`.as('count')).as('versions'))
        .executeTakeFirstOrThrow()
      const failure = status.failure && Failure.fromWire(status.failure)
      return c.json(
        {
          name: status.name,
          location: status.location,
          healthy: status.healthy,
          failure: failure ? { code: failure.code, message: failure.message, remedies: remediesOf(failure) } : null,
          totalBytes: status.totalBytes ?? null,
          freeBytes: status.freeBytes ?? null,
          ...texts,
          versions: texts.versions ?? 0,
        },
        200,
      )
    },
  )
}
