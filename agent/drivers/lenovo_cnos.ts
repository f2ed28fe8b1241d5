import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

export default defineDriver({
  title: 'Lenovo CNOS',
  aliases: ['cnos', 'lenovo_cnos_ssh', 'lenovonos', 'lenovo', 'cloud nos', 'lenovo cloud network operating system'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: [/^Error: (?!.*(?:privilege|authori[sz]|ermission))/, ...iosRejected],
  denied: [/^(?:% ?)?Error: .*(?:privilege|authori[sz]|ermission)/, ...iosDenied],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Lenovo .*Software|Software:| *(?:Bootloader|System) version:|Hardware:| +\S+ \(.*\)$)/,
    },
    {
      run: ['show inventory', 'show sys-info'],
      as: 'note',
      keep: /^ *(?:NAME|PID|Chassis|(?:System|Switch|Board)? ?(?:Serial|Part|Model|FRU) ?(?:Number|Name|No\.?|Type)?|Electronic Serial Number|System MAC|Manufactur\w+)\b.*:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?:Current configuration: *\n)?(?:! *\n)?version "?\d[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^!(?: Last configuration change| Time:|Time:)/],
  secrets: [
    /^snmp-server user \S+ .*?\bpriv (?:des |aes |aes-128 )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius|tacacs)-server (?:host \S+ .{0,80}?)?\bkey (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:authentication|vrrp authentication) text (?<secret>\S+)/,
    ...iosSecrets,
  ],
})
