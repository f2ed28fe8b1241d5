import { Failure } from '@netraven/protocol/failure.ts'
import { defaultPorts } from '@netraven/protocol/transport.ts'
import type { Command } from 'commander'
import { Device } from '../api/device.ts'
import { pageOf } from '../api/page.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { addDeviceOptions, changeOf, type DeviceOptionValues } from './device-options.ts'
import { importCommand } from './devices-import.ts'
import { testCommand } from './devices-test.ts'
import { onlySite } from './sites.ts'
import { count, facts, table, time } from './table.ts'
import { orNone } from './values.ts'

interface ListOptions extends JsonOption {
  readonly site?: string
  readonly group?: string
  readonly driver?: string
}

export function deviceCommands(program: Command, cli: Cli): void {
  const devices = noun(program, 'devices', 'the boxes that are backed up')
  importCommand(devices, cli)
  testCommand(devices, cli)

  verb(devices, 'list', 'list devices', ['netraven devices list', 'netraven devices list --site lab --json'])
    .option('--site <name>', 'only of this site')
    .option('--group <name>', 'only of this group')
    .option('--driver <name>', 'only with this driver')
    .action(
      acting(cli, async (options: ListOptions) => {
        const { site, group, driver } = options
        const client = await cli.client()
        const found = await Array.fromAsync(
          client.items('/api/devices', pageOf(Device), { site, group, driver, limit: 500 }),
        )
        cli.show(options, found, () => listText(cli, options, found))
        return undefined
      }),
    )

  verb(devices, 'show <name>', 'show one device', ['netraven devices show sw1']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const device = await (await cli.client()).get(`/api/devices/${inPath(name)}`, Device)
      cli.show(options, device, () => factsOf(device))
      return undefined
    }),
  )

  addDeviceOptions(
    verb(devices, 'add <name>', 'add a device', [
      'netraven devices add sw1 --address 192.0.2.10 --driver cisco_ios --credential core --site lab',
    ]),
  ).action(
    acting(cli, async (name: string, options: DeviceOptionValues) => {
      const { address, driver } = options
      if (address === undefined || driver === undefined) {
        throw new Failure('USAGE', { option: address === undefined ? '--address' : '--driver', reason: 'is missing' })
      }
      const client = await cli.client()
      const site = options.site ?? (await onlySite(client))
      if (site === undefined)
        throw new Failure('USAGE', { option: '--site', reason: 'is missing, and there is not just one site' })
      const device = await client.send(
        'POST',
        '/api/devices',
        { ...withoutNull(changeOf(options)), name, site },
        Device,
      )
      cli.show(options, device, () => `Device ${device.name} added to site ${device.site}.`)
      if (!options.json) {
        cli.terminal.err(
          device.credential === null
            ? `It has no credential yet: netraven devices set ${device.name} --credential NAME`
            : `Back it up with: netraven backup run --device ${device.name} --wait`,
        )
      }
      return undefined
    }),
  )

  addDeviceOptions(
    verb(devices, 'set <name>', 'change a device; "none" takes a value away', [
      'netraven devices set sw1 --address 192.0.2.11 --port 2222',
      'netraven devices set sw1 --command-timeout 300 --legacy-algorithms on',
      'netraven devices set sw1 --host-key SHA256:…    accept a new host key that you have compared',
      'netraven devices set sw1 --host-key none        pin whatever key it shows next',
      'netraven devices set sw1 --owner alice',
    ]),
  )
    .option('--name <new>', 'new name')
    .option('--owner <user>', 'whose it is, or none; takes the scope admin:devices', orNone)
    .action(
      acting(
        cli,
        async (
          name: string,
          options: DeviceOptionValues & { readonly name?: string; readonly owner?: string | null },
        ) => {
          const change = { ...changeOf(options), ...(options.name !== undefined && { name: options.name }) }
          const { owner } = options
          if (Object.keys(change).length === 0 && owner === undefined) {
            throw new Failure('USAGE', { reason: 'nothing to change; see: netraven devices set --help' })
          }
          const client = await cli.client()
          const path = `/api/devices/${inPath(name)}`
          // Its owner first: afterwards it may have another name.
          const owned =
            owner === undefined
              ? undefined
              : await client.send('PUT', `${path}/owner`, { owner: owner || null }, Device)
          const device =
            owned && Object.keys(change).length === 0 ? owned : await client.send('PATCH', path, change, Device)
          cli.show(options, device, () => `Device ${device.name} changed.`)
          return undefined
        },
      ),
    )

  verb(devices, 'reset-cooldown <name>', 'end the pause after a refused login', [
    'netraven devices reset-cooldown sw1',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const client = await cli.client()
      const device = await client.send('POST', `/api/devices/${inPath(name)}/cooldown/reset`, {}, Device)
      cli.show(options, device, () => `Device ${device.name} may be logged in to again.`)
      return undefined
    }),
  )

  verb(devices, 'remove <name>', 'remove a device; its backups stay', ['netraven devices remove sw1']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/devices/${inPath(name)}`)
      cli.show(options, { removed: name }, () => `Device ${name} removed; its backups stay.`)
      return undefined
    }),
  )
}

/** A new device has nothing yet that could be taken away. */
function withoutNull(change: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(change)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [
        name,
        name === 'options' || name === 'tags' ? withoutNull(value as Record<string, unknown>) : value,
      ]),
  )
}

function listText(cli: Cli, options: ListOptions, found: readonly Device[]): string {
  if (found.length === 0) {
    return (options.site ?? options.group ?? options.driver)
      ? 'No device fits. All of them: netraven devices list'
      : 'No devices yet. Add them with: netraven devices import FILE.csv --site NAME, or netraven devices add NAME --address ADDRESS --driver NAME'
  }
  const rows = found.map((one) => [
    one.name,
    one.port === defaultPorts[one.transport]
      ? one.address
      : `${one.address.includes(':') ? `[${one.address}]` : one.address}:${one.port}`,
    one.driver,
    one.transport,
    one.site,
    one.credentials.join(', '),
    time(one.lastReadAt),
    one.lastFailure?.code ?? (one.lastReadAt ? 'ok' : 'never read'),
  ])
  const head = ['NAME', 'ADDRESS', 'DRIVER', 'TRANSPORT', 'SITE', 'CREDENTIAL', 'LAST READ', 'STATE']
  return `${table(head, rows, cli.terminal.width)}\n${count(found.length, 'device')}`
}

/** What opens it, how each did there, and whether it rests. */
function loginFacts({ name, logins, coolDown }: Device) {
  const [first, ...others] = logins
  const names = logins.map(({ credential }) => credential).join(', then ')
  const standing = ({ successRate, lastSucceededAt, lastRefusedAt }: NonNullable<typeof first>) => {
    if (successRate === null) return 'not tried yet'
    const times = [
      lastSucceededAt && `in at ${time(lastSucceededAt)}`,
      lastRefusedAt && `refused at ${time(lastRefusedAt)}`,
    ]
    return [`${Math.round(successRate * 100)} % of logins`, ...times.filter(Boolean)].join(', ')
  }
  return {
    credential: first ? names : 'none; set one with --credential',
    ...(others.length > 0
      ? Object.fromEntries(logins.map((one) => [`login with ${one.credential}`, standing(one)]))
      : {}),
    'login pause':
      coolDown &&
      `until ${time(coolDown.until)} after ${count(coolDown.failures, 'refused login')} [${coolDown.code}]; to end it: netraven devices reset-cooldown ${name}`,
  }
}

function factsOf(device: Device): string {
  const { options } = device
  const inSeconds = (ms: number | undefined) => (ms === undefined ? null : `${ms / 1000} s`)
  return facts({
    name: device.name,
    id: device.id,
    address: device.address,
    'resolved to': device.resolved && `${device.resolved.address}, last looked up ${time(device.resolved.at)}`,
    port: device.port,
    driver: device.driver,
    transport: device.transport,
    site: device.site,
    ...loginFacts(device),
    via: device.via,
    owner: device.owner,
    'you may': device.access,
    group: device.group,
    tags: Object.entries(device.tags)
      .map(([name, value]) => `${name}=${value}`)
      .join(', '),
    secrets: device.secrets,
    'host key': device.hostKey ?? 'pinned at the next read',
    'connect timeout': inSeconds(options.connectTimeoutMs),
    'command timeout': inSeconds(options.commandTimeoutMs),
    'idle timeout': inSeconds(options.idleTimeoutMs),
    'legacy algorithms': options.legacyAlgorithms ? 'on' : null,
    'console server': options.console ? 'its port is a line of one' : null,
    'NETCONF fallback': options.netconfFallback ? 'on' : null,
    'NETCONF source': options.netconfSource,
    'TLS CA': options.tlsCa === undefined ? null : 'its own',
    'TLS pin': options.tlsPin,
    'TLS name': options.tlsName,
    'output limit': options.maxOutputBytes,
    added: time(device.createdAt),
    'last read': time(device.lastReadAt),
    'last failure': device.lastFailure && `${device.lastFailure.message} [${device.lastFailure.code}]`,
    'newest backup': device.latestBackup,
  })
}
