import { defineDriver } from '../driver.ts'
import { urlSecrets } from './shared/secrets.ts'

/** Prints what differs from the defaults, between the lines `begin` and `end`; dots before it show that it is at work. */
export default defineDriver({
  title: 'Cisco CatOS',
  aliases: ['catos', 'cat5', 'cat6000', 'catalyst os', 'cisco-cat', 'cisco_cat', 'xdi'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-/@:+]{1,63}> ?(?:\(enable\) ?)?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^Enter password: ?$/ },
  prepare: ['set length 0'],
  rejected: [/^(?:Unknown command|Unknown or ambiguous|Usage: |Ambiguous command|Incomplete command|Invalid )/],
  denied: [/^(?:Command authorization failed|Permission denied|Authorization denied)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:WS-\S+ Software, Version|Hardware Version:|System Bootstrap Version|Boot Image Version|\d+ +\d+ +WS-| {30,50}(?:Hw|Fw|Sw)\d? ?:)/,
    },
    { run: 'show vlan', as: 'note', keep: /^(?<keep>\d{1,4} +\S.{0,60}? +(?:active|suspended))\b/ },
    {
      run: 'show config',
      as: 'config',
      complete: /^begin *\n[\s\S]*^#version [\s\S]*^end\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^This command shows non-default/, /^Use 'show config all'/, /^\.{2,}\s*$/, /^#time: /],
  secrets: [
    /^set (?:password|enablepass) (?<secret>\S+)/,
    /^set localuser user \S+ password (?<secret>\S+)/,
    /^set snmp community (?:read-only|read-write|read-write-all) +(?<secret>\S+)/,
    /^set snmp community index \S+ name (?<secret>\S+)/,
    /^set snmp trap \d\S+ (?<secret>\S+)/,
    /^set snmp user \S+ .*?\bauthentication \S+ (?<secret>\S+)/,
    /^set snmp user \S+ .*?\bprivacy (?<secret>\S+)/,
    /^set snmp rmonmemory .*?\bcommunity (?<secret>\S+)/,
    /^set (?:tacacs|radius) key (?<secret>\S.*)$/,
    /^set ntp key \d+ (?:un)?trusted md5 (?<secret>\S+)/,
    /^set vtp .*?\bpasswd (?<secret>\S+)/,
    /^set kerberos (?:srvtab entry|clients) .*? (?<secret>\S+)$/,
    /^set rgmp password (?<secret>\S+)/,
    ...urlSecrets,
  ],
})
