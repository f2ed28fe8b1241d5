import { defineDriver } from '../driver.ts'

/**
 * `show running-config` prints `*****` in the place of keys; the file behind it has them, and only that restores a firewall.
 * Reads one context: the one that the login lands in.
 */
export default defineDriver({
  title: 'Cisco ASA',
  aliases: ['asa', 'cisco_asa_ssh', 'cisco-asa', 'pix', 'fwsm'],
  comment: ': ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64}(?:\/[\w.-]{1,32}){0,4}[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal pager 0'],
  rejected: [/^(?:ERROR: )?% ?(?:Invalid|Incomplete|Ambiguous|Unrecognized|Error opening)/, /^Type help or '\?'/],
  denied: [/^(?:ERROR: )?(?:% ?)?(?:Command authorization|Authorization) (?:failed|denied)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Cisco (?:Adaptive|PIX Firewall)|FWSM Firewall|Firepower Extensible|SSP Operating|Device Manager|System image file|Hardware:|Serial Number:|Running (?:Permanent )?Activation Key)/,
    },
    { run: 'show inventory', as: 'note', keep: /^(?:Name|PID): / },
    { run: 'show mode', as: 'note', keep: /^Security context mode/ },
    {
      run: ['more system:running-config', 'show running-config'],
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^(?:ASA|PIX|FWSM|NGFW) Version )[\s\S]*^: end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^: (?:Saved|Written by .* at .*)\s*$/, /^Cryptochecksum:/],
  secrets: [
    /^(?:enable password|passwd)(?: level \d+)? (?<secret>\S+)/,
    /^username \S+ password (?:\d )?(?<secret>\S+)/,
    /^(?:aaa-server|cluster group) .*\n(?: .*\n)*? key (?:[08] )?(?<secret>\S.*)$/,
    /^aaa-server \S+ \(\S+\) host \S+ (?<secret>\S+) timeout \d+$/, // PIX 6
    /^ +(?:radius-common-pw|ldap-login-password|policy-server-secret|password)(?: [08])? (?<secret>\S.*)$/,
    /^ +(?:ikev1 |ikev2 (?:local|remote)-authentication )?pre-shared-key (?:hex )?(?:[08] )?(?<secret>\S.*)$/,
    /^(?:isakmp key|failover (?:lan )?key|failover ipsec pre-shared-key|cts sxp default password)(?: hex)?(?: [08])? (?<secret>\S+)/,
    /^snmp-server community (?:[08] )?(?<secret>\S+)/,
    /^snmp-server host(?:-group)? \S+ \S+ .*?\bcommunity (?:[08] )?(?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bauth \S+ (?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bpriv (?:3?des|aes(?: \d{3})?) (?<secret>\S+)/,
    /^ +(?:ospf |area \S+ virtual-link \S+ .*?)(?:authentication-key|message-digest-key \d+ md5) (?:[08] )?(?<secret>\S+)/,
    /^ +(?:neighbor \S+ password|key-string|isis password|isis authentication key|rip authentication key|authentication key eigrp \d+|area-password|domain-password) (?:\d )?(?<secret>\S+)/,
    /^ntp authentication-key \d+ \S+ (?:[08] )?(?<secret>\S+)/,
    /^(?:vpdn username \S+|wccp \S+ .*?) ?password (?:[08] )?(?<secret>\S+)/,
    /^ +https?-proxy \S+ .*?\bpassword (?:[08] )?(?<secret>\S+)/,
    /^logging ftp-server \S+ \S+ \S+ (?:[08] )?(?<secret>\S+)/,
    /^crypto (?:dynamic-)?map \S+ \d+ set session-key \S+ \S+ \d+ (?<secret>\S.*)$/,
    /^ +license (?<secret>[0-9A-Fa-f]{32})$/, // of `scansafe general-options`
    /:\/\/[^\s:/@]{1,64}:(?<secret>\S{1,128})@/,
  ],
})
