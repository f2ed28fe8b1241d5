/** What every answer other than 2xx looks like, made from the one table of failures. */
import { FailureWire } from '@netraven/protocol/failure.ts'
import { z } from 'zod'

export const ErrorBody = FailureWire.extend({
  /** Exactly what is shown to a person. */
  message: z.string(),
  causes: z.array(z.string()).default([]),
  /** Steps to take, with the facts of this case filled in. */
  remedies: z.array(z.string()).default([]),
  runbook: z.string().default('').meta({
    description: 'Page of this code, below the address of the hub',
    example: '/api/docs/failures#TCP_TIMEOUT',
  }),
  /** Also in the header `x-request-id`, and in the hub's log. */
  requestId: z.string().default(''),
})
export type ErrorBody = z.infer<typeof ErrorBody>

export const ErrorEnvelope = z.object({
  error: ErrorBody,
  /** The message once more, for clients that look here. */
  detail: z.string().default(''),
})
export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>

/** The same facts as `application/problem+json` (RFC 9457), for whoever accepts that. */
export const Problem = z.object({
  type: z.string().meta({
    description: 'Page of this code, below the address of the hub',
    example: '/api/docs/failures#TCP_TIMEOUT',
  }),
  title: z.string().meta({ description: 'The message' }),
  status: z.number().int(),
  detail: z.string(),
  instance: z.string().meta({ description: '`urn:netraven:request:` and the request id' }),
  code: z.string(),
  causes: z.array(z.string()),
  remedies: z.array(z.string()),
  requestId: z.string(),
  details: z.record(z.string(), z.unknown()),
})
export type Problem = z.infer<typeof Problem>

/** One entry of the table of failures. */
export const CatalogueEntry = z.object({
  code: z.string(),
  message: z.string(),
  status: z.number().int(),
  retry: z.enum(['backoff', 'never']),
  causes: z.array(z.string()),
  remedies: z.array(z.string()),
  runbook: z.string().meta({ description: 'Page of this code, below the address of the hub' }),
})
export type CatalogueEntry = z.infer<typeof CatalogueEntry>
