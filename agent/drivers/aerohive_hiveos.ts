import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * HiveOS and IQ Engine: access points, SR switches and BR routers of Aerohive, now Extreme. The list of commands has no end mark: a whole
 * one names the device or its hive, has interfaces and ends with a whole command; the prompt judges the end. `password` shows secrets
 * as they are stored; a device that does not know the word prints stars.
 */
const value = String.raw`(?<secret>"[^"\n]+"|[^\s"]+)`
export default defineDriver({
  title: 'Extreme (Aerohive) HiveOS and IQ Engine',
  aliases: ['hiveos', 'aerohive', 'iqengine', 'iq engine', 'extreme_hiveos', 'extreme_iqengine', 'hive_os'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.-]{1,63}(?:\([\w.\- /]{1,40}\))?[#>] ?$/,
  pagers: [{ when: /^ *--More--.{0,40}$/, send: ' ' }, ...commonPagers],
  rejected: [
    /^(?: {0,60}\^-- unknown keyword|.{0,60}unknown keyword or invalid input|ERROR: ?(?:[Ii]nvalid|[Ii]ncomplete|[Uu]nknown))/,
    ...iosRejected,
  ],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Copyright|Version|Build host|Platform|Bootloader ver|TPM ver|Aerohive|HiveOS|IQ Engine)\b(?!.{0,20}[Uu]ptime)/,
    },
    {
      run: 'show hw-info',
      as: 'note',
      keep: /^(?:Ethernet MAC address|Number of MAC addresses|Hardware revision number|Product version|Product name|Serial number|Manufacturer)\b.{0,30}:/,
    },
    {
      run: ['show running-config password', 'show running-config'],
      as: 'config',
      complete:
        /(?<![\s\S])(?:(?:#[^\n]*)?\n)*[a-z][^\n]*\n(?=[\s\S]*^(?:hostname|hive) \S)(?=[\s\S]*^(?:no )?(?:interface|capwap|admin) )[\s\S]*^[a-z][^\n]*\s*(?![\s\S])/,
      idleMs: 60_000,
    },
  ],
  volatile: [/^# ?(?:Date|Time|Generated|Last )/, /^clock (?:date-time|set) /, /^config version \d+$/],
  secrets: [
    new RegExp(
      `^(?!.{0,80}\\b(?:description|comment) ")(?:no )?(?:[^\\s"]{1,64} |"[^"\\n]{1,64}" ){0,10}?(?:password|ascii-key|hex-key|shared-secret|passphrase|hm-defined-passphrase|user-defined-passphrase|secret|psk|ppsk-key|default-key|auth-key|priv-key|encryption-key|proxy-auth-password|pre-shared-key|pin) (?!(?:policy|length|min|change|hash|expire)\\S{0,20}(?: |$))${value}`,
    ),
    /^snmp (?:reader|trap-host) .{0,80}?\bcommunity (?<secret>"[^"\n]+"|[^\s"]+)/,
    /^snmp (?:reader|trap-host|writer) .{0,120}?\bauth (?:md5|sha) (?:password )?(?!password )(?<secret>"[^"\n]+"|[^\s"]+)/,
    /^snmp (?:reader|trap-host|writer) .{0,240}?\bencryption (?:des|aes) (?:password )?(?!password )(?<secret>"[^"\n]+"|[^\s"]+)/,
    ...urlSecrets,
  ],
})
