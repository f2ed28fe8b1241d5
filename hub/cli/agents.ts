import type { Command } from 'commander'
import { Agent } from '../api/agent.ts'
import { pageOf } from '../api/page.ts'
import { diagnosticCommands } from './agent-diagnostics.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { facts, table, time } from './table.ts'

export function agentCommands(program: Command, cli: Cli): void {
  const agents = noun(program, 'agents', 'the processes on jump hosts that read devices')
  diagnosticCommands(agents, cli)

  verb(agents, 'list', 'list all agents', ['netraven agents list']).action(
    acting(cli, async (options: JsonOption) => {
      const items = await Array.fromAsync((await cli.client()).items('/api/agents', pageOf(Agent), { limit: 500 }))
      cli.show(options, items, () =>
        items.length === 0
          ? 'No agents yet. Make a token with: netraven enrollment-tokens create --site NAME'
          : table(
              ['NAME', 'SITE', 'STATE', 'LAST SEEN', 'VERSION', 'HOST'],
              items.map((one) => [one.name, one.site, stateOf(one), time(one.lastSeenAt), one.software, one.hostname]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  verb(agents, 'show <name>', 'show one agent', ['netraven agents show jump1']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const agent = await (await cli.client()).get(`/api/agents/${inPath(name)}`, Agent)
      cli.show(options, agent, () =>
        facts({
          name: agent.name,
          id: agent.id,
          site: agent.site,
          state: stateOf(agent),
          'last seen': time(agent.lastSeenAt),
          version: agent.software,
          host: agent.hostname,
          'devices at once': agent.concurrency,
          'clock ahead of the hub': agent.skewMs === null ? null : `${agent.skewMs} ms`,
          drivers: agent.drivers.join(', '),
          'key fingerprint': agent.fingerprint,
          'public key': agent.signPublicKey,
          enrolled: time(agent.enrolledAt),
          revoked: agent.revokedAt && time(agent.revokedAt),
        }),
      )
      return undefined
    }),
  )

  verb(agents, 'revoke <name>', 'revoke an agent for good and cut its connection', [
    'netraven agents revoke jump1',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const client = await cli.client()
      const agent = await client.send('POST', `/api/agents/${inPath(name)}/revoke`, {}, Agent)
      cli.show(options, agent, () => `Agent ${agent.name} of site ${agent.site} is revoked.`)
      return undefined
    }),
  )
}

function stateOf(agent: Agent): string {
  if (agent.state === 'revoked') return 'revoked'
  return agent.online ? 'online' : 'offline'
}
