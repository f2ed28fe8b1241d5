import { defineDriver } from '../driver.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * Secrets are printed behind `encrypted`, with a random salt anew at each `show configuration` (System Administration Guide,
 * Secure Password Encryption; Cisco's README of the NSO package cisco-staros, section 11.1).
 */
export default defineDriver({
  title: 'Cisco StarOS',
  aliases: ['staros', 'starent', 'asr5000', 'asr5500', 'vpc-si', 'vpc-di', 'qvpc'],
  comment: '# ',
  channel: 'shell',
  prompt: /^\[[\w.-]{1,79}\][\w.\-/]{1,64}(?:\([\w-]{1,40}\))?[#>] ?$/,
  prepare: ['terminal length 0', 'terminal width 511'],
  rejected: [/^(?:Unknown|Incomplete|Ambiguous|Invalid) (?:command|keyword|input)/, /^Failure: (?!.*privilege)/],
  denied: [/^(?:Failure: .*privilege|Insufficient privilege|Not authorized|Permission denied|.*authorization failed)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Image Version|Image Build Number|Image Description|Boot Image|Chassis(?: Type)?|Serial Number):? /,
    },
    { run: 'show boot', as: 'note', keep: /^(?:boot system priority | +(?:image|config) )/ },
    { run: 'show hardware inventory', as: 'note', keep: /^ *(?:NAME|PID|Card \d+|Description|Serial Number)\b/ },
    {
      run: 'show configuration',
      as: 'config',
      complete: /(?<![\s\S])(?:#.*\n)*config *\n[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 900_000,
    },
  ],
  // With `timestamps` a line with the time stands before each output.
  volatile: [/^[A-Z][a-z]{2,5}day [A-Z][a-z]{2,8} \d\d \d\d:\d\d:\d\d \S{1,6} \d{4}$/],
  secrets: [
    /\bencrypted (?:\w[\w-]{0,30} )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?!description |system |banner |#)(?:\S+ ){1,12}?password (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?!description |#)(?:radius|tacacs|diameter|ike|crypto|peer|server|aaa) .*?\b(?:key|secret|shared-secret) (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:pre-shared-key|authentication-key|message-digest-key \d+ md5) (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp community (?:name )?(?!encrypted |name )(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp target \S+ \S+ .*?\bsecurity-name (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp user \S+ .*?\b(?:auth|authentication) (?:md5|sha) (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp user \S+ .*?\b(?:priv|privacy) (?:des\d*|aes\d*) (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *ssh key (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
  ],
  resalted: [/\bencrypted (?:\w[\w-]{0,30} )?(?<secret>"[^"\n]*"|\S+)/, /(?<![\w+])(?<secret>\+[A-D][\w+/=]{12,8000})/],
})
