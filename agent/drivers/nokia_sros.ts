import { defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Classic CLI of 7750, 7450, 7705, 7210 and 7950; the prompt begins with `*` while changes wait to be saved. What is saved is in
 * `admin display-config`; the boot options (`bof`) are another file, kept as a note. The date behind `# Finished` goes, the mark stays.
 */
export default defineDriver({
  title: 'Nokia SR OS (classic CLI)',
  aliases: ['sros', 'timos', 'nokia_sros_ssh', 'alcatel_sros', 'alcatel-sros', 'nokia-sros', 'timetra'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^\*?[A-D]:[\w.\-+@ ]{1,64}(?:>[\w.\-">]{1,100})?[#$] ?$/,
  prepare: ['environment no more'],
  rejected: [
    /^(?:Error: |MINOR: CLI #?\d* ?)(?:Bad command|Invalid (?:parameter|command)|Missing parameter|Unknown|Ambiguous)/,
  ],
  denied: [/^(?:Error: |MINOR: CLI )(?:Command not allowed for this user|Permission denied|.*not authorized)/],
  commands: [
    {
      run: 'show chassis',
      as: 'note',
      keep: /^ +(?:Type|Number of slots|Base MAC address|Part number|CLEI code|Serial number|Manufacture date) +:/,
    },
    { run: 'show bof', as: 'note', keep: /^ {4}(?!booted-)\S/ },
    {
      run: 'admin display-config',
      as: 'config',
      complete: /(?<![\s\S])# TiMOS-(?=[\s\S]*?^exit all\s+configure$)[\s\S]*^exit all\s+# Finished\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^# Generated /],
  unwrap: /(?<=\n# Finished) [A-Z]{3} [A-Z]{3} \d[^\n]{8,40}(?=\n)/,
  logout: ['logout'],
  secrets: [
    // "…" hash, hash2 or custom: however deep, whatever the word before
    /^ *(?!description |remark |echo |name )(?:\S+ ){1,16}?(?<secret>"[^"\n]{1,2000}"|[^\s"]{1,2000}) (?:hash2?|custom)\b/,
    /^ +(?:password|secret|authentication-key|message-digest-key \d+ md5|pre-shared-key|admin-password|encryption-key|cak|snmp community) (?!\d+ key )(?<secret>"[^"\n]*"|[^\s"]+)/,
    /^ +(?:server \d+ .*?\bsecret|community(?=.* (?:r|rw|rwa|mgmt|vpls-mgmt)\b.*\bversion )|entry \d+ key) (?<secret>"[^"\n]*"|[^\s"]+)/,
    /^ +trap-target .*?\bnotify-community (?<secret>"[^"\n]*"|[^\s"]+)/,
    /^ +authentication (?:(?:hash2?|md5|sha\S*|hmac-\S+) ){1,3}(?<secret>\S+)/,
    /^ +authentication .*?\bprivacy (?:\S+-key|des|aes\S*|cbc-\S+|cfb\S*) (?<secret>\S+)/,
    /^ +authentication-key \d+ key (?<secret>"[^"\n]*"|\S+)/,
    /^ +user ".{1,64}" password (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
