import type { Command } from 'commander'
import { pageOf } from '../api/page.ts'
import { Site } from '../api/site.ts'
import type { Client } from './client.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { facts, table, time } from './table.ts'

export function siteCommands(program: Command, cli: Cli): void {
  const sites = noun(program, 'sites', 'networks that an agent can reach')

  verb(sites, 'add <name>', 'add a site', ['netraven sites add lab']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const site = await (await cli.client()).send('POST', '/api/sites', { name }, Site)
      cli.show(options, site, () => `Site ${site.name} added.`)
      if (!options.json) {
        cli.terminal.err(`Next, a token for its agent: netraven enrollment-tokens create --site ${quoted(site.name)}`)
      }
      return undefined
    }),
  )

  verb(sites, 'list', 'list all sites', ['netraven sites list']).action(
    acting(cli, async (options: JsonOption) => {
      const items = await Array.fromAsync((await cli.client()).items('/api/sites', pageOf(Site), { limit: 500 }))
      cli.show(options, items, () =>
        items.length === 0
          ? 'No sites yet. Add one with: netraven sites add NAME'
          : table(
              ['NAME', 'DEVICES', 'AGENTS', 'ONLINE', 'ADDED'],
              items.map((site) => [site.name, site.devices, site.agents, site.agentsOnline, time(site.createdAt)]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  verb(sites, 'show <name>', 'show one site', ['netraven sites show lab']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const site = await (await cli.client()).get(`/api/sites/${inPath(name)}`, Site)
      const { devices, agents, agentsOnline: online, createdAt } = site
      const words = { name: site.name, id: site.id, devices, agents, online, added: time(createdAt) }
      cli.show(options, site, () => facts(words))
      return undefined
    }),
  )

  verb(sites, 'rename <name> <new>', 'give a site another name', ['netraven sites rename lab lab-berlin']).action(
    acting(cli, async (name: string, wanted: string, options: JsonOption) => {
      const path = `/api/sites/${inPath(name)}`
      const site = await (await cli.client()).send('PATCH', path, { name: wanted }, Site)
      cli.show(options, site, () => `Site ${name} is now ${site.name}.`)
      return undefined
    }),
  )

  verb(sites, 'remove <name>', 'remove a site that nothing was ever at', ['netraven sites remove lab']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/sites/${inPath(name)}`)
      cli.show(options, { removed: name }, () => `Site ${name} removed.`)
      return undefined
    }),
  )
}

/** The name of the site when there is just one. */
export async function onlySite(client: Client): Promise<string | undefined> {
  const { items } = await client.get('/api/sites', pageOf(Site))
  return items.length === 1 ? items[0]?.name : undefined
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
