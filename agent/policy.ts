/**
 * What this agent will never do, whoever asks: a local file of the jump host, not the hub's. It is read once at start;
 * no task can widen it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { judgeCommand } from '@netraven/protocol/reading-commands.ts'
import { plainTransports, Transport } from '@netraven/protocol/transport.ts'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { commandsOf, type Driver } from './driver.ts'

export const POLICY_FILE = 'policy.json'

const Network = z.string().refine((text) => rangeOf(text) !== undefined, {
  error: 'should be a network such as 10.0.0.0/8 or fd00::/8, or one address',
})

const PolicyFile = z.strictObject({
  /** Networks that may be connected to; absent: any address. */
  networks: z.array(Network).min(1, 'should name at least one network; leave it out to allow any').optional(),
  /** Driver names; `*` stands for all built-in ones. Without it an own driver must be named here too. */
  drivers: z.array(z.string().min(1)).min(1).default(['*']),
  /**
   * Drivers that come as a file from the hub. They can send nothing but commands that are known to read and those of `extraCommands`, so
   * absent means `allow`; but where secrets must not leave the site it means `refuse`, because such a file says what a secret is.
   */
  ownDrivers: z.enum(['allow', 'refuse'], 'should be allow or refuse').optional(),
  /** Ways in that may be used; absent: all on which nobody can listen. `telnet` and `http` must be named here. */
  transports: z.array(Transport).min(1).optional(),
  /** There is no other way: this agent only reads. Written in the file, it says so. */
  readOnly: z.literal(true, 'can only be true: an agent never changes a device').default(true),
  /** `strip`: secrets never leave this site, tasks that would keep them are refused. */
  secrets: z.enum(['any', 'strip']).default('any'),
  /** Commands, letter for letter, that a driver may send although they look as if they changed something. */
  extraCommands: z.array(z.string()).default([]),
})

/** Words that begin a command which changes something, on one system or another. */
const CHANGING =
  /^(?:sudo (?:-n )?)?(?:conf(?:ig(?:ure)?)?(?! (?:global|vdom)$)|wr(?:ite)?(?! term)|copy|del(?:ete)?|erase|reload|reboot|reset|restart|shutdown|halt|poweroff|format|commit|rollback|load|save|install|upgrade|request|clear|debug|rm|mv|cp|dd|mkfs\S*|kill|tee|chmod|chown|useradd|passwd|unset|edit|start|stop|import|\/?system (?:reset|reboot|shutdown)|\/import)(?:\s|$)/
