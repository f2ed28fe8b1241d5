/**
 * A backup of all keys as an encrypted file, so that a restored database can be opened. Three lines of text:
 *
 * ```
 * netraven-keys 1
 * {"installation":…,"createdAt":…,"scrypt":{"n":65536,"r":8,"p":1},"salt":…,"nonce":…,"check":…}    bytes in base64
 * <base64: AES-256-GCM of the JSON inside, then the tag of 16 bytes>
 * ```
 *
 * scrypt (RFC 7914) makes 64 bytes of the passphrase: the first half encrypts, sha256 of the second half is `check`, which tells a wrong
 * passphrase from a damaged file. The tag covers the first two lines as well.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { readDataKeys } from './data-keys.ts'
import type { Tables } from './db/tables.ts'
import { type Keyring, keyringOf } from './keyring.ts'

type Db = Kysely<Tables>

const FIRST_LINE = 'netraven-keys 1'
/** 64 MiB and some 0.2 s for each guess. */
const COST = { n: 65_536, r: 8, p: 1 }
const MAX_MEMORY = 256 * 1024 * 1024
const TAG_BYTES = 16

const Base64 = z.base64().transform((text) => Buffer.from(text, 'base64'))
const Key32 = Base64.refine((key) => key.length === 32)

const Head = z.object({
  installation: z.uuid(),
  createdAt: z.iso.datetime(),
  // Bounded, so that a file can't make the hub compute for hours.
  scrypt: z.object({ n: z.literal([16_384, 32_768, 65_536, 131_072]), r: z.literal(8), p: z.literal(1) }),
  salt: Base64.refine((salt) => salt.length >= 16),
  nonce: Base64.refine((nonce) => nonce.length === 12),
  check: Key32,
})

const Inside = z.object({
  masters: z.array(Key32).min(1).max(2),
  dataKeys: z.array(
    z.object({ id: z.number().int(), purpose: z.enum(['seal', 'mask']), isCurrent: z.boolean(), key: Key32 }),
  ),
  taskKeys: z.array(z.object({ id: z.string(), seed: Key32 })),
  tokenKeys: z.array(z.object({ id: z.string(), seed: Key32 })),
})

export interface OpenedBackup extends z.output<typeof Inside> {
  readonly installation: string
  readonly createdAt: string
}

/** @returns the file's text, and how many keys are in it */
export async function backUpKeys(
  db: Db,
  keyring: Keyring,
  passphrase: string,
): Promise<{ file: string; keys: number }> {
  await readDataKeys(db, keyring)
  const { id: installation } = await db.selectFrom('installations').select('id').executeTakeFirstOrThrow()
  const { masters, dataKeys } = keyring.secrets()
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const seeds = async (table: 'hub_keys' | 'token_keys', purpose: 'hub-keys' | 'token-keys') => {
    const rows = await db.selectFrom(table).select(['id', 'sealed_seed']).orderBy('created_at').execute()
    return rows.map(({ id, sealed_seed }) => ({ id, seed: base64(keyring.openBytes(purpose, sealed_seed, id)) }))
  }
  const inside = {
    masters: masters.map(base64),
    dataKeys: dataKeys.map((one) => ({ ...one, key: base64(one.key) })),
    taskKeys: await seeds('hub_keys', 'hub-keys'),
    tokenKeys: await seeds('token_keys', 'token-keys'),
  }
  const [salt, nonce] = [randomBytes(16), randomBytes(12)]
  const derived = await derive(passphrase, salt, COST)
  const head = JSON.stringify({
    ...{ installation, createdAt: new Date().toISOString(), scrypt: COST },
    ...{ salt: base64(salt), nonce: base64(nonce), check: base64(derived.check) },
  })
  const cipher = createCipheriv('aes-256-gcm', derived.key, nonce)
  cipher.setAAD(Buffer.from(`${FIRST_LINE}\n${head}\n`))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(inside)), cipher.final(), cipher.getAuthTag()])
  const keys = inside.masters.length + inside.dataKeys.length + inside.taskKeys.length + inside.tokenKeys.length
  return { file: `${FIRST_LINE}\n${head}\n${base64(sealed)}\n`, keys }
}

