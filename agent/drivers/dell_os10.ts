import { defineDriver } from '../driver.ts'
import { iosDenied, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * Prints no end mark. What a whole configuration has: the version first, then the users, the management port and the ports. A
 * cut behind the first port is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Dell SmartFabric OS10',
  aliases: ['os10', 'dell-os10', 'dellos10', 'dell_os10_ssh', 'smartfabric', 'dnos10'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  prepare: ['terminal length 0'],
  rejected: [/^% ?Error: (?!.*(?:privilege|authori[sz]|ermission))/, ...iosRejected],
  denied: [/^% ?Error: .*(?:privilege|authori[sz]|ermission)/, ...iosDenied],
  commands: [
    { run: 'show version', as: 'note', keep: /^(?:Dell .*OS10|OS Version:|Build Version:|System Type:|Architecture:)/ },
    {
      run: 'show inventory',
      as: 'note',
      keep: /^(?:(?:Product|Description|Software version|Product (?:Base|Serial Number|Part Number)) +:|Unit Type|[* ] +(?<keep>\d{1,2} +\S.*))/,
    },
    {
      run: 'show running-configuration',
      as: 'config',
      complete:
        /(?<![\s\S])! Version \d[\s\S]*^(?:username|system-user) (?=[\s\S]*^interface mgmt ?\d)[\s\S]*^interface (?:range )?ethernet ?\d/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^! Last configuration change at /],
  secrets: [
    /^ *(?:system-user|boot protect enable username) \S+ password (?<secret>\S+)/,
    /^ *enable password (?:\d |sha-\d+ )?(?<secret>\S+)/,
    /^ *snmp-server user \S+ .*?\bpriv (?:des |aes |aes-128 )?(?<secret>\S+)/,
    /^ *(?:radius|tacacs)-server host \S+ (?:tls .{0,80}?)?(?:auth-port \d+ )?key (?:[079] )?(?<secret>\S+)/,
    /^ *(?:vrrp-group|authentication) .{0,40}?\b(?:simple|text) (?:9 )?(?<secret>\S+)/,
    ...iosSecrets,
  ],
})
