import type { PingSeen, TcpSeen } from '@netraven/protocol/diagnostic.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { isAddress } from '../api/device.ts'
import { Diagnostic, USUAL_PORT } from '../api/diagnostic.ts'
import { acting, type Cli, inPath, type JsonOption, verb } from './command.ts'
import { EXIT } from './failure-text.ts'
import { count } from './table.ts'
import { wholeNumber } from './values.ts'

interface TcpOptions extends JsonOption {
  readonly port: number
}

/** `agents ping`, `agents dns` and `agents tcp`. */
export function diagnosticCommands(agents: Command, cli: Cli): void {
  verb(agents, 'ping <agent> <target>', 'see whether a target answers echo requests of an agent', [
    'netraven agents ping jump1 192.0.2.10',
  ]).action(
    acting(cli, (agent: string, target: string, options: JsonOption) => look(cli, 'ping', agent, target, options)),
  )

  verb(agents, 'dns <agent> <target>', 'see what a name means where an agent stands', [
    'netraven agents dns jump1 sw1.example.net',
  ]).action(
    acting(cli, (agent: string, target: string, options: JsonOption) => look(cli, 'dns', agent, target, options)),
  )

  verb(agents, 'tcp <agent> <target>', 'see whether an agent can connect to a port; nothing is sent to it', [
    'netraven agents tcp jump1 sw1.example.net',
    'netraven agents tcp jump1 192.0.2.10 --port 830',
  ])
    .option('--port <number>', 'the port', wholeNumber('--port', 1, 65_535), USUAL_PORT)
    .action(
      acting(cli, (agent: string, target: string, options: TcpOptions) =>
        look(cli, 'tcp', agent, target, options, { port: options.port }),
      ),
    )
}

/** @throws Failure as the hub says; USAGE when the target is neither a name nor an address */
async function look(
  cli: Cli,
  kind: Diagnostic['kind'],
  agent: string,
  target: string,
  options: JsonOption,
  more: { readonly port?: number } = {},
): Promise<number | undefined> {
  if (!isAddress(target)) {
    throw new Failure('USAGE', { option: 'target', value: target, expected: 'one host name or IP address' })
  }
  const client = await cli.client()
  const found = await client.send(
    'POST',
    `/api/agents/${inPath(agent)}/diagnostics/${kind}`,
    { target, ...more },
    Diagnostic,
  )
  cli.show(options, found, () => linesOf(found).join('\n'))
  return found.ok ? undefined : EXIT.failed
}

function linesOf({ agent, site, target, seen }: Diagnostic): string[] {
  const by = `agent ${agent} of site ${site}`
  if (seen.kind === 'dns') {
    if (seen.addresses.length === 0) {
      return [`${by} finds no address for ${target}: ${NO_ADDRESS[seen.reason ?? ''] ?? seen.reason} (${seen.ms} ms)`]
    }
    return [
      `${by} finds ${seen.addresses.length === 1 ? '1 address' : `${seen.addresses.length} addresses`} for ${target} in ${seen.ms} ms:`,
      ...seen.addresses.map(
        ({ address, admitted }) => `  ${address}${admitted ? '' : '  outside the networks that its policy allows'}`,
      ),
    ]
  }
  const name = seen.address === target ? target : `${target} (${seen.address})`
  return seen.kind === 'tcp' ? tcpLines(by, name, seen) : pingLines(by, name, seen)
}

/** getaddrinfo(3). */
const NO_ADDRESS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'its name server does not answer',
  ETIMEOUT: 'its name server does not answer',
}

const STATES = {
  connected: 'connects to',
  refused: 'is refused by',
  silent: 'hears nothing from',
  'no route': 'has no way to',
} as const satisfies Record<TcpSeen['state'], string>

const MEANINGS = {
  refused: 'The machine is up, but nothing listens on this port, or a firewall says no.',
  silent: 'A firewall drops the connection, or there is no machine at this address.',
  'no route': 'The network of the jump host has no way there, or its own firewall says no.',
} as const satisfies Record<Exclude<TcpSeen['state'], 'connected'>, string>

function tcpLines(by: string, name: string, { state, port, ms, line, lineMs }: TcpSeen): string[] {
  const head = `${by} ${STATES[state]} ${name} port ${port} (${ms} ms)`
  if (state !== 'connected') return [head, `  ${MEANINGS[state]}`]
  return [
    head,
    line === undefined ? '  The server says nothing by itself.' : `  It says after ${lineMs ?? 0} ms: ${line}`,
  ]
}

function pingLines(by: string, name: string, { sent, received, timesMs, said }: PingSeen): string[] {
  const times = timesMs.map((ms) => `${ms} ms`).join(', ')
  return [
    `${by} sent ${name} ${count(sent, 'echo request')} and got ${received} back`,
    ...(times === '' ? [] : [`  after ${times}`]),
    ...(said === undefined ? [] : [`  told on the way: ${said}`]),
    ...(received > 0 ? [] : ['  Many devices and firewalls drop echo requests: look at a management port too.']),
  ]
}
