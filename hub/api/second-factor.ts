/** The second factor of an account. */
import { z } from 'zod'
import { Time } from './fields.ts'

/** Of an authenticator, or for recovery. */
export const FactorCode = z
  .string()
  .min(1)
  .max(64)
  .meta({ description: 'Six digits of the authenticator, or a recovery code; each counts once' })

export const SecondFactor = z.object({
  isSetUp: z.boolean(),
  confirmedAt: Time.nullable(),
  recoveryCodesLeft: z.number().int(),
})
export type SecondFactor = z.infer<typeof SecondFactor>

export const SecondFactorBegun = z.object({
  secret: z.string().meta({ description: 'Base32, to be typed into an authenticator; shown this once' }),
  url: z.string().meta({ description: 'The same as `otpauth://…`, for a QR code' }),
})
export type SecondFactorBegun = z.infer<typeof SecondFactorBegun>

export const SecondFactorConfirmation = z.object({
  code: z.string().min(1).max(64).meta({ description: 'Six digits that the authenticator shows now' }),
})

export const RecoveryCodes = z.object({
  recoveryCodes: z.array(z.string()).meta({ description: 'Each works once in place of a code; shown this once' }),
})

export const SecondFactorRemoval = z.object({ password: z.string().min(1).max(1024), code: FactorCode })
