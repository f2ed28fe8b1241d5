import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Thunder, AX and vThunder. `end` is the last word; only the commit point of some releases stands behind it. What is read is
 * the partition in which a login lands, the shared one unless the user belongs to another.
 */
export default defineDriver({
  title: 'A10 Networks ACOS',
  aliases: ['acos', 'a10', 'a10_ssh', 'a10networks', 'thunder', 'vthunder'],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64}(?:\[[\w.\-:/ ]{1,40}\]|\([\w.\-:/ ]{1,40}\)){0,4}[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal length 0', 'terminal width 0'],
  pagers: [{ when: /^--MORE--.{0,20}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:% ?(?:Unrecognized|Incomplete|Ambiguous|Invalid)|\^)/],
  denied: [
    /^ *(?:% ?)?.{0,40}(?:[Pp]ermission denied|[Nn]ot authorized|[Ii]nsufficient privilege|Operation not permitted)/,
  ],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Thunder Series|AX Series|Booted from|Serial Number|Platform Information|Firmware version|Number of Licensed|(?:SCP|aFleX|aXAPI) version|Virtualization type)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])!(?=[\s\S]*^interface )[\s\S]*^end *\n*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [
    /^! ?Current configuration: /,
    /^! ?Configuration last (?:updated|saved) at /,
    /^! ?Current config commit point for partition /,
  ],
  secrets: [
    /^ *(?=\S)(?!description |user-tag |!).*?\bencrypted (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:enable-password|password|secret-string|shared-secret|pass-phrase|passphrase) (?!encrypted |policy\b)(?<secret>"[^"\n]*"|\S+)$/,
    /^ *(?:radius|tacacs)-server (?:host .*?)?\bsecret (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server community (?:read|write) (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?=\S)(?!description |user-tag |name |banner |!)[^"\n]{1,200}? (?:password|pass-phrase|passphrase) (?!encrypted )(?<secret>"[^"\n]*"|\S+)$/,
    /^ *snmp-server (?:SNMPv3 )?user .*? auth (?:md5|sha\S*) (?:(?:auth-)?encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server (?:SNMPv3 )?user .*? priv (?:3?des|aes\S*) (?:(?:priv-)?encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *community read (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host .*?\bversion v[12]c? (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:neighbor \S+ password|ip(?:v6)? ospf (?:authentication-key|message-digest-key \d+ md5)|(?:isis|area-|domain-)?password|key-string) (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
