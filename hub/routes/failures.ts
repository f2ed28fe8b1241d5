import { Failure, type FailureEntry, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import { z } from 'zod'
import { CatalogueEntry } from '../api/error.ts'
import { pageOf } from '../api/page.ts'
import { nearest } from '../nearest.ts'
import { createRoute, json, OpenAPIHono, open, refusal } from './route.ts'

const tags = ['Failures']

export function failureRoutes() {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...open,
        method: 'get',
        path: '/failures',
        summary: 'Everything that can go wrong, with causes and remedies',
        tags,
        responses: { 200: json(pageOf(CatalogueEntry), 'All, in one page'), ...refusal },
      }),
      (c) => {
        const items = Object.entries(failures).map(([code, entry]) => entryOf(code, entry))
        return c.json({ items, nextCursor: null }, 200)
      },
    )
    .openapi(
      createRoute({
        ...open,
        method: 'get',
        path: '/failures/{code}',
        summary: 'One code',
        tags,
        request: { params: z.object({ code: z.string().max(100) }) },
        responses: { 200: json(CatalogueEntry, 'The entry'), ...refusal },
      }),
      (c) => {
        const code = c.req.valid('param').code.toUpperCase()
        if (isFailureCode(code)) return c.json(entryOf(code, failures[code]), 200)
        const didYouMean = nearest(code, Object.keys(failures))
        throw new Failure('NOT_FOUND', { code, ...(didYouMean && { didYouMean }) })
      },
    )
}

function entryOf(code: string, entry: FailureEntry): CatalogueEntry {
  const { message, status, retry, causes, remedies } = entry
  return { code, message, status, retry, causes: [...causes], remedies: [...remedies] }
}
