import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/** WGSW, SGS, GS, IGS and MGSW managed switches with a command line after the example of IOS; the configuration ends with `end`. */
export default defineDriver({
  title: 'Planet managed switches (WGSW, SGS, IGS)',
  aliases: ['planet', 'planet_wgsw', 'planet-sgs', 'wgsw', 'planetsgs'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0', 'terminal width 0'],
  pagers: [{ when: /^-- more --, next page: Space, continue: g, quit: \^C *$/, send: 'g' }, ...commonPagers],
  rejected: [/^% (?:Invalid|Ambiguous) word detected/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:MAC Address|System (?:Name|Contact|Location|Description)|Hardware Version|Software Version|Firmware Version|Loader Version|Bootloader|Image|Version|Board (?:Type|Name|ID)|Product|Serial Number|Number of Ports|Port Count) *:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^interface \S)[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^Building configuration/, /^!? ?Current configuration\b/, /^! ?System (?:Up ?[Tt]ime|[Tt]ime)/],
  secrets: [
    /^ *username \S+ privilege \d{1,2} password (?:encrypted|unencrypted) (?<secret>\S+)/,
    /^ *(?:radius|tacacs)-server (?:host \S+ .{0,80}?)?\bkey (?:encrypted |unencrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server community (?:v2c |v3 )?(?<secret>"[^"\n]*"|\S+) (?:ro|rw|RO|RW)/,
    /^ *snmp-server user \S+ engine-id \S+ (?:md5|sha) (?:encrypted )?(?<secret>\S+)/,
    /^ *snmp-server user \S+ engine-id .{0,160}?\bpriv (?:des|aes) (?:encrypted )?(?<secret>\S+)/,
    /^ *host \S+ \d{1,5} (?:traps )?(?<secret>\S+)$/,
    ...iosSecrets,
  ],
})
