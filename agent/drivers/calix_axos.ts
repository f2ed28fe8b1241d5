import { defineDriver } from '../driver.ts'
import { iosSecrets } from './shared/ios-like.ts'
import { netconfWay } from './shared/netconf.ts'

/**
 * AXOS (E3, E5, E7-2, E9-2) has a ConfD command line: containers closed by `!`, no end mark. A whole one has users and ends with such a
 * `!` at column 0; a cut between two containers is seen only by the missing prompt, which the engine proves with an Enter.
 */
export default defineDriver({
  title: 'Calix AXOS',
  aliases: ['axos', 'calix', 'calix-axos', 'calix_e7', 'calix_e9'],
  comment: '! ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^[\w.\-@]{1,63}[>#] ?$/,
  prepare: ['paginate false', 'screen-width 512'],
  rejected: [
    /^(?:syntax error: |Error: )?(?:unknown (?:command|argument)|incomplete (?:path|command)|expecting|bad command|ambiguous)/,
  ],
  denied: [/^(?:Error: |Aborted: |syntax error: )?(?:access denied|permission denied)/],
  commands: [
    { run: 'show version', as: 'note', keep: /^ *(?:description|details|version|image-version|release) +\S/ },
    {
      run: 'show inventory',
      as: 'note',
      keep: /^inventory |^ *(?:card-type|model|serial-number|part-number|clei-code|hardware-revision) +\S/,
    },
    {
      run: ['show running-config | nomore', 'show running-config'],
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^ *(?:aaa )?user \S)[\s\S]*^!\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^ *(?:timestamp|uptime|current-datetime) /],
  secrets: [
    /^ *(?:snmp )?(?:v2 )?community (?!(?:list|set)\b)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:snmp v3 user \S+ |v3 user \S+ |user \S+ )?(?:authentication|privacy) (?:protocol )?(?:MD5|SHA\S*|DES|AES\S*|md5|sha\S*|des|aes\S*) (?:key |password )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:authentication-key|privacy-key|auth-key|priv-key|passphrase|pre-shared-key|md5-key|ploam-password|reg-id-password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:aaa )?(?:radius|tacacs|server) \S+ [^"\n]{0,120}?\b(?:secret|key) (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
