/** Options of a device on the command line, the same for adding and changing one. */
import { Transport } from '@netraven/protocol/transport.ts'
import { type Command, Option } from 'commander'
import type { JsonOption } from './command.ts'
import { fileText, names, onOff, orNone, seconds, tag, wholeNumber } from './values.ts'

export interface DeviceOptionValues extends JsonOption {
  readonly address?: string
  readonly port?: number
  readonly driver?: string
  readonly transport?: string
  readonly site?: string
  readonly credential?: readonly string[] | null
  readonly via?: string | null
  readonly group?: string | null
  readonly secrets?: string
  readonly hostKey?: string | null
  readonly tag?: Readonly<Record<string, string | null>>
  readonly connectTimeout?: number | null
  readonly commandTimeout?: number | null
  readonly idleTimeout?: number | null
  readonly maxOutput?: number | null
  readonly legacyAlgorithms?: boolean
  readonly console?: boolean
  readonly netconfFallback?: boolean
  readonly netconfSource?: string
  readonly tlsCa?: string | null
  readonly tlsPin?: string | null
  readonly tlsName?: string | null
}

const orTakenAway =
  <T>(read: (text: string) => T) =>
  (text: string) =>
    text.toLowerCase() === 'none' ? null : read(text)

export function addDeviceOptions(command: Command): Command {
  return command
    .option('--address <address>', 'IP address or host name')
    .option('--port <port>', 'when it is not the usual one of the transport', wholeNumber('--port', 1, 65_535))
    .option('--driver <name>', 'operating system; names of Oxidized, netmiko and RANCID work too')
    .addOption(
      new Option('--transport <name>', 'way in; absent: the usual one of the driver').choices(Transport.options),
    )
    .option('--site <name>', 'site whose agent reaches it')
    .option('--credential <names>', 'what opens it; several, in order, with commas between', names('--credential'))
    .option('--via <device>', 'device to be passed on the way, by SSH; it may have a --via of its own', orNone)
    .option('--group <name>', 'group', orNone)
    .option('--tag <name=value>', 'tag; may be given more than once, an empty value takes it away', tag)
    .addOption(
      new Option('--secrets <mode>', 'keep: text whole, encrypted; strip: secrets never leave the site').choices([
        'keep',
        'strip',
      ]),
    )
    .option('--host-key <fingerprint>', 'SHA256:… to pin, none to pin the next one seen', orNone)
    .option('--connect-timeout <seconds>', 'for connection and login', orTakenAway(seconds('--connect-timeout', 600)))
    .option('--command-timeout <seconds>', 'for one command', orTakenAway(seconds('--command-timeout', 3600)))
    .option(
      '--idle-timeout <seconds>',
      'for a command that sends nothing',
      orTakenAway(seconds('--idle-timeout', 3600)),
    )
    .option('--max-output <bytes>', 'of one command', orTakenAway(wholeNumber('--max-output', 1024, 512 * 1024 * 1024)))
    .option('--legacy-algorithms <on|off>', 'offer old SSH algorithms to this device', onOff('--legacy-algorithms'))
    .option('--console <on|off>', 'the port is a line of a console server', onOff('--console'))
    .option('--netconf-fallback <on|off>', 'try NETCONF when SSH has no usable shell', onOff('--netconf-fallback'))
    .addOption(
      new Option('--netconf-source <datastore>', 'what NETCONF reads').choices(['running', 'candidate', 'startup']),
    )
    .option(
      '--tls-ca <file>',
      'PEM file of the certificates that sign this device’s',
      orTakenAway(fileText('--tls-ca')),
    )
    .option('--tls-pin <sha256/…>', 'public key of the device instead of any CA', orNone)
    .option('--tls-name <name>', 'name in its certificate, when it is not the address', orNone)
}

/** The options given, as the API names them. */
export function changeOf(values: DeviceOptionValues): Record<string, unknown> {
  const options = given({
    connectTimeoutMs: values.connectTimeout,
    commandTimeoutMs: values.commandTimeout,
    idleTimeoutMs: values.idleTimeout,
    maxOutputBytes: values.maxOutput,
    legacyAlgorithms: values.legacyAlgorithms,
    console: values.console,
    netconfFallback: values.netconfFallback,
    netconfSource: values.netconfSource,
    tlsCa: values.tlsCa,
    tlsPin: values.tlsPin,
    tlsName: values.tlsName,
  })
  return given({
    address: values.address,
    port: values.port,
    driver: values.driver,
    transport: values.transport,
    site: values.site,
    ...loginOf(values.credential),
    via: values.via,
    group: values.group,
    secrets: values.secrets,
    hostKey: values.hostKey,
    tags: values.tag,
    options: Object.keys(options).length > 0 ? options : undefined,
  })
}

/** What commander makes of null, which is what `none` is read as. */
const TAKEN_AWAY = ''

/** One alone goes by the name that every hub knows. */
function loginOf(names: readonly string[] | null | undefined): Record<string, unknown> {
  if (names === undefined) return {}
  return names && names.length > 1 ? { credentials: names } : { credential: names?.[0] ?? null }
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value === TAKEN_AWAY ? null : value]),
  )
}
