import { defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'

/**
 * A line with the time stands before each output. The administration plane (`admin show running-config`) is a configuration of
 * its own and is not read.
 */
export default defineDriver({
  title: 'Cisco IOS XR',
  aliases: ['iosxr', 'ios-xr', 'xr', 'cisco_xr', 'cisco-xr', 'cisco-iosxr', 'ios_xr', 'xrv', 'ncs', 'asr9k'],
  comment: '! ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^RP\/\d{1,3}\/\w{1,8}\/CPU\d{1,2}:[\w.-]{1,64}(?:\([\w-]+\))?# ?$/,
  prepare: ['terminal length 0', 'terminal width 0'],
  rejected: [/^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized)/],
  denied: [/^% ?(?:This command is not authorized|Permission denied|User does not have|.*\bnot authorized)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Cisco IOS XR Software| Label |ROM: |System image file|(?<keep>[Cc]isco .{1,80} [Pp]rocessor))/,
    },
    { run: ['show inventory', 'admin show inventory'], as: 'note', keep: /^ *(?:NAME|PID): / },
    {
      run: 'show install active summary',
      as: 'note',
      keep: /^ {4,}(?:disk\d:|harddisk:)?\w[\w.]{0,40}-[\w.+-]{0,80}\d\S{0,80}(?: version=\S+ \[Boot image\])?$/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])\s*!! IOS XR Configuration [\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 600_000,
    },
  ],
  volatile: [
    /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{3})? \S{1,10}$/,
    /^Building configuration/,
    /^!! (?:Last configuration change at |No configuration change since last restart)/,
  ],
  secrets: [
    /^ +(?:secret|password)(?: \d{1,2}| encrypted| clear)? (?!disable$)(?<secret>\S+)$/,
    /^ *(?:neighbor \S+ |\d[\d.]*:\d+ |ppp chap |ppp pap sent-username \S+ |(?:ftp|tftp|http|ssh) client .{0,60})password(?: \d| encrypted| clear)? (?!disable$)(?<secret>\S+)/,
    /^ *(?:(?:tacacs|radius)-server )?key(?: \d)? (?!\d+$)(?<secret>\S+)$/,
    /^(?:tacacs|radius)-server host .*?\bkey(?: \d)? (?<secret>\S+)/,
    /^ +key-string(?: password| clear)? (?<secret>\S+)/,
    /^ +(?:hello|lsp|area|domain)-password (?:hmac-md5 |hmac-sha1 |text )?(?:encrypted |clear )?(?!keychain )(?<secret>\S+)/,
    /^ +(?:message-digest-key \d+ md5|authentication-key)(?: \d| encrypted| clear)? (?<secret>\S+)$/,
    /^ +(?:authentication|encryption) ipsec spi \d+ (?:md5|sha1|esp \S+(?: \d{3})?)(?: clear| password)? (?<secret>\S+)/,
    /^ +hsrp \d.*\n(?: {3,}.*\n){0,30}? +authentication (?<secret>\S+)$/,
    /^ +text-authentication (?<secret>\S+)$/, // VRRP
    /^ +authentication-key \d+ md5(?: encrypted| clear)? (?<secret>\S+)/, // NTP
    /^snmp-server community(?: encrypted| clear)? (?!(?:encrypted|clear) )(?<secret>\S+)/,
    /^snmp-server host \S+ (?:vrf \S+ )?(?:traps?|informs?) (?:version (?:1|2c) )?(?:encrypted |clear )?(?!(?:version|encrypted|clear) )(?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bauth \S+(?: encrypted| clear)? (?<secret>\S+)/,
    /^snmp-server user \S+ .*?\bpriv (?:3des|des56|aes \d{3})(?: encrypted| clear)? (?<secret>\S+)/,
    /^ *(?:crypto isakmp key|pre-shared-key)(?: encrypted| clear| \d)? (?<secret>\S+)/,
    /^ +session-key \S+ \S+ (?<secret>\S+)/,
    /:\/\/[^\s:/@]{1,64}:(?<secret>[^\s@]{1,128})@/,
  ],
})
