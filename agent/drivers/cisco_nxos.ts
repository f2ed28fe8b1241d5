import { defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'

/**
 * NX-OS prints no end mark. What a whole configuration has: its header first, and `line vty`, which every one holds and which
 * comes behind the interfaces. A cut behind it is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Cisco NX-OS',
  aliases: ['nxos', 'nexus', 'cisco-nx', 'cisco-nxos', 'cisco_nxos_ssh', 'nx-os'],
  comment: '! ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^[\w.-]{1,64}(?:\([\w-]+\))?[>#] ?$/,
  prepare: ['terminal length 0', 'terminal width 511'],
  rejected: [/^% ?(?:Invalid|Incomplete|Ambiguous|Unrecognized)/, /^(?:Syntax error|Cmd exec error)/],
  denied: [/^% ?(?:Permission denied|Authorization failed)/, /^Error: AAA authorization failed/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ {2}(?:(?:BIOS|NXOS|kickstart|system): +version|(?:NXOS|kickstart|system) image file|cisco |Processor Board ID|Device name)/,
    },
    { run: 'show inventory', as: 'note', keep: /^(?:NAME|PID): / },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])\s*!Command: show running-config(?=[\s\S]*^version \d)[\s\S]*^line vty$/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^!(?:Time: |Running configuration last done at: |NVRAM config last updated)/],
  secrets: [
    /^enable secret(?: level \d+)?(?: \d)? (?<secret>\S+)/,
    /^username \S+ .*?\bpassword(?: \d)? (?!(?:\d )?!\s)(?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bauth \S+ (?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bpriv (?:aes-128 |aes-256 |des )?(?<secret>\S+)/,
    /^snmp-server community (?:\d (?=\S+ (?:group|ro|rw)\b))?(?<secret>\S+)/,
    /^snmp-server host \S+ (?:(?:trap|inform)s? )?version (?:1|2c) (?<secret>\S+)/,
    /^(?:radius|tacacs|ldap)-server .*?\b(?:key|password)(?: \d)? (?<secret>"[^"\n]*"|\S+)/,
    /^ +key-(?:octet-)?string(?: \d)? (?<secret>\S+)/,
    /^ +password(?: \d)? (?<secret>\S+)/,
    /^ +(?:ip ospf |area \S+ virtual-link \S+ .*?)?(?:authentication-key|message-digest-key \d+ md5)(?: \d)? (?<secret>\S+)/,
    /^ +(?:ospfv3|area) .*?\b(?:authentication|encryption) ipsec spi \d+ (?<secret>\S.*)$/,
    /^ +authentication (?:text|md5 key-string)(?: \d)? (?<secret>\S+)/,
    /^ +ip pim hello-authentication ah-md5(?: \d)? (?<secret>\S+)/,
    /^ +bfd authentication \S+ key-?id \d+ (?:hex-)?key (?<secret>\S+)/,
    /^rmon event \d+ (?:log )?trap (?<secret>\S+)/,
    /^ntp authentication-key \d+ \S+ (?<secret>\S+)/,
    /^(?:ip msdp|vtp|fcsp dhchap(?: devicename \S+)?|cts device-id \S+|mpls ldp(?: vrf \S+)?(?: neighbor \S+)?) password(?: \d+\.\S+)?(?: \d)? (?!required|.*key-chain )(?<secret>\S+)/,
    /^ +sap pmk (?<secret>\S+)/,
    /^event manager environment \S{0,40}(?:pass|pw|secret)\S{0,40} (?<secret>\S.*)$/,
    /:\/\/[^\s:/@]{1,64}:(?<secret>\S{1,128})@/,
  ],
})