/** @throws Failure KEY_BACKUP_DAMAGED, KEY_BACKUP_PASSPHRASE_WRONG */
export async function openKeyBackup(file: string, passphrase: string): Promise<OpenedBackup> {
  const [first, head = '', body = '', ...rest] = file.split(/\r?\n/)
  const parsed = Head.safeParse(parseJson(head))
  const sealed = Base64.safeParse(body)
  if (
    first !== FIRST_LINE ||
    !parsed.success ||
    !sealed.success ||
    sealed.data.length <= TAG_BYTES ||
    rest.join('') !== ''
  )
    throw new Failure('KEY_BACKUP_DAMAGED', { reason: 'it does not look like a backup of keys, or was cut' })
  const { installation, createdAt, salt, nonce, check, scrypt: cost } = parsed.data
  const derived = await derive(passphrase, salt, cost)
  if (!timingSafeEqual(derived.check, check))
    throw new Failure('KEY_BACKUP_PASSPHRASE_WRONG', { installation, createdAt })
  try {
    const decipher = createDecipheriv('aes-256-gcm', derived.key, nonce)
    decipher.setAAD(Buffer.from(`${FIRST_LINE}\n${head}\n`))
    decipher.setAuthTag(sealed.data.subarray(-TAG_BYTES))
    const inside = Buffer.concat([decipher.update(sealed.data.subarray(0, -TAG_BYTES)), decipher.final()])
    return { installation, createdAt, ...Inside.parse(JSON.parse(inside.toString())) }
  } catch (cause) {
    throw new Failure('KEY_BACKUP_DAMAGED', { reason: 'it was cut or altered', installation }, { cause })
  }
}

export function keysIn({ masters, dataKeys, taskKeys, tokenKeys }: OpenedBackup): number {
  return masters.length + dataKeys.length + taskKeys.length + tokenKeys.length
}

/**
 * Whether a backup opens a database; writes nothing.
 * @returns how: with its master keys as they are, or only once its data keys are wrapped under its master key in this database
 * @throws Failure KEY_BACKUP_FOREIGN when not at all
 */
export async function fitOf(db: Db, backup: OpenedBackup): Promise<'master' | 'data keys'> {
  const row = await db.selectFrom('installations').selectAll().executeTakeFirst()
  if (row?.id !== backup.installation)
    throw new Failure('KEY_BACKUP_FOREIGN', { installation: row?.id ?? 'none', backup: backup.installation })
  const opens = (keyring: Keyring) => {
    try {
      keyring.openBytes('check', row.key_check, row.id)
      return true
    } catch (error) {
      if (error instanceof Failure) return false
      throw error
    }
  }
  const asIs = keyringOf(backup.masters)
  const isReadable = await readDataKeys(db, asIs).then(
    () => opens(asIs),
    (error: unknown) => {
      if (error instanceof Failure && error.code === 'MASTER_KEY_WRONG') return false
      throw error
    },
  )
  if (isReadable) return 'master'
  const withKeys = keyringOf(backup.masters)
  withKeys.take(backup.dataKeys)
  if (opens(withKeys)) return 'data keys'
  throw new Failure('KEY_BACKUP_FOREIGN', { installation: row.id, backup: backup.installation })
}

/** Wraps the data keys of a backup under its master keys in a database that has them under another. */
export async function rewrap(db: Db, backup: OpenedBackup): Promise<void> {
  const keyring = keyringOf(backup.masters)
  await db.transaction().execute(async (trx) => {
    for (const { id, key } of backup.dataKeys) {
      const known = await trx.selectFrom('data_keys').select('id').where('id', '=', id).executeTakeFirst()
      if (!known) continue
      for (const { master, sealed } of keyring.wrapsOf(id, key)) {
        await trx
          .insertInto('data_key_wraps')
          .values({ data_key_id: id, master_fingerprint: master, sealed })
          .onConflict((conflict) => conflict.columns(['data_key_id', 'master_fingerprint']).doUpdateSet({ sealed }))
          .execute()
      }
    }
    await trx.updateTable('master_keys').set({ state: 'previous' }).where('state', '=', 'current').execute()
    const [current] = keyring.masters
    if (current === undefined) return
    await trx
      .insertInto('master_keys')
      .values({ fingerprint: current, state: 'current' })
      .onConflict((conflict) => conflict.column('fingerprint').doUpdateSet({ state: 'current', retired_at: null }))
      .execute()
  })
}

async function derive(passphrase: string, salt: Buffer, { n, r, p }: { n: number; r: number; p: number }) {
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const options = { N: n, r, p, maxmem: MAX_MEMORY }
    scrypt(passphrase.normalize('NFKC'), salt, 64, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
  return { key: bytes.subarray(0, 32), check: createHash('sha256').update(bytes.subarray(32)).digest() }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
