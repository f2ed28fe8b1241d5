import { Failure, type FailureEntry, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import { z } from 'zod'
import { CatalogueEntry } from '../api/error.ts'
import { pageOf } from '../api/page.ts'
import { runbookOf } from '../error-envelope.ts'
import { nearest } from '../nearest.ts'
import { createRoute, json, OpenAPIHono, open, refusal } from './route.ts'

const tags = ['Failures']
const byCode = z.object({
  code: z.string().max(100).meta({ description: 'A code in any case', example: 'TCP_TIMEOUT' }),
})

/** Under two addresses; `/failures` is the older one. */
export function failureRoutes() {
  const all = {
    ...open,
    method: 'get' as const,
    summary: 'Everything that can go wrong, with causes and remedies',
    tags,
    responses: { 200: json(pageOf(CatalogueEntry), 'All, in one page'), ...refusal },
  }
  const one = {
    ...open,
    method: 'get' as const,
    summary: 'One code',
    tags,
    request: { params: byCode },
    responses: { 200: json(CatalogueEntry, 'The entry'), ...refusal },
  }
  return new OpenAPIHono()
    .openapi(createRoute({ ...all, path: '/diagnostics/catalog' }), (c) => c.json(catalogue(), 200))
    .openapi(createRoute({ ...one, path: '/diagnostics/catalog/{code}' }), (c) =>
      c.json(look(c.req.valid('param').code), 200),
    )
    .openapi(createRoute({ ...all, path: '/failures' }), (c) => c.json(catalogue(), 200))
    .openapi(createRoute({ ...one, path: '/failures/{code}' }), (c) => c.json(look(c.req.valid('param').code), 200))
}

function catalogue() {
  const items = Object.entries<FailureEntry>(failures).map(([code, entry]) => entryOf(code, entry))
  return { items, nextCursor: null }
}

function look(asked: string): CatalogueEntry {
  const code = asked.toUpperCase()
  if (isFailureCode(code)) return entryOf(code, failures[code])
  const didYouMean = nearest(code, Object.keys(failures))
  throw new Failure('NOT_FOUND', { code, ...(didYouMean && { didYouMean }) })
}

function entryOf(code: string, entry: FailureEntry): CatalogueEntry {
  const { message, status, retry, causes, remedies } = entry
  return { code, message, status, retry, causes: [...causes], remedies: [...remedies], runbook: runbookOf(code) }
}
