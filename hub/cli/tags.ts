import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Device } from '../api/device.ts'
import { pageOf } from '../api/page.ts'
import { Tag, TaggedDevices, TagRemoval } from '../api/tag.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { EXIT } from './failure-text.ts'
import { count, table } from './table.ts'
import { gathered } from './values.ts'

interface OnDevices extends JsonOption {
  readonly device: string[]
}

export function tagCommands(program: Command, cli: Cli): void {
  const tags = noun(program, 'tags', 'what devices are marked with')

  verb(tags, 'list', 'list tags and how many devices carry each', [
    'netraven tags list',
    'netraven tags list --key env',
  ])
    .option('--key <key>', 'only of this key')
    .action(
      acting(cli, async (options: JsonOption & { key?: string }) => {
        const query = { key: options.key, limit: 500 }
        const found = await Array.fromAsync((await cli.client()).items('/api/tags', pageOf(Tag), query))
        cli.show(options, found, () =>
          found.length === 0
            ? 'No tags yet. Set one with: netraven tags assign KEY=VALUE --device NAME'
            : table(
                ['TAG', 'DEVICES', 'COLOUR', 'DESCRIPTION'],
                found.map((tag) => [tag.name, tag.devices, tag.colour, tag.description]),
                cli.terminal.width,
              ),
        )
        return undefined
      }),
    )

  verb(tags, 'devices <tag>', 'list devices that carry a tag', [
    'netraven tags devices env=lab',
    'netraven tags devices env    whatever its value',
  ]).action(
    acting(cli, async (tag: string, options: JsonOption) => {
      const path = `/api/tags/${inPath(tag)}/devices`
      const found = await Array.fromAsync((await cli.client()).items(path, pageOf(Device), { limit: 500 }))
      cli.show(options, found, () =>
        found.length === 0 ? `No device carries ${tag}.` : found.map(({ name }) => name).join('\n'),
      )
      return undefined
    }),
  )

  verb(tags, 'assign <tag>', 'set a tag on devices', ['netraven tags assign env=lab --device sw1 --device sw2'])
    .requiredOption('--device <name>', 'a device; may be given more than once', gathered)
    .action(
      acting(cli, async (tag: string, options: OnDevices) => {
        const at = tag.indexOf('=')
        if (at < 1) throw new Failure('USAGE', { value: tag, expected: 'KEY=VALUE' })
        const body = { tags: { [tag.slice(0, at)]: tag.slice(at + 1) }, devices: options.device }
        return tagged(cli, options, await (await cli.client()).send('POST', '/api/tags/assign', body, TaggedDevices))
      }),
    )

  verb(tags, 'unassign <tag>', 'take a tag from devices', ['netraven tags unassign env --device sw1'])
    .requiredOption('--device <name>', 'a device; may be given more than once', gathered)
    .action(
      acting(cli, async (tag: string, options: OnDevices) => {
        const body = { tags: [tag], devices: options.device }
        return tagged(cli, options, await (await cli.client()).send('POST', '/api/tags/unassign', body, TaggedDevices))
      }),
    )

  verb(tags, 'describe <tag>', 'say what a tag means', [
    'netraven tags describe env=lab --description "may break at any time" --colour "#1a7f37"',
  ])
    .option('--description <words>', 'what it means')
    .option('--colour <#rrggbb>', 'how it is shown')
    .action(
      acting(cli, async (name: string, options: JsonOption & { description?: string; colour?: string }) => {
        const { description, colour } = options
        const client = await cli.client()
        const at = name.indexOf('=')
        const word = at < 0 ? { key: name } : { key: name.slice(0, at), value: name.slice(at + 1) }
        const tag = await client
          .send('POST', '/api/tags', { ...word, description, colour }, Tag)
          .catch((error: unknown) => {
            if (!(error instanceof Failure) || error.code !== 'ALREADY_EXISTS') throw error
            return client.send('PATCH', `/api/tags/${inPath(name)}`, { description, colour }, Tag)
          })
        cli.show(options, tag, () => `Tag ${tag.name} described; ${count(tag.devices, 'device')} carry it.`)
        return undefined
      }),
    )

  verb(tags, 'remove <tag>', 'take a tag from every device that you may change', [
    'netraven tags remove env=lab',
  ]).action(
    acting(cli, async (tag: string, options: JsonOption) => {
      const path = `/api/tags/${inPath(tag)}`
      const { devices } = await (await cli.client()).send('DELETE', path, undefined, TagRemoval)
      cli.show(options, { removed: tag, devices }, () => `Tag ${tag} removed from ${count(devices, 'device')}.`)
      return undefined
    }),
  )
}

function tagged(cli: Cli, options: JsonOption, done: TaggedDevices): number | undefined {
  cli.show(options, done, () => `${count(done.changed, 'device')} changed, ${done.refused} refused.`)
  if (!options.json) {
    for (const { device, error } of done.items) {
      if (error) cli.terminal.err(`${device}: ${error.message} [${error.code}]`)
    }
  }
  return done.refused > 0 ? EXIT.failed : undefined
}
