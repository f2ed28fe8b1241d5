import { defineDriver } from '../driver.ts'
import { iosDenied, iosRejected, iosSecrets } from './shared/ios-like.ts'

/** SmartEdge (SEOS), SSR and 6000 routers. The prompt names the context that the session is in; the configuration ends with `end`. */
export default defineDriver({
  title: 'Ericsson IPOS and SmartEdge (SEOS)',
  aliases: ['ipos', 'seos', 'redback', 'smartedge', 'ericsson', 'ericsson_seos', 'ssr8000', 'router6000'],
  comment: '! ',
  channel: 'shell',
  prompt: /^(?:\[[\w.\-/@:]{1,63}\])?[\w.\-/@+]{1,63}(?:\([\w.\-/ ]{1,40}\))?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal length 0', 'terminal width 512'],
  pagers: [{ when: /^ *-*\(?[Mm]ore\)?-*.{0,20}$/, send: ' ' }],
  rejected: [/^% ?(?:Invalid|Incomplete|Ambiguous|Unknown)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:(?:Redback|Ericsson) .*Version|System (?:Bootstrap|Image)|Copyright|IPOS Version|Boot(?:rom|loader) .*[Vv]ersion)/,
    },
    {
      run: ['show hardware', 'show chassis'],
      as: 'note',
      keep: /^(?:Active|Standby)?.{0,20}(?:[Bb]ackplane|[Cc]hassis [Tt]ype|Default Name)\b|^(?<keep>(?:N\/A|\d{1,2}(?:\/\d{1,2})?) +\S.{0,60}? {2,}\w{8,20})\b/,
    },
    {
      run: ['show configuration', 'show running-config'],
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^context \S)(?=[\s\S]*^system hostname \S)[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 900_000,
    },
  ],
  volatile: [
    /^Building configuration/,
    /^! ?(?:Configuration last (?:changed|saved)|Last (?:changed|saved)|Current time|Date)/,
    /^ *ntp clock-period \d+$/,
  ],
  secrets: [
    /^ *(?:administrator|operator) \S+ (?:encrypted|password)(?: \d{1,2})? (?<secret>"[^"\n]+"|\S+)/,
    /^ *enable (?:encrypted|password)(?: level \d{1,2})?(?: \d{1,2}(?= ))? (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:radius|tacacs\+) .{0,120}?\b(?:encrypted-)?key(?: \d(?= ))? (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:encrypted-key|encrypted-password|password encrypted|key-string(?: encrypted)?(?: \d)?|pre-shared-key(?: hexadecimal)?) (?<secret>"[^"\n]+"|\S+)/,
    /^ *password (?:encrypted )?(?:\d (?=\S))?(?!encrypted )(?<secret>"[^"\n]+"|\S+)$/,
    /^ *snmp community (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp (?:target|notify-target) \S+ \S+ (?:address-context \S+ )?security-name (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp user \S+ .{0,120}?\b(?:md5|sha) (?:key |password |encoded-key )?(?:encrypted )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp user \S+ .{0,240}?\b(?:des56|des|aes\S{0,4}) (?:key |password |encoded-key )?(?:encrypted )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *[\w-]{1,40} encrypted \d{1,2} (?<secret>\S+)$/,
    /^ *(?:(?:ip ospf|isis|virtual-link .{0,60}?) )?authentication (?:simple|md5) (?!key-chain )(?:encrypted )?(?<secret>"[^"\n]+"|\S+)/,
    ...iosSecrets.filter(({ source }) => !/^\^ \*\(\?!description|enable|radius/.test(source)),
  ],
})
