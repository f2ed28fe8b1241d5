/** Logging in to the API. */
import { z } from 'zod'
import { Id, Time } from './fields.ts'

export const LoginRequest = z.object({
  /** Trimmed, any case. */
  username: z.string().min(1).max(255),
  /** Never trimmed. */
  password: z.string().min(1).max(1024),
})
export type LoginRequest = z.infer<typeof LoginRequest>

export const Login = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  /** Seconds. */
  expires_in: z.number().int(),
})
export type Login = z.infer<typeof Login>

export const Me = z.object({ id: Id, username: z.string(), role: z.literal('admin'), tokenExpiresAt: Time })
export type Me = z.infer<typeof Me>
