/** Whether one credential opens one device. */
import { z } from 'zod'
import { IdOrName } from './fields.ts'
import { Reachability } from './reachability.ts'

export const CredentialTest = Reachability.extend({
  /** The only one that the device is offered. */
  credential: z.string(),
  /** true: the device let it in. false: the device refused it. null: the device has not judged it. */
  opens: z.boolean().nullable(),
})
export type CredentialTest = z.infer<typeof CredentialTest>

/** Of a device: which credential. */
export const TestOfDevice = z.object({ credential: IdOrName })

/** Of a credential: which device. Absent: of those that have it and do not rest, the one that was read last. */
export const TestOfCredential = z.object({ device: IdOrName.optional() })