/** Commands that only read although their first word sounds otherwise, letter for letter. */
const READING: ReadonlySet<string> = new Set([
  // Siklu EtherHaul: prints the configuration on the terminal.
  'copy running-configuration display',
  // Digi TransPort: prints the running parameters; `c` names which.
  'config c show',
  // Cambium ePMP: prints the parameters; `config set`, `apply` and `save` change them. Known from public programs, no manual was found.
  'config show dump',
  // RAD: prints the inventory of a node of the configuration tree.
  'configure system show device-information',
])
/** Output sent into a file. */
const REDIRECTED = /(?:^|[^<=\-\\])>>?\s*(?!\/dev\/null\b|&\d)[\w./~$"'-]/

/** Whether a command looks as if it changed something: coarse, and never the only guard. */
export function looksChanging(command: string): boolean {
  return (CHANGING.test(command.trim()) && !READING.has(command)) || REDIRECTED.test(command)
}

export class Policy {
  /** Where it comes from: the file's path, or `default`. */
  readonly source: string
  readonly #file: z.infer<typeof PolicyFile>
  readonly #ranges: readonly Range[] | undefined

  constructor(file: z.infer<typeof PolicyFile>, source: string) {
    this.source = source
    this.#file = file
    this.#ranges = file.networks?.map(rangeOf).filter((range) => range !== undefined)
  }

  /**
   * @param address an IP address, never a name: what was resolved is what is connected to
   * @throws Failure POLICY_NETWORK
   */
  admitAddress(address: string): void {
    if (!this.#ranges) return
    const parsed = ipaddr.isValid(address) ? ipaddr.process(address) : undefined
    const inside =
      parsed && this.#ranges.some(([base, bits]) => parsed.kind() === base.kind() && parsed.match(base, bits))
    if (!inside) throw new Failure('POLICY_NETWORK', { address, networks: this.#file.networks })
  }

  /**
   * @throws Failure POLICY_DRIVER; POLICY_COMMAND when the driver has a command that looks as if it changed something, or an own driver
   * one that is not known to read
   */
  admitDriver(driver: Driver): void {
    const { drivers, extraCommands, secrets, ownDrivers = secrets === 'strip' ? 'refuse' : 'allow' } = this.#file
    if (!drivers.includes('*') && !drivers.includes(driver.name)) {
      throw new Failure('POLICY_DRIVER', { driver: driver.name, drivers })
    }
    if (driver.own && ownDrivers === 'refuse') throw new Failure('POLICY_DRIVER', { driver: driver.name, ownDrivers })
    const typed = [...commandsOf(driver), ...driver.answers.map((answer) => answer.send)]
    const unproved = driver.own?.commands.filter((text) => judgeCommand(text) !== 'reads') ?? []
    const command = [...typed.filter(looksChanging), ...unproved].find((text) => !extraCommands.includes(text))
    if (command !== undefined)
      throw new Failure('POLICY_COMMAND', { driver: driver.name, command: command.slice(0, 200) })
  }

  /** @throws Failure POLICY_TRANSPORT */
  admitTransport(transport: Transport): void {
    const { transports } = this.#file
    const admitted = transports ? transports.includes(transport) : !plainTransports.has(transport)
    if (!admitted) throw new Failure('POLICY_TRANSPORT', { transport, ...(transports && { transports }) })
  }

  /** @throws Failure POLICY_SECRETS */
  admitSecrets(secrets: 'keep' | 'strip'): void {
    if (this.#file.secrets === 'strip' && secrets !== 'strip') throw new Failure('POLICY_SECRETS', { secrets: 'strip' })
  }
}

/**
 * @param text of the policy file, JSON
 * @throws Failure POLICY_INVALID with `problems`, one line for each wrong value
 */
export function parsePolicy(text: string, source: string): Policy {
  const parsed = PolicyFile.safeParse(jsonOf(text, source))
  if (parsed.success) return new Policy(parsed.data, source)
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`)
  throw new Failure('POLICY_INVALID', { file: source, problems })
}

/** What holds without a file: any address, every built-in driver, secrets may be kept, and nothing is ever changed. */
export function defaultPolicy(): Policy {
  return new Policy(PolicyFile.parse({}), 'default')
}

/**
 * Reads `policy.json` of the agent's folder; without one the default holds.
 * @throws Failure POLICY_INVALID when there is one and it can't be read or is wrong
 */
export async function loadPolicy(dir: string): Promise<Policy> {
  const file = join(dir, POLICY_FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT') return defaultPolicy()
    throw new Failure('POLICY_INVALID', { file, problems: [`the file can't be read (${code})`] }, { cause: error })
  }
  return parsePolicy(text, file)
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Failure('POLICY_INVALID', { file, problems: ['the file is not JSON'] }, { cause })
  }
}

type Range = [base: ipaddr.IPv4 | ipaddr.IPv6, bits: number]

function rangeOf(text: string): Range | undefined {
  if (ipaddr.isValidCIDR(text)) {
    const [base, bits] = ipaddr.parseCIDR(text)
    if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= 96)
      return [base.toIPv4Address(), bits - 96]
    return [base, bits]
  }
  // Four parts: ipaddr.js would read 10.1 as 10.0.0.1.
  if (!ipaddr.IPv6.isValid(text) && !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined
  const address = ipaddr.process(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}
