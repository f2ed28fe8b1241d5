import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Fibre Channel switches. Commands are programs of a restricted shell, so each has a channel of its own and none of them pages.
 * `configshow -all` prints what `configupload -all` would save, zoning included; each logical switch is closed by a line of its own.
 */
export default defineDriver({
  title: 'Brocade Fabric OS',
  aliases: ['fos', 'brocade', 'brocade_fos_ssh', 'fabricos', 'fabric-os', 'fabric_os', 'brocade_san'],
  comment: '# ',
  channel: 'exec',
  prompt: /^[\w.-]{1,64}:(?:FID\d{1,3}:)?[\w.-]{1,40}[>#] ?$/,
  answers: [
    { when: /(?:change passwords now|Please change (?:your )?passwords?.{0,40})\? ?\(?[yY]\/[nN]\)?:? ?$/, send: 'n' },
  ],
  pagers: [
    { when: /^Type <CR> (?:or <SPACE BAR> )?to continue, .{0,60}$/, send: '\r' },
    { when: /^--More--.{0,60}$/, send: ' ' },
  ],
  rejected: [
    /^(?:-?r?bash: .{0,120}: (?:command )?not found|.{0,60}: command not found|(?:Usage|usage): ?config[sS]how)/,
  ],
  denied: [/^(?:RBAC permission denied|Permission denied|Access denied|.{0,80}not authorized)/],
  commands: [
    { run: 'version', as: 'note', keep: /^(?:Kernel|Fabric OS|Made on|Flash|BootProm): / },
    {
      run: 'chassisshow',
      as: 'note',
      keep: /^(?:Chassis Family|Chassis Backplane|.*\bUnit|switchType|Factory (?:Part|Serial) Num|Part Num|Serial Num|Manufacture|Chassis Factory Serial Num|Header Version|ID): ?/,
    },
    { run: 'switchshow', as: 'note', keep: /^switch(?:Name|Type|Wwn|Domain):|^zoning:|^LS Attributes:/ },
    { run: 'licenseshow', as: 'note', keep: /^(?! *(?:Expir|License is|Consumed)).*\S/ },
    {
      run: ['configshow -all', 'configshow'],
      as: 'config',
      complete:
        /(?<![\s\S])(?:\[Configuration upload Information\]|\[Chassis Configuration Begin\]|Configuration )[\s\S]*^\[(?:Switch Configuration End : \d+|End)\]\s*(?![\s\S])/,
      totalMs: 480_000,
      idleMs: 120_000,
    },
  ],
  volatile: [/^ ?(?:date|Time Stamp) = /, /^(?:boot\.)?upTime/],
  logout: ['exit'],
  secrets: [
    /^(?!passwdcfg|(?:cfg|zone|alias|qlp|banner)\.|.{0,60}[Pp]olicy)[\w.-]{0,80}(?:[Ss]ecret|[Cc]ommunity|[Pp]asswd|[Pp]assword|[Aa]uth_?[Kk]ey|[Pp]riv_?[Kk]ey|[Pp]re-?[Ss]hared|sharedkey)[\w.-]{0,40}[:=] ?(?<secret>[^\n]+)$/,
    /^snmp\.(?:agtcfg|agt)\S{0,40}\.(?:ro|rw)\S{0,20}:(?<secret>[^\n]+)$/,
    /^(?:radius|tacacs|ldap|aaa)\S{0,60}\.(?:server|svr)\S{0,20}:[^\n,;]{1,80}[,;]\d{1,5}[,;](?<secret>[^\s,;]+)/,
    /^(?:user|account)\S{0,60}[:=](?<secret>\$\d[\w]?\$[^\s:;]+)/,
    /(?<secret>\$[156]\$[./\w]{1,16}\$[./\w]{16,128})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
