/** Passwords that people change or forgot. */
import { z } from 'zod'
import { NewPassword } from './user.ts'

export const PasswordChange = z.object({
  currentPassword: z.string().min(1).max(1024),
  newPassword: NewPassword,
})
export type PasswordChange = z.infer<typeof PasswordChange>

export const ForgotPassword = z.object({
  username: z
    .string()
    .min(1)
    .max(255)
    // Looked up when the answer is already given, so it must be something that can be looked up.
    .refine((name) => !name.includes('\0'), 'has a character that no name may have')
    .meta({ description: 'User name, or e-mail address' }),
})
export type ForgotPassword = z.infer<typeof ForgotPassword>

export const Accepted = z.object({
  accepted: z.literal(true).meta({ description: 'The same whether there is such a user or not' }),
})

export const PasswordReset = z.object({
  token: z.string().min(1).max(255).meta({ description: 'From the link: `nrp_…`' }),
  password: NewPassword,
})
export type PasswordReset = z.infer<typeof PasswordReset>
