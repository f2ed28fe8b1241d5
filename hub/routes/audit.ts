import { z } from 'zod'
import { AuditEntry, AuditExportQuery, AuditQuery, AuditVerification, AuditVerificationQuery } from '../api/audit.ts'
import { pageOf } from '../api/page.ts'
import { listAuditEntries, showAuditEntry } from '../audit.ts'
import { exportAudit, verifyAudit } from '../audit-verification.ts'
import { recordEvent } from '../events.ts'
import { byId, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Audit']

/** Fixed words before `{id}`: `/audit-logs/export` is no entry. */
export function auditRoutes({ db, keyring, installation, log, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('admin:audit'),
        method: 'get',
        path: '/audit-logs',
        summary: 'Who did what, from where and through what',
        tags,
        request: { query: AuditQuery },
        responses: { 200: json(pageOf(AuditEntry), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listAuditEntries(db, c.req.valid('query')), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:audit'),
        method: 'get',
        path: '/audit-logs/export',
        summary:
          'The log as lines of JSON with hashes and signatures, so that it can be verified without the hub; audited itself',
        tags,
        request: { query: AuditExportQuery },
        responses: {
          200: { description: 'One object a line', content: { 'application/octet-stream': { schema: z.string() } } },
          ...refusal,
        },
      }),
      async (c) => {
        const query = c.req.valid('query')
        await recordEvent(db, { kind: 'audit log exported', actor: c.var.actor, details: query })
        const lines = exportAudit({ db, keyring, installation, log }, query)
        return c.body(ReadableStream.from(encoded(lines)), 200, {
          'content-type': 'application/octet-stream',
          'content-disposition': 'attachment; filename="netraven-audit.jsonl"',
        })
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:audit'),
        method: 'get',
        path: '/audit-logs/verification',
        summary: 'Check a piece of the chain: hashes, order, gaps and the signatures of the hub',
        tags,
        request: { query: AuditVerificationQuery },
        responses: {
          200: json(AuditVerification, 'What was found; go on behind `checkedTo` until `done`'),
          ...refusal,
        },
      }),
      async (c) => c.json(await verifyAudit({ db, keyring, installation }, c.req.valid('query')), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:audit'),
        method: 'get',
        path: '/audit-logs/{id}',
        summary: 'One entry, by its id or its number',
        tags,
        request: { params: byId },
        responses: { 200: json(AuditEntry, 'The entry'), ...refusal },
      }),
      async (c) => c.json(await showAuditEntry(db, c.req.valid('param').id), 200),
    )
}

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const one of lines) yield encoder.encode(one)
}
