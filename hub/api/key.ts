/** Keys of the hub, as administrators see them: never the keys themselves. */
import { z } from 'zod'
import { Time } from './fields.ts'

export const KeyKind = z.enum(['token', 'task', 'data', 'master']).meta({
  description:
    '`token`: signs access tokens; `task`: signs tasks and answers to agents; `data`: encrypts what is stored; `master`: encrypts the data keys',
})
export type KeyKind = z.infer<typeof KeyKind>

export const Key = z.object({
  kind: KeyKind,
  id: z.string(),
  state: z.enum(['next', 'current', 'previous', 'retiring', 'retired', 'destroyed']),
  createdAt: Time.nullable().meta({ description: 'null: before the first rotation of this kind' }),
  activatedAt: Time.nullable(),
  endedAt: Time.nullable().meta({ description: 'When it stopped to sign or to seal' }),
  beginsByItself: z.boolean().meta({ description: 'Of a next key: it begins as soon as everybody knows it' }),
  hubsBehind: z.array(z.string()).meta({ description: 'Live hubs that do not know it yet' }),
  agentsBehind: z
    .object({ count: z.number().int(), agents: z.array(z.string()) })
    .nullable()
    .meta({ description: 'Of a next or current task key: agents that have not learnt it, the first 20 by name' }),
  left: z
    .object({
      rows: z.number().int(),
      bytes: z.number().int(),
      totalRows: z.number().int(),
      totalBytes: z.number().int(),
    })
    .nullable()
    .meta({
      description:
        'Of the current data key: what is still to be sealed again under it, and how much that was at the start',
    }),
})
export type Key = z.infer<typeof Key>

export const KeyChoice = z.object({ kind: KeyKind })

export const NewKey = z.object({ kind: KeyKind.exclude(['master']) })

export const KeyActivation = z.object({
  kind: KeyKind.exclude(['master']),
  force: z
    .boolean()
    .optional()
    .meta({ description: 'Of a task key: also when agents have not learnt it; they learn it when they come back' }),
  distrust: z.boolean().optional().meta({
    description:
      'Of a task key: those before it may have been copied, and vouch for nothing any more. Agents that have not learnt the new one must enrol again',
  }),
})

export const KeyChange = z.object({
  kind: KeyKind,
  id: z.string().meta({ description: 'Key that was announced, or that began' }),
  state: z.enum(['next', 'current']),
})
export type KeyChange = z.infer<typeof KeyChange>

const Passphrase = z
  .string()
  .min(12, 'must have at least 12 characters')
  .max(1024)
  .meta({ description: 'Opens the file; kept nowhere' })

export const KeyBackupRequest = z.object({ passphrase: Passphrase })

export const KeyBackup = z.object({
  file: z.string().meta({ description: 'Encrypted; three lines of text, to be stored apart from the database' }),
  keys: z.number().int(),
})

export const KeyRestoreCheck = z.object({
  file: z.string().min(1).max(1_000_000),
  passphrase: z.string().min(1).max(1024),
})

export const KeyRestoreAnswer = z.object({
  installation: z.string(),
  createdAt: Time,
  keys: z.number().int(),
  fits: z.boolean().meta({ description: 'Whether it opens this database' }),
})
