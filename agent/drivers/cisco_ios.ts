import { defineDriver } from '../driver.ts'

/**
 * VLANs of a VTP server stand in no configuration file, so their names are kept as a note. The end mark must end the whole
 * output: banners and macros may hold a line `end` too.
 */
export default defineDriver({
  title: 'Cisco IOS and IOS-XE',
  aliases: ['ios', 'iosxe', 'ios-xe', 'cisco', 'cisco_xe', 'cisco_iosxe', 'cisco-ios', 'cat9k', 'catalyst'],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.\-/@:+~]{1,63}[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal length 0', 'terminal width 0'],
  rejected: [/^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|Bad IP address)/],
  denied: [/^(?:% ?)?(?:Command authorization|Authorization) failed/, /^% ?(?:Permission|Access) denied/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Cisco IOS.*, Version|IOS \(tm\)|(?<keep>[Cc]isco \S+ \(.*processor(?: \(revision \S+\))?)|ROM:|BOOTLDR:|System image file|Processor board ID|License (?:Level|Type)|Model [Nn]umber|System [Ss]erial|Motherboard |Base [Ee]thernet|Configuration register)/,
    },
    { run: 'show inventory', as: 'note', keep: /^(?:NAME|PID|Name|Pid): / },
    {
      run: 'show vlan brief',
      as: 'note',
      keep: /^(?<keep>\d{1,4} +\S.{0,60}? +(?:active|suspended|act\/\S+|sus\/\S+))/,
    },
    {
      run: ['show bootvar', 'show boot'],
      as: 'note',
      keep: /^(?:BOOT |CONFIG_FILE|Config file|Private Config|Manual Boot|Enable Break|Configuration register)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^version \d)[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [
    /^Building configuration/,
    /^(?:Current configuration|Using \d+ out of) /,
    /^! (?:Last configuration change|NVRAM config last updated|No configuration change since)/,
    /^ntp clock-period \d+$/,
  ],
  secrets: [
    /^enable (?:secret|password)(?: level \d+)?(?: \d\d?)? (?<secret>\S.*)$/,
    /^ *(?:credentials |authentication |(?:ap )?(?:mgmtuser|dot1x) )?username \S+ .*?\b(?:password|secret)(?: \d\d?)? (?<secret>\S.*)$/,
    /^ +(?:neighbor \S+ |isis |area-|domain-|l2tp tunnel |ppp chap |ppp pap sent-username \S+ |bind authenticate root-dn \S+ |set aggressive-mode |database archive \S+ |web admin \S+ name \S+ )?password(?: \d)? (?<secret>\S.*)$/,
    /^(?:ip (?:ftp|http client|msdp) |cts sxp default |vtp |mpls ldp (?:vrf \S+ )?(?:neighbor (?:vrf \S+ )?\S+ )?)password(?: peer \S+| option \d+ for \S+| fallback)?(?: \d)? (?!required|.*key-chain )(?<secret>\S.*)$/,
    /^ +(?:key-string|pac key|(?:server-private|client) \S+ .*?\b(?:server-)?key|server-key)(?: \d)? (?<secret>\S.*)$/,
    /^(?:(?:radius|tacacs) server|crypto isakmp client configuration group) .*\n(?: .*\n)*? key(?: \d)? (?<secret>\S.*)$/,
    /^(?:radius|tacacs)-server (?:host \S+ .*?)?\bkey(?: \d)? (?<secret>\S.*)$/,
    /^snmp-server community (?:\d (?=\S+ (?:view|RO|RW)\b))?(?<secret>\S+)/,
    /^snmp-server host \S+ (?:vrf \S+ )?(?:(?:trap|inform)s? )?(?:version (?:1|2c) )?(?!(?:version|vrf|traps?|informs?) )(?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bauth \S+ (?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bpriv (?:3?des(?:56)?|aes)(?: \d{3})? (?<secret>\S+)/,
    /^(?:snmp mib community-map|rmon event \d+ (?:log )?trap) +(?<secret>\S+)/,
    /^crypto isakmp key(?: \d)? (?<secret>\S+) (?:address|hostname) /,
    /^ +pre-shared-key (?:(?:address|hostname) .*?\bkey |local |remote )?(?:hex )?(?:\d )?(?<secret>\S.*)$/,
    /^ +(?:group \S+|authentication (?:local|remote) pre-share) key(?: \d)? (?<secret>\S.*)$/,
    /^ +(?:set session-key \S+ \S+ \d+|sap pmk) (?<secret>\S.*)$/,
    /^ +(?:standby|vrrp|glbp)(?: \d+)? authentication (?:text |md5 key-string (?:\d )?)?(?!md5 key-chain )(?<secret>\S+)/,
    /^ +(?:ip ospf |area \S+ (?:virtual|sham)-link \S+ .*?)?(?:authentication-key|message-digest-key \d+ \S+)(?: \d)? (?<secret>\S+)/,
    /^ +(?:ospfv3|ipv6 ospf|area) .*?\b(?:authentication|encryption) ipsec spi \d+ (?<secret>\S.*)$/,
    /^ +authentication (?:mode hmac-sha-256|text|md5 key-string)(?: \d)? (?<secret>\S+)/,
    /^ +ip(?:v6)? nhrp authentication(?: \d)? (?<secret>\S+)/,
    /^ +(?:ipv[46] )?etr map-server \S+ (?:authentication-)?key(?: \d)? (?<secret>\S+)/,
    /^ntp authentication-key \d+ \S+ (?<secret>\S+)/,
    /^ +(?:security wpa psk set-key|wpa-psk) (?:ascii|hex)(?: \d)? (?<secret>\S+)/,
    /^ +encryption (?:vlan \d+ )?key \d+ size \S+ (?:\d )?(?<secret>\S+)/,
    /^ +(?:digest |cable shared-|shared-|web admin \S+ name \S+ )?secret(?: \d)? (?<secret>\S.*)$/,
    /^event manager environment \S{0,40}(?:pass|pw|secret)\S{0,40} (?<secret>\S.*)$/,
    /:\/\/[^\s:/@]{1,64}:(?<secret>\S{1,128})@/,
  ],
})
