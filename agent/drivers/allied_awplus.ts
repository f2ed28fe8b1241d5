import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

export default defineDriver({
  title: 'Allied Telesis AlliedWare Plus',
  aliases: [
    'awplus',
    'allied_telesis_awplus',
    'allied-awplus',
    'aw+',
    'alliedware plus',
    'alliedtelesis',
    'allied telesis',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: 'show system',
      as: 'note',
      keep: /^(?:Board +ID|Base +\d|Chassis +\d|Expansion +\d|PSU +\d|Fan +\d|Stack member|Current software|Software version|Current boot config|Territory|Bootloader version|Hardware (?:version|revision))/,
    },
    { run: 'show license brief', as: 'note', keep: /^(?:Board region|Index|\d+ +\S.*N\/A$)/ },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])! *\n(?=[\s\S]*^hostname |[\s\S]*^service )[\s\S]*^interface [\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  secrets: [
    /^ *(?:radius|tacacs)-server (?:host \S+ .{0,80}?)?\bkey (?:[08] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *nas \S+ key (?<secret>"[^"\n]*"|\S+)/,
    /^ *user \S+ (?:encrypted )?password (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server user \S+ .*?\bpriv (?:des |aes )?(?<secret>"[^"\n]*"|\S+)/,
    /^crypto isakmp key (?:8 )?(?<secret>"[^"\n]*"|\S+) (?:address|hostname|policy) /,
    /^ *(?:neighbor \S+ password|ip rip authentication string|authentication-key|atmf (?:password|secure-mode .{0,30}key)|(?:ppp|pppoe|l2tp) .{0,40}password) (?:[08] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:key|passphrase|wpa-psk|security-key|md5-key) (?:[08] |ascii )?(?!chain\b|\d{1,3}$)(?<secret>"[^"\n]*"|\S+)$/,
    ...iosSecrets,
  ],
})
