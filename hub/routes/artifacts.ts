import { z } from 'zod'
import { Artifact, ArtifactQuery, ArtifactVerification } from '../api/artifact.ts'
import { pageOf } from '../api/page.ts'
import { recordEvent } from '../events.ts'
import { listArtifacts, openArtifact, showArtifact, verifyArtifact } from '../stored-artifacts.ts'
import { byId, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Artifacts']

export function artifactRoutes(parts: RouteParts) {
  const { db, needs } = parts
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:backups'),
        method: 'get',
        path: '/artifacts',
        summary:
          'Files that are kept byte for byte, such as archives, newest first, each with the time in which it was seen',
        tags,
        request: { query: ArtifactQuery },
        responses: { 200: json(pageOf(Artifact), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listArtifacts(db, c.req.valid('query'), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('read:backups'),
        method: 'get',
        path: '/artifacts/{id}',
        summary: 'One artifact',
        tags,
        request: { params: byId },
        responses: { 200: json(Artifact, 'The artifact'), ...refusal },
      }),
      async (c) => c.json(await showArtifact(db, c.req.valid('param').id, c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('read:backups', 'read:backup_secrets'),
        method: 'get',
        path: '/artifacts/{id}/content',
        summary: 'The bytes of an artifact, with whatever secrets are in them; written into the events',
        tags,
        request: { params: byId },
        responses: {
          200: { description: 'The file', content: { 'application/octet-stream': { schema: z.string() } } },
          ...refusal,
        },
      }),
      async (c) => {
        const { artifact, contentHash, content } = await openArtifact(parts, c.req.valid('param').id, c.var.principal)
        const { id, device, name } = artifact
        const details = { artifact: id, device, name }
        await recordEvent(db, { kind: 'artifact read', actor: c.var.actor, details })
        return c.body(ReadableStream.from(content), 200, {
          'content-type': 'application/octet-stream',
          'content-length': String(artifact.sizeBytes),
          'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name).replaceAll("'", '%27')}`,
          'x-content-sha256': contentHash,
        })
      },
    )
    .openapi(
      createRoute({
        ...needs('exec:backups'),
        method: 'post',
        path: '/artifacts/{id}/verify',
        summary: 'Check the stored bytes against their hash and the signature of the agent that read them',
        tags,
        request: { params: byId },
        responses: { 200: json(ArtifactVerification, 'What was found'), ...refusal },
      }),
      async (c) => c.json(await verifyArtifact(parts, c.req.valid('param').id, c.var.principal), 200),
    )
}
