import { defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Model-driven CLI. Its prompt has two lines (`[/]`, with marks for unsaved changes, and the name); the second one is learnt.
 * The date behind `# Finished` goes, the mark stays.
 */
export default defineDriver({
  title: 'Nokia SR OS (MD-CLI)',
  aliases: ['srosmd', 'sros_md', 'sros-md', 'md-cli', 'nokia_sros_md', 'nokia-sros-md'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^\*?[A-D]:[\w.\-+]{1,40}@[\w.\-+ ]{1,64}# ?$/,
  prepare: ['environment more false'],
  rejected: [
    /^(?:MINOR|MAJOR|WARNING): (?:MGMT_\w+|CLI) #\d+: (?:Unknown|Invalid|Missing|Ambiguous|Unexpected|Incomplete|Wrong)/,
  ],
  denied: [/^(?:MINOR|MAJOR): (?:MGMT_\w+|CLI) #\d+: (?:Permission denied|Access denied|.*not (?:allowed|authorized))/],
  commands: [
    {
      run: 'show chassis',
      as: 'note',
      keep: /^ +(?:Type|Number of slots|Base MAC address|Part number|CLEI code|Serial number|Manufacture date) +:/,
    },
    {
      run: ['admin show configuration bof | no-more', 'show bof | no-more'],
      as: 'note',
      keep: /^(?! {4}booted-)(?: *[\w-]+ |.*[{}]$| {4}\S)/,
    },
    {
      run: 'admin show configuration | no-more',
      as: 'config',
      complete: /(?<![\s\S])# TiMOS-(?=[\s\S]*?^configure \{$)[\s\S]*^\}\s+# Finished\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^# Generated /, /^[*!?^]{0,3}(?:\([a-z]{2}\))?\[\/?\]$/],
  unwrap: /(?<=\n# Finished) \d{4}-[^\n]{8,40}(?=\n)/,
  logout: ['logout'],
  secrets: [
    // a value with its kind of hash within the quotes, whatever the word before
    /^ *(?!description |remark |name )(?:[\w-]+ ){1,6}(?<secret>"[^"\n]{1,2000} (?:hash2?|custom)")/,
    /^ +(?:password|secret|key|authentication-key|privacy-key|pre-shared-key|admin-password|encryption-key|cak|passphrase|shared-secret|notify-community) (?!\d+ \{)(?<secret>"[^"\n]*"|[^\s"{]+)/,
    /^ +community (?<secret>"[^"\n]*"|[^\s"{]+) \{\n +(?:access-permissions|version|source-access-list)\b/,
    /^ +message-digest-key \d+ \{\n +md5 (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
