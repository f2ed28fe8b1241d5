import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * OneOS 5 and 6: blocks are closed by `exit` and there is no end mark; the last line stands at the margin and opens no block. A cut behind
 * such a line is seen only by the missing prompt, which the engine proves with an Enter.
 */
export default defineDriver({
  title: 'OneAccess (Ekinops) OneOS',
  aliases: ['oneos', 'oneaccess', 'oneaccess_oneos_telnet', 'ekinops', 'oneos6'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['term len 0'],
  pagers: [
    { when: /^ *(?:<?-{0,2} ?[Mm]ore ?-{0,2}>?|Press any key to continue.{0,40}) *$/, send: ' ' },
    ...commonPagers,
  ],
  rejected: [/^ *(?:% ?)?(?:Syntax error|Command error|Unknown command|Bad command|Invalid command)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Software version|Software created on|Boot version|Recovery version) +:/,
    },
    {
      run: 'show product-info-area',
      as: 'note',
      keep: /^\| (?<keep>(?:mac0|Manufacturing File Reference|Motherboard Type|Serial Number|Product name|Commercial name) +\| .*\S) +\|$/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^hostname \S)(?=[\s\S]*^interface \S)[\s\S]*^(?:exit|end|!|(?!interface |router |ip dhcp pool |voice-port |crypto map )[a-z]\S*(?: .{0,200})?)\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^Building configuration/, /^Current configuration\b/],
  secrets: [
    /^ *snmp set-(?:read|write|trap)-community (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp (?:user|v3-user|trap-host|host) .{0,160}?\b(?:auth|authentication|community)(?: (?:md5|sha)\S*)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp (?:user|v3-user) .{0,200}?\b(?:priv|privacy|encryption)(?: (?:des|aes)\S*)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *user (?:add )?\S+ (?:password )?(?:encrypted )?(?!level\b|delete\b)(?<secret>"[^"\n]*"|\S+)(?: level \d{1,2}| \d{1,2})?$/,
    /^ *(?:username|authentication|register|sip-gateway|sip|registrar) .{0,160}?\bpassword (?:\d |encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:tacacs|radius)-server \S+ .{0,80}?\b(?:key|secret) (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *passphrase (?:ascii |hex )?(?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *encryption .{0,60}?\bpsk (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
