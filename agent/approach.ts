/** The way to a device: the one address that the policy admits, and the devices that are passed before it. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Hop, SealedSecret, Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Clock } from './clock.ts'
import type { Ladder } from './ladder.ts'
import type { Policy } from './policy.ts'
import type { ConnectParts, Dial, HopTarget, ServerLogin, Way } from './target.ts'

/** TCP connect and SSH handshake, ms. */
export const CONNECT_TIMEOUT_MS = 30_000

export interface ApproachParts {
  readonly policy: Policy
  /** Aborting it cuts the connection; a Failure as its reason is what is thrown. */
  readonly signal: AbortSignal
  /** Finds the addresses of a host name, best first. @throws an Error with the code of getaddrinfo */
  readonly resolve?: ((name: string) => Promise<string[]>) | undefined
  /** Opens the secret of a device on the way. */
  readonly hopSecret?: ((hop: Hop) => Promise<SealedSecret>) | undefined
  /** Goes the way over other devices; absent: this agent can't. */
  readonly through?: ((hops: readonly HopTarget[], parts: Omit<ConnectParts, 'ladder'>) => Promise<Way>) | undefined
}

export interface Approach {
  /** Checked, and then connected to. */
  readonly address: string
  /** Absent: directly. */
  readonly dial?: Dial
  /** Host keys seen on the way, where none was pinned. */
  readonly hopKeys: readonly { readonly device: string; readonly hostKey: string }[]
  /** Of the console server whose line it is. */
  readonly server?: ServerLogin
  close(): void
}

/**
 * Finds the way, and goes it up to the last device before this one. Every device on it must be within the policy's networks too.
 * @throws Failure DNS_FAILED, POLICY_NETWORK, JUMP_HOST_FAILED, NO_CREDENTIAL, SEALED_BOX_INVALID, LOCAL_CREDENTIAL_UNKNOWN
 */
export async function approach(task: Task, parts: ApproachParts, clock: Clock, ladder: Ladder): Promise<Approach> {
  const { policy, signal, resolve = resolveName, through, hopSecret } = parts
  const via = task.via ?? []
  const address = await addressOf(task.device.address, policy, resolve, ladder)
  if (address !== task.device.address) ladder.resolved = { name: task.device.address, address }
  if (via.length === 0) return { address, hopKeys: [], close: () => undefined }
  if (!through || !hopSecret)
    throw new Failure('TRANSPORT_UNSUPPORTED', { transport: 'ssh', reason: 'no way over others' })
  policy.admitTransport('ssh')
  const hops: HopTarget[] = []
  for (const hop of via) {
    const { username, password, privateKey, passphrase } = await hopSecret(hop)
    hops.push({
      hop: hop.name,
      address: await addressOf(hop.address, policy, resolve, ladder),
      port: hop.port,
      username,
      password,
      privateKey,
      passphrase,
      hostKey: hop.hostKey,
      options: { legacyAlgorithms: hop.legacyAlgorithms ?? false },
      timeoutMs: task.options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    })
  }
  const server = serverOf(task, address, hops)
  if (server) hops.pop()
  if (server && hops.length === 0) return { address, server, hopKeys: [], close: () => undefined }
  ladder.enter('tcp')
  const { dial, hostKeys, close } = await through(hops, { signal, clock })
  const hopKeys = via.flatMap(({ device, hostKey }, index) => {
    const seen = hostKeys[index]
    return hostKey === undefined && seen !== undefined ? [{ device, hostKey: seen }] : []
  })
  return { address, dial, hopKeys, close, ...(server ? { server } : {}) }
}

/**
 * A line that is a port of its own on the last device of the way is reached at that port, not through the server: what stands before it
 * is the server's login by SSH, with the server's credential, and what stands behind it is the line's own.
 */
function serverOf({ transport, options }: Task, address: string, hops: readonly HopTarget[]): ServerLogin | undefined {
  const last = hops.at(-1)
  if (!options.console || transport !== 'ssh' || last?.address !== address) return undefined
  const { hop, username, password, privateKey, passphrase } = last
  return { hop, username, password, privateKey, passphrase }
}

/** The one address that is checked and then connected to: what the name means a moment later does not matter. */
async function addressOf(
  name: string,
  policy: Policy,
  resolve: (name: string) => Promise<string[]>,
  ladder: Ladder,
): Promise<string> {
  return admittedOf(name, isIP(name) !== 0 ? [name] : await resolved(name, resolve, ladder), policy)
}

/**
 * The first of a name's addresses that the policy admits.
 * @throws Failure POLICY_NETWORK; DNS_FAILED when there are none
 */
export function admittedOf(name: string, addresses: readonly string[], policy: Pick<Policy, 'admitAddress'>): string {
  let refusal: unknown
  for (const address of addresses) {
    try {
      policy.admitAddress(address)
      return address
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal ?? new Failure('DNS_FAILED', { address: name })
}

async function resolved(name: string, resolve: (name: string) => Promise<string[]>, ladder: Ladder): Promise<string[]> {
  ladder.enter('dns')
  try {
    const addresses = await resolve(name)
    if (addresses.length > 0) ladder.pass('dns', `${name} is ${addresses.join(', ')}`)
    return addresses
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Failure('DNS_FAILED', { address: name, reason }, { cause: error })
  }
}

/** What the jump host itself would connect to, IPv4 first. @throws an Error with the code of getaddrinfo */
export async function resolveName(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true, order: 'ipv4first' })
  return found.map(({ address }) => address)
}
