import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * MES23xx, 33xx, 35xx, 53xx switch the pager off for the session; MES14xx and 24xx know that only as a setting of the device, so there
 * the pager is answered. The configuration ends with `end`; older releases (MES1000, 2000, 3000) end with a closed block.
 */
export default defineDriver({
  title: 'Eltex MES switches',
  aliases: ['eltex', 'mes', 'eltex_mes_ssh', 'eltex-mes', 'eltexmes'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal datadump'],
  pagers: [
    { when: /^ *More: <space>, {1,2}Quit: q(?: or CTRL\+Z)?, One line: <return> *$/, send: ' ' },
    { when: /^ *More\? Enter - next line; Space - next page; Q - quit; R - show the rest\. *$/, send: 'r' },
    ...commonPagers,
  ],
  rejected: [
    /^ *% ?(?:Unrecognized command|Incomplete command|missing mandatory parameter|bad parameter value|Wrong number of parameters)/,
    ...iosRejected,
  ],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Active-image:|Inactive-image:|Version:|SW version|Boot version|HW version|Hardware Version|Software Version|Firmware Version|Boot Version)/,
    },
    {
      run: ['show system information', 'show system'],
      as: 'note',
      keep: /^ *(?:System Description|System Name|System Location|System Contact|System MAC [Aa]ddress|System Object ID|Serial [Nn]umber|Switch Serial Number|(?:Hardware|Firmware) Version|Type)\s*:/,
    },
    { run: 'show system id', as: 'note', keep: /^ *(?:Unit\s|\d\s+\S|Serial number)/ },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^(?:vlan|interface|hostname) ?)[\s\S]*^(?:end|exit\n(?:!\n?)*)\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^#?Building configuration/],
  secrets: [
    /^ *encrypted (?:radius|tacacs)-server (?:host \S+ .{0,120}?)?\bkey (?<secret>"[^"\n]*"|\S+)/,
    /^ *encrypted snmp-server user .{0,160}?\bauth (?:md5|sha)\S* (?<secret>"[^"\n]*"|\S+)/,
    /^ *encrypted snmp-server user .{0,240}?\bpriv(?: (?:des|aes)\S*)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?key-string (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp community index \S+ name (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
