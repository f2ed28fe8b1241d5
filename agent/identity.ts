/**
 * Who this agent is: made on the jump host at enrolment, kept in `identity.json` (mode 0600) in the agent's folder. The
 * secret halves of its keys never leave the host.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { Hex16, PublicKey, Uuid } from '@netraven/protocol/hello.ts'
import { newSigningKey, type SigningKey, signingKey, type VerifyKey, verifyKey } from '@netraven/protocol/keys.ts'
import { newBoxKeys } from '@netraven/protocol/sealed-box.ts'
import { z } from 'zod'
import { writeDurably } from './durable-file.ts'

const FILE = 'identity.json'

export const Identity = z.object({
  agent: Uuid,
  hub: Uuid,
  hubUrl: z.url(),
  site: z.string(),
  name: z.string(),
  /** Ed25519 seed. */
  signSeed: PublicKey,
  boxPublicKey: PublicKey,
  boxSecretKey: PublicKey,
  /** Encrypts the spool on this host; 32 bytes. */
  spoolKey: z.string().regex(/^[0-9a-f]{64}$/),
  /** Public keys of the hub that are trusted now. */
  hubKeys: z.array(PublicKey).min(1),
})
export type Identity = z.infer<typeof Identity>

export type NewKeys = Pick<Identity, 'signSeed' | 'boxPublicKey' | 'boxSecretKey' | 'spoolKey'> & { session: string }

/** Keys for a new identity, and the session of the enrolment. */
export function newKeys(): NewKeys {
  const box = newBoxKeys()
  return {
    signSeed: newSigningKey().seed,
    boxPublicKey: box.publicKey,
    boxSecretKey: box.secretKey,
    spoolKey: randomBytes(32).toString('hex'),
    session: Hex16.parse(randomBytes(16).toString('hex')),
  }
}

/**
 * Reads the identity.
 * @returns undefined when this folder has none
 * @throws Failure IDENTITY_DAMAGED when the file is there and can't be used
 */
export async function readIdentity(dir: string): Promise<Identity | undefined> {
  const path = join(dir, FILE)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new Failure('IDENTITY_DAMAGED', { path, reason: error.code ?? 'unreadable' })
  })
  if (text === undefined) return undefined
  try {
    return Identity.parse(JSON.parse(text))
  } catch (cause) {
    throw new Failure('IDENTITY_DAMAGED', { path, reason: 'not an identity' }, { cause })
  }
}

export async function writeIdentity(dir: string, identity: Identity): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await writeDurably(join(dir, FILE), `${JSON.stringify(identity, null, 2)}\n`, 0o600)
}

/** The hub's keys that this agent trusts; a signed answer may bring the next one. */
export class TrustedKeys {
  #keys: ReadonlyMap<string, VerifyKey>

  constructor(publicKeys: readonly string[]) {
    this.#keys = toMap(publicKeys)
  }

  find = (id: string): VerifyKey | undefined => this.#keys.get(id)

  /** Takes over what the hub announced under a key that is trusted already. @returns whether anything changed */
  learn(publicKeys: readonly string[]): boolean {
    const next = toMap(publicKeys)
    const same = next.size === this.#keys.size && [...next.keys()].every((id) => this.#keys.has(id))
    this.#keys = next
    return !same
  }

  get ids(): string[] {
    return [...this.#keys.keys()]
  }

  get publicKeys(): string[] {
    return [...this.#keys.values()].map((key) => key.publicKey)
  }
}

function toMap(publicKeys: readonly string[]): ReadonlyMap<string, VerifyKey> {
  return new Map(publicKeys.map((publicKey) => verifyKey(publicKey)).map((key) => [key.id, key]))
}

export function signingKeyOf(identity: Identity): SigningKey {
  return signingKey(identity.signSeed)
}
