import { defineDriver } from '../driver.ts'

/**
 * Reads what the management centre deployed, by the first command line (CLISH); the one of `system support diagnostic-cli` asks
 * for a second enable and shows no more. Keys are printed as `*****`. The management interface stands in no configuration,
 * so it is kept as a note. Versions of rules and of the vulnerability data base change by themselves and are left out.
 */
export default defineDriver({
  title: 'Cisco Firepower Threat Defense',
  aliases: [
    'ftd',
    'cisco_ftd_ssh',
    'cisco-ftd',
    'firepower',
    'firepower threat defense',
    'secure firewall',
    'fpr',
    'firelinuxos',
  ],
  comment: ': ',
  channel: 'shell',
  transports: ['ssh'],
  prompt: /^> ?$/,
  prepare: [],
  rejected: [
    /^(?:ERROR: )?% ?(?:Invalid|Incomplete|Ambiguous|Unrecognized)/,
    /^(?:Syntax error|Unrecognised command|Invalid command)/,
  ],
  denied: [/^(?:ERROR: )?(?:% ?)?(?:Command authorization|Authorization) (?:failed|denied)/, /^You (?:are|do) not /],
  commands: [
    { run: 'show version', as: 'note', keep: /^(?:-+\[ |Model +: |UUID +: )/ },
    { run: 'show inventory', as: 'note', keep: /^(?:Name|PID): / },
    { run: 'show managers', as: 'note', keep: /^(?:Type|Host|Display name|Identifier|Managed) */ },
    {
      run: 'show network',
      as: 'note',
      keep: /^(?:[=-]+\[ |IPv[46] Default| *(?:Hostname|Domains|DNS Servers|Management port|Gateway|Channels|MTU|MAC Address|Configuration|Address|Netmask|Prefix) *: )/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^NGFW Version )[\s\S]*^: end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^: (?:Saved|Written by .* at .*)\s*$/, /^Cryptochecksum:/],
  secrets: [
    /^(?:enable password|passwd)(?: level \d+)? (?<secret>\S+)/,
    /^username \S+ password (?:\d )?(?<secret>\S+)/,
    /^(?:aaa-server|cluster group) .*\n(?: .*\n){0,60}? key (?:[08] )?(?<secret>\S.*)$/,
    /^ +(?:radius-common-pw|ldap-login-password|password)(?: [08])? (?<secret>\S.*)$/,
    /^ +(?:ikev1 |ikev2 (?:local|remote)-authentication )?pre-shared-key (?:hex )?(?:[08] )?(?<secret>\S.*)$/,
    /^(?:failover (?:lan )?key|failover ipsec pre-shared-key|isakmp key|cts sxp default password)(?: hex)?(?: [08])? (?<secret>\S+)/,
    /^snmp-server community (?:[08] )?(?<secret>\S+)/,
    /^snmp-server host(?:-group)? \S+ \S+ .*?\bcommunity (?:[08] )?(?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bauth \S+ (?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bpriv (?:3?des|aes(?: \d{3})?) (?<secret>\S+)/,
    /^ +(?:ospf |area \S+ virtual-link \S+ .{0,80}?)(?:authentication-key|message-digest-key \d+ md5) (?:[08] )?(?<secret>\S+)/,
    /^ +(?:neighbor \S+ password|key-string|isis password|isis authentication key|rip authentication key|authentication key eigrp \d+) (?:\d )?(?<secret>\S+)/,
    /^ntp authentication-key \d+ \S+ (?:[08] )?(?<secret>\S+)/,
    /^crypto (?:dynamic-)?map \S+ \d+ set session-key \S+ \S+ \d+ (?<secret>\S.*)$/,
    /:\/\/[^\s:/@]{1,64}:(?<secret>[^\s@]{1,128})@/,
  ],
})
