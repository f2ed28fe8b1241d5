import { commonPagers, defineDriver } from '../driver.ts'

/**
 * ProCurve and ArubaOS-Switch draw their prompt with cursor addressing and print no end mark. What a whole configuration has:
 * the editor's header first, a VLAN, a closed block, and behind the last closed block nothing but lines of the top level that open
 * no block. A cut between two such lines is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'HP ProCurve and ArubaOS-Switch',
  aliases: [
    'procurve',
    'hp',
    'hp_procurve_ssh',
    'aruba_osswitch',
    'aruba_os-switch',
    'hpe_procurve',
    'arubaos-switch',
    'aruba_procurve',
  ],
  comment: '; ',
  channel: 'shell',
  prompt: /^[\w.\-/@:+ ]{1,64}[>#] ?$/,
  answers: [{ when: /^\s*Press any key to continue *$/, send: ' \\c' }],
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['no page', 'terminal width 512'],
  pagers: [{ when: /^-- MORE --, next page: .{0,60}$/, send: ' ' }, ...commonPagers],
  rejected: [/^(?:Invalid input: |Incomplete input: |Ambiguous input: )/],
  denied: [/^(?:Not authorized|Insufficient privilege|Command authorization failed)/],
  commands: [
    { run: 'show version', as: 'note', keep: /^ *(?:Image stamp:|\/\S+|[A-Z]{1,2}\.\d\S+$|Boot Image:)/ },
    { run: ['show system', 'show system-information'], as: 'note', keep: /^ *(?:Software revision|ROM Version) / },
    {
      run: ['show modules', 'show module'],
      as: 'note',
      keep: /Chassis:|Serial Number|^ +[A-Z\d]{1,3} +\S.* [A-Z]{2}\w{8}/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])\s*; \S+ Configuration Editor; Created on release (?=[\s\S]*^vlan \d)[\s\S]*\n *exit *(?:\n+(?!(?:exit|interface|vlan|router|ip access-list|class|policy|crypto|device-profile)\b)\S.*)*\s*(?![\s\S])/,
    },
  ],
  volatile: [/^(?:Running|Startup) configuration:\s*$/],
  secrets: [
    /^password (?:manager|operator|port-access) (?:user-name (?:"[^"\n]*"|\S+) )?(?:plaintext|[Ss][Hh][Aa]-?\d+) (?<secret>"[^"\n]*"|\S+)/,
    /^ *aaa authentication (?:local-user .*?\bpassword|captive-portal .*?\burl-hash-key) \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^aaa port-access .*?\b(?:secret|password) (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server host \S+ (?:community )?(?<secret>"[^"\n]*"|\S+)/,
    /^snmpv3 community index \S+ name (?<secret>"[^"\n]*"|\S+)/,
    /^snmpv3 user .*?\bauth \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^snmpv3 user .*?\bpriv (?:des |aes )?(?<secret>"[^"\n]*"|\S+)/,
    /^(?:radius|tacacs)-server .*?\b(?:encrypted-)?key (?<secret>"[^"\n]*"|\S+)/,
    /^(?:key-chain|s?ntp authentication) .*?\b(?:key-string|key-value|encrypted-key(?:-string|-value)?) (?<secret>"[^"\n]*"|\S+)/,
    /^ +(?:ip (?:ospf|rip) |area \S+ virtual-link ).*?\bauthentication-key (?<secret>"[^"\n]*"|\S+)/,
    /^ +neighbor \S+ (?:encrypted-)?password (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:tr-069|cwmp) .*?\bpassword (?:plaintext )?(?<secret>"[^"\n]*"|\S+)/,
    /^(?:encrypt-credentials|autorun) .*?\b(?:pre-shared-key (?:plaintext|hex)|encryption-key) (?<secret>"[^"\n]*"|\S+)/,
    /:\/\/[^\s:/@]{1,64}:(?<secret>\S{1,128})@/,
  ],
})
