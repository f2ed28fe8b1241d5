/** Single sign-on by OpenID Connect. */
import { z } from 'zod'

const Secret = z
  .string()
  .min(43)
  .max(128)
  .regex(/^[\w-]+$/)

/** A path of this hub, or a port on the machine of whoever signs on. */
export const Redirect = z
  .string()
  .max(500)
  .refine((text) => isOwnPath(text) || isLoopback(text), 'must be a path such as /devices, or http://127.0.0.1:PORT/')
  .meta({ description: 'Where the browser goes afterwards: a path of this hub, or a port of its own machine' })

export function isOwnPath(text: string): boolean {
  return /^\/(?![/\\])[\x21-\x7E]*$/.test(text) && !text.includes('\\')
}

/** As RFC 8252, 7.3 has it. */
export function isLoopback(text: string): boolean {
  return /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d{1,5}\/[\w/-]{0,100}$/.test(text)
}

export const SignOnStart = z
  .object({
    redirect: Redirect.default('/'),
    challenge: Secret.optional().meta({
      description: 'Of a command that waits at a port: SHA-256 of its verifier, base64url (as RFC 7636, S256)',
    }),
  })
  .refine(({ redirect, challenge }) => isOwnPath(redirect) || challenge !== undefined, {
    path: ['challenge'],
    message: 'needed when the browser goes to a port of its own machine',
  })

export const SignOnReturn = z.object({ state: z.string().max(255).optional() })

export const SignOnExchange = z.object({
  code: z.string().min(1).max(255).meta({ description: 'With which the browser was sent back; works once' }),
  verifier: Secret.optional().meta({ description: 'Of a command; a browser sends its cookie instead' }),
  cookie: z
    .boolean()
    .optional()
    .meta({ description: 'For browsers: true gives the tokens as cookies. Needs the header `X-NetRaven-CSRF`' }),
})

export const SignOnLink = z.object({
  subject: z
    .string()
    .min(1)
    .max(255)
    .nullable()
    .meta({ description: 'Who it is at the provider (claim `sub`); null: nobody any more' }),
})
