import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

export default defineDriver({
  title: 'Edgecore ECS series',
  aliases: ['edgecore', 'edgecos', 'edge-core', 'accton', 'ecs', 'smc', 'es3528m', 'edgecore ecs'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  pagers: [{ when: /^ *---More--- ?$/, send: ' ' }, ...commonPagers],
  rejected: [/^% ?Invalid /, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show system',
      as: 'note',
      keep: /^ *(?:System Description|System OID String|MAC Address(?: \(Unit ?\d+\))?) *:/,
    },
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Unit ?\d+$|Serial Number|Hardware Version|EPLD Version|Number of Ports|Loader Version|Linux Kernel Version|Boot ROM Version|Operation Code Version)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])!(?=[\s\S]*^(?:vlan database|username)\b)[\s\S]*^interface [\s\S]*^end\s*(?:!\s*){0,3}(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^[Bb]uilding (?:running|startup)[- ]config\w*[.,]/],
  secrets: [
    /^ *(?:username \S+|enable|line \S+) password (?:level \d{1,2} )?(?:[078] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *password (?:[078] )?(?<secret>"[^"\n]*"|\S+)$/,
    /^snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server host \S+ (?!version )(?:inform (?:retry \d+ )?(?:timeout \d+ )?)?(?!(?:inform|retry|timeout) )(?<secret>"[^"\n]*"|\S+) version [12]/,
    /^snmp-server user \S+ .*?\bauth (?:md5|sha) (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server user \S+ .*?\bpriv (?:3?des(?:56)?|aes\d*) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:radius|tacacs)-server (?:\d+ )?(?:host \S+ .{0,80}?)?\bkey (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^(?:s?ntp) authentication-key \d+ md5 (?<secret>"[^"\n]*"|\S+)/,
    /^ +ip (?:rip|ospf) .{0,40}?(?:authentication-key|authentication (?:string|text)|message-digest-key \d+ md5) (?<secret>"[^"\n]*"|\S+)/,
    /^ +(?:neighbor \S+ password|key-string|virtual-link \S+ authentication-key) (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:dot1x .{0,60}?|ip dhcp .{0,60}?)password (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
