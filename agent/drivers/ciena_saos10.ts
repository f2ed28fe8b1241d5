import { defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * SAOS 10 prints its YANG models as commands with their whole path, one a line (`oc-if:interfaces interface lb1 config name lb1`), or as
 * indented containers closed by `exit`; there is no end mark. A whole one has the system and ends with a line at column 0; a cut between
 * two lines is seen only by the missing prompt, which the engine proves with an Enter.
 */
const field = String.raw`(?<secret>"[^"\n]*"|\S+)`
export default defineDriver({
  title: 'Ciena SAOS 10',
  aliases: ['saos10', 'ciena-saos10', 'ciena_saos_10'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^[\w.-]{1,63}\*?> ?$/,
  prepare: ['set session more off'],
  rejected: [/^(?:%% ?|Error: |ERROR: )?(?:Invalid|Unknown|Incomplete|Ambiguous|syntax error)/],
  denied: [/^(?:%% ?|Error: )?(?:Access denied|Permission denied|NACM|access-denied)/],
  commands: [
    {
      run: 'show software',
      as: 'note',
      keep: /^\| *(?:Package [Vv]ersion|Running [Vv]ersion|Release|Installed Package|Active) +\|/,
    },
    {
      run: 'show system components',
      as: 'note',
      keep: /^\| *(?:Name|Type|Description|Mfg Name|Part Number|Part No|Serial Number|Serial No|Hardware Version) +\|/,
    },
    {
      run: ['show running-config', 'show running config'],
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^system\b)[\s\S]*^\S[^\n]*\n*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^[!#] (?:Created|Created by|On terminal|Generated)\b/, /^ *(?:current-datetime|boot-datetime|uptime) /],
  secrets: [
    new RegExp(
      String.raw`^ *(?:[\w:./@-]{1,80} ){0,14}?(?:password|password-hashed|secret-key|shared-secret|secret|secret-key-hashed|key-value|auth-password|priv-password|authentication-password|privacy-password|auth-key|md5-key|passphrase|keystring|cleartext|shared-key|authentication-key|encrypted-key) ${field}`,
    ),
    new RegExp(String.raw`^ *(?:[\w:./@-]{1,80} ){0,14}?(?:community-name|text-name) ${field}`),
    new RegExp(
      String.raw`^ *(?:[\w:./@-]{1,80} ){0,14}?(?:auth|priv) (?:md5|sha|des|aes)\S* (?:key|password) ${field}`,
    ),
    ...urlSecrets,
    ...pemSecrets,
  ],
})
