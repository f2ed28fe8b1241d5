import { defineDriver } from '../driver.ts'
import { iosDenied, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * Managed switches and routers of Moxa (EDS, IKS, ICS, PT, EDR). No end mark is documented: a whole one
 * has headings, names or users, and ports; the prompt alone judges its end. Telnet asks for a terminal type. No sample by the vendor was at hand: prompts and lines are not confirmed.
 */
export default defineDriver({
  title: 'Moxa EDS, IKS, PT and EDR',
  aliases: ['moxa', 'moxa_nos', 'moxa_mxos', 'eds', 'mx-nos', 'moxa-nos', 'edr'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  answers: [
    { when: /^[Tt]erminal [Tt]ype.{0,40}[:>] ?$/, send: '1' },
    { when: /^(?:[Pp]lease )?(?:[Ss]elect|[Cc]hoose) (?:the )?[Ll]ogin [Mm]ode.{0,40}[:>] ?$/, send: '1' },
  ],
  prepare: ['terminal length 0'],
  rejected: [/^\^?(?:Parse error|[Uu]nrecognized|[Ii]nvalid parameter)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: ['show system', 'show version'],
      as: 'note',
      keep: /^ *(?:System Information|System Name|System Location|System Description|Maintainer Information|MAC Address|Serial [Nn]o\.?|Serial Number|Firmware Version|Model(?: Name)?|Product(?: [Nn]ame)?|Device Model)\b ?\S{0,4} *:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^!)(?=[\s\S]*^(?:hostname|username|snmp-server) \S)[\s\S]*^interface (?:ethernet|vlan|trunk|gigabitethernet|mgmt)/,
      idleMs: 60_000,
    },
  ],
  volatile: [
    /^! ?(?:[Ss]ystem [Uu]ptime|[Uu]p ?[Tt]ime|[Cc]urrent [Tt]ime|[Dd]ate|[Tt]ime|[Ll]ast |[Gg]enerated|[Ss]aved)/,
    /^ *clock set /,
  ],
  secrets: [
    /^ *username \S+ password .{0,40}?(?:cipher |encrypted )?(?<secret>"[^"\n]+"|\S+)(?: privilege \d+)?$/,
    /^ *snmp-server (?:community|read-community|write-community|trap-community)(?: (?:ro|rw|read|write)(?= ))? (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server user \S+ .{0,80}?(?:password|auth-pass\S*|(?:md5|sha)) (?:cipher )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server (?:user \S+ .{0,160}?|)(?:encryption-key|priv-pass\S*|des|aes|encrypt \S+ key|data-encryption-key) (?:cipher )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:auth(?:entication)?|dot1x|aaa|login|email-warning|smtp|ddns|l2tp|pppoe|vpn|ipsec) .{0,120}?\b(?:key|shared-key|secret|password|psk|pre-shared-key) (?:cipher )?(?<secret>"[^"\n]+"|\S+)/,
    // here the rights stand before the name, so the pattern of IOS would take them for it
    ...iosSecrets.filter(({ source }) => !source.includes('snmp-server community')),
  ],
})
